-- The durable state is a log; the tables are a view of it that is at most a moment old. What stands here is what must hold of both
-- whatever the code does: a place of the log is written once and by the node of this epoch, and no seat has two owners.

-- One row a batch: what it changed, never what was asked. Kept for a time after the tables have it; dropped by partition.
create table log (
    seq bigint not null,
    epoch bigint not null,
    at timestamptz not null,
    body bytea not null,
    primary key (seq)
) partition by range (seq);
-- records are dense already: looking for what could be packed costs more than the append
alter table log alter column body set storage external;

-- Partitions are this many rows wide.
create function log_width() returns bigint language sql immutable as $$ select 1048576::bigint $$;

-- Makes the partitions for this row and the ones after it, unless they are there.
create function log_partitions(p_seq bigint) returns void language plpgsql as $$
declare
    number bigint := p_seq / log_width();
begin
    for number in select generate_series(number, number + 1) loop
        -- a row of up to a page stands in one piece: one place to write instead of five
        execute format('create table if not exists %I partition of log for values from (%s) to (%s) with (toast_tuple_target = 8160)',
            'log_' || number, number * log_width(), (number + 1) * log_width());
    end loop;
end
$$;
select log_partitions(0);

-- Who keeps or has a seat: a saga, or nobody for a seat that is off sale. Written with the log, not after it.
create table seat_owner (
    route_id bigint not null,
    number int not null,
    saga_id uuid not null,
    primary key (route_id, number)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
insert into seat_owner (route_id, number, saga_id)
    select route_id, number, saga_id from leg where state in ('prepared', 'committed')
    union all
    select route_id, number, '00000000-0000-0000-0000-000000000000' from seat where blocked;
drop index leg_owner;

-- Where the tables are: the last row of the log that they have, and the last number given to a row for the peers.
alter table node_state
    add column projected bigint not null default 0,
    add column told bigint not null default 0;
update node_state set told = (select coalesce(max(seq), 0) from outbox);

-- A decision belongs to its saga, and stands in its row. A company that only decides has a row without a state.
alter table saga
    alter column order_hash drop not null,
    alter column driver drop not null,
    alter column state drop not null,
    alter column created_at drop default,
    -- somebody here must bring it to its end
    add column open boolean not null default false,
    add column promised bigint,
    add column accepted bigint,
    add column decision text check (decision in ('commit', 'abort')),
    -- a commit of another order than this row's, in full
    add column other_value json,
    -- where they are others than the row's
    add column other_acceptors text[],
    add column chosen boolean not null default false,
    add column promised_at timestamptz,
    add column accepted_at timestamptz,
    add column chosen_at timestamptz,
    add check ((accepted is null) = (decision is null)),
    add check (accepted <= promised),
    add check (not chosen or decision is not null);

-- as people and reports read a decision, and as it was stored before
create function order_hash_json(hash bytea) returns json language sql immutable as $$
    select json_agg(get_byte(hash, place) order by place) from generate_series(0, length(hash) - 1) as place
$$;

alter table register rename to login_register;
alter index register_open_login rename to login_register_open;

insert into saga (id, acceptors, finished, created_at, promised, accepted, decision, other_value, other_acceptors, chosen,
                  promised_at, accepted_at, chosen_at)
    select substr(old.key, 6)::uuid, old.acceptors, false, coalesce(old.promised_at, old.accepted_at, old.chosen_at, now()),
           old.promised, old.accepted,
           case when old.value is null then null when old.value::text like '"Abort"%' then 'abort' else 'commit' end,
           case when old.value::text like '"Abort"%' then null else old.value end, null, old.chosen,
           old.promised_at, old.accepted_at, old.chosen_at
    from login_register as old where old.key like 'saga/%'
on conflict (id) do update set
    promised = excluded.promised, accepted = excluded.accepted, decision = excluded.decision,
    -- the order is the row's own, most of the time
    other_value = case
        when (excluded.other_value -> 'Commit' ->> 'hash')::jsonb = order_hash_json(saga.order_hash)::jsonb
            and saga."order" is not null then null
        else excluded.other_value
    end,
    other_acceptors = nullif(excluded.acceptors, saga.acceptors),
    chosen = excluded.chosen,
    promised_at = excluded.promised_at, accepted_at = excluded.accepted_at, chosen_at = excluded.chosen_at;
delete from login_register where key like 'saga/%';

create view register as
    select key, acceptors, promised, accepted, value, chosen, promised_at, accepted_at, chosen_at from login_register
    union all
    select 'saga/' || id, coalesce(other_acceptors, acceptors), promised, accepted,
        case decision
            when 'abort' then '"Abort"'::json
            when 'commit' then coalesce(other_value,
                json_build_object('Commit', json_build_object('hash', order_hash_json(order_hash), 'order',
                    -- an order stands in the ticket alone, where it is the same
                    coalesce("order", (select "order" from ticket where ticket.id = saga.id)))))
        end,
        chosen, promised_at, accepted_at, chosen_at
    from saga where promised is not null;

update saga set open = true where state = 'begun' or (state is not null and not finished);
-- memory knows what is open; this is for finding it at the start
create index saga_open on saga (state, driver) where open;
drop index saga_undecided;
drop index saga_unfinished;
drop index saga_held;
drop index saga_holder;

-- A leg is of its saga's order, most of the time; only then does it not say so itself.
alter table leg alter column order_hash drop not null, alter column prepared_at drop default;
alter table ticket alter column recorded_at drop default;
alter table audit alter column at drop default;
alter table seat alter column fence set default 0;

-- Appends a row to the log and hands its seats over, or raises and does nothing:
-- PC002 another node has started, PC003 the routes have changed, PC004 something taken for new is recorded, or a seat is not as it
-- was thought to be. A taken place is a unique violation of the log, a taken seat one of seat_owner.
create function append(
    p_seq bigint, p_epoch bigint, p_version bigint, p_body bytea,
    p_freed_routes bigint[], p_freed_numbers int[], p_freed_sagas uuid[],
    p_taken_routes bigint[], p_taken_numbers int[], p_taken_sagas uuid[],
    p_new_sagas uuid[], p_new_users uuid[], p_new_keys text[]
) returns bigint language plpgsql as $$
declare
    now_epoch bigint;
    now_version bigint;
    changed bigint;
begin
    -- first, so that everything below is read after an import that shuts the log has ended
    insert into log (seq, epoch, at, body) values (p_seq, p_epoch, now(), p_body);
    select node_state.epoch, catalogue_version.version into strict now_epoch, now_version from node_state, catalogue_version;
    if now_epoch <> p_epoch then
        raise exception 'epoch % is over', p_epoch using errcode = 'PC002';
    end if;
    if now_version <> p_version then
        raise exception 'the routes are newer than version %', p_version using errcode = 'PC003';
    end if;
    if cardinality(p_new_sagas) > 0 and (
        exists (select from saga where id = any (p_new_sagas)) or exists (select from ticket where id = any (p_new_sagas))
        -- a seat that was released before its vote has a leg and nothing else
        or exists (select from leg where saga_id = any (p_new_sagas))
    ) then
        raise exception 'a saga that was taken for new is recorded' using errcode = 'PC004';
    end if;
    if cardinality(p_new_keys) > 0 and exists (
        select from unnest(p_new_users, p_new_keys) as new (user_id, key)
        join idem on idem.user_id = new.user_id and idem.key = new.key
    ) then
        raise exception 'a key that was taken for unused is used' using errcode = 'PC004';
    end if;
    if cardinality(p_freed_routes) > 0 then
        delete from seat_owner using unnest(p_freed_routes, p_freed_numbers, p_freed_sagas) as freed (route_id, number, saga_id)
        where seat_owner.route_id = freed.route_id and seat_owner.number = freed.number and seat_owner.saga_id = freed.saga_id;
        get diagnostics changed = row_count;
        if changed <> cardinality(p_freed_routes) then
            raise exception 'a seat that is given back was not kept' using errcode = 'PC004';
        end if;
    end if;
    if cardinality(p_taken_routes) > 0 then
        insert into seat_owner (route_id, number, saga_id)
        select * from unnest(p_taken_routes, p_taken_numbers, p_taken_sagas);
    end if;
    return (extract(epoch from now()) * 1000)::bigint;
end
$$;

-- Moves the tables on to a place of the log; what they are to hold there is written in the same transaction.
create function move_tables(p_epoch bigint, p_from bigint, p_upto bigint, p_told bigint, p_round bigint)
returns void language plpgsql as $$
begin
    update node_state set projected = p_upto, told = greatest(told, p_told), round = greatest(round, p_round)
    where epoch = p_epoch and projected = p_from;
    if not found then
        raise exception 'the tables are not at % for epoch %', p_from, p_epoch using errcode = 'PC001';
    end if;
    if p_upto / log_width() > p_from / log_width() then
        perform log_partitions(p_upto);
    end if;
end
$$;
drop function expect_rows;
