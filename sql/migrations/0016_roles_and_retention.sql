-- The node's role owns nothing. What it needs of an owner it does by functions that look first, and that find no table of its making:
-- temporary ones come last.

-- Nothing is appended until the transaction ends.
create function shut_log() returns void language plpgsql as $$
begin
    lock table log in share row exclusive mode;
end
$$;

do $$
declare
    name text;
begin
    foreach name in array array['shut_log()', 'log_partitions(bigint)', 'drop_log(bigint, int)'] loop
        execute format('alter function %s security definer set search_path = %I, pg_temp', name, current_schema());
    end loop;
end
$$;

-- Bookings that came to nothing, in the order in which they lose what nobody needs any more: first their orders, years later the rest.
create index saga_refused on saga (created_at) where state = 'aborted' and "order" is not null and not open;
create index saga_thinned on saga (created_at) where "order" is null and coalesce(state, 'aborted') = 'aborted' and not open;
create index audit_at on audit (at);
