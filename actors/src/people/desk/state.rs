//! The state of a booking that has no ticket yet, out of what the companies that answered have recorded.

use super::holds::HoldTerms;
use crate::company::store::SagaRecord;
use crate::domain::ballot::Value;
use crate::domain::ids::CompanyId;
use crate::domain::vote::LegState;

/// State of a booking as `GET /reservas/{uuid}` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingState {
    Running,
    Held,
    Confirmed,
    Refused,
    Cancelled,
}

/// Of a booking without a ticket; and the company, if any, that has not answered and may know of another one, which a customer was told:
/// `silent` is one that has not answered. What was refused is so for good.
pub(super) fn state_of(
    answers: &[(CompanyId, SagaRecord)],
    hold: Option<HoldTerms>,
    silent: Option<CompanyId>,
) -> (BookingState, Option<CompanyId>) {
    let recorded = || answers.iter().map(|(_, recorded)| recorded);
    let mut legs = recorded().flat_map(|recorded| &recorded.legs);
    let refused = legs.any(|(_, state)| *state == LegState::Refused);
    let aborted = recorded().any(|recorded| {
        let register = recorded.register.as_ref();
        register.is_some_and(|register| {
            register.chosen && matches!(register.accepted, Some((_, Value::Abort)))
        })
    });
    if refused || aborted {
        return (BookingState::Refused, None);
    }
    let open = hold.is_some_and(|terms| !terms.is_over());
    match decision(answers) {
        Decision::None if open => (BookingState::Held, None),
        Decision::None => (BookingState::Running, None),
        Decision::NotHeard(company) => (BookingState::Running, Some(company)),
        // whoever keeps its seats can be asked to end it; else whoever drove it may have told of a ticket
        Decision::UnderWay if hold.is_some() => (BookingState::Running, None),
        Decision::UnderWay => (BookingState::Running, silent),
    }
}

/// Whether the acceptors of a booking may have decided it: whoever drove it may have told its customer of a ticket, and a hold does not
/// wait for its customer any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Too few are left that could have.
    None,
    /// Enough have accepted a value, and all have answered.
    UnderWay,
    /// Enough have accepted one or, as this one, have not answered.
    NotHeard(CompanyId),
}

pub(super) fn decision(answers: &[(CompanyId, SagaRecord)]) -> Decision {
    let mut orders = answers.iter().map(|(_, recorded)| recorded.order.as_ref());
    let Some((_, _, acceptors)) = orders.find_map(|order| order) else {
        // it is driven before anything of it is recorded
        return match answers.iter().any(|(_, recorded)| recorded.running) {
            true => Decision::None,
            false => Decision::UnderWay,
        };
    };
    let accepted = |recorded: &SagaRecord| {
        let register = recorded.register.as_ref();
        register.is_some_and(|register| register.accepted.is_some())
    };
    let all = || acceptors.0.iter().copied();
    let may_have = |company: &CompanyId| answer_of(*company, answers).is_none_or(accepted);
    if all().filter(may_have).count() < acceptors.majority() {
        return Decision::None;
    }
    let mut silent = all().filter(|company| answer_of(*company, answers).is_none());
    silent.next().map_or(Decision::UnderWay, Decision::NotHeard)
}

