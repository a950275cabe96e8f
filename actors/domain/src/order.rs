//! The content of a booking: fixed by the node that begins it, carried by every Prepare, stored by every participant,
//! printed on the ticket.

use serde::{Deserialize, Serialize};

use super::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};

/// Most seats of one booking.
pub const LEGS_MAX: usize = 16;
/// How long a customer's hold lasts, and how much one extension adds, unless the operator says otherwise.
pub const HOLD_SECONDS: u32 = 15 * 60;
/// How long a hold may last in all.
pub const HOLD_SECONDS_MAX: u32 = 2 * 60 * 60;

/// Amount in the currency's minor unit (centavos); [`super::currency`] says how many make one of the currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Price {
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// The local time of a leg, as its schedule tells it: minutes east of UTC at its departure and at its arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Offsets {
    pub departs: i16,
    pub arrives: i16,
}

/// A seat of a company's route, as a client or a lease names it. The derived order is the order of prepares without a
/// lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeatRef {
    pub company: CompanyId,
    pub route: RouteId,
    pub number: SeatNumber,
}

/// Who sits there; absent where a client of the old contract did not say. What else is told of them is in the
/// [papers](super::papers), which are no part of an order.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Passenger {
    pub name: String,
    /// Of orders that were made before there were papers, as it was told. No order is made with it any more.
    pub document: Option<String>,
}

impl Passenger {
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            document: None,
        }
    }
}

/// Without the document.
impl std::fmt::Debug for Passenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passenger")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// One seat of an order with all that the ticket will say of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leg {
    pub seat: SeatRef,
    pub flight: String,
    /// City names, as in the schedule.
    pub origin: String,
    pub destination: String,
    /// IATA codes.
    pub origin_iata: String,
    pub destination_iata: String,
    /// Seconds since 1970, UTC.
    pub departs: i64,
    pub arrives: i64,
    /// None in orders that were made before it was kept.
    #[serde(default)]
    pub offsets: Option<Offsets>,
    pub price: Price,
    /// The seat as it was sold, `29B`. None in orders that were made before it was kept.
    #[serde(default)]
    pub label: Option<String>,
    pub passenger: Option<Passenger>,
}

/// Everything the ticket will say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Order {
    pub user: UserId,
    /// Milliseconds since 1970, UTC, by the clock of the node that began it.
    pub created_at: i64,
    /// 1 to [`LEGS_MAX`], each seat once, in the order the client gave.
    pub legs: Vec<Leg>,
    /// A customer's hold: kept for this many seconds before the customer confirms.
    pub hold_seconds: Option<u32>,
    /// The company at whose node it was sold: it takes the money. None in orders that were made before it was kept.
    #[serde(default)]
    pub seller: Option<CompanyId>,
    /// What this booking takes the place of.
    #[serde(default)]
    pub exchange: Option<Exchange>,
}

impl Order {
    /// All that was typed or comes from a schedule.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.legs.iter().flat_map(|leg| {
            let passenger = leg.passenger.as_ref();
            let told = passenger.map(|passenger| &passenger.name);
            let document = passenger.and_then(|passenger| passenger.document.as_ref());
            let always = [
                &leg.flight,
                &leg.origin,
                &leg.destination,
                &leg.origin_iata,
                &leg.destination_iata,
                &leg.price.currency,
            ];
            let some = [leg.label.as_ref(), told, document];
            let texts = always.into_iter().chain(some.into_iter().flatten());
            texts.map(String::as_str)
        })
    }
}

/// Seats of an earlier ticket that end with the commit of an order, and only with it: who has them travels by the one ticket or by
/// the other, never by both and never by none.
///
/// Every company of the earlier ticket votes, also one without a leg of the order, with a claim on the ticket
/// ([`claim`]): it is held like a seat, by one order at a time, and while it is held the ticket is not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exchange {
    pub ticket: SagaId,
    /// Ascending, each once, at least one.
    pub seats: Vec<SeatRef>,
    /// All companies of the earlier ticket, ascending, each once.
    pub companies: Vec<CompanyId>,
}

/// SHA-256 over an order and its acceptor set: two orders of one saga id are told apart by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderHash(pub [u8; 32]);

impl std::fmt::Debug for OrderHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in &self.0[..4] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// This company's claim on a ticket: kept like a seat, on a route that is none ([`RouteId::is_claim`]).
///
/// Tickets that share a claim, of which there is one pair in some 2^42, can only not be exchanged at the same moment.
pub fn claim(company: CompanyId, ticket: SagaId) -> SeatRef {
    SeatRef {
        company,
        route: RouteId::of_claim(ticket),
        number: SeatNumber(1),
    }
}

impl Order {
    /// The companies that must vote, ascending, each once.
    pub fn companies(&self) -> Vec<CompanyId> {
        let mut companies: Vec<_> = self.legs.iter().map(|leg| leg.seat.company).collect();
        let exchange = self.exchange.iter();
        companies.extend(exchange.flat_map(|exchange| &exchange.companies));
        companies.sort_unstable();
        companies.dedup();
        companies
    }

    /// Seconds that a hold of this order may last in all: until `before_departure` seconds before its first leg
    /// departs, and never longer than [`HOLD_SECONDS_MAX`].
    pub fn longest_hold(&self, before_departure: i64) -> u32 {
        let departs = self.legs.iter().map(|leg| leg.departs).min();
        let departs = departs.unwrap_or_default();
        let seconds = departs - before_departure - self.created_at / 1000;
        seconds.clamp(0, HOLD_SECONDS_MAX.into()) as u32
    }

    /// What this company is to keep for the order, ascending: its seats, and its claim on a ticket that is exchanged.
    pub fn claims_of(&self, company: CompanyId) -> Vec<SeatRef> {
        let mut claims = self.claims();
        claims.retain(|claim| claim.company == company);
        claims
    }

    /// What every company is to keep for the order, ascending.
    pub fn claims(&self) -> Vec<SeatRef> {
        let mut claims: Vec<_> = self.legs.iter().map(|leg| leg.seat).collect();
        if let Some(Exchange {
            ticket, companies, ..
        }) = &self.exchange
        {
            claims.extend(companies.iter().map(|company| claim(*company, *ticket)));
        }
        claims.sort_unstable();
        claims
    }

    /// All seats, ascending.
    pub fn seats(&self) -> Vec<SeatRef> {
        let mut seats: Vec<_> = self.legs.iter().map(|leg| leg.seat).collect();
        seats.sort_unstable();
        seats
    }
}
