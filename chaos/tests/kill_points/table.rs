//! Every step of the program, with the situation in which a node dies there and what may come of it.
//!
//! A row is run twice, for the point before the step and the one after it. What customers may see is as narrow as the protocol
//! makes it: [`EITHER`] only where it depends on who is faster.

use super::cases::Role::{self, Asked, Importer, Other, Third};
use super::cases::Seen::{Booked, Done, Held, Lost, Open, Over, Refused};
use super::cases::Story::{
    self, Abandoned, AbandonedDecided, Abroad, Accept, Block, Cancel, CancelAgreed, Cluster,
    Confirm, ConfirmElsewhere, Correct, CorrectElsewhere, Decided, Diverged, Expire, Extend, Find,
    ForeignSeat, Hold, Idle, Import, Meeting, Migrate, Names, OperatorCancel, Orphan, OwnSeat,
    Pair, Rebook, Register, Release, Retime, SoldSeat, StaleFence, Start, Status, TakenOver,
    Tickets, Timeline, Trip, UnknownTicket, WrongPassword,
};
use super::cases::{Around, Row};

const NONE: Around = [&[], &[]];
const LOST: Around = [&[Lost], &[Lost]];
const BOOKED: Around = [&[Booked], &[Booked]];
const REFUSED: Around = [&[Refused], &[Refused]];
const DONE: Around = [&[Done], &[Done]];
const OPEN: Around = [&[Open], &[Open]];
/// It depends on who is faster, and must be the same for everybody.
const EITHER: Around = [&[Booked, Refused], &[Booked, Refused]];
/// The answer races with the death of whoever gives it.
const LOST_OR_BOOKED: Around = [&[Lost, Booked], &[Lost, Booked]];
const LOST_OR_REFUSED: Around = [&[Lost, Refused], &[Lost, Refused]];
const LOST_OR_DONE: Around = [&[Lost, Done], &[Lost, Done]];
const HELD: Around = [&[Held], &[Held]];
const OVER: Around = [&[Over], &[Over]];
/// A retry begins another order than the one that a company keeps seats for; both cannot be whole.
const HELD_OR_REFUSED: Around = [&[Held, Refused], &[Held, Refused]];
const LOST_OR_HELD: Around = [&[Lost, Held], &[Lost, Held]];
const LOST_OR_OVER: Around = [&[Lost, Over], &[Lost, Over]];
/// Who has begun to confirm and died is taken for somebody who does not: it depends on who finds out first.
const BOOKED_OR_OVER: Around = [&[Booked, Over], &[Booked, Over]];
/// The hold is as it was until the request to confirm it is durable.
const BOOKED_THEN_EITHER: Around = [&[Booked], &[Booked, Over]];
/// Until its end is asked for it is over by the clock; from then on the register decides.
const OVER_THEN_EITHER: Around = [&[Over], &[Booked, Over]];
/// Undone for certain once the driver's begin is durable, else as with [`EITHER`].
const EITHER_THEN_REFUSED: Around = [&[Booked, Refused], &[Refused]];

