-- Customers' payments for holds that were made at the node of this company: it has the money. Each is written down before its provider is
-- asked for it, and its id is the key under which that is repeated.
create table payment (
    id uuid primary key,
    hold uuid not null,
    -- From 1: another is begun only where the one before it was refused.
    attempt int not null check (attempt > 0),
    user_id uuid not null,
    provider text not null,
    -- What the customer pays with, as the provider names it; empty once the provider has decided.
    means text not null,
    minor bigint not null check (minor > 0),
    currency text not null,
    standing text not null default 'asked' check (standing in ('asked', 'pending', 'refused', 'paid')),
    fate text not null default 'open' check (fate in ('open', 'lost', 'sold')),
    -- What came back for seats of the ticket, as it is recorded there; and what of the payment goes back in all, whose parts are in
    -- payment_refund.
    came_back bigint not null default 0,
    owed bigint not null default 0 check (owed between 0 and minor),
    begun_at timestamptz not null default now(),
    paid_at timestamptz,
    -- Tries since something new was told of it, and when the next one is due; null: nothing is to be done.
    tries int not null default 0,
    due_at timestamptz,
    unique (hold, attempt),
    check ((standing = 'paid') = (paid_at is not null))
) with (fillfactor = 70);
create index payment_due on payment (due_at) where due_at is not null;
create index payment_paid on payment (paid_at) where paid_at is not null;

-- Parts of payments that go back: written down before the provider is asked, under the payment's id and this number.
create table payment_refund (
    payment uuid not null references payment,
    number int not null check (number > 0),
    minor bigint not null check (minor > 0),
    owed_at timestamptz not null default now(),
    tries int not null default 0,
    due_at timestamptz default now(),
    done_at timestamptz,
    primary key (payment, number),
    check ((due_at is null) = (done_at is not null))
) with (fillfactor = 70);
create index payment_refund_due on payment_refund (due_at) where due_at is not null;
create index payment_refund_done on payment_refund (done_at) where done_at is not null;

-- From a ticket to those that seats of it were exchanged for, and from there to what came back for them.
create index ticket_exchanged on ticket (("order" -> 'exchange' ->> 'ticket')) where "order" -> 'exchange' ->> 'ticket' is not null;
