//! What a search is asked, and what it makes of the airports.

use std::ops::Range;

use super::timetable::AirportNumber;

/// Most legs of an itinerary.
pub const LEGS_MAX: usize = 6;

/// What to look for. Every airport is one of the timetable.
#[derive(Debug, Clone)]
pub struct Query {
    pub origins: Vec<AirportNumber>,
    pub destinations: Vec<AirportNumber>,
    /// When the first leg leaves.
    pub departs: Range<u32>,
    /// When the last leg lands.
    pub arrives: Range<u32>,
    /// Free on every leg.
    pub seats: u16,
    /// At most [`LEGS_MAX`].
    pub legs_max: usize,
    /// Whose legs, by number of the company.
    pub companies: Vec<bool>,
    pub aim: Aim,
    /// [`WORK_MAX`](super::search::WORK_MAX), or less.
    pub work_max: usize,
    /// [`PROFILE_AFTER`](super::search::PROFILE_AFTER), or another one.
    pub profile_after: usize,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Everything that nothing beats.
    Best,
    /// The lowest price only, of each currency.
    LowestPrice,
}

/// What an airport is to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Origin,
    Destination,
    Other,
}
