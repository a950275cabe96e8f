//! A customer's payment for a hold, and what of it must go back.
//!
//! Whatever is told of a payment may come twice, late, or before the answer to what was asked. So what is known of it only grows:
//! telling is idempotent, and the order of what is told does not count.
//!
//! Invariants:
//! * what must go back never grows less, and is never more than was paid;
//! * of a payment that is not taken nothing goes back, and of one whose hold came to nothing everything does;
//! * a hold whose payment goes back is no reason for a ticket.

use super::order::{Order, Price};

/// Payments that may be begun for one hold: as many cards may be refused.
pub const ATTEMPTS_MAX: u32 = 5;

/// What the provider has said. A later one outweighs those before it: money that was taken is taken, whatever else was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Nothing yet: it is asked, perhaps again, under the same key.
    Asked,
    /// It will know later.
    Pending,
    /// The customer's money was not taken.
    Refused,
    Paid,
}

/// What became of what is paid for. Each of the last two is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    Open,
    /// The hold has ended, or another payment has taken the place of this one.
    Lost,
    /// There is a ticket.
    Sold,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Payment {
    pub amount: Price,
    pub standing: Standing,
    pub fate: Fate,
    /// What came back for seats of the ticket, as it is recorded there.
    pub came_back: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    Told(Standing),
    /// Abort is proven, or another payment takes the place of this one.
    Lost,
    Sold,
    /// So much came back in all for seats of the ticket.
    CameBack(i64),
}

/// What cannot be: there is a ticket, and the hold has ended without one. Nothing changes; a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction;

/// What is to be done about a payment next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask the provider for the money, again under the same key.
    Charge,
    /// Find out what became of the hold.
    Follow,
    /// Look up what came back for the seats of its ticket.
    LookUp,
    Nothing,
}

impl Payment {
    pub fn new(amount: Price) -> Self {
        Self {
            amount,
            standing: Standing::Asked,
            fate: Fate::Open,
            came_back: 0,
        }
    }

    pub fn step(&self, event: Event) -> Result<Self, Contradiction> {
        let mut next = self.clone();
        match (event, self.fate) {
            (Event::Told(standing), _) => next.standing = self.standing.max(standing),
            (Event::Lost, Fate::Sold) | (Event::Sold, Fate::Lost) => return Err(Contradiction),
            (Event::Lost, _) => next.fate = Fate::Lost,
            (Event::Sold, _) => next.fate = Fate::Sold,
            (Event::CameBack(minor), _) => next.came_back = self.came_back.max(minor),
        }
        Ok(next)
    }

    /// How much of it must be with the customer again, in all.
    pub fn owed(&self) -> i64 {
        match (self.standing, self.fate) {
            (Standing::Paid, Fate::Lost) => self.amount.minor,
            (Standing::Paid, Fate::Sold) => self.came_back.clamp(0, self.amount.minor),
            _ => 0,
        }
    }

    /// Whether a ticket of this price may be made of its hold.
    pub fn pays(&self, price: &Price) -> bool {
        let enough = self.amount.currency == price.currency && self.amount.minor >= price.minor;
        self.standing == Standing::Paid && self.fate != Fate::Lost && enough
    }

    pub fn next(&self) -> Next {
        match (self.standing, self.fate) {
            (Standing::Asked | Standing::Pending, _) => Next::Charge,
            (Standing::Paid, Fate::Open) => Next::Follow,
            (Standing::Paid, Fate::Sold) => Next::LookUp,
            (Standing::Paid, Fate::Lost) | (Standing::Refused, _) => Next::Nothing,
        }
    }
}

/// What a hold costs in all. None where its prices have several currencies, or are no amount together.
pub fn price_of(order: &Order) -> Option<Price> {
    let mut legs = order.legs.iter();
    let mut price = legs.next()?.price.clone();
    for leg in legs {
        if leg.price.currency != price.currency {
            return None;
        }
        price.minor = price.minor.checked_add(leg.price.minor)?;
    }
    Some(price)
}

