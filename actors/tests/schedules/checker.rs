//! What must hold, told by what is recorded and what clients were told; and what must have happened in some schedule.
//!
//! After every commit: I1 (a seat has one owner), I2 (a saga is not both), P1 (one value per register), the arrows of a leg,
//! a sale or ticket only under a chosen Commit, an answer only under its decision, no alarm. After healing: I3, I4, I7, R1.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::{OrderHash, SeatRef};
use passcom_actors::domain::participant::LegState::{
    self, Cancelled, Committed, Prepared, Refused,
};
use passcom_actors::domain::participant::{Booked, Vote};
use passcom_actors::domain::register::{Ballot, Register, Value};
use passcom_actors::domain::replica::Ticket;
use passcom_actors::domain::saga::{Answer, Outcome};
use passcom_actors::messages::Recorded;

/// How often something happened, over all schedules.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    pub booked: u64,
    pub refused: u64,
    pub aborts: u64,
    pub commits_in_a_recovery_ballot: u64,
    pub tombstones: u64,
    pub cancelled: u64,
    pub cancelled_while_prepared: u64,
    pub commits_after_a_mismatch: u64,
    pub stale_tokens: u64,
    pub companies_down: u64,
    pub seats_busy: u64,
    pub crashes: u64,
    pub recoveries: u64,
}

