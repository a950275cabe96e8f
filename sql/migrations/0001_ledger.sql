-- Everything one company keeps. The rules are the ledger's; what stands here is what must hold whatever the code does.
--
-- Documents are json, not jsonb: nothing looks into them here, and they are written much more often than read.
-- Rows that are updated in place leave room on their page (fillfactor), so that the update needs no new index entry.
-- Tables that are mostly inserted into are vacuumed by a small share of their size, not by a fifth of a long history.

-- Called by statements that travel together with their COMMIT: a row that is not as it was read must abort the
-- transaction on the server, because no answer reaches the client in time to stop it.
create function expect_rows(hit bigint, expected bigint) returns void language plpgsql as $$
begin
    if hit <> expected then
        raise exception 'expected % rows as they were read, found %', expected, hit using errcode = 'PC001';
    end if;
end
$$;

-- Who this database is: a company that lost its disk comes back with another incarnation.
create table membership (
    "only" boolean primary key default true check ("only"),
    incarnation uuid not null,
    companies text[] not null
);

-- The databases of the other companies, as they were met first.
create table peer (
    company text primary key,
    incarnation uuid not null
);

create table node_state (
    "only" boolean primary key default true check ("only"),
    epoch bigint not null,
    round bigint not null
);
insert into node_state (epoch, round) values (0, 0);

create table register (
    key text primary key,
    acceptors text[] not null,
    promised bigint not null,
    accepted bigint,
    value json,
    chosen boolean not null,
    check ((accepted is null) = (value is null)),
    check (accepted <= promised),
    check (not chosen or value is not null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create table saga (
    id uuid primary key,
    order_hash bytea not null check (length(order_hash) = 32),
    "order" json,
    acceptors text[] not null,
    driver text not null,
    state text not null check (state in ('begun', 'committed', 'aborted')),
    finished boolean not null,
    created_at timestamptz not null default now()
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
create index saga_created_at on saga (created_at);
create index saga_undecided on saga (created_at) where state = 'begun';
create index saga_unfinished on saga (driver, created_at) where not finished;

create table idem (
    user_id uuid not null,
    key text not null,
    fingerprint bytea not null check (length(fingerprint) = 32),
    saga_id uuid not null,
    answer json,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create table leg (
    saga_id uuid not null,
    route_id bigint not null,
    number int not null,
    order_hash bytea not null check (length(order_hash) = 32),
    fence bigint not null,
    state text not null check (state in ('prepared', 'refused', 'committed', 'cancelled')),
    reason text,
    prepared_at timestamptz not null default now(),
    primary key (saga_id, route_id, number),
    check ((state = 'refused') = (reason is not null))
) with (autovacuum_vacuum_scale_factor = 0.05);
-- No seat has two owners, whatever the code does.
create unique index leg_owner on leg (route_id, number) where state in ('prepared', 'committed');

create table route (
    id bigint primary key,
    flight text not null,
    origin text not null,
    destination text not null,
    departs timestamptz not null,
    arrives timestamptz not null,
    seats int not null check (seats between 1 and 1023),
    price_minor bigint not null,
    currency text not null,
    equipment text not null default '',
    on_sale boolean not null default true,
    version bigint not null
);
create index route_version on route (version);

create table catalogue_version (
    "only" boolean primary key default true check ("only"),
    version bigint not null
);
insert into catalogue_version (version) values (0);

-- Sparse: no row = free and never touched.
create table seat (
    route_id bigint not null,
    number int not null,
    blocked boolean not null,
    fence bigint not null,
    primary key (route_id, number)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
create index seat_blocked on seat (route_id) where blocked;

-- Its id is the saga's. No foreign key to a user: they are replicated apart.
create table ticket (
    id uuid primary key,
    user_id uuid not null,
    "order" json not null,
    created_at timestamptz not null
);
create index ticket_of_user on ticket (user_id, created_at desc, id);

create table ticket_leg (
    ticket_id uuid not null,
    company text not null,
    route_id bigint not null,
    number int not null,
    cancelled boolean not null,
    primary key (ticket_id, company, route_id, number)
) with (fillfactor = 90);

create table user_account (
    id uuid primary key,
    login_norm text not null unique,
    pw_hash text not null,
    version bigint not null
) with (fillfactor = 90);

-- What changed, in the order of the commits: seq is given out under a lock that is kept until the commit. What the row says
-- is read where it stands, as it is by then: a copy that is newer than its entry merges as well.
create table outbox (
    seq bigint primary key,
    kind text not null check (kind in ('user', 'ticket')),
    id uuid not null
);

create table repl_cursor (
    peer text not null,
    incarnation uuid not null,
    seq bigint not null,
    primary key (peer, incarnation)
) with (fillfactor = 50);

create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    action text not null,
    subject text not null,
    reason text not null
);
