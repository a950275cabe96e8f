//! The search for itineraries against slower ones that cannot be wrong in the same way.
//!
//! * `every_path.rs` tries every path of small random networks, thousands of them;
//! * `every_label.rs` keeps every label of a network as large as a country's, for sampled trips.
//!
//! Both share with the search nothing but the rules: they read the legs, not the timetable.

mod country;
mod every_label;
mod every_path;
mod network;
mod small;

use std::collections::BTreeMap;

use passcom_actors::catalogue::{Catalogue, Filter, Itinerary, Order};
use passcom_actors::domain::order::Price;

use self::network::{Merits, Network, Question, pareto};

/// Small networks per run; each with a few questions.
const NETWORKS: u64 = 6_000;
const QUESTIONS: usize = 3;
/// Trips of a country; each takes the slow search some tenths of a second.
const TRIPS: usize = 10;

#[test]
fn small_networks_have_exactly_the_itineraries_that_trying_every_path_finds() {
    let (mut found, mut connecting, mut filtered) = (0, 0, 0);
    for seed in 0..NETWORKS {
        let mut dice = fastrand::Rng::with_seed(seed);
        let network = small::network(&mut dice);
        let catalogue = network.catalogue();
        for _ in 0..QUESTIONS {
            let question = small::question(&mut dice, &network);
            let answer = ask(&network, &catalogue, &question);
            let all = every_path::all(&network, &question);
            if only_times_and_companies(&question.filter) {
                let lowest = lowest_prices(&catalogue, &question);
                assert_eq!(lowest, lowest_of(&all), "seed {seed}: {question:?}");
            }
            let expected = pareto(all);
            assert_eq!(answer, expected, "seed {seed}: {question:?}\n{network:?}");
            found += answer.len();
            filtered += usize::from(question.filter != Filter::default() && !answer.is_empty());
            connecting += answer.iter().filter(|merits| merits.legs > 2).count();
        }
    }
    // the comparison means something only if there is something to compare
    let counts = format!("{found} {connecting} {filtered}");
    assert!(
        found > 10_000 && connecting > 500 && filtered > 1_000,
        "{counts}"
    );
}

#[test]
fn a_country_has_exactly_the_itineraries_that_keeping_every_label_finds() {
    let mut dice = fastrand::Rng::with_seed(7);
    let network = country::network(&mut dice, country::DAYS);
    let catalogue = network.catalogue();
    let mut connecting = 0;
    for _ in 0..TRIPS {
        let question = country::question(&mut dice, &network, country::DAYS);
        let answer = ask(&network, &catalogue, &question);
        let expected = pareto(every_label::all(&network, &question));
        assert_eq!(answer, expected, "{question:?}");
        connecting += answer.iter().filter(|merits| merits.legs > 1).count();
    }
    assert!(connecting > TRIPS, "{connecting}");
}

/// A to D leaves only from Z, and only when whoever came there first has waited too long; the cheap way to V comes through Z.
#[test]
fn a_cheaper_way_that_has_been_where_the_trip_goes_on_is_no_substitute() {
    let hour = |count: i64| count * 3600;
    let network = small::by_hand(&[
        ("OOO", "ZZZ", hour(1), hour(2), 10),
        ("ZZZ", "VVV", hour(3), hour(4), 10),
        ("OOO", "BBB", hour(1), hour(2), 500),
        ("BBB", "VVV", hour(3), hour(4), 500),
        ("VVV", "WWW", hour(5), hour(6), 10),
        ("WWW", "ZZZ", hour(7), hour(8), 10),
        ("ZZZ", "DDD", hour(9), hour(10), 10),
    ]);
    let question = |legs_max| small::one_way("OOO", "DDD", legs_max, &network);
    let answer = |legs_max| ask(&network, &network.catalogue(), &question(legs_max));
    assert_eq!(answer(6), pareto(every_path::all(&network, &question(6))));
    assert_eq!(
        answer(5).iter().map(|one| one.legs).collect::<Vec<_>>(),
        [5]
    );
    assert_eq!(answer(4), []);
}

fn only_times_and_companies(filter: &Filter) -> bool {
    let filter = filter.clone();
    let times_and_companies = Filter {
        connections_max: None,
        seconds_max: None,
        price_max_minor: None,
        ..filter.clone()
    };
    filter == times_and_companies
}

/// Of each currency, ascending.
fn lowest_of(all: &[Merits]) -> Vec<(String, i64)> {
    let mut lowest: BTreeMap<String, i64> = BTreeMap::new();
    for (currency, minor) in all.iter().filter_map(|merits| merits.price.clone()) {
        let known = lowest.entry(currency).or_insert(minor);
        *known = minor.min(*known);
    }
    lowest.into_iter().collect()
}

fn lowest_prices(catalogue: &Catalogue, question: &Question) -> Vec<(String, i64)> {
    let (from, to) = question.departs;
    let never = (to, to);
    let days = [question.departs, never, (from, from + 1)];
    let found = catalogue.lowest_prices(&question.trip(Order::Best), &days);
    assert!(!found.cut_short && found.days[1].is_empty());
    let price = |price: &Price| (price.currency.clone(), price.minor);
    found.days[0].iter().map(price).collect()
}

/// What the search says, once it is checked that every itinerary is one.
fn ask(network: &Network, catalogue: &Catalogue, question: &Question) -> Vec<Merits> {
    let found = catalogue.search(&question.trip(Order::Arrival));
    assert_eq!(found.unreachable, network.down);
    let path = |itinerary: &Itinerary| network.path_of(itinerary);
    let paths: Vec<Vec<usize>> = found.itineraries.iter().map(path).collect();
    for path in &paths {
        assert!(
            network.is_itinerary(path, question),
            "{path:?} of {question:?}"
        );
    }
    let mut merits: Vec<Merits> = paths.iter().map(|path| network.merits(path)).collect();
    merits.sort();
    merits
}

#[test]
fn every_order_lists_the_same_set() {
    let mut dice = fastrand::Rng::with_seed(3);
    let network = country::network(&mut dice, 4);
    let catalogue = network.catalogue();
    let questions = std::iter::repeat_with(|| country::question(&mut dice, &network, 2));
    let has_choice = |question: &Question| {
        catalogue
            .search(&question.trip(Order::Arrival))
            .itineraries
            .len()
            > 3
    };
    let question = questions.take(100).find(has_choice).expect("a choice");
    let list = |order| catalogue.search(&question.trip(order)).itineraries;
    let by_arrival = list(Order::Arrival);
    assert!(by_arrival.is_sorted_by_key(Itinerary::arrives));
    assert!(list(Order::Legs).is_sorted_by_key(|one| one.legs.len()));
    assert!(list(Order::Duration).is_sorted_by_key(|one| one.arrives() - one.departs()));
    assert!(list(Order::Price).is_sorted_by_key(|one| one.price().map(|price| price.minor)));
    assert!(list(Order::Departure).is_sorted_by_key(Itinerary::departs));
    for order in [
        Order::Best,
        Order::Departure,
        Order::Legs,
        Order::Duration,
        Order::Price,
    ] {
        let mut same = list(order);
        same.sort_by_key(|one| by_arrival.iter().position(|known| known == one));
        assert_eq!(same, by_arrival);
    }
}
