//! What comes back for a cancelled seat, as its ticket has it for good: decided once, by the company that cancelled it, and the same at every
//! company and after every retry.
//!
//! Two companies that are apart may both cancel one seat, and tell two customers, or one twice, of different amounts. Then the greater one
//! stays, everywhere: nobody gets less than was told. Merging is idempotent, commutative and associative.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::CompanyId;
use super::order::{Price, SeatRef};

/// Why so much comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ground {
    /// Within 24 hours of the purchase, which was a week ahead: everything.
    Regret,
    /// By the tariff: a part.
    Tariff,
    /// The flight has left: nothing.
    Departed,
    /// Its company has changed it, or another flight of the journey, by more than the passenger must bear: everything.
    Changed,
    /// The passenger has another flight instead: its price goes back from the company of the seat to the one that sold it, and none of it to
    /// the passenger.
    Exchanged,
}

impl Ground {
    pub const ALL: [Self; 5] = [
        Self::Regret,
        Self::Tariff,
        Self::Departed,
        Self::Changed,
        Self::Exchanged,
    ];

    /// As tables and operators have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regret => "regret",
            Self::Tariff => "tariff",
            Self::Departed => "departed",
            Self::Changed => "changed",
            Self::Exchanged => "exchanged",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.name() == name)
    }
}

/// A refund as it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refunded {
    pub seat: SeatRef,
    /// At least 0, and at most the price, in its currency.
    pub amount: Price,
    pub ground: Ground,
    /// Milliseconds since 1970, UTC, by the clock of the company that decided it.
    pub decided_at: i64,
    pub by: CompanyId,
}

impl Refunded {
    /// The same, if it is decided now, by this company.
    #[must_use]
    pub fn decided(self, now_ms: i64, by: CompanyId) -> Self {
        Self {
            decided_at: now_ms,
            by,
            ..self
        }
    }

    /// Of two of one seat the higher one stays: what a passenger was told of, then the greater amount, then the earlier one.
    fn rank(&self) -> impl Ord + '_ {
        let earlier = Reverse((self.decided_at, self.by, self.ground, &self.amount.currency));
        // what was given for another flight does not come back to the passenger: what somebody was told does
        let is_told = self.ground != Ground::Exchanged;
        (is_told, self.amount.minor, earlier)
    }
}

/// One for each seat of which there is any, ascending by seat.
pub fn merged(one: &[Refunded], other: &[Refunded]) -> Vec<Refunded> {
    let mut seats: BTreeMap<SeatRef, &Refunded> = BTreeMap::new();
    for refund in one.iter().chain(other) {
        let known = seats.entry(refund.seat).or_insert(refund);
        if refund.rank() > known.rank() {
            *known = refund;
        }
    }
    seats.into_values().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{company, seat};

    fn refund(number: u16, minor: i64, decided_at: i64, by: &str) -> Refunded {
        Refunded {
            seat: seat("a", number),
            amount: Price {
                minor,
                currency: "BRL".to_owned(),
            },
            ground: Ground::Tariff,
            decided_at,
            by: company(by),
        }
    }

    #[test]
    fn the_greater_amount_stays_and_of_equal_ones_the_earlier() {
        let early = refund(1, 70, 5, "b");
        for worse in [
            refund(1, 69, 1, "a"),
            refund(1, 70, 6, "a"),
            refund(1, 70, 5, "c"),
            Refunded {
                ground: Ground::Departed,
                ..early.clone()
            },
        ] {
            let both = [worse.clone(), early.clone()];
            for [one, other] in [[0, 1], [1, 0]] {
                let stays = merged(&both[one..=one], &both[other..=other]);
                assert_eq!(stays, std::slice::from_ref(&early), "{worse:?}");
            }
        }
    }

    /// Every pair and triple of copies, of which each has any of two refunds of either of two seats.
    #[test]
    fn copies_merge_to_the_same_in_any_order_and_none_is_lost() {
        let amounts = [
            None,
            Some((70, 1, "a")),
            Some((70, 1, "b")),
            Some((90, 2, "a")),
        ];
        let of = |number, found: Option<(i64, i64, &str)>| {
            found.map(|(minor, at, by)| refund(number, minor, at, by))
        };
        let mut copies: Vec<Vec<Refunded>> = Vec::new();
        for first in amounts {
            for second in amounts {
                copies.push(of(1, first).into_iter().chain(of(2, second)).collect());
            }
        }
        for one in &copies {
            assert_eq!(merged(one, one), *one);
            for other in &copies {
                let both = merged(one, other);
                assert_eq!(both, merged(other, one));
                let of = |number| both.iter().find(|refund| refund.seat.number.0 == number);
                for told in one.iter().chain(other) {
                    let stays = of(told.seat.number.0).map(|refund| refund.amount.minor);
                    assert!(
                        stays >= Some(told.amount.minor),
                        "nobody gets less than was told"
                    );
                }
                for third in &copies {
                    let left = merged(&both, third);
                    assert_eq!(left, merged(one, &merged(other, third)));
                }
            }
        }
    }

    #[test]
    fn a_ground_is_read_as_it_is_written() {
        for ground in Ground::ALL {
            assert_eq!(Ground::named(ground.name()), Some(ground));
        }
        assert_eq!(Ground::named("whim"), None);
    }
}
