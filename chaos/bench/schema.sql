-- One company's seats and the legs of its tickets, as plain as they can be: what a booking costs a single database.
create table pg32.seat (
    id int primary key,
    state smallint not null default 0,
    booking bigint
) with (autovacuum_enabled = off);
insert into pg32.seat (id) select generate_series(1, 1000000);
create table pg32.ticket_leg (
    id bigserial primary key,
    booking bigint not null,
    seat int not null unique,
    price int not null,
    created timestamptz not null default now()
);
