//! A made-up network between real Brazilian cities, for those who bring no schedules: a hub and its spokes per company.
//!
//! The first company serves the South and the South-east from São Paulo, the second one the Centre-west and the North from
//! Brasília, the third the North-east from Recife; a fourth and a fifth one add Minas Gerais and the Amazon. Only the second
//! links the hubs, so that Porto Alegre to João Pessoa takes three companies, and Porto Alegre to Manaus two.
//!
//! Every day is the same, and every day of a window has it: dates roll with the window.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};
use passcom_actors::catalogue::airports::{self, Airport};
use passcom_actors::domain::ids::CompanyId;

use super::dates::{Days, Period};
use super::error::{BadLines, Source};
use super::pattern::{Clock, Designator, Moment, Pattern};
use super::{Remarks, Schedule, Window, equipment, fares};

/// An airport that a hub serves, and how often a day, each way.
type Spoke = (&'static str, u16);

/// An airport with flights to its spokes and back.
struct Hub {
    airport: &'static str,
    spokes: &'static [Spoke],
}

/// The hubs of each company, in the order of the companies.
const NETWORKS: [&[Hub]; 5] = [
    &[
        Hub {
            airport: "GRU",
            spokes: &[
                ("POA", 5),
                ("CWB", 5),
                ("FLN", 4),
                ("GIG", 4),
                ("SDU", 4),
                ("CNF", 4),
                ("VIX", 3),
                ("NVT", 2),
                ("IGU", 2),
                ("LDB", 2),
            ],
        },
        Hub {
            airport: "CGH",
            spokes: &[("SDU", 6), ("CWB", 3), ("CNF", 2)],
        },
    ],
    &[
        Hub {
            airport: "BSB",
            spokes: &[
                ("GRU", 6),
                ("REC", 4),
                ("SDU", 3),
                ("CNF", 3),
                ("MAO", 3),
                ("BEL", 3),
                ("GYN", 3),
                ("CGB", 3),
                ("CGR", 2),
                ("PMW", 2),
                ("PVH", 2),
                ("RBR", 1),
            ],
        },
        Hub {
            airport: "GRU",
            spokes: &[("REC", 3), ("GIG", 3)],
        },
    ],
    &[Hub {
        airport: "REC",
        spokes: &[
            ("SSA", 5),
            ("FOR", 5),
            ("NAT", 4),
            ("JPA", 4),
            ("MCZ", 4),
            ("AJU", 3),
            ("SLZ", 3),
            ("THE", 3),
            ("FEN", 2),
        ],
    }],
    &[Hub {
        airport: "CNF",
        spokes: &[
            ("SDU", 5),
            ("GRU", 4),
            ("VIX", 4),
            ("UDI", 4),
            ("BSB", 3),
            ("IPN", 3),
            ("MOC", 3),
            ("UBA", 3),
            ("GVR", 2),
            ("BPS", 2),
        ],
    }],
    &[Hub {
        airport: "MAO",
        spokes: &[
            ("BSB", 4),
            ("BEL", 4),
            ("STM", 4),
            ("BVB", 4),
            ("PVH", 3),
            ("PIN", 3),
            ("TFF", 3),
            ("GRU", 2),
            ("MCP", 2),
            ("TBT", 2),
        ],
    }],
];

const FIRST_FLIGHT_NUMBER: u16 = 1000;
/// From here on a leg is flown by the larger of the two aircraft.
const LARGE_FROM_KM: f64 = 800.0;
const LARGE: &str = "738";
const SMALL: &str = "E95";
const KM_PER_MINUTE: f64 = 12.0;
const GROUND_MINUTES: f64 = 35.0;
/// Local departures of the first and the last flight of a spoke: towards the hub first, so that the day begins with choice.
const TO_HUB_MINUTES: (u16, u16) = (6 * 60, 19 * 60 + 30);
const FROM_HUB_MINUTES: (u16, u16) = (8 * 60, 21 * 60 + 30);
/// Timetables are in steps of five minutes; neighbours on the list do not leave in the same one.
const STEP_MINUTES: u16 = 5;
const STAGGERS: u16 = 7;

/// The sample schedule of this company, one of 2 to 5.
pub fn sample(
    company: CompanyId,
    companies: &[CompanyId],
    window: Window,
) -> Result<Schedule, String> {
    let index = companies.iter().position(|known| *known == company);
    let hubs = index.and_then(|index| NETWORKS.get(index)).ok_or_else(|| {
        format!(
            "there is a sample network for the first {} companies; {company} is none of them",
            NETWORKS.len()
        )
    })?;
    let mut timetable = Timetable {
        carrier: company.as_str().to_ascii_uppercase(),
        window,
        patterns: Vec::new(),
    };
    for hub in *hubs {
        timetable.add_hub(hub);
    }
    Ok(Schedule {
        patterns: timetable.patterns,
        window,
        files: Vec::new(),
        bad: BadLines::default(),
        remarks: Remarks::default(),
    })
}

struct Timetable {
    carrier: String,
    window: Window,
    patterns: Vec<Pattern>,
}

impl Timetable {
    fn add_hub(&mut self, hub: &Hub) {
        for (spoke, (airport, flights)) in (0..).zip(hub.spokes) {
            let stagger = spoke % STAGGERS * STEP_MINUTES;
            for flight in 0..*flights {
                let minutes = |span| departure(span, flight, *flights) + stagger;
                self.add(airport, hub.airport, minutes(TO_HUB_MINUTES));
                self.add(hub.airport, airport, minutes(FROM_HUB_MINUTES));
            }
        }
    }

    fn add(&mut self, origin: &str, destination: &str, minutes: u16) {
        let [from, to] = [origin, destination].map(|iata| {
            airports::find(iata).expect("the tests look up every airport of the sample")
        });
        let km = from.distance_km(to);
        let block = ((km / KM_PER_MINUTE + GROUND_MINUTES) as u16).next_multiple_of(STEP_MINUTES);
        let block = i64::from(block);
        let equipment = if km < LARGE_FROM_KM { SMALL } else { LARGE };
        let (departs, arrives) = self.moments(from, to, minutes, block);
        self.patterns.push(Pattern {
            designator: Designator {
                carrier: self.carrier.clone(),
                number: FIRST_FLIGHT_NUMBER + self.patterns.len() as u16,
                suffix: None,
                leg: 1,
            },
            period: self.period(),
            origin: origin.to_owned(),
            destination: destination.to_owned(),
            departs,
            arrives,
            seats: equipment::seats(equipment).expect("both types are in the table"),
            price: fares::price(origin, destination, block * 60),
            equipment: equipment.to_owned(),
            source: Source {
                file: "sample".into(),
                line: self.patterns.len() as u64 + 1,
            },
        });
    }

    fn period(&self) -> Period {
        Period {
            first: self.window.from(),
            last: self.window.last(),
            days: Days::ALL,
            every_weeks: 1,
        }
    }

    /// Local times at both ends; Brazil's clocks do not change, so what holds on the first day holds on all.
    fn moments(&self, from: &Airport, to: &Airport, minutes: u16, block: i64) -> (Moment, Moment) {
        let date = self.window.from();
        let departs = Moment {
            minutes: i64::from(minutes),
            clock: Clock::Zone(zone(from)),
        };
        let landing = departs.at(date) + block * 60;
        let local: Zoned = jiff::Timestamp::UNIX_EPOCH
            .saturating_add(SignedDuration::from_secs(landing))
            .expect("a duration without calendar units")
            .to_zoned(zone(to));
        let midnight = date.to_datetime(Time::midnight());
        let arrives = Moment {
            minutes: local.datetime().duration_since(midnight).as_mins(),
            clock: Clock::Zone(zone(to)),
        };
        (departs, arrives)
    }
}

/// The departure of one of a day's flights, spread evenly over the span, in minutes of the day.
fn departure(span: (u16, u16), flight: u16, flights: u16) -> u16 {
    let exact = span.0 + (span.1 - span.0) * flight / (flights - 1).max(1);
    exact / STEP_MINUTES * STEP_MINUTES
}

fn zone(airport: &Airport) -> TimeZone {
    TimeZone::get(airport.zone).expect("the tests look up every zone of the table")
}

#[cfg(test)]
mod tests;
