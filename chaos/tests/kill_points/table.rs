//! Every step of the program, with the situation in which a node dies there and what may come of it.
//!
//! A row is run twice, for the point before the step and the one after it. What customers may see is as narrow as the protocol
//! makes it: [`EITHER`] only where it depends on who is faster.

use std::collections::BTreeSet;
use std::fmt;

use Role::{Asked, Importer, Other, Third};
use Seen::{Booked, Done, Lost, Refused};
use Story::{
    Abroad, Block, Cancel, Cluster, ForeignSeat, Idle, Import, Meeting, OperatorCancel, Orphan,
    OwnSeat, Pair, Register, SoldSeat, StaleFence, Start, Status, Tickets, Trip, UnknownTicket,
};

/// Whose process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The node that takes the request: the driver.
    Asked,
    /// A company that has a seat in it.
    Other,
    /// A company that has none, but votes on the decision and keeps copies.
    Third,
    /// `passcom import`.
    Importer,
}

/// What is going on when it dies. Bookings are asked for with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// A seat of every company.
    Trip,
    /// A seat of the asked company and one of the other.
    Pair,
    /// A seat of each company but the asked one.
    Abroad,
    OwnSeat,
    ForeignSeat,
    /// As a trip, but the other company's seat is sold.
    SoldSeat,
    /// As a trip, on seats that were leased under newer tokens than Redis hands out now.
    StaleFence,
    /// A trip whose driver has died in the middle and starts again: nobody has decided.
    Orphan,
    /// A trip is cancelled by its customer.
    Cancel,
    /// A trip is cancelled by an operator.
    OperatorCancel,
    /// A seat is taken off sale.
    Block,
    /// Somebody registers.
    Register,
    /// The state of a booking that there is not.
    Status,
    /// The tickets of somebody who has none.
    Tickets,
    /// A ticket that there is not is cancelled.
    UnknownTicket,
    /// Who sees whom.
    Cluster,
    /// The node starts.
    Start,
    /// The node starts and meets a database that it does not know.
    Meeting,
    /// Nothing is asked for.
    Idle,
    /// A schedule is put on sale.
    Import,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// No answer at all.
    Lost,
    Booked,
    /// For good.
    Refused,
    /// Done, or found out; no booking.
    Done,
    /// To be asked again.
    Open,
}