impl Seen {
    fn fields(&mut self) -> [(&'static str, &mut u64); 13] {
        [
            ("booked", &mut self.booked),
            ("refused", &mut self.refused),
            ("aborts", &mut self.aborts),
            (
                "commits in a recovery ballot",
                &mut self.commits_in_a_recovery_ballot,
            ),
            ("tombstones", &mut self.tombstones),
            ("cancelled", &mut self.cancelled),
            (
                "cancelled while prepared",
                &mut self.cancelled_while_prepared,
            ),
            (
                "commits after a mismatch",
                &mut self.commits_after_a_mismatch,
            ),
            ("stale tokens", &mut self.stale_tokens),
            ("companies down", &mut self.companies_down),
            ("seats busy", &mut self.seats_busy),
            ("crashes", &mut self.crashes),
            ("recoveries", &mut self.recoveries),
        ]
    }

    pub fn add(&mut self, other: &Seen) {
        let mut other = other.clone();
        for ((_, sum), (_, more)) in self.fields().into_iter().zip(other.fields()) {
            *sum += *more;
        }
    }

    /// Schedules in which nothing goes wrong prove nothing.
    pub fn assert_everything_happened(mut self) {
        for (name, count) in self.fields() {
            assert!(*count > 0, "no schedule had: {name}");
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Decision {
    Commit(OrderHash),
    Abort,
}

/// What is known of one saga.
#[derive(Default)]
struct Case {
    legs: BTreeMap<SeatRef, LegState>,
    /// Who accepted what in which ballot.
    accepted: BTreeMap<Ballot, (Decision, BTreeSet<CompanyId>)>,
    chosen: Option<Decision>,
    answers: Vec<Answer>,
    /// Requests of clients that got no answer, or none yet.
    open: usize,
    mismatch: bool,
    cancel_asked: BTreeSet<SeatRef>,
}

#[derive(Default)]
pub struct Checker {
    cases: BTreeMap<SagaId, Case>,
    pub seen: Seen,
}

impl Checker {
    pub fn on_request(&mut self, saga: SagaId) {
        self.cases.entry(saga).or_default().open += 1;
    }

    pub fn on_cancel(&mut self, saga: SagaId, seats: &[SeatRef]) {
        let case = self.cases.entry(saga).or_default();
        case.cancel_asked.extend(seats);
    }

    pub fn on_answer(&mut self, saga: SagaId, answer: Answer) {
        let case = self.cases.entry(saga).or_default();
        case.open -= 1;
        case.answers.push(answer);
        match answer {
            Answer::Definite(Outcome::Booked { ticket }) => {
                self.seen.booked += 1;
                assert_eq!(ticket, saga);
                let committed = matches!(case.chosen, Some(Decision::Commit(_)));
                assert!(
                    committed,
                    "{saga} answered as booked before Commit was chosen"
                );
            }
            Answer::Definite(Outcome::Refused(_)) => {
                self.seen.refused += 1;
                let refused = case.legs.values().any(|state| *state == Refused);
                let aborted = case.chosen == Some(Decision::Abort);
                assert!(
                    refused || aborted,
                    "{saga} refused without a No or an Abort"
                );
            }
            Answer::CompanyDown(_) => self.seen.companies_down += 1,
            Answer::SeatBusy(_) => self.seen.seats_busy += 1,
        }
    }

    /// Something was committed at a company; this is what it has of the saga now.
    pub fn on_commit(&mut self, at: CompanyId, saga: SagaId, entry: &Entry, now: &Recorded) {
        let case = self.cases.entry(saga).or_default();
        if let Some(register) = &now.register {
            case.on_register(at, saga, register, &mut self.seen);
        }
        for (seat, state) in &now.legs {
            let before = case.legs.insert(*seat, *state);
            check_arrow(before, *state, entry, &mut self.seen);
            if matches!(state, Committed | Cancelled) {
                let committed = matches!(case.chosen, Some(Decision::Commit(_)));
                assert!(
                    committed,
                    "{saga}: {seat:?} is {state:?}, Commit is not chosen"
                );
            }
            if *state == Cancelled {
                assert!(
                    case.cancel_asked.contains(seat),
                    "{saga}: nobody cancelled {seat:?}"
                );
            }
        }
        case.check_not_both(saga);
        self.check_owners(saga);
    }

    pub fn on_receipt(&mut self, saga: SagaId, receipt: &Receipt) {
        let case = self.cases.entry(saga).or_default();
        match receipt {
            Receipt::Vote(Vote::Mismatch { .. }) | Receipt::Booked(Booked::Mismatch { .. }) => {
                case.mismatch = true;
            }
            Receipt::Vote(Vote::Stale(_)) | Receipt::Booked(Booked::Stale(_)) => {
                self.seen.stale_tokens += 1;
            }
            _ => {}
        }
    }

    fn check_owners(&self, saga: SagaId) {
        let owned = |case: &Case| -> Vec<SeatRef> {
            let owned = case
                .legs
                .iter()
                .filter(|(_, state)| matches!(state, Prepared | Committed));
            owned.map(|(seat, _)| *seat).collect()
        };
        let own = owned(&self.cases[&saga]);
        for (other, case) in self.cases.iter().filter(|(other, _)| **other != saga) {
            let shared = owned(case).into_iter().find(|seat| own.contains(seat));
            assert_eq!(shared, None, "a seat of {saga} and {other}");
        }
    }

    /// Everything has been healed for long enough.
    pub fn at_end(&mut self, saga: SagaId, tickets: &[Option<Ticket>]) {
        let case = self.cases.entry(saga).or_default();
        let prepared = case.legs.values().any(|state| *state == Prepared);
        assert!(!prepared, "{saga} is prepared still: {:?}", case.legs);
        for ticket in tickets {
            assert_eq!(ticket, &tickets[0], "{saga}: tickets differ");
        }
        let committed = matches!(case.chosen, Some(Decision::Commit(_)));
        match &tickets[0] {
            Some(ticket) => case.check_ticket(saga, ticket),
            None => assert!(!committed, "{saga}: Commit without a ticket"),
        }
        let booked = |answer: &Answer| matches!(answer, Answer::Definite(Outcome::Booked { .. }));
        let refused = |answer: &Answer| matches!(answer, Answer::Definite(Outcome::Refused(_)));
        assert!(
            committed || !case.answers.iter().any(booked),
            "{saga}: 200 and no sale"
        );
        assert!(
            !committed || !case.answers.iter().any(refused),
            "{saga}: 409 and a sale"
        );
        let nothing_begun = case.open == 0 && !case.answers.iter().any(|a| booked(a) || refused(a));
        assert!(
            !nothing_begun || case.legs.is_empty(),
            "{saga}: told that nothing was begun"
        );
        self.seen.commits_after_a_mismatch += u64::from(committed && case.mismatch);
    }
}

impl Case {
    fn on_register(&mut self, at: CompanyId, saga: SagaId, register: &Register, seen: &mut Seen) {
        let Some((ballot, value)) = &register.accepted else {
            return;
        };
        let decision = match value {
            Value::Commit { hash, .. } => Decision::Commit(*hash),
            Value::Abort => Decision::Abort,
            Value::Account(_) => panic!("{saga}: an account is no decision"),
        };
        if register.chosen && register.acceptors.0.len() > 1 {
            assert_eq!(
                self.chosen,
                Some(decision),
                "{saga}: {at} learnt what was not chosen"
            );
        }
        let (first, by) = self
            .accepted
            .entry(*ballot)
            .or_insert((decision, BTreeSet::new()));
        assert_eq!(*first, decision, "{saga}: two values in {ballot:?}");
        by.insert(at);
        if by.len() <= register.acceptors.0.len() / 2 {
            return;
        }
        if self.chosen.is_none() {
            seen.aborts += u64::from(decision == Decision::Abort);
            let late = decision != Decision::Abort && *ballot > Ballot::ZERO;
            seen.commits_in_a_recovery_ballot += u64::from(late);
        }
        assert_eq!(
            *self.chosen.get_or_insert(decision),
            decision,
            "{saga}: two values chosen"
        );
    }

    fn check_not_both(&self, saga: SagaId) {
        let sold = |state: &LegState| matches!(state, Committed | Cancelled);
        let both = self.legs.values().any(sold) && self.legs.values().any(|s| *s == Refused);
        assert!(!both, "{saga} is sold and refused: {:?}", self.legs);
    }

    fn check_ticket(&self, saga: SagaId, ticket: &Ticket) {
        let committed = matches!(self.chosen, Some(Decision::Commit(_)));
        assert!(committed, "{saga}: a ticket without a Commit");
        for seat in ticket.order.seats() {
            let cancelled = ticket.cancelled.contains(&seat);
            let expected = if cancelled { Cancelled } else { Committed };
            assert_eq!(self.legs.get(&seat), Some(&expected), "{saga}: {seat:?}");
        }
    }
}

/// The arrows of a leg (docs/protocol.md); there are no others.
fn check_arrow(before: Option<LegState>, after: LegState, entry: &Entry, seen: &mut Seen) {
    let allowed = match (before, after) {
        (before, after) if before == Some(after) => true,
        (None, Prepared) => matches!(entry, Entry::Prepare { .. }),
        (None, Committed) => matches!(entry, Entry::Book { .. }),
        (None, Refused) => {
            seen.tombstones += u64::from(matches!(entry, Entry::Release { .. }));
            matches!(
                entry,
                Entry::Prepare { .. } | Entry::Book { .. } | Entry::Release { .. }
            )
        }
        (Some(Prepared), Committed) => matches!(entry, Entry::Confirm { .. } | Entry::Settle(..)),
        (Some(Prepared), Refused) => matches!(entry, Entry::Release { .. }),
        (Some(Prepared | Committed), Cancelled) => {
            seen.cancelled += 1;
            seen.cancelled_while_prepared += u64::from(before == Some(Prepared));
            matches!(entry, Entry::Cancel { .. } | Entry::Merge { .. })
        }
        _ => false,
    };
    assert!(allowed, "{before:?} became {after:?} by {entry:?}");
}
