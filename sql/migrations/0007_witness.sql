-- A log that went back: restored from a backup, or as far as a standby had it. Each start of a node leaves its run and
-- the end of the log at that moment; who has seen the log in a run can tell whether it still has what was seen.
create table start (
    epoch bigint primary key,
    run uuid not null unique,
    after_seq bigint not null,
    at timestamptz not null default now()
);

-- How far the log of that incarnation was seen, and in which run.
alter table peer
    add column seen_run uuid,
    add column seen_seq bigint,
    add check ((seen_run is null) = (seen_seq is null));