/// Whether nothing is asked of the customer for it.
pub fn is_free(order: &Order) -> bool {
    order.exchange.is_some() || order.legs.iter().all(|leg| leg.price.minor == 0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::fixtures::{order, seat};

    const EVENTS: [Event; 9] = [
        Event::Told(Standing::Asked),
        Event::Told(Standing::Pending),
        Event::Told(Standing::Refused),
        Event::Told(Standing::Paid),
        Event::Lost,
        Event::Sold,
        Event::CameBack(0),
        Event::CameBack(70),
        Event::CameBack(900),
    ];

    fn price(minor: i64, currency: &str) -> Price {
        Price {
            minor,
            currency: currency.to_owned(),
        }
    }

    fn begun() -> Payment {
        Payment::new(price(100, "BRL"))
    }

    /// Every state that there is.
    fn reachable() -> HashSet<Payment> {
        let mut known = HashSet::from([begun()]);
        let mut new = vec![begun()];
        while let Some(payment) = new.pop() {
            for event in EVENTS {
                let after = payment.step(event).unwrap_or_else(|_| payment.clone());
                if known.insert(after.clone()) {
                    new.push(after);
                }
            }
        }
        known
    }

    #[test]
    fn whatever_is_told_twice_or_in_another_order_comes_to_the_same() {
        for payment in reachable() {
            for one in EVENTS {
                let Ok(first) = payment.step(one) else {
                    continue;
                };
                assert_eq!(first.step(one), Ok(first.clone()), "{one:?} twice");
                for other in EVENTS {
                    let both = first.step(other);
                    let turned = payment.step(other).and_then(|it| it.step(one));
                    // a contradiction is one whichever of the two comes first
                    assert_eq!(both, turned, "{payment:?}: {one:?}, {other:?}");
                }
            }
        }
    }

    #[test]
    fn what_must_go_back_never_grows_less_and_is_at_most_what_was_paid() {
        let all = reachable();
        assert!(all.len() > 20, "{}", all.len());
        for payment in all {
            assert!((0..=payment.amount.minor).contains(&payment.owed()));
            for event in EVENTS {
                let after = payment.step(event).unwrap_or_else(|_| payment.clone());
                assert!(after.owed() >= payment.owed(), "{payment:?}: {event:?}");
            }
        }
    }

    #[test]
    fn money_and_seats_agree_in_every_state() {
        for payment in reachable() {
            let Payment { standing, fate, .. } = payment;
            let pays = payment.pays(&payment.amount);
            assert!(!pays || standing == Standing::Paid);
            assert!(!pays || payment.owed() == 0 || fate == Fate::Sold);
            if (standing, fate) == (Standing::Paid, Fate::Lost) {
                assert_eq!((payment.owed(), pays), (payment.amount.minor, false));
            }
            if standing != Standing::Paid {
                assert_eq!(payment.owed(), 0, "nothing was taken");
            }
            // what is taken is looked after until it is known whose it is
            let open = payment.next() == Next::Nothing;
            assert!(!open || standing == Standing::Refused || fate == Fate::Lost);
        }
    }

    #[test]
    fn a_hold_is_paid_by_its_price_and_no_less() {
        let paid = begun().step(Event::Told(Standing::Paid)).unwrap();
        assert!(paid.pays(&price(100, "BRL")));
        assert!(!paid.pays(&price(101, "BRL")));
        assert!(!paid.pays(&price(100, "USD")));
        assert!(!begun().pays(&price(100, "BRL")));
    }

    #[test]
    fn a_price_has_one_currency() {
        let mut hold = (*order(&[seat("a", 1), seat("b", 1)])).clone();
        let one = hold.legs[0].price.minor;
        assert_eq!(price_of(&hold), Some(price(2 * one, "BRL")));
        hold.legs[1].price.currency = "JPY".to_owned();
        assert_eq!(price_of(&hold), None);
        hold.legs[1].price = price(i64::MAX, "BRL");
        assert_eq!(price_of(&hold), None);
        assert!(!is_free(&hold));
        for leg in &mut hold.legs {
            leg.price.minor = 0;
        }
        assert!(is_free(&hold));
    }
}
