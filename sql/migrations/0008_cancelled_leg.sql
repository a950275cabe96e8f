-- A ticket says in its order which legs it has. What changes afterwards is that some of them are cancelled: those have rows, the others
-- have none. Most tickets are never cancelled, and writing a row for each leg was most of what a booking wrote.
create table cancelled_leg (
    ticket_id uuid not null,
    company text not null,
    route_id bigint not null,
    number int not null,
    primary key (ticket_id, company, route_id, number)
);
insert into cancelled_leg (ticket_id, company, route_id, number)
    select ticket_id, company, route_id, number from ticket_leg where cancelled;
drop table ticket_leg;

-- For people and reports: each leg of each ticket.
create view ticket_leg as
    select leg.*, cancelled_leg.ticket_id is not null as cancelled
    from (
        select ticket.id as ticket_id, seat ->> 'company' as company,
               -- ids of 64 bits without a sign, as the tables have them
               (case when route >= 9223372036854775808 then route - 18446744073709551616 else route end)::bigint as route_id,
               (seat ->> 'number')::int as number
        from ticket
        cross join json_array_elements(ticket."order" -> 'legs') as leg
        cross join lateral (select leg -> 'seat' as seat, (leg -> 'seat' ->> 'route')::numeric as route) as seat
    ) as leg
    left join cancelled_leg using (ticket_id, company, route_id, number);
