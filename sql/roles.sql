-- Makes the two roles of a company's database, or brings them and what they own to what they should be. Run by a superuser, in that
-- database, as often as one likes, after
--     set passcom.owner_password = '…';    set passcom.node_password = '…';
--
-- passcom_owner has the tables: it migrates, and nothing else. passcom_node is the node's, and imports': it reads and writes rows, may not
-- make, change or drop anything but its own temporary tables, and reaches neither files nor programs of the server. What it may do with
-- which table says `passcom migrate`, as the owner.
do $$
declare
    role text;
    theirs record;
    database text := current_database();
begin
    foreach role in array array['owner', 'node'] loop
        if not exists (select from pg_roles where rolname = 'passcom_' || role) then
            execute format('create role %I', 'passcom_' || role);
        end if;
        execute format('alter role %I with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password %L',
            'passcom_' || role, current_setting('passcom.' || role || '_password'));
    end loop;
    execute format('alter database %I owner to passcom_owner', database);
    execute format('revoke all on database %I from public', database);
    execute format('grant connect, temporary on database %I to passcom_node', database);
    alter schema public owner to passcom_owner;
    revoke all on schema public from public;
    grant usage on schema public to passcom_node;

    -- what was made while one role did everything
    for theirs in
        select case relkind when 'v' then 'view' else 'table' end as kind, oid::regclass::text as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and relowner <> 'passcom_owner'::regrole
        union all
        select 'routine', oid::regprocedure::text from pg_proc
        where pronamespace = 'public'::regnamespace and proowner <> 'passcom_owner'::regrole
    loop
        execute format('alter %s %s owner to passcom_owner', theirs.kind, theirs.name);
    end loop;
end
$$;
