-- What is kept of a password opens the user's key, and says of an account that is gone whose it was: it is empty only of accounts that
-- were deleted before there were keys.
alter table user_account add column gone boolean not null
    generated always as (pw_hash = '' or pw_hash like '$gone1$%') stored;

drop index user_account_gone;
create index user_account_gone on user_account (id) where gone;
