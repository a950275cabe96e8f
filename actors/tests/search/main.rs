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

use passcom_actors::catalogue::{Itinerary, Order};

use self::network::{Merits, Network, Question, pareto};

/// Small networks per run; each with a few questions.
const NETWORKS: u64 = 6_000;
const QUESTIONS: usize = 3;
/// Trips of a country; each takes the slow search some tenths of a second.
const TRIPS: usize = 10;

#[test]
fn small_networks_have_exactly_the_itineraries_that_trying_every_path_finds() {
    let (mut found, mut connecting) = (0, 0);
    for seed in 0..NETWORKS {
        let mut dice = fastrand::Rng::with_seed(seed);
        let network = small::network(&mut dice);
        let catalogue = network.catalogue();
        for _ in 0..QUESTIONS {
            let question = small::question(&mut dice, &network);
            let answer = ask(&network, &catalogue, &question);
            let expected = pareto(every_path::all(&network, &question));
            assert_eq!(answer, expected, "seed {seed}: {question:?}\n{network:?}");
            found += answer.len();
            connecting += answer.iter().filter(|merits| merits.legs > 2).count();
        }
    }
    // the comparison means something only if there is something to compare
    assert!(found > 10_000 && connecting > 500, "{found} {connecting}");
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

/// What the search says, once it is checked that every itinerary is one.
fn ask(
    network: &Network,
    catalogue: &passcom_actors::catalogue::Catalogue,
    question: &Question,
) -> Vec<Merits> {
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
    for order in [Order::Legs, Order::Duration, Order::Price] {
        let mut same = list(order);
        same.sort_by_key(|one| by_arrival.iter().position(|known| known == one));
        assert_eq!(same, by_arrival);
    }
}
