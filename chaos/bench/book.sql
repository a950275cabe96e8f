\set id random(1, 1000000)
\set booking random(1, 1000000000)
begin;
update pg32.seat set state = 1, booking = :booking where id = :id and state = 0;
insert into pg32.ticket_leg (booking, seat, price) values (:booking, :id, 100) on conflict (seat) do nothing;
commit;
