//! Orders whose people are forgotten: whoever deletes an account takes the names out of its tickets, once the flights have
//! left. Everything else of an order stays, and so does its hash, which tells it apart: an order without its people is
//! the same order.

use std::sync::Arc;

use super::order::{Leg, Order};
use super::withheld::completed;

/// The order with nobody named.
pub fn without_people(order: &Order) -> Order {
    let unnamed = |leg: &Leg| Leg {
        passenger: None,
        ..leg.clone()
    };
    Order {
        legs: order.legs.iter().map(unnamed).collect(),
        ..order.clone()
    }
}

/// What our copy of an order and another one come to: our own, with the names that the other one tells and we lack, without its people
/// where one of them has forgotten those. That the other one names somebody else makes no other order, and is not believed. None: they are
/// two orders.
pub fn merged(own: &Arc<Order>, other: &Arc<Order>) -> Option<Arc<Order>> {
    if own == other {
        return Some(own.clone());
    }
    let bare = without_people(own);
    if bare != without_people(other) {
        return None;
    }
    let is_forgotten = **own == bare || **other == bare;
    Some(match is_forgotten {
        true => Arc::new(bare),
        false => completed(own, other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use crate::order::Passenger;

    fn named(name: &str) -> Arc<Order> {
        let seats = [fixtures::seat("a", 1), fixtures::seat("b", 2)];
        let mut order = (*fixtures::order(&seats)).clone();
        for leg in &mut order.legs {
            leg.passenger = Some(Passenger {
                name: name.to_owned(),
                document: Some("123".to_owned()),
            });
        }
        Arc::new(order)
    }

    #[test]
    fn who_is_forgotten_by_one_is_forgotten_by_both() {
        let (ana, bia) = (named("Ana"), named("Bia"));
        let bare = Arc::new(without_people(&ana));
        assert!(bare.legs.iter().all(|leg| leg.passenger.is_none()));
        assert_eq!(merged(&ana, &ana), Some(ana.clone()));
        for (one, other) in [(&ana, &bare), (&bare, &ana), (&bare, &bare)] {
            assert_eq!(merged(one, other).as_ref(), Some(&bare));
        }
        assert_eq!(merged(&ana, &bia).as_ref(), Some(&ana), "ours is believed");
    }

    #[test]
    fn who_is_withheld_by_one_is_named_by_both() {
        let ana = named("Ana");
        let told = crate::withheld::order_for(&ana, fixtures::company("c"));
        assert_ne!(told, ana);
        for (one, other) in [(&ana, &told), (&told, &ana)] {
            assert_eq!(merged(one, other).as_ref(), Some(&ana));
        }
        let bare = Arc::new(without_people(&ana));
        assert_eq!(merged(&told, &bare), Some(bare), "forgotten all the same");
    }

    #[test]
    fn an_order_of_something_else_is_another_one() {
        let ana = named("Ana");
        let mut nobody = (*ana).clone();
        nobody.legs[0].passenger = None;
        assert_eq!(merged(&ana, &Arc::new(nobody)), Some(ana.clone()));
        let mut later = without_people(&ana);
        later.legs[0].departs += 1;
        assert_eq!(merged(&ana, &Arc::new(later)), None);
    }
}
