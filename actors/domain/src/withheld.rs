//! Names that are not told. Who travels is known to the companies that carry somebody of the trip and to the one that sold it; the others,
//! which have copies of all tickets and decide along, are told that somebody has a seat, and not who.
//!
//! Invariants:
//! * an order without its names is the same order: they are in no hash of it ([`order_hash`]);
//! * a name that is told once is not lost to a copy that withholds it ([`completed`]).

use std::sync::Arc;

use super::ballot::{Acceptors, Value};
use super::ids::CompanyId;
use super::order::{Leg, Order, OrderHash, Passenger};
use super::order_hash::order_hash;
use super::ticket::Ticket;
use super::vote::{Prepare, Vote};

impl Passenger {
    /// Somebody.
    fn withheld() -> Self {
        Self::named("")
    }

    pub fn is_withheld(&self) -> bool {
        self.name.is_empty()
    }
}

impl Order {
    /// Whether somebody travels whose name is not told here.
    pub fn is_withheld(&self) -> bool {
        self.passengers().any(Passenger::is_withheld)
    }

    /// Whether somebody is named.
    fn is_named(&self) -> bool {
        self.passengers().any(|passenger| !passenger.is_withheld())
    }

    fn passengers(&self) -> impl Iterator<Item = &Passenger> {
        self.legs.iter().filter_map(|leg| leg.passenger.as_ref())
    }
}

/// Whether a company may know who travels by this order.
pub fn may_know(order: &Order, company: CompanyId) -> bool {
    order.seller == Some(company) || order.legs.iter().any(|leg| leg.seat.company == company)
}

/// Those who may know who travels by this order, whoever carries somebody first.
pub fn who_know(order: &Order) -> Vec<CompanyId> {
    let mut all: Vec<CompanyId> = Vec::new();
    let carriers = order.legs.iter().map(|leg| leg.seat.company);
    for company in carriers.chain(order.seller) {
        if !all.contains(&company) {
            all.push(company);
        }
    }
    all
}

/// The order as that company is told it.
pub fn order_for(order: &Arc<Order>, company: CompanyId) -> Arc<Order> {
    if may_know(order, company) || !order.is_named() {
        return order.clone();
    }
    let somebody = |leg: &Leg| Leg {
        passenger: leg.passenger.as_ref().map(|_| Passenger::withheld()),
        ..leg.clone()
    };
    Arc::new(Order {
        legs: order.legs.iter().map(somebody).collect(),
        ..(**order).clone()
    })
}

/// The order with the names that it withholds and the other one tells.
pub fn completed(order: &Arc<Order>, other: &Order) -> Arc<Order> {
    if !order.is_withheld() || !other.is_named() {
        return order.clone();
    }
    let mut named = (**order).clone();
    for leg in &mut named.legs {
        let told = other.legs.iter().find(|told| told.seat == leg.seat);
        let told = told.and_then(|told| told.passenger.as_ref());
        if let (Some(passenger), Some(told)) = (&mut leg.passenger, told)
            && passenger.is_withheld()
        {
            *passenger = told.clone();
        }
    }
    Arc::new(named)
}

/// The order with the names that `own`, of the same order, tells; its own where that tells none.
pub fn corrected(order: &Arc<Order>, own: &Arc<Order>) -> Arc<Order> {
    match own.is_withheld() || !own.is_named() {
        true => completed(order, own),
        false => own.clone(),
    }
}

impl Ticket {
    /// What is believed of a copy that this company tells: names and corrections only of one that may know who travels.
    pub fn told_by(self, company: CompanyId) -> Self {
        if may_know(&self.order, company) {
            return self;
        }
        Self {
            corrections: Vec::new(),
            ..self.for_company(company)
        }
    }

    /// The ticket with nobody's name, for them to be asked for anew.
    pub fn without_names(&self) -> Self {
        let mut order = (*self.order).clone();
        let people = order
            .legs
            .iter_mut()
            .filter_map(|leg| leg.passenger.as_mut());
        people.for_each(|passenger| *passenger = Passenger::withheld());
        Self {
            order: Arc::new(order),
            corrections: Vec::new(),
            ..self.clone()
        }
    }

    /// The ticket as whoever is told names is told it.
    pub fn without_documents(mut self) -> Self {
        let has = |leg: &Leg| leg.passenger.iter().any(|one| one.document.is_some());
        if self.order.legs.iter().any(has) {
            let mut order = (*self.order).clone();
            let people = order
                .legs
                .iter_mut()
                .filter_map(|leg| leg.passenger.as_mut());
            people.for_each(|passenger| passenger.document = None);
            self.order = Arc::new(order);
        }
        self
    }

    /// The ticket as that company is told it.
    pub fn for_company(mut self, company: CompanyId) -> Self {
        if may_know(&self.order, company) {
            return self;
        }
        self.order = order_for(&self.order, company);
        for correction in &mut self.corrections {
            correction.name.clear();
        }
        self
    }

    /// The ticket with the names that it withholds and the other copy tells.
    pub fn completed(&self, other: &Ticket) -> Self {
        let named = Self {
            order: completed(&self.order, &other.order),
            ..self.clone()
        };
        named.with_corrections(&other.corrections)
    }
}

impl Value {
    /// The value as that company is told it. The hash of orders that were made before names could be withheld covers them: those go as
    /// they are to whoever has to compute it (`acceptors`).
    pub fn for_company(self, company: CompanyId, acceptors: Option<&Acceptors>) -> Self {
        match self {
            Self::Commit { hash, order } => Self::Commit {
                order: checkable(order, hash, acceptors, company),
                hash,
            },
            value => value,
        }
    }
}

