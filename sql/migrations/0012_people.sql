-- Where mail for a user goes, and in which language (BCP 47); both or neither.
alter table user_account
    add column email text,
    add column language text check (language in ('pt-BR', 'en')),
    add check ((email is null) = (language is null));

-- Accounts that were deleted, whose tickets are to lose their people.
create index user_account_gone on user_account (id) where pw_hash = '';

-- Mail that this company owes or has sent. No address and no text: both are made when it is sent, of what the tables have by then.
create table mail (
    id bigint generated always as identity primary key,
    occasion text not null check (occasion in ('booked', 'code')),
    -- Of the ticket, or of the code; the Message-ID is made of it, so that a mail that is sent twice can be told to be one.
    about uuid not null,
    tries int not null default 0,
    made_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    ended_at timestamptz,
    outcome text check (outcome in ('sent', 'not_wanted', 'given_up')),
    unique (occasion, about),
    check ((ended_at is null) = (outcome is null))
) with (fillfactor = 70);
create index mail_due on mail (due_at) where ended_at is null;
create index mail_ended on mail (ended_at) where ended_at is not null;

-- Since when tickets that were sold at the node of this company, which is the database's own, are mailed. None: they are not.
create table mail_since (
    "only" boolean primary key default true check ("only"),
    company text,
    since timestamptz,
    check ((company is null) = (since is null))
);
insert into mail_since default values;

-- Codes that were asked for, also for logins that nobody has. The code itself is nowhere: it is made of the id with a key of the
-- company.
create table password_code (
    id uuid primary key,
    login_norm text not null,
    language text not null check (language in ('pt-BR', 'en')),
    asked_at timestamptz not null default now(),
    tries int not null default 0,
    used boolean not null default false
) with (fillfactor = 70);
create index password_code_of on password_code (login_norm, asked_at desc);
create index password_code_asked on password_code (asked_at);
