-- When each thing was recorded, for people who ask what happened to a booking. Written with the rows that change anyway; nothing is
-- decided by it. What is older than this migration has no such times.
alter table leg
    add column committed_at timestamptz,
    add column ended_at timestamptz;     -- cancelled, or refused after it was prepared
alter table register
    add column promised_at timestamptz,
    add column accepted_at timestamptz,
    add column chosen_at timestamptz;
alter table ticket add column recorded_at timestamptz;
-- in a second step, so that it is set for new rows only
alter table ticket alter column recorded_at set default now();
