-- Names on tickets that were misspelt and are corrected. The ticket keeps its order; who has a seat, as it is spelt now, stands here: the
-- newest name only, and no row for most tickets. The seat is named as the order names it.
create table corrected_name (
    ticket_id uuid not null,
    company text not null,
    route_id bigint not null,
    number int not null,
    sequence int not null check (sequence > 0),
    corrected_at timestamptz not null,
    name text not null,
    primary key (ticket_id, company, route_id, number)
) with (fillfactor = 80);

-- A ticket is also mailed about when its flights change: once for each time. `change` is the number of changes by then.
alter table mail add column change int not null default 0;
alter table mail drop constraint mail_occasion_check;
alter table mail add constraint mail_occasion_check check (occasion in ('booked', 'changed', 'code'));
alter table mail drop constraint mail_occasion_about_key;
alter table mail add unique (occasion, about, change);
