//! Names and values for the unit tests: three companies, their seats, orders of them and empty rows.

use std::sync::Arc;

use uuid::Uuid;

use super::ballot::Acceptors;
use super::fencing::FencingToken;
use super::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use super::order::{Leg, Order, OrderHash, Price, SeatRef};
use super::rows::{LegKey, LegRow, RouteFacts, Rows};
use super::vote::{LegState, Prepare, RefusalReason};

pub const SAGA: SagaId = SagaId(Uuid::from_u128(1));
pub const OTHER: SagaId = SagaId(Uuid::from_u128(2));
pub const USER: UserId = UserId(Uuid::from_u128(9));
pub const HASH: OrderHash = OrderHash([1; 32]);
pub const OTHER_HASH: OrderHash = OrderHash([2; 32]);
pub const ROUTE: RouteId = RouteId(7);
/// Seats of [`ROUTE`] at every company.
pub const SEATS: u16 = 4;

/// [`ROUTE`], which leaves as the orders here say.
pub const FACTS: RouteFacts = RouteFacts {
    seats: SEATS,
    on_sale: true,
    departs: 0,
    arrives: 3_600,
};

pub fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

pub fn companies() -> Vec<CompanyId> {
    ["a", "b", "c"].map(company).to_vec()
}

pub fn acceptors() -> Acceptors {
    Acceptors(companies())
}

pub fn seat(code: &str, number: u16) -> SeatRef {
    SeatRef {
        company: company(code),
        route: ROUTE,
        number: SeatNumber(number),
    }
}

pub fn order(seats: &[SeatRef]) -> Arc<Order> {
    let leg = |seat: &SeatRef| Leg {
        seat: *seat,
        flight: "A1".to_owned(),
        origin: "Curitiba".to_owned(),
        destination: "São Paulo".to_owned(),
        origin_iata: "CWB".to_owned(),
        destination_iata: "GRU".to_owned(),
        departs: 0,
        arrives: 3_600,
        price: Price {
            minor: 10_000,
            currency: "BRL".to_owned(),
        },
        passenger: None,
        offsets: None,
        label: None,
    };
    Arc::new(Order {
        user: USER,
        created_at: 0,
        legs: seats.iter().map(leg).collect(),
        hold_seconds: None,
        seller: None,
        exchange: None,
    })
}

/// A Prepare of [`SAGA`] under [`HASH`].
pub fn prepare(seats: &[SeatRef]) -> Prepare {
    Prepare {
        saga: SAGA,
        order: order(seats),
        hash: HASH,
        acceptors: acceptors(),
        fence: FencingToken::NONE,
        driver: "a1".to_owned(),
        papers: None,
    }
}

/// Company a with [`ROUTE`] on sale and nothing else.
pub fn rows() -> Rows {
    let mut rows = Rows::of_everything(company("a"));
    rows.load_route(ROUTE, FACTS);
    rows
}

pub fn leg_key(saga: SagaId, number: u16) -> LegKey {
    LegKey {
        saga,
        route: ROUTE,
        number: SeatNumber(number),
    }
}

/// A leg of [`HASH`]; one that was refused was released.
pub fn leg(state: LegState) -> LegRow {
    LegRow {
        state,
        hash: HASH,
        fence: FencingToken::NONE,
        reason: (state == LegState::Refused).then_some(RefusalReason::Released),
    }
}
