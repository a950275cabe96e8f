//! What must hold (docs/protocol.md). The checker knows rows, answers and their order in time; it calls none of the
//! code that decides.
//!
//! * [`history`], [`holds`], [`departures`]: after every decision, commit and answer; * [`seats`], [`decisions`],
//!   [`copies`], [`exchanges`], [`money`]: once everything is healed.
//!
//! Each of the latter is a function from evidence to objections, and has a doctored piece of evidence that it must
//! reject.

mod copies;
mod decisions;
mod departures;
mod exchanges;
mod history;
mod holds;
mod money;
mod seats;
mod sound;
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::refund::Refunded;
use passcom_memory::State;

pub use self::history::{Decision, History, Told};

/// The free seats of a route, as a node shows them to its clients.
#[derive(Debug, Clone)]
pub struct Shown {
    pub at: CompanyId,
    pub of: CompanyId,
    pub route: RouteId,
    pub free: Vec<SeatNumber>,
}

/// Everything there is to judge by.
#[derive(Default)]
pub struct Evidence {
    pub tables: BTreeMap<CompanyId, State>,
    /// Companies that are dead, and whose own seats wait for them.
    pub dead: BTreeSet<CompanyId>,
    /// Every definite answer.
    pub told: Vec<(SagaId, Told)>,
    /// Bookings whose every answer was that nothing had been begun.
    pub not_begun: BTreeSet<SagaId>,
    /// Tickets that somebody wanted cancelled.
    pub cancels: BTreeSet<SagaId>,
    /// Who was told that a login is theirs.
    pub claimed: Vec<(String, UserId)>,
    /// What customers were told that came back for seats of these tickets.
    pub refunded: Vec<(SagaId, Refunded)>,
    pub chosen: BTreeMap<SagaId, Decision>,
    pub shown: Vec<Shown>,
    /// Holds whose time is not over.
    pub unexpired: BTreeSet<SagaId>,
}

/// An invariant, and what is wrong with it.
pub type Objection = (&'static str, String);

type Check = fn(&Evidence) -> Vec<String>;

/// What holds at any time.
const ALWAYS: [(&str, Check); 10] = [
    ("I1", seats::i1_one_owner),
    ("I2", seats::i2_not_both),
    ("I4", decisions::i4_refused_is_never_sold),
    ("P1", decisions::p1_one_value),
    ("S1", money::s1_books_are_the_tickets),
    ("R2", copies::r2_one_id_per_login),
    ("N2", copies::n2_names_where_they_are_needed),
    ("X1", exchanges::x1_in_one_step),
    ("X2", exchanges::x2_once),
    ("X4", exchanges::x4_not_paid_twice),
];

/// What holds at any time once faults have ended long enough ago, with companies dead or not.
const HEALED: [(&str, Check); 2] = [
    ("I7", decisions::i7_nothing_is_open),
    ("I5", copies::i5_one_answer_per_key),
];

/// What holds when all companies are back.
const WHOLE: [(&str, Check); 9] = [
    ("I3", decisions::i3_sold_is_sold),
    ("I6", seats::i6_frees_its_own),
    ("R1", copies::r1_the_same_everywhere),
    ("B1", seats::b1_the_sum_is_right),
    ("S2", money::s2_the_same_books_everywhere),
    ("S3", money::s3_told_is_recorded),
    ("C1", seats::c1_shown_as_it_is),
    ("X3", exchanges::x3_everywhere),
    ("F1", seats::f1_tickets_are_told),
];

/// Objections to the state after healing; with dead companies, those that the others alone must answer for.
pub fn judge(evidence: &Evidence) -> Vec<Objection> {
    let whole: &[(&str, Check)] = if evidence.dead.is_empty() {
        &WHOLE
    } else {
        &[]
    };
    let checks = ALWAYS.iter().chain(&HEALED).chain(whole);
    let objections = checks.flat_map(|(name, check)| {
        let found = check(evidence).into_iter();
        found.map(|objection| (*name, objection))
    });
    objections.collect()
}