pub(super) fn answer_of(
    company: CompanyId,
    answers: &[(CompanyId, SagaRecord)],
) -> Option<&SagaRecord> {
    let mut answers = answers.iter();
    answers
        .find(|(from, _)| *from == company)
        .map(|(_, recorded)| recorded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::store::Held;
    use crate::domain::ballot::{Ballot, Register};
    use crate::domain::fixtures::{HASH, acceptors, company, order, seat};

    /// A hold of a seat of a and one of b, which are acceptors with c.
    fn told(code: &str, accepted: bool) -> (CompanyId, SagaRecord) {
        let mut hold = (*order(&[seat("a", 1), seat("b", 1)])).clone();
        hold.hold_seconds = Some(900);
        let hold = std::sync::Arc::new(hold);
        let seats = hold.claims_of(company(code)).into_iter();
        let legs: Vec<_> = seats.map(|seat| (seat, LegState::Prepared)).collect();
        let takes_part = !legs.is_empty();
        let value = Value::Commit {
            order: hold.clone(),
            hash: HASH,
        };
        let recorded = SagaRecord {
            order: takes_part.then(|| (hold, HASH, acceptors())),
            held: takes_part.then_some(Held {
                seconds: 900,
                passed_ms: 0,
            }),
            legs,
            register: accepted.then(|| Register {
                acceptors: acceptors(),
                promised: Ballot::ZERO,
                accepted: Some((Ballot::ZERO, value)),
                chosen: false,
            }),
            ..SagaRecord::default()
        };
        (company(code), recorded)
    }

    type Told = (BookingState, Option<CompanyId>);

    const HELD: Told = (BookingState::Held, None);
    const RUNNING: Told = (BookingState::Running, None);

    fn state(answers: &[(CompanyId, SagaRecord)]) -> Told {
        let order = answers
            .iter()
            .find_map(|(_, recorded)| Some(recorded.order.as_ref()?.0.clone()));
        let hold = order.and_then(|order| HoldTerms::of(&order, answers, 7200, 0));
        assert!(hold.is_some(), "whoever answered keeps its seats");
        state_of(answers, hold, None)
    }

    fn in_doubt(code: &str) -> Told {
        (BookingState::Running, Some(company(code)))
    }

    #[test]
    fn a_hold_waits_for_its_customer_where_no_majority_can_have_decided_it() {
        let (a, b, c) = (told("a", false), told("b", false), told("c", false));
        assert_eq!(state(&[a.clone(), b.clone(), c.clone()]), HELD);
        assert_eq!(state(&[a.clone(), b.clone()]), HELD, "one is too few");
        let accepted = told("c", true);
        assert_eq!(state(&[a.clone(), b, accepted.clone()]), HELD, "it is one");
        assert_eq!(
            state(&[a, accepted]),
            in_doubt("b"),
            "it and one that is silent are enough"
        );
    }

    #[test]
    fn a_hold_that_others_may_have_made_a_ticket_of_is_in_doubt() {
        let a = told("a", false);
        assert_eq!(state(std::slice::from_ref(&a)), in_doubt("b"));
        assert_eq!(state(&[a.clone(), told("b", true)]), in_doubt("c"));
        let all = [a, told("b", true), told("c", true)];
        assert_eq!(state(&all), RUNNING, "they can be asked to end it");
    }

    #[test]
    fn what_may_be_decided_may_have_been_told_by_who_is_silent_whoever_drives_it() {
        let silent = Some(company("c"));
        let mut answers = [told("a", false), told("b", false)];
        assert_eq!(
            state_of(&answers, None, silent),
            RUNNING,
            "too few are left"
        );
        answers[1] = told("b", true);
        answers[1].1.running = true;
        assert_eq!(state_of(&answers, None, silent), in_doubt("c"));
        let all = [told("a", true), told("b", true), told("c", false)];
        let driver = Some(company("d"));
        assert_eq!(state_of(&all, None, driver), in_doubt("d"), "it drove it");
        assert_eq!(state_of(&all, None, None), RUNNING);
        answers[0].1.legs[0].1 = LegState::Refused;
        assert_eq!(
            state_of(&answers, None, silent),
            (BookingState::Refused, None),
            "no company that refused is in a ticket"
        );
    }

    #[test]
    fn what_is_driven_before_it_is_recorded_anywhere_is_under_way() {
        let silent = Some(company("c"));
        let mut own = (company("a"), SagaRecord::default());
        assert_eq!(state_of(&[own.clone()], None, silent), in_doubt("c"));
        own.1.running = true;
        assert_eq!(state_of(&[own], None, silent), RUNNING);
    }
}