/// What may be seen where the node dies before the step, and after it.
type Around = [&'static [Seen]; 2];

pub struct Row {
    pub step: &'static str,
    pub role: Role,
    pub story: Story,
    /// Answer to the request during which the node dies.
    pub first: Around,
    /// What everybody is told for ever after.
    pub last: Around,
}

const MOMENTS: [&str; 2] = ["before", "after"];

const NONE: Around = [&[], &[]];
const LOST: Around = [&[Lost], &[Lost]];
const BOOKED: Around = [&[Booked], &[Booked]];
const REFUSED: Around = [&[Refused], &[Refused]];
const DONE: Around = [&[Done], &[Done]];
/// It depends on who is faster, and must be the same for everybody.
const EITHER: Around = [&[Booked, Refused], &[Booked, Refused]];
/// The answer races with the death of whoever gives it.
const LOST_OR_BOOKED: Around = [&[Lost, Booked], &[Lost, Booked]];
const LOST_OR_REFUSED: Around = [&[Lost, Refused], &[Lost, Refused]];
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
    row("lease::acquire", Asked, Trip, LOST, BOOKED),
    row("route::survey", Asked, Trip, LOST, EITHER),
    row("route::survey", Other, Trip, EITHER, EITHER),
    row("send::prepare", Asked, Trip, LOST, EITHER),
    row("driver::begin", Asked, Abroad, LOST, EITHER_THEN_REFUSED),
    row("participant::prepare", Asked, Trip, LOST, EITHER_THEN_REFUSED),
    row("participant::prepare", Other, Trip, EITHER, EITHER),
    row("send::accept", Asked, Trip, LOST, EITHER),
    row("acceptor::accept", Asked, Trip, LOST, EITHER),
    row("acceptor::accept", Other, Trip, BOOKED, BOOKED),
    row("acceptor::accept", Third, Pair, BOOKED, BOOKED),
    row("driver::settle", Asked, Trip, LOST, BOOKED),
    row("lease::release", Asked, Trip, LOST_OR_BOOKED, BOOKED),
    row("send::confirm", Asked, Trip, LOST_OR_BOOKED, BOOKED),
    row("participant::confirm", Other, Trip, BOOKED, BOOKED),
    row("driver::finish", Asked, Trip, BOOKED, BOOKED),
    row("replica::merge_pulled", Third, Pair, BOOKED, BOOKED),
    // one company's own affair
    row("participant::book", Asked, OwnSeat, LOST, BOOKED),
    row("participant::book", Other, ForeignSeat, BOOKED, BOOKED),
    row("send::book", Asked, ForeignSeat, LOST, BOOKED),
    row("driver::adopt", Asked, ForeignSeat, LOST, BOOKED),
    // somebody says no
    row("participant::prepare", Other, SoldSeat, REFUSED, REFUSED),
    row("driver::refuse", Asked, SoldSeat, LOST, REFUSED),
    row("send::release", Asked, SoldSeat, LOST_OR_REFUSED, REFUSED),
    row("participant::release", Asked, SoldSeat, LOST_OR_REFUSED, REFUSED),
    row("participant::release", Other, SoldSeat, REFUSED, REFUSED),
    // nobody has decided, and the driver is back
    row("driver::next_round", Asked, Orphan, LOST, REFUSED),
    row("send::promise", Asked, Orphan, LOST, REFUSED),
    row("acceptor::promise", Asked, Orphan, LOST, REFUSED),
    row("acceptor::promise", Other, Orphan, LOST, REFUSED),
    row("send::accept_later_ballot", Asked, Orphan, LOST, REFUSED),
    row("acceptor::accept_later_ballot", Asked, Orphan, LOST, REFUSED),
    row("acceptor::accept_later_ballot", Other, Orphan, LOST, REFUSED),
    row("participant::release", Other, Orphan, LOST, REFUSED),
    // leases
    row("lease::raise", Asked, StaleFence, LOST, BOOKED),
    // cancelling
    row("send::find_ticket", Asked, UnknownTicket, LOST, DONE),
    row("replica::cancel", Asked, Cancel, LOST, DONE),
    row("send::merge_ticket", Asked, Cancel, LOST, DONE),
    row("replica::merge_pushed", Other, Cancel, DONE, DONE),
    row("operator::audit", Asked, OperatorCancel, LOST, DONE),
    // logins
    row("send::find_user", Asked, Register, LOST, DONE),
    row("driver::next_round", Asked, Register, LOST, DONE),
    row("send::promise_login", Asked, Register, LOST, DONE),
    row("acceptor::promise_login", Asked, Register, LOST, DONE),
    row("acceptor::promise_login", Other, Register, DONE, DONE),
    row("send::accept_login", Asked, Register, LOST, DONE),
    row("acceptor::accept_login", Asked, Register, LOST, DONE),
    row("acceptor::accept_login", Other, Register, DONE, DONE),
    row("replica::enrol", Asked, Register, LOST, DONE),
    // questions
    row("send::query", Asked, Status, LOST, DONE),
    row("send::tickets_of", Asked, Tickets, LOST, DONE),
    row("send::describe", Asked, Cluster, LOST, DONE),
    row("operator::block", Asked, Block, LOST, DONE),
    // what nobody asks for
    row("send::ping", Third, Idle, NONE, BOOKED),
    row("send::pull", Third, Idle, NONE, BOOKED),
    row("send::pull", Third, Pair, BOOKED, BOOKED),
    row("send::pull_catalogue", Third, Idle, NONE, BOOKED),
    row("start::migrate", Other, Start, NONE, BOOKED),
    row("start::identify", Other, Start, NONE, BOOKED),
    row("send::hello", Other, Start, NONE, BOOKED),
    row("send::join", Other, Start, NONE, BOOKED),
    row("mesh::remember_peer", Other, Meeting, NONE, BOOKED),
    row("import::schedule", Importer, Import, NONE, BOOKED),
];

/// A row at one of its moments.
#[derive(Clone, Copy)]
pub struct Case {
    pub row: &'static Row,
    moment: usize,
}

impl Case {
    pub fn point(&self) -> String {
        format!("{}::{}", self.row.step, MOMENTS[self.moment])
    }

    pub fn first(&self) -> &'static [Seen] {
        self.row.first[self.moment]
    }

    pub fn last(&self) -> &'static [Seen] {
        self.row.last[self.moment]
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {:?} in {:?}",
            self.point(),
            self.row.role,
            self.row.story
        )
    }
}

pub fn cases() -> Vec<Case> {
    let moments = |row| (0..MOMENTS.len()).map(move |moment| Case { row, moment });
    TABLE.iter().flat_map(moments).collect()
}

/// Points that only one side knows: the program, or the table.
pub fn differences(points: &[String]) -> Vec<String> {
    let program: BTreeSet<&str> = points.iter().map(String::as_str).collect();
    let names: Vec<String> = cases().iter().map(Case::point).collect();
    let table: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let no_case = program
        .difference(&table)
        .map(|point| format!("{point} has no case"));
    let no_point = table
        .difference(&program)
        .map(|point| format!("{point} is no point of the program"));
    no_case.chain(no_point).collect()
}
