-- A customer's hold: how long this company waits before it asks for an end, and whose it is. A saga without the first is
-- undecided like any other.
alter table saga
    add column hold_seconds int check (hold_seconds > 0),
    add column holder uuid;

-- What is held is looked through every few seconds: a small index, and nothing else is read.
create index saga_held on saga (created_at) include (id, hold_seconds) where state = 'begun' and hold_seconds is not null;
create index saga_holder on saga (holder) where state = 'begun' and hold_seconds is not null;

drop index saga_undecided;
create index saga_undecided on saga (created_at) where state = 'begun' and hold_seconds is null;
drop index saga_unfinished;
create index saga_unfinished on saga (driver, created_at)
    where not finished and not (state = 'begun' and hold_seconds is not null);
