-- What a company that carries somebody is told of them beside the name: documents, birth dates, and how to reach who booked. Of no saga that
-- came to nothing, and in no copy that other companies read.
alter table saga add column papers json;

-- Passengers that a user wants to find again at the next booking: at this company, where the user has asked for it, and at no other. One row for
-- each user, with a bounded list; replaced whole.
create table saved_passengers (
    user_id uuid primary key,
    people json not null,
    saved_at timestamptz not null default now()
) with (fillfactor = 80);
