-- Names of passengers are kept where somebody of the trip is carried or it was sold, and nowhere else. Where copies of tickets, and decisions
-- that were only decided along, have them from before, they go in steps: those after this one are still to be looked at. No row: none is.
create table names_to_withhold (kind text primary key check (kind in ('ticket', 'saga')), after uuid not null);
insert into names_to_withhold values
    ('ticket', '00000000-0000-0000-0000-000000000000'), ('saga', '00000000-0000-0000-0000-000000000000');