const fn row(step: &'static str, role: Role, story: Story, first: Around, last: Around) -> Row {
    Row {
        step,
        role,
        story,
        first,
        last,
    }
}

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // the normal case, in its order
    row("send::find_key", Asked, Trip, LOST, BOOKED),
    row("answer::find_key", Third, Pair, BOOKED, BOOKED),
    row("lease::acquire", Asked, Trip, LOST, BOOKED),
    row("route::survey", Asked, Trip, LOST, EITHER),
    row("route::survey", Other, Trip, EITHER, EITHER),
    row("send::prepare", Asked, Trip, LOST, EITHER),
    row("answer::prepare", Other, Trip, EITHER, EITHER),
    row("driver::begin", Asked, Abroad, LOST, EITHER_THEN_REFUSED),
    row("participant::prepare", Asked, Trip, LOST, EITHER_THEN_REFUSED),
    row("participant::prepare", Other, Trip, EITHER, EITHER),
    row("send::accept", Asked, Trip, LOST, EITHER),
    row("acceptor::accept", Asked, Trip, LOST, EITHER),
    row("acceptor::accept", Other, Trip, BOOKED, BOOKED),
    row("answer::accept", Other, Trip, BOOKED, BOOKED),
    row("driver::settle", Asked, Trip, LOST_OR_BOOKED, BOOKED),
    row("lease::release", Asked, Trip, LOST_OR_BOOKED, BOOKED),
    row("send::commit", Asked, Trip, LOST_OR_BOOKED, BOOKED),
    row("participant::commit", Other, Trip, BOOKED, BOOKED),
    row("answer::commit", Other, Trip, BOOKED, BOOKED),
    row("driver::finish", Asked, Trip, BOOKED, BOOKED),
    row("replica::merge_pulled", Third, Pair, BOOKED, BOOKED),
    // one company's own affair
    row("participant::book", Asked, OwnSeat, LOST, BOOKED),
    row("participant::book", Other, ForeignSeat, BOOKED, BOOKED),
    row("answer::book", Other, ForeignSeat, BOOKED, BOOKED),
    row("send::book", Asked, ForeignSeat, LOST, BOOKED),
    row("driver::adopt", Asked, ForeignSeat, LOST, BOOKED),
    // the tables follow, whenever: where the booking is by then is nobody's choice
    row("tables::project", Asked, Trip, LOST_OR_BOOKED, EITHER),
    row("tables::project", Other, Trip, EITHER, EITHER),
    row("tables::project", Third, Pair, BOOKED, BOOKED),
    row("tables::project", Asked, OwnSeat, LOST_OR_BOOKED, BOOKED),
    // somebody says no
    row("participant::prepare", Other, SoldSeat, REFUSED, REFUSED),
    row("driver::refuse", Asked, SoldSeat, LOST, REFUSED),
    row("send::release", Asked, SoldSeat, LOST_OR_REFUSED, REFUSED),
    row("participant::release", Asked, SoldSeat, LOST_OR_REFUSED, REFUSED),
    row("participant::release", Other, SoldSeat, REFUSED, REFUSED),
    row("answer::release", Other, SoldSeat, REFUSED, REFUSED),
    // nobody has decided, and the driver is back
    row("driver::next_round", Asked, Orphan, LOST, REFUSED),
    row("send::promise", Asked, Orphan, LOST, REFUSED),
    row("acceptor::promise", Asked, Orphan, LOST, REFUSED),
    row("acceptor::promise", Other, Orphan, LOST, REFUSED),
    row("answer::promise", Other, Orphan, LOST, REFUSED),
    row("send::accept_later_ballot", Asked, Orphan, LOST, REFUSED),
    row("acceptor::accept_later_ballot", Asked, Orphan, LOST, REFUSED),
    row("acceptor::accept_later_ballot", Other, Orphan, LOST, REFUSED),
    row("answer::accept_later_ballot", Other, Orphan, LOST, REFUSED),
    row("participant::release", Other, Orphan, LOST, REFUSED),
    // the decision is chosen, nobody knows it but its customer perhaps, and the driver is back
    row("driver::next_round", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("send::promise", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::promise", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::promise", Other, Decided, LOST_OR_BOOKED, BOOKED),
    row("send::accept_later_ballot", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::accept_later_ballot", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::accept_later_ballot", Other, Decided, LOST_OR_BOOKED, BOOKED),
    row("driver::settle", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("send::commit", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    row("participant::commit", Other, Decided, LOST_OR_BOOKED, BOOKED),
    row("driver::finish", Asked, Decided, LOST_OR_BOOKED, BOOKED),
    // the driver stays away: the companies that are left end it without it
    row("driver::next_round", Other, Abandoned, LOST, REFUSED),
    row("send::promise", Other, Abandoned, LOST, REFUSED),
    row("acceptor::promise", Third, Abandoned, LOST, REFUSED),
    row("send::accept_later_ballot", Other, Abandoned, LOST, REFUSED),
    row("acceptor::accept_later_ballot", Third, Abandoned, LOST, REFUSED),
    row("participant::release", Other, Abandoned, LOST, REFUSED),
    row("driver::next_round", Other, AbandonedDecided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::promise", Third, AbandonedDecided, LOST_OR_BOOKED, BOOKED),
    row("send::accept_later_ballot", Other, AbandonedDecided, LOST_OR_BOOKED, BOOKED),
    row("acceptor::accept_later_ballot", Third, AbandonedDecided, LOST_OR_BOOKED, BOOKED),
    row("driver::settle", Other, AbandonedDecided, LOST_OR_BOOKED, BOOKED),
    // the driver stays away, and its customer asks another node
    row("lease::acquire", Asked, TakenOver, BOOKED, BOOKED),
    row("driver::begin", Asked, TakenOver, EITHER, EITHER),
    row("send::prepare", Asked, TakenOver, EITHER, EITHER),
    row("send::accept", Asked, TakenOver, EITHER, EITHER),
    row("acceptor::accept", Asked, TakenOver, EITHER, EITHER),
    row("driver::settle", Asked, TakenOver, BOOKED, BOOKED),
    // a customer holds seats
    row("send::held_for", Asked, Hold, LOST, HELD),
    row("answer::held_for", Third, Hold, HELD, HELD),
    row("send::prepare", Asked, Hold, LOST, HELD_OR_REFUSED),
    row("participant::prepare", Asked, Hold, LOST, HELD_OR_REFUSED),
    row("participant::prepare", Other, Hold, HELD_OR_REFUSED, HELD_OR_REFUSED),
    row("driver::hold", Asked, Hold, LOST, HELD),
    row("send::all_voted", Asked, Hold, LOST_OR_HELD, HELD),
    row("participant::all_voted", Other, Hold, HELD, HELD),
    row("answer::all_voted", Other, Hold, HELD, HELD),
    row("lease::release", Asked, Hold, LOST_OR_HELD, HELD),
    // … extends the hold
    row("send::extend", Asked, Extend, LOST, HELD),
    row("participant::extend", Asked, Extend, LOST, HELD),
    row("participant::extend", Other, Extend, OPEN, HELD),
    row("answer::extend", Other, Extend, OPEN, HELD),
    // … confirms it
    row("driver::request_confirm", Asked, Confirm, LOST, BOOKED_THEN_EITHER),
    row("driver::request_confirm", Asked, ConfirmElsewhere, LOST, BOOKED_THEN_EITHER),
    row("send::accept", Asked, Confirm, LOST, BOOKED_OR_OVER),
    row("acceptor::accept", Asked, Confirm, LOST, BOOKED_OR_OVER),
    row("acceptor::accept", Other, Confirm, BOOKED, BOOKED),
    row("driver::settle", Asked, Confirm, LOST_OR_BOOKED, BOOKED),
    row("driver::settle", Asked, ConfirmElsewhere, LOST_OR_BOOKED, BOOKED),
    row("participant::commit", Other, Confirm, BOOKED, BOOKED),
    row("driver::finish", Asked, Confirm, BOOKED, BOOKED),
    // … or gives it up
    row("driver::next_round", Asked, Release, LOST, OVER),
    row("send::promise", Asked, Release, LOST, OVER),
    row("acceptor::promise", Asked, Release, LOST, OVER),
    row("acceptor::promise", Other, Release, OVER, OVER),
    row("send::accept_later_ballot", Asked, Release, LOST, OVER),
    row("acceptor::accept_later_ballot", Asked, Release, LOST_OR_OVER, OVER),
    row("acceptor::accept_later_ballot", Other, Release, OVER, OVER),
    row("participant::release", Asked, Release, LOST_OR_OVER, OVER),
    row("participant::release", Other, Release, OVER, OVER),
    // … or its time is over
    row("participant::end_hold", Asked, Expire, OVER, OVER_THEN_EITHER),
    row("participant::end_hold", Other, Expire, OVER, OVER_THEN_EITHER),
    // leases
    row("lease::raise", Asked, StaleFence, LOST, BOOKED),
    // cancelling
    row("send::find_ticket", Asked, UnknownTicket, LOST, DONE),
    row("answer::find_ticket", Other, UnknownTicket, OPEN, DONE),
    row("send::cancel", Asked, CancelAgreed, LOST, DONE),
    row("answer::cancel", Third, CancelAgreed, OPEN, DONE),
    row("replica::cancel", Asked, Cancel, LOST, DONE),
    row("send::merge_ticket", Asked, Cancel, LOST, DONE),
    row("replica::merge_pushed", Other, Cancel, DONE, DONE),
    row("answer::merge_ticket", Other, Cancel, DONE, DONE),
    row("operator::audit", Asked, OperatorCancel, LOST, DONE),
    // a flight changes under a ticket, and its passenger agrees
    row("flights::change", Asked, Retime, NONE, DONE),
    row("replica::accept", Asked, Accept, LOST, DONE),
    // … or takes another flight: every company of the old ticket votes, and the old seat ends with the sale of the new one
    row("send::prepare", Asked, Rebook, LOST, EITHER),
    row("answer::prepare", Other, Rebook, EITHER, EITHER),
    row("participant::prepare", Asked, Rebook, LOST, EITHER_THEN_REFUSED),
    row("participant::prepare", Other, Rebook, EITHER, EITHER),
    row("send::accept", Asked, Rebook, LOST, EITHER),
    row("acceptor::accept", Asked, Rebook, LOST, EITHER),
    row("acceptor::accept", Other, Rebook, BOOKED, BOOKED),
    row("answer::accept", Other, Rebook, BOOKED, BOOKED),
    row("driver::settle", Asked, Rebook, LOST_OR_BOOKED, BOOKED),
    row("lease::release", Asked, Rebook, LOST_OR_BOOKED, BOOKED),
    row("send::commit", Asked, Rebook, LOST_OR_BOOKED, BOOKED),
    row("participant::commit", Other, Rebook, BOOKED, BOOKED),
    row("answer::commit", Other, Rebook, BOOKED, BOOKED),
    row("driver::finish", Asked, Rebook, BOOKED, BOOKED),
    row("replica::merge_pulled", Third, Rebook, EITHER, EITHER),
    row("tables::project", Asked, Rebook, LOST_OR_BOOKED, EITHER),
    row("tables::project", Other, Rebook, EITHER, EITHER),
    // a name is corrected
    row("replica::correct", Asked, Correct, LOST, DONE),
    // logins
    row("send::find_user", Asked, Register, LOST, DONE),
    row("answer::find_user", Other, Register, DONE, DONE),
    row("driver::next_round", Asked, Register, LOST, DONE),
    row("send::promise_login", Asked, Register, LOST, DONE),
    row("acceptor::promise_login", Asked, Register, LOST, DONE),
    row("acceptor::promise_login", Other, Register, DONE, DONE),
    row("answer::promise_login", Other, Register, DONE, DONE),
    row("send::accept_login", Asked, Register, LOST, DONE),
    row("acceptor::accept_login", Asked, Register, LOST, DONE),
    row("acceptor::accept_login", Other, Register, DONE, DONE),
    row("answer::accept_login", Other, Register, DONE, DONE),
    row("replica::enrol", Asked, Register, LOST, DONE),
    // wrong passwords: the customer has the answer by then, unless what the case before has left to be told comes to the point first
    row("send::wrong_passwords", Asked, WrongPassword, LOST_OR_DONE, DONE),
    row("answer::wrong_passwords", Other, WrongPassword, DONE, DONE),
    // questions
    row("send::query", Asked, Status, LOST, DONE),
    row("answer::query", Other, Status, OPEN, DONE),
    row("send::history", Asked, Timeline, LOST, DONE),
    row("answer::history", Other, Timeline, OPEN, DONE),
    row("send::tickets_of", Asked, Tickets, LOST, DONE),
    row("answer::tickets_of", Other, Tickets, DONE, DONE),
    row("send::vouch", Asked, Names, LOST, DONE),
    row("answer::vouch", Third, Names, OPEN, DONE),
    row("send::people", Asked, Names, LOST, DONE),
    row("answer::people", Other, Names, OPEN, DONE),
    row("send::correct", Asked, CorrectElsewhere, LOST, DONE),
    row("answer::correct", Other, CorrectElsewhere, OPEN, DONE),
    row("send::find", Asked, Find, LOST, DONE),
    row("answer::find", Other, Find, OPEN, DONE),
    row("send::describe", Asked, Cluster, LOST, DONE),
    row("answer::describe", Other, Cluster, DONE, DONE),
    row("operator::block", Asked, Block, LOST, DONE),
    // what nobody asks for
    row("send::ping", Third, Idle, NONE, BOOKED),
    row("send::pull", Third, Idle, NONE, BOOKED),
    row("send::pull", Third, Pair, BOOKED, BOOKED),
    row("answer::pull", Other, Idle, NONE, BOOKED),
    row("send::pull_catalogue", Third, Idle, NONE, BOOKED),
    row("answer::pull_catalogue", Other, Idle, NONE, BOOKED),
    row("send::digests", Third, Idle, NONE, BOOKED),
    row("answer::digests", Other, Idle, NONE, BOOKED),
    row("send::cursors", Third, Idle, NONE, BOOKED),
    row("answer::cursors", Other, Idle, NONE, BOOKED),
    row("housekeeping::prune", Third, Idle, NONE, BOOKED),
    row("housekeeping::trim_log", Third, Start, NONE, BOOKED),
    row("mesh::keep_seen", Other, Start, NONE, BOOKED),
    row("start::identify", Other, Start, NONE, BOOKED),
    row("send::hello", Other, Start, NONE, BOOKED),
    row("send::join", Other, Start, NONE, BOOKED),
    row("mesh::remember_peer", Other, Meeting, NONE, BOOKED),
    row("import::schedule", Importer, Import, NONE, BOOKED),
    row("start::migrate", Importer, Migrate, NONE, BOOKED),
    // a copy is missing; late, so that there are many tickets to choose from
    row("send::copies", Third, Diverged, NONE, BOOKED),
    row("answer::copies", Other, Diverged, NONE, BOOKED),
];