impl Prepare {
    /// As that company is asked.
    pub fn for_company(mut self, company: CompanyId) -> Self {
        self.order = checkable(self.order, self.hash, Some(&self.acceptors), company);
        self
    }
}

impl Vote {
    /// As that company is answered.
    pub fn for_company(self, company: CompanyId) -> Self {
        match self {
            Self::Mismatch {
                order,
                hash,
                acceptors,
            } => Self::Mismatch {
                order: checkable(order, hash, Some(&acceptors), company),
                hash,
                acceptors,
            },
            vote => vote,
        }
    }
}

/// The order as that company is told it, as long as its hash stands without the names.
pub fn checkable(
    order: Arc<Order>,
    hash: OrderHash,
    acceptors: Option<&Acceptors>,
    company: CompanyId,
) -> Arc<Order> {
    let bare = order_for(&order, company);
    let is_same = Arc::ptr_eq(&bare, &order);
    let stands = || acceptors.is_none_or(|acceptors| order_hash(&bare, acceptors) == hash);
    if is_same || !stands() { order } else { bare }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{SAGA, acceptors, company, order, seat};
    use crate::order_hash::is_hash_of;
    use crate::ticket::Correction;

    /// Ana flies with a and b, sold by `seller`.
    fn named(seller: Option<&str>) -> Arc<Order> {
        let mut named = (*order(&[seat("a", 1), seat("b", 2)])).clone();
        named.seller = seller.map(company);
        for leg in &mut named.legs {
            leg.passenger = Some(Passenger {
                name: "Ana Souza".to_owned(),
                document: Some("123".to_owned()),
            });
        }
        Arc::new(named)
    }

    #[test]
    fn whoever_carries_or_sold_knows_and_nobody_else() {
        let trip = named(Some("c"));
        for code in ["a", "b", "c"] {
            let told = order_for(&trip, company(code));
            assert!(Arc::ptr_eq(&told, &trip), "{code}");
        }
        let trip = named(None);
        let told = order_for(&trip, company("c"));
        assert!(told.is_withheld());
        let somebody = Passenger::named("");
        assert!(told.passengers().all(|passenger| *passenger == somebody));
        assert_eq!(who_know(&named(Some("b"))), ["a", "b"].map(company));
        assert_eq!(who_know(&named(Some("c"))), ["a", "b", "c"].map(company));
    }

    #[test]
    fn nobody_is_not_somebody() {
        let unnamed = order(&[seat("a", 1)]);
        let told = order_for(&unnamed, company("c"));
        assert!(!told.is_withheld());
        assert_eq!(told, unnamed);
    }

    #[test]
    fn names_come_back_from_who_knows_them_and_are_in_no_hash() {
        let trip = named(None);
        let told = order_for(&trip, company("c"));
        let hash = order_hash(&trip, &acceptors());
        assert_eq!(order_hash(&told, &acceptors()), hash);
        assert!(is_hash_of(hash, &told, &acceptors()));
        assert_eq!(completed(&told, &trip), trip);
        assert_eq!(completed(&trip, &told), trip, "none is lost");
    }

    #[test]
    fn a_corrected_name_is_withheld_too() {
        let mut ticket = Ticket::new(SAGA, named(None));
        ticket.corrections = vec![Correction {
            of: seat("a", 1),
            sequence: 1,
            at: 5,
            name: "Anna Souza".to_owned(),
        }];
        assert_eq!(ticket.clone().for_company(company("a")), ticket);
        let told = ticket.clone().for_company(company("c"));
        assert!(!format!("{told:?}").contains("Souza"));
        assert_eq!(told.corrections.len(), 1, "that there is one is known");
        assert_eq!(told.completed(&ticket), ticket);
        assert_eq!(ticket.completed(&told), ticket);
    }

    #[test]
    fn what_we_know_ourselves_is_not_told_otherwise() {
        let ana = named(None);
        let mut other = (*ana).clone();
        other.legs[0].passenger = Some(Passenger::named("Mallory"));
        let other = Arc::new(other);
        assert_eq!(corrected(&other, &ana), ana);
        let bare = order_for(&ana, company("c"));
        assert_eq!(corrected(&ana, &bare), ana);
        assert_eq!(corrected(&bare, &ana), ana);
    }

    #[test]
    fn who_may_not_know_is_not_believed() {
        let mut ticket = Ticket::new(SAGA, named(None));
        ticket.corrections = vec![Correction {
            of: seat("a", 1),
            sequence: 9,
            at: 5,
            name: "Anna Souza".to_owned(),
        }];
        assert_eq!(ticket.clone().told_by(company("b")), ticket);
        let told = ticket.clone().told_by(company("c"));
        assert!(told.order.is_withheld() && told.corrections.is_empty());
    }

    #[test]
    fn an_order_whose_hash_has_the_names_goes_as_it_is_to_who_checks_it() {
        let trip = named(None);
        let value = |hash| Value::Commit {
            hash,
            order: trip.clone(),
        };
        let told = |hash| match value(hash).for_company(company("c"), Some(&acceptors())) {
            Value::Commit { order, .. } => order,
            _ => unreachable!(),
        };
        assert!(told(order_hash(&trip, &acceptors())).is_withheld());
        assert_eq!(told(OrderHash([7; 32])), trip);
    }
}
