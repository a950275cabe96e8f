//! Newtypes that the whole product speaks in. An id that parsed is valid everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest company code, in bytes.
pub const COMPANY_LEN_MAX: usize = 16;
/// Most seats a route can have; seat numbers run from 1 to this.
pub const SEATS_MAX: u16 = 1023;
/// The highest number of a flight's route. With those that stand for tickets, every [`SeatId`] stays below 2^53.
pub const ROUTE_ID_MAX: u64 = CLAIM - 1;
/// Set in ids that stand for a ticket instead of a flight.
const CLAIM: u64 = 1 << 42;

/// Why a text or number is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId(pub &'static str);

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidId {}

/// Code of a company: 1 to [`COMPANY_LEN_MAX`] of `A-Z a-z 0-9 -`, as it stands in `cluster.toml`.
///
/// Held inline, so that it is `Copy` and costs no allocation in messages and maps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CompanyId {
    // zero-padded: the derived order is then the order of the strings
    bytes: [u8; COMPANY_LEN_MAX],
}

impl CompanyId {
    pub fn as_str(&self) -> &str {
        let len = self
            .bytes
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(COMPANY_LEN_MAX);
        std::str::from_utf8(&self.bytes[..len]).expect("checked to be ASCII when it was made")
    }
}

impl FromStr for CompanyId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() || text.len() > COMPANY_LEN_MAX {
            return Err(InvalidId("a company code has 1 to 16 characters"));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(InvalidId(
                "a company code has letters, digits and hyphens only",
            ));
        }
        let mut bytes = [0; COMPANY_LEN_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl TryFrom<String> for CompanyId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<CompanyId> for String {
    fn from(id: CompanyId) -> String {
        id.as_str().to_owned()
    }
}

impl fmt::Display for CompanyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CompanyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One dated flight leg of one company. Unique within the company, not across companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct RouteId(pub u64);

impl TryFrom<u64> for RouteId {
    type Error = InvalidId;

    fn try_from(id: u64) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl RouteId {
    pub fn new(id: u64) -> Result<Self, InvalidId> {
        if id == 0 || id > ROUTE_ID_MAX | CLAIM {
            return Err(InvalidId("a route id is between 1 and 2^43 - 1"));
        }
        Ok(Self(id))
    }

    /// Stands for a ticket where a company keeps claims on seats. No flight has it: theirs end at [`ROUTE_ID_MAX`].
    pub fn of_claim(ticket: SagaId) -> Self {
        Self(CLAIM | (ticket.0.as_u128() as u64 & (CLAIM - 1)))
    }

    /// Whether it stands for a ticket.
    pub fn is_claim(self) -> bool {
        self.0 & CLAIM != 0
    }

    /// The id of this seat of the route on the wire.
    pub fn seat(self, number: SeatNumber) -> SeatId {
        SeatId(self.0 * (u64::from(SEATS_MAX) + 1) + u64::from(number.0))
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a seat on its route, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct SeatNumber(pub u16);

impl TryFrom<u16> for SeatNumber {
    type Error = InvalidId;

    fn try_from(number: u16) -> Result<Self, InvalidId> {
        Self::new(number)
    }
}

impl SeatNumber {
    pub fn new(number: u16) -> Result<Self, InvalidId> {
        if number == 0 || number > SEATS_MAX {
            return Err(InvalidId("a seat number is between 1 and 1023"));
        }
        Ok(Self(number))
    }
}

impl fmt::Display for SeatNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A seat on the wire: route × 1024 + number. Derived, so no seat needs a row of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeatId(u64);

impl SeatId {
    pub fn new(id: u64) -> Result<Self, InvalidId> {
        let this = Self(id);
        RouteId::new(this.route().0).map_err(|_| InvalidId("not the id of a seat"))?;
        SeatNumber::new(this.number().0).map_err(|_| InvalidId("not the id of a seat"))?;
        Ok(this)
    }

    pub fn get(self) -> u64 {
        self.0
    }

    pub fn route(self) -> RouteId {
        RouteId(self.0 / (u64::from(SEATS_MAX) + 1))
    }

    pub fn number(self) -> SeatNumber {
        SeatNumber((self.0 % (u64::from(SEATS_MAX) + 1)) as u16)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// One booking, and the ticket that comes of it. All drivers of the booking know it by this id.
    SagaId
}
uuid_id! {
    /// One user, the same at every company.
    UserId
}
uuid_id! {
    /// One database's life. A company that lost its disk comes back with another one.
    Incarnation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn company_codes_sort_like_their_texts() {
        let mut ids: Vec<CompanyId> = ["b", "aa", "a", "G3", "AD"]
            .iter()
            .map(|s| s.parse().unwrap())
            .collect();
        ids.sort();
        let texts: Vec<_> = ids.iter().map(CompanyId::as_str).collect();
        assert_eq!(texts, ["AD", "G3", "a", "aa", "b"]);
        assert!("".parse::<CompanyId>().is_err());
        assert!("seventeen-letters".parse::<CompanyId>().is_err());
        assert!("a\0b".parse::<CompanyId>().is_err());
    }

    #[test]
    fn a_seat_id_carries_route_and_number_and_stays_below_2_to_53() {
        let last = RouteId(ROUTE_ID_MAX | CLAIM).seat(SeatNumber(SEATS_MAX));
        assert_eq!(last.get(), (1 << 53) - 1);
        assert_eq!(
            (last.route(), last.number()),
            (RouteId(ROUTE_ID_MAX | CLAIM), SeatNumber(SEATS_MAX))
        );
        assert!(
            SeatId::new(RouteId(7).0 * 1024).is_err(),
            "there is no seat 0"
        );
        assert!(SeatId::new(5).is_err(), "there is no route 0");
    }
}
