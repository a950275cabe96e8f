-- A company moves, withdraws or re-equips a flight after seats of it were sold. The ticket keeps its order; what became of a seat's flight
-- stands here: the newest change only, and no row for most tickets. The seat is named as the order names it.
create table changed_leg (
    ticket_id uuid not null,
    company text not null,
    route_id bigint not null,
    number int not null,
    sequence int not null check (sequence > 0),
    departs timestamptz not null,
    arrives timestamptz not null,
    -- minutes east of UTC
    departs_offset smallint,
    arrives_offset smallint,
    withdrawn boolean not null,
    -- the seat that is kept for the passenger, and what it is called in that aircraft
    number_now int not null,
    label text,
    -- the aircraft has no such seat, and none was free instead
    unseated boolean not null,
    told_at timestamptz not null,
    accepted boolean not null,
    primary key (ticket_id, company, route_id, number),
    check ((departs_offset is null) = (arrives_offset is null))
) with (fillfactor = 80);
create index changed_leg_unseated on changed_leg (company, ticket_id) where unseated;

-- A leg whose seat is none any more is moved: another leg of the saga has the new one.
alter table leg drop constraint leg_state_check;
alter table leg add constraint leg_state_check check (state in ('prepared', 'refused', 'committed', 'cancelled', 'moved'));

-- The aircraft that a route had before the one it has: where a seat was that is none any more.
alter table route add column equipment_before text, add column seats_before int,
    add check ((equipment_before is null) = (seats_before is null));

-- Up to which version of the catalogue every ticket is told of the changes, and the routes in the order of their changes. What was changed
-- before this migration is told once.
alter table node_state add column swept bigint not null default 0;
drop index route_version;
create index route_version on route (version, id);
