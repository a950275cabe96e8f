//! What legs cost together. Amounts of different currencies have no sum and no order.

/// A currency by its place in the timetable, or the lack of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyNumber(pub u8);

impl CurrencyNumber {
    /// Legs in several currencies: no price can be named.
    pub const MIXED: Self = Self(u8::MAX);
}

/// A sum in one currency, or none ([`CurrencyNumber::MIXED`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fare {
    pub currency: CurrencyNumber,
    pub minor: i64,
}

impl Fare {
    pub fn plus(self, other: Self) -> Self {
        if self.currency != other.currency {
            return Self {
                currency: CurrencyNumber::MIXED,
                minor: 0,
            };
        }
        Self {
            currency: self.currency,
            minor: self.minor.saturating_add(other.minor),
        }
    }

    /// At least as good: not more in the same currency, or than no price at all. Kept by adding the same leg to both.
    pub fn is_at_most(self, other: Self) -> bool {
        other.currency == CurrencyNumber::MIXED
            || self.currency == other.currency && self.minor <= other.minor
    }

    /// The lower one of the same currency.
    pub fn lower(self, other: Self) -> Option<Self> {
        let minor = self.minor.min(other.minor);
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fare(currency: u8, minor: i64) -> Fare {
        Fare {
            currency: CurrencyNumber(currency),
            minor,
        }
    }

    #[test]
    fn only_one_currency_adds_up() {
        assert_eq!(fare(0, 5).plus(fare(0, 7)), fare(0, 12));
        let mixed = fare(0, 5).plus(fare(1, 7));
        assert_eq!(mixed.currency, CurrencyNumber::MIXED);
        assert_eq!(mixed.plus(fare(0, 5)), mixed);
        assert_eq!(fare(0, i64::MAX).plus(fare(0, 1)), fare(0, i64::MAX));
    }

    #[test]
    fn what_is_at_most_another_stays_so_with_one_more_leg() {
        let mixed = fare(0, 0).plus(fare(1, 0));
        let fares = [fare(0, 1), fare(0, 2), fare(1, 1), fare(1, 3), mixed];
        for one in fares {
            for other in fares.into_iter().filter(|other| one.is_at_most(*other)) {
                for leg in [fare(0, 4), fare(1, 4), fare(2, 4)] {
                    assert!(one.plus(leg).is_at_most(other.plus(leg)));
                }
            }
        }
        assert!(!fare(0, 1).is_at_most(fare(1, 2)) && !mixed.is_at_most(fare(0, 9)));
    }
}
