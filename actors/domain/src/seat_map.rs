//! The seats of one route in memory: who durably has a seat, and who claims one while its ledger entry is under way.
//!
//! Sparse: a seat that nobody touched has no entry. A claim is a promise of this process only; the ledger has the last
//! word.
//!
//! Invariants: a seat is claimed by at most one saga; a claim ends with the entry it was made for.

use std::collections::BTreeMap;

use super::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use super::order::SeatRef;
use super::rows::SeatUse;
use super::vote::{Refusal, RefusalReason};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatMap {
    company: CompanyId,
    route: RouteId,
    durable: BTreeMap<SeatNumber, SeatUse>,
    claims: BTreeMap<SeatNumber, SagaId>,
}

impl SeatMap {
    pub fn new(company: CompanyId, route: RouteId) -> Self {
        Self {
            company,
            route,
            durable: BTreeMap::new(),
            claims: BTreeMap::new(),
        }
    }

    /// Claims all of these seats for a saga, or none: then says why.
    pub fn claim(&mut self, saga: SagaId, seats: &[SeatNumber]) -> Result<(), Refusal> {
        for number in seats {
            if let Some(reason) = self.refusal(saga, *number) {
                let seat = SeatRef {
                    company: self.company,
                    route: self.route,
                    number: *number,
                };
                return Err(Refusal { seat, reason });
            }
        }
        self.claims
            .extend(seats.iter().map(|number| (*number, saga)));
        Ok(())
    }

    fn refusal(&self, saga: SagaId, number: SeatNumber) -> Option<RefusalReason> {
        match self.durable.get(&number) {
            Some(SeatUse::Sold { to }) if *to != saga => return Some(RefusalReason::Sold),
            Some(SeatUse::Prepared { by }) if *by != saga => return Some(RefusalReason::Held),
            Some(SeatUse::Blocked) => return Some(RefusalReason::Blocked),
            _ => {}
        }
        let other = self.claims.get(&number).is_some_and(|by| *by != saga);
        other.then_some(RefusalReason::Held)
    }

    /// Ends the claims of a saga: its entry is durable, or was not written.
    pub fn unclaim(&mut self, saga: SagaId) {
        self.claims.retain(|_, by| *by != saga);
    }

    /// The ledger committed this.
    pub fn apply(&mut self, number: SeatNumber, now: SeatUse) {
        match now {
            SeatUse::Free => self.durable.remove(&number),
            held => self.durable.insert(number, held),
        };
    }

    /// The durable seats as the ledger found them, in the order of its commits.
    pub fn reload(&mut self, durable: BTreeMap<SeatNumber, SeatUse>) {
        self.durable = durable;
    }

    /// The durable use of each seat that is not free.
    pub fn kept(&self) -> impl Iterator<Item = SeatUse> + '_ {
        self.durable.values().copied()
    }

    /// How many seats are claimed.
    pub fn claimed(&self) -> usize {
        self.claims.len()
    }

    /// Nothing would be lost with this seat map.
    pub fn is_idle(&self) -> bool {
        self.claims.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ONE: SagaId = SagaId(Uuid::from_u128(1));
    const TWO: SagaId = SagaId(Uuid::from_u128(2));

    fn map() -> SeatMap {
        SeatMap::new("a".parse().unwrap(), RouteId(7))
    }

    fn refused(number: u16, reason: RefusalReason) -> Result<(), Refusal> {
        let seat = SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(7),
            number: SeatNumber(number),
        };
        Err(Refusal { seat, reason })
    }

    #[test]
    fn of_two_overlapping_claims_the_first_has_all_and_the_second_nothing() {
        let mut map = map();
        assert_eq!(map.claim(ONE, &[SeatNumber(1), SeatNumber(2)]), Ok(()));
        assert_eq!(
            map.claim(TWO, &[SeatNumber(3), SeatNumber(2)]),
            refused(2, RefusalReason::Held)
        );
        assert_eq!(
            map.claim(ONE, &[SeatNumber(1)]),
            Ok(()),
            "a claim may come twice"
        );
        map.unclaim(ONE);
        assert!(map.is_idle());
        assert_eq!(map.claim(TWO, &[SeatNumber(3), SeatNumber(2)]), Ok(()));
    }

    #[test]
    fn what_is_durable_refuses_others_and_not_its_own_saga() {
        let mut map = map();
        map.apply(SeatNumber(1), SeatUse::Prepared { by: ONE });
        assert_eq!(
            map.claim(TWO, &[SeatNumber(1)]),
            refused(1, RefusalReason::Held)
        );
        assert_eq!(map.claim(ONE, &[SeatNumber(1)]), Ok(()));
        map.unclaim(ONE);
        map.apply(SeatNumber(1), SeatUse::Sold { to: ONE });
        assert_eq!(
            map.claim(TWO, &[SeatNumber(1)]),
            refused(1, RefusalReason::Sold)
        );
        map.apply(SeatNumber(1), SeatUse::Free);
        assert_eq!(map.claim(TWO, &[SeatNumber(1)]), Ok(()));
    }
}
