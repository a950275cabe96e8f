//! Small networks in which everything happens that large ones hide: waits that are too long, loops that would shorten them, equal
//! prices, other currencies, full and withdrawn legs, sales that have closed.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use passcom_actors::catalogue::{ConnectionTimes, Route};
use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::Price;

use super::network::{Leg, Network, Question};

/// All times are multiples of this after the start, so that many are equal.
const STEP: i64 = 600;

pub fn network(dice: &mut Rng) -> Network {
    let now = jiff::Timestamp::now().as_second();
    let companies: Vec<CompanyId> = ["a", "b", "c"][..dice.usize(1..=3)]
        .iter()
        .map(|code| code.parse().unwrap())
        .collect();
    let airports = dice.usize(3..=7);
    let steps = [12, 30, 60][dice.usize(..3)];
    let count = dice.u64(6..=36);
    let down = if companies.len() > 1 && dice.u8(..8) == 0 {
        vec![companies[1]]
    } else {
        Vec::new()
    };
    let legs = (1..=count).map(|id| leg(dice, id, &companies, airports, (now, steps)));
    Network {
        legs: legs.collect(),
        companies,
        down,
        connections: connections(dice),
        sale_closes: minutes([0, 0, 20, 40][dice.usize(..4)]),
        now,
    }
}

fn leg(
    dice: &mut Rng,
    id: u64,
    companies: &[CompanyId],
    airports: usize,
    (now, steps): (i64, i64),
) -> Leg {
    let origin = dice.usize(..airports);
    let destination = (origin + dice.usize(1..airports)) % airports;
    let departs = now + STEP / 2 + STEP * dice.i64(0..steps);
    let seats = dice.u16(2..=5);
    Leg {
        company: companies[dice.usize(..companies.len())],
        route: Route {
            id: RouteId(id),
            flight: format!("X{id}"),
            origin: airport(origin),
            destination: airport(destination),
            departs,
            arrives: departs + STEP * dice.i64(1..=6),
            seats,
            price: Price {
                minor: 100 * dice.i64(0..8),
                currency: if dice.u8(..10) == 0 { "USD" } else { "BRL" }.to_owned(),
            },
            equipment: String::new(),
            on_sale: dice.u8(..12) != 0,
        },
        taken: [0, 0, 0, 1, 2][dice.usize(..5)],
    }
}

fn connections(dice: &mut Rng) -> ConnectionTimes {
    let airports =
        (0..dice.usize(..3)).map(|number| (airport(number), minutes(10 * dice.u64(..5))));
    ConnectionTimes {
        airports: airports.collect::<BTreeMap<_, _>>(),
        minimum: minutes(10 * dice.u64(..4)),
        company_change: minutes(10 * dice.u64(..3)),
        longest: minutes([60, 120, 1440][dice.usize(..3)]),
    }
}

pub fn question(dice: &mut Rng, network: &Network) -> Question {
    let mut places = |any: &dyn Fn(&Leg) -> &String| -> Vec<String> {
        let count = if dice.u8(..3) == 0 { 2 } else { 1 };
        (0..count)
            .map(|_| any(&network.legs[dice.usize(..network.legs.len())]).clone())
            .collect()
    };
    let origins = places(&|leg| &leg.route.origin);
    let destinations = places(&|leg| &leg.route.destination);
    let start = network.now + STEP * dice.i64(0..6);
    Question {
        origins,
        destinations,
        departs: (start, start + STEP * dice.i64(6..60)),
        passengers: [1, 1, 1, 2, 3][dice.usize(..5)],
        legs_max: [1, 2, 3, 4, 5, 6, 6][dice.usize(..7)],
    }
}

fn airport(number: usize) -> String {
    format!("A{}A", char::from(b'A' + number as u8))
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
