//! How long an open hold lasts, out of what the companies have said of it.

use crate::company::store::{Held, SagaRecord};
use crate::domain::ids::CompanyId;
use crate::domain::order::Order;
use crate::domain::vote::LegState;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldTerms {
    /// No later than the first company may ask for its end, in milliseconds since 1970 by this node's clock.
    pub ends_at_ms: i64,
    /// That company's time for it was over when it answered.
    over: bool,
    /// Kept for so long in all, as every company that answered has agreed.
    pub seconds: u32,
    /// How long it may last in all.
    pub longest: u32,
}

impl HoldTerms {
    /// None unless every company that answered keeps its seats and waits for the customer. `asked_at_ms`: when they were asked; a
    /// company says how long it waits yet, and an answer that took its time must not add to it.
    pub(in crate::people::desk) fn of(
        order: &Order,
        answers: &[(CompanyId, SagaRecord)],
        longest: u32,
        asked_at_ms: i64,
    ) -> Option<Self> {
        order.hold_seconds?;
        let mut with_saga = answers
            .iter()
            .filter(|(_, recorded)| recorded.order.is_some());
        if with_saga.any(|(_, recorded)| recorded.held.is_none()) {
            return None;
        }
        let companies = order.companies();
        let own = || {
            answers
                .iter()
                .filter(|(company, _)| companies.contains(company))
        };
        let mut kept = own().map(|(company, recorded)| {
            let legs = recorded.legs.iter();
            let prepared = legs.filter(|(_, state)| *state == LegState::Prepared);
            prepared.count() == order.claims_of(*company).len()
        });
        if !kept.all(|kept| kept) {
            return None;
        }
        let held = || own().filter_map(|(_, recorded)| recorded.held);
        let left_ms = |held: Held| i64::from(held.seconds) * 1000 - held.passed_ms;
        let left_ms = held().map(left_ms).min()?;
        Some(Self {
            ends_at_ms: asked_at_ms.saturating_add(left_ms),
            over: left_ms <= 0,
            seconds: held().map(|held| held.seconds).min()?,
            longest,
        })
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether it may last any longer.
    pub fn can_extend(&self) -> bool {
        self.seconds < self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{HASH, acceptors, company, order, seat};
    use crate::domain::order::HOLD_SECONDS_MAX;

    const SALE_CLOSES: i64 = 1800;
    const ASKED_AT: i64 = 1_795_446_000_000;

    fn hold(departs: i64) -> Order {
        let mut order = (*order(&[seat("a", 1), seat("b", 1)])).clone();
        order.hold_seconds = Some(900);
        for (leg, later) in order.legs.iter_mut().zip([7200, 0]) {
            leg.departs = departs + later;
        }
        order
    }

    fn said(order: &Order, code: &str, held: Option<(u32, i64)>) -> (CompanyId, SagaRecord) {
        let seats = order.claims_of(company(code)).into_iter();
        let recorded = SagaRecord {
            order: Some((order.clone().into(), HASH, acceptors())),
            legs: seats.map(|seat| (seat, LegState::Prepared)).collect(),
            held: held.map(|(seconds, passed_ms)| Held { seconds, passed_ms }),
            ..SagaRecord::default()
        };
        (company(code), recorded)
    }

    #[test]
    fn the_least_that_a_company_says_is_what_is_left() {
        let order = hold(86_400);
        let answers = [
            said(&order, "a", Some((1800, 1_000_500))),
            said(&order, "b", Some((900, 100_000))),
        ];
        let terms = HoldTerms::of(&order, &answers, 7200, ASKED_AT).unwrap();
        assert_eq!(terms.ends_at_ms, ASKED_AT + 799_500);
        assert_eq!(terms.seconds, 900);
        let late = [answers[0].clone(), said(&order, "b", Some((900, 900_000)))];
        assert!(
            HoldTerms::of(&order, &late, 7200, ASKED_AT)
                .unwrap()
                .is_over()
        );
    }

    #[test]
    fn nothing_is_held_once_one_company_waits_no_more_or_keeps_no_seat() {
        let order = hold(86_400);
        let a = said(&order, "a", Some((900, 0)));
        let asked = said(&order, "b", None);
        assert_eq!(
            HoldTerms::of(&order, &[a.clone(), asked], 7200, ASKED_AT),
            None
        );
        let mut released = said(&order, "b", Some((900, 0)));
        released.1.legs[0].1 = LegState::Refused;
        assert_eq!(HoldTerms::of(&order, &[a, released], 7200, ASKED_AT), None);
    }

    #[test]
    fn a_hold_is_over_when_the_sale_of_its_first_leg_closes() {
        let longest = |departs| hold(departs).longest_hold(SALE_CLOSES);
        assert_eq!(longest(86_400), HOLD_SECONDS_MAX);
        assert_eq!(longest(SALE_CLOSES + 1000), 1000);
        assert_eq!(longest(SALE_CLOSES - 1), 0);
        let mut terms = HoldTerms {
            ends_at_ms: ASKED_AT,
            over: false,
            seconds: 900,
            longest: 1000,
        };
        assert!(terms.can_extend());
        terms.longest = 900;
        assert!(!terms.can_extend());
    }
}
