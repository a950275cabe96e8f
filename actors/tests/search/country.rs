//! A made-up network as large as a country's: the real airports, three companies with hubs of their own, some 1,870
//! legs a day.

use std::time::Duration;

use fastrand::Rng;
use passcom_actors::catalogue::airports::{self, Airport};
use passcom_actors::catalogue::{ConnectionTimes, Filter, Route};
use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::Price;

use super::network::{Leg, NOW, Network, Question};

/// Days for a comparison: a departure day and what follows it.
pub const DAYS: i64 = 6;

/// Each company's hubs, and at how many airports each of them is met.
const COMPANIES: [(&str, &[(&str, usize)]); 3] = [
    ("AD", &[("VCP", 95), ("CNF", 60), ("REC", 40), ("CWB", 20)]),
    (
        "G3",
        &[
            ("CGH", 30),
            ("GRU", 50),
            ("BSB", 40),
            ("GIG", 30),
            ("SSA", 15),
        ],
    ),
    ("JJ", &[("GRU", 55), ("BSB", 45), ("CGH", 25)]),
];
/// Daily flights between a hub and the airports nearest to the front of its list; fewer further on, down to some a
/// week.
const DAILY_MAX: f64 = 11.0;
const KM_PER_HOUR: f64 = 720.0;
const DAY: i64 = 24 * 3600;

/// As many airports as a country has with flights by companies like these.
const AIRPORTS: usize = 103;
/// Of Brazil's time zones, those with most of its airports.
const ZONES: [&str; 6] = [
    "America/Sao_Paulo",
    "America/Bahia",
    "America/Recife",
    "America/Fortaleza",
    "America/Belem",
    "America/Manaus",
];

fn of_a_country() -> impl Iterator<Item = &'static Airport> {
    let here = airports::all().filter(|airport| ZONES.contains(&airport.zone));
    here.take(AIRPORTS)
}

pub fn network(dice: &mut Rng, days: i64) -> Network {
    let now = NOW;
    let mut legs = Vec::new();
    for (code, hubs) in COMPANIES {
        let company: CompanyId = code.parse().unwrap();
        let mut id = 0;
        for (hub, count) in hubs {
            let hub = airports::find(hub).expect("a real airport");
            let mut spokes: Vec<&Airport> = of_a_country().collect();
            spokes.retain(|spoke| spoke.iata != hub.iata);
            dice.shuffle(&mut spokes);
            for (place, spoke) in spokes.into_iter().take(*count).enumerate() {
                let share = 1.0 - place as f64 / *count as f64;
                let a_week = (7.0 * DAILY_MAX * share.powi(3)).ceil().max(2.0) as i64;
                for ends in [(hub, spoke), (spoke, hub)] {
                    for pattern in patterns(dice, a_week) {
                        legs.extend(dated(company, &mut id, ends, pattern, (now, days)));
                    }
                }
            }
        }
    }
    Network {
        companies: COMPANIES.map(|(code, _)| code.parse().unwrap()).to_vec(),
        down: Vec::new(),
        legs,
        connections: ConnectionTimes::default(),
        sale_closes: Duration::ZERO,
        now,
    }
}

/// Minutes of the day and days of the week (bits), for so many flights a week.
fn patterns(dice: &mut Rng, a_week: i64) -> Vec<(i64, u8)> {
    let minutes = |dice: &mut Rng| 5 * dice.i64(5 * 12..23 * 12);
    let mut patterns: Vec<(i64, u8)> = (0..a_week / 7).map(|_| (minutes(dice), 0x7f)).collect();
    let mut days = [0, 1, 2, 3, 4, 5, 6];
    dice.shuffle(&mut days);
    let rest = days.iter().take(a_week as usize % 7);
    let rest = rest.fold(0, |bits: u8, day| bits | 1 << day);
    patterns.push((minutes(dice), rest));
    patterns
}

fn dated(
    company: CompanyId,
    id: &mut u64,
    (from, to): (&Airport, &Airport),
    (minutes, weekdays): (i64, u8),
    (now, days): (i64, i64),
) -> Vec<Leg> {
    let km = from.distance_km(to);
    let block = (km / KM_PER_HOUR * 3600.0) as i64 / 300 * 300 + 35 * 60;
    let price = (119.0 + km.min(1000.0) * 0.32 + (km - 1000.0).max(0.0) * 0.18) as i64;
    let midnight = now / DAY * DAY + DAY;
    let days = (0..days).filter(|day| weekdays >> (day % 7) & 1 == 1);
    let flight = format!("{company}{}", (*id + 1) % 10_000);
    let leg = |day: i64| {
        *id += 1;
        let departs = midnight + day * DAY + minutes * 60;
        Leg {
            company,
            route: Route {
                id: RouteId(*id),
                flight: flight.clone(),
                origin: from.iata.to_owned(),
                destination: to.iata.to_owned(),
                departs,
                arrives: departs + block,
                offsets: None,
                seats: 180,
                price: Price {
                    minor: price / 10 * 1000 + 990,
                    currency: "BRL".to_owned(),
                },
                equipment: "738".to_owned(),
                on_sale: true,
            },
            taken: (*id % 7) as u16,
        }
    };
    days.map(leg).collect()
}

/// Between any two airports, on one of the first days.
pub fn question(dice: &mut Rng, network: &Network, days: i64) -> Question {
    let mut ends: Vec<&Airport> = of_a_country().collect();
    dice.shuffle(&mut ends);
    let midnight = network.now / DAY * DAY + DAY;
    let start = midnight + DAY * dice.i64(0..(days - 4).max(1));
    Question {
        origins: vec![ends[0].iata.to_owned()],
        destinations: vec![ends[1].iata.to_owned()],
        departs: (start, start + DAY),
        passengers: dice.u16(1..=9),
        legs_max: 4,
        filter: Filter::default(),
    }
}
