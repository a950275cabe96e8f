-- Names of passengers are kept where somebody of the trip is carried or it was sold, and nowhere else. Where copies of tickets have them from
-- before, they go in steps: those after this one are still to be looked at. No row: none is.
create table names_to_withhold (after uuid not null);
insert into names_to_withhold select '00000000-0000-0000-0000-000000000000' where exists (select from ticket);
