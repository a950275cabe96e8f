//! Legs as companies publish them to one another, and as they are listed.

use serde::{Deserialize, Serialize};

use super::SeatStates;
use crate::catalogue::cabin::Layout;
use crate::domain::ids::{CompanyId, RouteId, SeatNumber};
use crate::domain::order::{Offsets, Price};

/// What a company publishes of a route; one row of `route`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub id: RouteId,
    /// Carrier and number, `G31234`; at most 8 characters.
    pub flight: String,
    /// IATA codes.
    pub origin: String,
    pub destination: String,
    /// Seconds since 1970, UTC.
    pub departs: i64,
    pub arrives: i64,
    /// None: as the table of airports has it, as of routes that were imported before it was kept.
    pub offsets: Option<Offsets>,
    pub seats: u16,
    pub price: Price,
    /// IATA aircraft type, `738`; empty if unknown.
    pub equipment: String,
    pub on_sale: bool,
}

/// Where a reader of a company's catalogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueCursor {
    /// One start of the publishing node; another one means: read anew.
    pub epoch: u64,
    pub seq: u64,
}

/// A route with its seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub route: Route,
    pub seats: SeatStates,
}

/// Changes of a company's catalogue in the order they happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CataloguePage {
    /// The reader must forget what it had: the publisher started anew.
    pub reset: bool,
    /// Each with its number: with the epoch of `next` it names this state of the route, the same at every node.
    pub changes: Vec<(u64, Published)>,
    pub next: CatalogueCursor,
    pub more: bool,
}

/// A leg as it is shown: times in the zones of its airports are for the wire to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegView {
    pub company: CompanyId,
    pub route: Route,
    /// Free seats, ascending.
    pub free: Vec<SeatNumber>,
}

/// The seats of a leg, in one of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegSeats {
    /// Of two states of a leg with the same epoch, the later one has the higher number.
    pub version: CatalogueCursor,
    pub layout: Layout,
    pub seats: u16,
    pub states: SeatStates,
}

/// Which legs to list. All optional; places are IATA codes (resolve cities with [`crate::catalogue::airports`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegFilter {
    pub company: Option<CompanyId>,
    /// Any of these airports.
    pub origins: Option<Vec<String>>,
    pub destinations: Option<Vec<String>>,
    /// Departure within [from, to), seconds since 1970.
    pub departs: Option<(i64, i64)>,
}

/// Order of listing, and where a page ends: (departure, company, route).
pub type PageCursor = (i64, CompanyId, RouteId);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegPage {
    /// Only legs on sale with free seats, ordered by (departure, company, route).
    pub legs: Vec<LegView>,
    pub next: Option<PageCursor>,
    /// Companies that cannot be reached; their legs are left out.
    pub unreachable: Vec<CompanyId>,
}
