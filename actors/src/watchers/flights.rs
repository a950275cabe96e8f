//! The watcher of tickets whose flights this company has changed: an import only writes routes, and this tells every ticket on them, and
//! seats anew who has lost their seat.
//!
//! It goes through the routes in the order of their changes, a page at a time, and never through all tickets. A vote is for a flight as it
//! is ([`participant`](crate::domain::participant)), so whoever has another one in their order had the seat before the import, and is found
//! by it. What has no ticket yet, because it is not decided, has its route looked at again until it has.
//!
//! Invariant: what is noted as swept holds no ticket that is not told. Who dies begins again after it, and finds nothing new where it was
//! done before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::catalogue::Route;
use crate::catalogue::cabin::{Layout, instead};
use crate::company::Company;
use crate::company::store::{Kept, NOBODY, ReadError};
use crate::domain::entry::Entry;
use crate::domain::flight::{Flight, INSTEAD_MAX, Place};
use crate::domain::ids::{RouteId, SagaId, SeatNumber};
use crate::domain::ticket::Ticket;

/// How often changed routes are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Routes read at a time.
const PAGE: usize = 100;
/// Pages of one look; the rest is for the next one.
const PAGES_MAX: usize = 50;
/// How often a seat is looked for again for those who have none, and most of them that are looked after.
const RESEAT_EVERY: Duration = Duration::from_secs(10);
pub const UNSEATED_MAX: usize = 1_000;

/// Watches for ever.
pub async fn watch(company: Arc<Company>) {
    let mut sweep = Sweep {
        company,
        at: None,
        open: BTreeMap::new(),
        noted: 0,
    };
    let mut reseat = Instant::now();
    loop {
        sleep(LOOK_EVERY).await;
        let looked = sweep.look().await;
        let looked = match looked {
            Ok(()) if reseat <= Instant::now() => {
                reseat = Instant::now() + RESEAT_EVERY;
                sweep.reseat().await
            }
            looked => looked,
        };
        if let Err(error) = looked {
            // the ledger says that the database is away
            warn!(%error, "tickets of changed flights wait");
        }
    }
}

struct Sweep {
    company: Arc<Company>,
    /// The last route that was looked at, by version and id. None: not begun.
    at: Option<(i64, RouteId)>,
    /// Routes with a seat whose ticket is not there or not told yet, with their versions.
    open: BTreeMap<RouteId, i64>,
    /// The version that is noted as swept.
    noted: i64,
}

impl Sweep {
    /// Looks at the routes that were changed since, and at those that were not done with.
    async fn look(&mut self) -> Result<(), ReadError> {
        let mut at = match self.at {
            Some(at) => at,
            None => {
                self.noted = self.company.archive.swept().await?;
                (self.noted, RouteId(u64::MAX >> 1))
            }
        };
        let mut complete = false;
        for _ in 0..PAGES_MAX {
            let page = self.company.archive.kept(at, PAGE).await?;
            for kept in &page {
                // before it is looked at: what fails half way is looked at again
                self.open.insert(kept.route.id, kept.version);
                at = (kept.version, kept.route.id);
                self.at = Some(at);
                if self.tend(kept).await? {
                    self.open.remove(&kept.route.id);
                }
            }
            self.at = Some(at);
            complete = page.len() < PAGE;
            if complete {
                break;
            }
        }
        self.look_again().await?;
        // in the middle of a version, that is not done with
        let done = if complete { at.0 } else { at.0 - 1 };
        let open = self.open.values().min();
        let swept = open.map_or(done, |version| done.min(version - 1));
        if swept > self.noted {
            self.company.archive.note_swept(swept).await?;
            self.noted = swept;
        }
        Ok(())
    }

    async fn look_again(&mut self) -> Result<(), ReadError> {
        let open: Vec<RouteId> = self.open.keys().copied().collect();
        for routes in open.chunks(PAGE) {
            for kept in self.company.archive.kept_of(routes.to_vec()).await? {
                if self.tend(&kept).await? {
                    self.open.remove(&kept.route.id);
                }
            }
        }
        Ok(())
    }

