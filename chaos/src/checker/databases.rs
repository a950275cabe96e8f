//! The rows of all companies, by what they are looked up by.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, LegState};
use crate::history::Seat;

pub(super) struct Databases<'a> {
    companies: &'a [Company],
    /// Of each company.
    pub tickets: Vec<HashSet<Uuid>>,
    /// By the client's key.
    pub sagas: HashMap<(Uuid, &'a str), BTreeSet<Uuid>>,
    pub legs: HashMap<(Uuid, &'a str, i64, i32), LegState>,
    /// Seats of tickets in place of which the company keeps another one, by the order's.
    moved: HashMap<(Uuid, &'a str, i64, i32), i32>,
    /// Sagas of which some leg was committed, be it cancelled since.
    pub sold: HashSet<Uuid>,
}

impl<'a> Databases<'a> {
    pub fn new(companies: &'a [Company]) -> Self {
        let mut this = Self {
            companies,
            tickets: Vec::with_capacity(companies.len()),
            sagas: HashMap::new(),
            legs: HashMap::new(),
            moved: HashMap::new(),
            sold: HashSet::new(),
        };
        for company in companies {
            this.tickets
                .push(company.tickets.iter().map(|(id, _)| *id).collect());
            for row in &company.keys {
                let sagas = this.sagas.entry((row.user, &row.key)).or_default();
                sagas.insert(row.saga);
            }
            let own = company.ticket_legs.iter();
            let moved = own.filter(|leg| leg.company == company.code && leg.number != leg.sold_as);
            this.moved.extend(moved.map(|leg| {
                let place = (leg.ticket, company.code.as_str(), leg.route, leg.sold_as);
                (place, leg.number)
            }));
            for leg in &company.legs {
                let place = (leg.saga, company.code.as_str(), leg.route, leg.number);
                this.legs.insert(place, leg.state);
                if matches!(leg.state, LegState::Committed | LegState::Cancelled) {
                    this.sold.insert(leg.saga);
                }
            }
        }
        this
    }

    /// Whether anything of it was sold, be it only a row of a ticket.
    pub fn is_sold(&self, saga: Uuid) -> bool {
        self.sold.contains(&saga) || self.tickets.iter().any(|tickets| tickets.contains(&saga))
    }

    /// The ticket is everywhere, and every seat of it was sold.
    pub fn check_booked(
        &self,
        invariant: &'static str,
        name: &str,
        ticket: Uuid,
        seats: &[Seat],
        cancels: &HashSet<Uuid>,
    ) -> Vec<Violation> {
        let without = self
            .companies
            .iter()
            .zip(&self.tickets)
            .filter(|(_, tickets)| !tickets.contains(&ticket))
            .map(|(company, _)| format!("{name}: ticket {ticket} is not at {}", company.code));
        let unsold = seats.iter().filter_map(|seat| {
            let state = self.state(ticket, seat);
            let sold = match state {
                Some(LegState::Committed) => true,
                Some(LegState::Cancelled) => cancels.contains(&ticket),
                Some(LegState::Prepared | LegState::Refused) | None => false,
            };
            (!sold).then(|| {
                let Seat {
                    company,
                    route,
                    number,
                    ..
                } = seat;
                format!("{name}: ticket {ticket} has seat {number} of route {route} of {company}, whose leg is {state:?}")
            })
        });
        without
            .chain(unsold)
            .map(|what| Violation::new(invariant, what))
            .collect()
    }

    /// Of a seat as it was asked for, wherever its company keeps it now.
    pub fn state(&self, saga: Uuid, seat: &Seat) -> Option<LegState> {
        let route = i64::try_from(seat.route).ok()?;
        let place = (saga, &*seat.company, route, i32::from(seat.number));
        let now = self.moved.get(&place).copied().unwrap_or(place.3);
        let place = (place.0, place.1, place.2, now);
        self.legs.get(&place).copied()
    }
}
