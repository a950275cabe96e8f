-- What came back for a cancelled seat, as the company that cancelled it decided it then. Seats that were cancelled before this have nothing:
-- nobody recorded it.
alter table cancelled_leg
    add column refund_minor bigint,
    add column refund_currency text,
    add column refund_ground text,
    add column refunded_at timestamptz,
    add column refunded_by text,
    add check (num_nulls(refund_minor, refund_currency, refund_ground, refunded_at, refunded_by) in (0, 5));
-- for operators, newest first; most tickets are never cancelled
create index cancelled_leg_refunded on cancelled_leg (refunded_at) where refunded_at is not null;

-- For people and reports: each leg of each ticket, as it was sold, as it is now, and what came back for it.
drop view ticket_leg;
create view ticket_leg as
    select leg.*, cancelled_leg.ticket_id is not null as cancelled,
           coalesce(changed_leg.number_now, leg.number) as number_now, coalesce(changed_leg.withdrawn, false) as withdrawn,
           coalesce(changed_leg.unseated, false) as unseated,
           refund_minor, refund_currency, refund_ground, refunded_at, refunded_by
    from (
        select ticket.id as ticket_id, seat ->> 'company' as company,
               -- ids of 64 bits without a sign, as the tables have them
               (case when route >= 9223372036854775808 then route - 18446744073709551616 else route end)::bigint as route_id,
               (seat ->> 'number')::int as number
        from ticket
        cross join json_array_elements(ticket."order" -> 'legs') as leg
        cross join lateral (select leg -> 'seat' as seat, (leg -> 'seat' ->> 'route')::numeric as route) as seat
    ) as leg
    left join cancelled_leg using (ticket_id, company, route_id, number)
    left join changed_leg using (ticket_id, company, route_id, number);

-- What companies owe each other, by day (UTC): written with the tickets that it is the sum of, in the same transaction, so that each counts
-- once. Amounts are minor units of the currency; numeric, as no sum may be too large to be written.
create table settlement (
    day date not null,
    seller text not null,
    owner text not null,
    currency text not null,
    seats_sold bigint not null,
    sold numeric not null,
    seats_refunded bigint not null,
    refunded numeric not null,
    primary key (day, seller, owner, currency)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
insert into settlement (day, seller, owner, currency, seats_sold, sold, seats_refunded, refunded)
    select (created_at at time zone 'UTC')::date, coalesce("order" ->> 'seller', leg -> 'seat' ->> 'company'),
           leg -> 'seat' ->> 'company', leg -> 'price' ->> 'currency',
           count(*), sum((leg -> 'price' ->> 'minor')::numeric), 0, 0
    from ticket cross join json_array_elements("order" -> 'legs') as leg
    group by 1, 2, 3, 4;
