//! Small networks in which everything happens that large ones hide: waits that are too long, loops that would shorten them, equal
//! prices, other currencies, full and withdrawn legs, sales that have closed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use passcom_actors::catalogue::{ConnectionTimes, Filter, Route};
use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::Price;

use super::network::{Leg, NOW, Network, Question};

/// All times are multiples of this after the start, so that many are equal.
const STEP: i64 = 600;

/// What kind of network it is.
struct Shape {
    companies: Vec<CompanyId>,
    airports: usize,
    /// The airports lie in a row, and legs go a step or two: far ends take many legs. Otherwise anywhere.
    in_a_row: bool,
    /// Departures are within so many steps.
    steps: i64,
}

pub fn network(dice: &mut Rng) -> Network {
    let now = NOW;
    let in_a_row = dice.bool();
    let companies = ["a", "b", "c"].map(|code| code.parse().unwrap());
    let shape = Shape {
        companies: companies[..dice.usize(1..=3)].to_vec(),
        airports: dice.usize(3..=7),
        in_a_row,
        steps: [12, 24, 48][dice.usize(..3)],
    };
    // the shorter a wait may be, the more legs there can be before there are too many paths to try
    let (longest, most) = [(30, 100), (60, 70), (120, 50), (1440, 36)][dice.usize(..4)];
    let count = dice.u64(6..=most);
    let down = if shape.companies.len() > 1 && dice.u8(..8) == 0 {
        vec![shape.companies[1]]
    } else {
        Vec::new()
    };
    let legs = (1..=count).map(|id| leg(dice, id, &shape, now));
    Network {
        legs: legs.collect(),
        companies: shape.companies.clone(),
        down,
        connections: connections(dice, minutes(longest)),
        sale_closes: minutes([0, 0, 20, 40][dice.usize(..4)]),
        now,
    }
}

fn leg(dice: &mut Rng, id: u64, shape: &Shape, now: i64) -> Leg {
    let origin = dice.usize(..shape.airports);
    let destination = if shape.in_a_row {
        neighbour(dice, origin, shape.airports)
    } else {
        (origin + dice.usize(1..shape.airports)) % shape.airports
    };
    let departs = now + STEP / 2 + STEP * dice.i64(0..shape.steps);
    let seats = dice.u16(2..=5);
    Leg {
        company: shape.companies[dice.usize(..shape.companies.len())],
        route: Route {
            id: RouteId(id),
            flight: format!("X{id}"),
            origin: airport(origin),
            destination: airport(destination),
            departs,
            arrives: departs + STEP * dice.i64(1..=4),
            offsets: None,
            seats,
            price: Price {
                minor: 100 * dice.i64(0..8),
                currency: if dice.u8(..20) == 0 { "USD" } else { "BRL" }.to_owned(),
            },
            equipment: String::new(),
            on_sale: dice.u8(..20) != 0,
        },
        taken: [0, 0, 0, 1, 2][dice.usize(..5)],
    }
}

/// One or two steps along the row, more often towards its end.
fn neighbour(dice: &mut Rng, origin: usize, airports: usize) -> usize {
    let step = [1, 1, 1, 1, 2, -1, -1][dice.usize(..7)];
    match origin.checked_add_signed(step) {
        Some(there) if there < airports => there,
        _ => (origin + 1) % airports,
    }
}

fn connections(dice: &mut Rng, longest: Duration) -> ConnectionTimes {
    let airports =
        (0..dice.usize(..3)).map(|number| (airport(number), minutes(10 * dice.u64(..4))));
    ConnectionTimes {
        airports: airports.collect::<BTreeMap<_, _>>(),
        minimum: minutes(10 * dice.u64(..3)),
        company_change: minutes(10 * dice.u64(..3)),
        longest,
    }
}

pub fn question(dice: &mut Rng, network: &Network) -> Question {
    let codes: BTreeSet<&String> = network.legs.iter().map(|leg| &leg.route.origin).collect();
    let codes: Vec<&String> = codes.into_iter().collect();
    let mut near = |end: usize| -> Vec<String> {
        let count = if dice.u8(..4) == 0 { 2 } else { 1 };
        let place = |dice: &mut Rng| {
            if dice.bool() {
                end
            } else {
                dice.usize(..codes.len())
            }
        };
        (0..count).map(|_| codes[place(dice)].clone()).collect()
    };
    let (origins, destinations) = (near(0), near(codes.len() - 1));
    let start = network.now + STEP * dice.i64(0..4);
    Question {
        origins,
        destinations,
        departs: (start, start + STEP * dice.i64(6..60)),
        passengers: [1, 1, 1, 2, 3][dice.usize(..5)],
        legs_max: [1, 2, 3, 4, 5, 6, 6, 6][dice.usize(..8)],
        filter: filter(dice, network),
    }
}

/// Most ask for nothing in particular, some for everything at once.
fn filter(dice: &mut Rng, network: &Network) -> Filter {
    let share = [0, 0, 1, 2][dice.usize(..4)];
    let mut asked = || dice.u8(..4) < share;
    let asked = [(); 6].map(|()| asked());
    let mut window = || {
        let from = network.now + STEP * dice.i64(-10..40);
        (from, from + STEP * dice.i64(1..60))
    };
    let (departs, arrives) = (window(), window());
    let companies = network.companies.iter().filter(|_| dice.bool());
    let companies = companies.copied().collect();
    Filter {
        departs: asked[0].then_some(departs),
        arrives: asked[1].then_some(arrives),
        companies: asked[2].then_some(companies),
        connections_max: asked[3].then(|| dice.usize(..4)),
        seconds_max: asked[4].then(|| STEP as u32 * dice.u32(1..40)),
        price_max_minor: asked[5].then(|| 100 * dice.i64(0..20)),
    }
}

/// One company's legs: ends, times in seconds from the start, price. Waits are at most two hours.
pub fn by_hand(legs: &[(&str, &str, i64, i64, i64)]) -> Network {
    let now = NOW;
    let company: CompanyId = "a".parse().unwrap();
    let leg =
        |(id, (from, to, departs, arrives, minor)): (u64, &(&str, &str, i64, i64, i64))| Leg {
            company,
            route: Route {
                id: RouteId(id),
                flight: format!("X{id}"),
                origin: (*from).to_owned(),
                destination: (*to).to_owned(),
                departs: now + departs,
                arrives: now + arrives,
                offsets: None,
                seats: 1,
                price: Price {
                    minor: *minor,
                    currency: "BRL".to_owned(),
                },
                equipment: String::new(),
                on_sale: true,
            },
            taken: 0,
        };
    Network {
        companies: vec![company],
        down: Vec::new(),
        legs: (1..).zip(legs).map(leg).collect(),
        connections: ConnectionTimes {
            longest: minutes(120),
            ..ConnectionTimes::default()
        },
        sale_closes: Duration::ZERO,
        now,
    }
}

pub fn one_way(from: &str, to: &str, legs_max: usize, network: &Network) -> Question {
    Question {
        origins: vec![from.to_owned()],
        destinations: vec![to.to_owned()],
        departs: (network.now, network.now + 24 * 3600),
        passengers: 1,
        legs_max,
        filter: Filter::default(),
    }
}

fn airport(number: usize) -> String {
    format!("A{}A", char::from(b'A' + number as u8))
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
