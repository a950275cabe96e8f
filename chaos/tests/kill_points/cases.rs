//! What a case is made of, and whether there is one for every point.

use std::collections::BTreeSet;
use std::fmt;

use super::table::TABLE;

/// Whose process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The node that takes the request: the driver.
    Asked,
    /// A company that has a seat in it.
    Other,
    /// A company that has none, but votes on the decision and keeps copies.
    Third,
    /// `passcom import`, or `passcom migrate`.
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
    /// A trip whose driver has died and starts again: all may be prepared, and nobody has decided.
    Orphan,
    /// The same; the decision is chosen, and nobody knows it.
    Decided,
    /// A pair whose driver has died and stays away, undecided: the company that is left must end it.
    Abandoned,
    /// The same; the decision is chosen, and nobody knows it.
    AbandonedDecided,
    /// A booking of the others' seats whose driver dies and stays away: its customer asks another node.
    TakenOver,
    /// A seat of the asked company and one of the other are held.
    Hold,
    /// Such a hold is extended, confirmed, given up.
    Extend,
    Confirm,
    Release,
    /// The time of such a hold is over, and its customer confirms it too late.
    Expire,
    /// A hold that was begun at the other company's node is confirmed.
    ConfirmElsewhere,
    /// A trip is cancelled by its customer.
    Cancel,
    /// A seat of the third company is cancelled by its customer, who has agreed to what comes back: that company decides it.
    CancelAgreed,
    /// The flight of the asked company's seat of a trip is moved.
    Retime,
    /// The same, and the customer agrees to it.
    Accept,
    /// A seat of the asked company and one of the other: the former's flight is moved, and the customer takes another one in its place.
    Rebook,
    /// A name on a ticket of a seat of the asked company and one of the other is corrected.
    Correct,
    /// A name on a ticket that the other company sold and flies is corrected.
    CorrectElsewhere,
    /// A trip is cancelled by an operator.
    OperatorCancel,
    /// A seat is taken off sale.
    Block,
    /// Somebody registers.
    Register,
    /// Somebody types a wrong password.
    WrongPassword,
    /// The state of a booking that there is not.
    Status,
    /// The history of a booking that there is not.
    Timeline,
    /// The tickets of somebody who has none.
    Tickets,
    /// A ticket that there is not is cancelled.
    UnknownTicket,
    /// Who travels by a ticket that the other company sold and flies, with a token of the third.
    Names,
    /// The same ticket is looked for by its letters and a surname.
    Find,
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
    /// The tables are brought up to date, by their owner.
    Migrate,
    /// The asked and the third company have lost a ticket that the other one has.
    Diverged,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// No answer at all.
    Lost,
    Booked,
    /// A hold stands.
    Held,
    /// A hold is over.
    Over,
    /// For good.
    Refused,
    /// Done, or found out; no booking.
    Done,
    /// To be asked again.
    Open,
}

/// What may be seen where the node dies before the step, and after it.
pub type Around = [&'static [Seen]; 2];

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
