-- Drops the oldest partition of the log, or raises and does nothing (PC005): where the tables do not have all of it, where it is
-- not the oldest, where its last row is younger than so many days, or the newest there is.
create function drop_log(p_number bigint, p_days int) returns void language plpgsql as $$
declare
    width bigint := log_width();
begin
    -- nothing is appended meanwhile, and the tables are not moved back
    lock table log in access exclusive mode;
    if (select projected from node_state) < (p_number + 1) * width - 1 then
        raise exception 'the tables do not have all of partition % of the log', p_number using errcode = 'PC005';
    end if;
    if exists (select from log where seq < p_number * width) then
        raise exception 'partition % of the log is not the oldest', p_number using errcode = 'PC005';
    end if;
    if not exists (select from log where seq >= (p_number + 1) * width) then
        raise exception 'partition % of the log has its newest row', p_number using errcode = 'PC005';
    end if;
    -- rows are in the order of their times; looking at all of them would hold the appends up
    if (
        select at from log where seq >= p_number * width and seq < (p_number + 1) * width order by seq desc limit 1
    ) >= now() - p_days * interval '1 day' then
        raise exception 'partition % of the log has rows of the last % days', p_number, p_days using errcode = 'PC005';
    end if;
    execute format('drop table %I', 'log_' || p_number);
end
$$;