    /// Looks for a seat for those who have none.
    async fn reseat(&mut self) -> Result<(), ReadError> {
        let unseated = self.company.archive.unseated(UNSEATED_MAX).await?;
        gauge!("passcom_seats_lost").set(unseated.len() as f64);
        let routes: BTreeSet<RouteId> = unseated.iter().map(|(_, seat)| seat.route).collect();
        let routes: Vec<RouteId> = routes.into_iter().collect();
        for routes in routes.chunks(PAGE) {
            for kept in self.company.archive.kept_of(routes.to_vec()).await? {
                if !self.tend(&kept).await? {
                    self.open.insert(kept.route.id, kept.version);
                }
            }
        }
        Ok(())
    }

    /// Tells the tickets on a route how it is flown. True: nothing is left to do.
    async fn tend(&self, kept: &Kept) -> Result<bool, ReadError> {
        if kept.route.departs <= self.company.clock.wall_seconds() {
            return Ok(true); // it has left: nobody changes it any more
        }
        let taken = kept.owners.iter().map(|(number, _)| *number);
        let mut cabin = Cabin {
            kept,
            layout: Layout::of(&kept.route.equipment, kept.route.seats),
            taken: taken.collect(),
        };
        let owners = kept.owners.iter().map(|(_, saga)| *saga);
        let owners: BTreeSet<SagaId> = owners.filter(|saga| *saga != NOBODY).collect();
        let mut done = true;
        for saga in owners {
            done &= self.tend_ticket(saga, &mut cabin).await?;
        }
        Ok(done)
    }

    async fn tend_ticket(&self, saga: SagaId, cabin: &mut Cabin<'_>) -> Result<bool, ReadError> {
        let company = &self.company;
        let Some(ticket) = company.archive.ticket(saga).await? else {
            return Ok(false); // it may become one, or give the seat back
        };
        let flights = cabin.flights(&ticket, company);
        if !flights.iter().any(|flight| ticket.would_change(flight)) {
            return Ok(true);
        }
        let change = Entry::Change {
            ticket: saga,
            flights: flights.clone(),
            at: company.clock.wall_ms(),
        };
        if company.ledger.post(change).await.is_err() {
            return Ok(false);
        }
        let told = company.archive.ticket(saga).await?.unwrap_or(ticket);
        for flight in &flights {
            cabin.taken.insert(told.number_now(&flight.of));
        }
        counter!("passcom_tickets_changed_total").increment(1);
        info!(ticket = %saga, flight = %cabin.kept.route.flight, "a ticket was told of its changed flight");
        let flights = cabin.flights(&told, company);
        let left = flights.iter().any(|flight| told.would_change(flight));
        Ok(!left)
    }
}

/// The aircraft of a route, with the seats that are not free.
struct Cabin<'k> {
    kept: &'k Kept,
    layout: Layout,
    taken: BTreeSet<SeatNumber>,
}

impl Cabin<'_> {
    /// The ticket's flights on this route, as they are now.
    fn flights(&self, ticket: &Ticket, company: &Company) -> Vec<Flight> {
        let route = &self.kept.route;
        let seats = ticket.seats_left().into_iter();
        let seats = seats.filter(|seat| (seat.company, seat.route) == (company.me, route.id));
        let flight = |of| {
            let number = ticket.number_now(&of);
            Flight {
                of,
                departs: route.departs,
                arrives: route.arrives,
                offsets: route.offsets,
                withdrawn: !route.on_sale,
                seats: route.seats,
                label: self.layout.place(number).map(|place| place.to_string()),
                instead: self.instead(number),
            }
        };
        seats.map(flight).collect()
    }

    /// Where to sit instead of there; nothing while there is such a seat.
    fn instead(&self, number: SeatNumber) -> Vec<Place> {
        let Route { seats, .. } = &self.kept.route;
        if number.0 <= *seats {
            return Vec::new();
        }
        let before = self.kept.aircraft_before.as_ref();
        let before =
            before.and_then(|(equipment, seats)| Layout::of(equipment, *seats).place(number));
        let is_free = |number| !self.taken.contains(&number);
        let numbers = instead(before, &self.layout, is_free, INSTEAD_MAX).into_iter();
        let place = |number| Place {
            number,
            label: self.layout.place(number).map(|place| place.to_string()),
        };
        numbers.map(place).collect()
    }
}
