//! What a schedule has in it, for those who look before they import: totals, and what is odd.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use passcom_actors::catalogue::airports;

use super::pattern::{Pattern, block_seconds};
use super::{Schedule, equipment};

/// Slower over a distance worth the name, and faster, no airliner flies: a time, a day or an airport is wrong.
const KM_PER_HOUR_MIN: f64 = 150.0;
const KM_PER_HOUR_MAX: f64 = 1200.0;
const KM_MIN: f64 = 300.0;

/// Totals of the legs that would be sold.
#[derive(Debug, Default, serde::Serialize)]
pub struct Contents {
    pub carriers: BTreeSet<String>,
    /// First and last date on which a line may fly, whatever the window.
    pub period: Option<(Date, Date)>,
    /// Lines with legs.
    pub legs: u64,
    /// Legs by date, in the window.
    pub dated_legs: u64,
    /// Their seats.
    pub seats: u64,
    /// Pairs of airports.
    pub routes: u64,
    pub airports: u64,
    /// Lines by aircraft type; empty where a line says none.
    pub aircraft: BTreeMap<String, u64>,
    /// Lines by the currency of their price.
    pub currencies: BTreeMap<String, u64>,
    pub odd: Vec<Oddity>,
}

/// Something that is no fault and yet rarely meant.
#[derive(Debug, serde::Serialize)]
pub struct Oddity {
    pub what: &'static str,
    pub legs: u64,
    /// The first of them.
    pub example: String,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines {}, first {}",
            self.legs, self.what, self.example
        )
    }
}

impl Contents {
    pub fn of(schedule: &Schedule) -> Self {
        let mut contents = Self::default();
        let mut routes = BTreeSet::new();
        let mut airports = BTreeSet::new();
        let mut odd: BTreeMap<&'static str, Oddity> = BTreeMap::new();
        for pattern in &schedule.patterns {
            let dated = pattern.period.dates(schedule.window).count() as u64;
            contents.add(pattern, dated);
            routes.insert((&pattern.origin, &pattern.destination));
            airports.extend([&pattern.origin, &pattern.destination]);
            for what in oddities(pattern, dated) {
                let one = odd.entry(what).or_insert_with(|| Oddity {
                    what,
                    legs: 0,
                    example: example(pattern),
                });
                one.legs += 1;
            }
        }
        contents.routes = routes.len() as u64;
        contents.airports = airports.len() as u64;
        contents.odd = odd.into_values().collect();
        contents
    }

    fn add(&mut self, pattern: &Pattern, dated: u64) {
        let (first, last) = (pattern.period.first, pattern.period.last);
        self.period = Some(match self.period {
            None => (first, last),
            Some((earliest, latest)) => (earliest.min(first), latest.max(last)),
        });
        self.carriers.insert(pattern.designator.carrier.clone());
        self.legs += 1;
        self.dated_legs += dated;
        self.seats += dated * u64::from(pattern.seats);
        *self.aircraft.entry(pattern.equipment.clone()).or_default() += 1;
        *self
            .currencies
            .entry(pattern.price.currency.clone())
            .or_default() += 1;
    }
}

fn oddities(pattern: &Pattern, dated: u64) -> impl Iterator<Item = &'static str> {
    let odd = [
        (dated == 0, "fly on no day of these dates"),
        (pattern.price.minor == 0, "cost nothing"),
        (
            !pattern.equipment.is_empty() && equipment::seats(&pattern.equipment).is_none(),
            "have an aircraft type that is not known here",
        ),
        (
            speed(pattern)
                .is_some_and(|speed| !(KM_PER_HOUR_MIN..KM_PER_HOUR_MAX).contains(&speed)),
            "are too slow or too fast for their distance: a time, its offset or an airport may be wrong",
        ),
    ];
    odd.into_iter().filter(|(is, _)| *is).map(|(_, what)| what)
}

/// Kilometres an hour, where the distance is known and long enough to tell.
fn speed(pattern: &Pattern) -> Option<f64> {
    let (from, to) = (
        airports::find(&pattern.origin)?,
        airports::find(&pattern.destination)?,
    );
    let km = from.distance_km(to);
    let seconds = block_seconds(&pattern.departs, &pattern.arrives, pattern.period.first);
    (km >= KM_MIN).then(|| km * 3600.0 / seconds.max(1) as f64)
}

fn example(pattern: &Pattern) -> String {
    format!(
        "{} {}-{} ({})",
        pattern.designator.flight(),
        pattern.origin,
        pattern.destination,
        pattern.source
    )
}
