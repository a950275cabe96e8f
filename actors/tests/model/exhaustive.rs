//! Every configuration, searched to its end.

use std::time::Instant;

use stateright::{Checker, Expectation, Model};

use crate::bookings::Bookings;
use crate::configurations::named;
use crate::properties::*;
use crate::rules::Rules;
use crate::witness::*;

/// Searches to the end: every property holds, and everything on the list was reached.
pub fn search(name: &str, reached: &[&str]) {
    let start = Instant::now();
    let model = Bookings::new(named(name), Rules::new(None));
    let checker = model.checker().spawn_bfs().join();
    let model = checker.model();
    println!(
        "{name}: {} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        start.elapsed().as_secs_f64()
    );
    for property in model.properties() {
        let found = checker.discovery(property.name);
        match (&property.expectation, found) {
            (Expectation::Always, Some(path)) => {
                println!("broken: {}", property.name);
                model.tell_path(path);
            }
            (Expectation::Sometimes, Some(path)) => {
                println!(
                    "reached: {} in {} steps",
                    property.name,
                    path.into_actions().len()
                );
            }
            _ => {}
        }
    }
    let broken = model.properties().into_iter().find(|property| {
        let found = checker.discovery(property.name).is_some();
        let wanted = match property.expectation {
            Expectation::Always => false,
            _ if reached.contains(&property.name) => true,
            _ => found,
        };
        found != wanted
    });
    assert_eq!(broken.map(|property| property.name), None, "in {name}");
}

macro_rules! configurations {
    ($($(#[$attribute:meta])* $name:ident [$($reached:expr),*];)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            search(stringify!($name), &[$($reached),*]);
        }
    )*};
}

configurations! {
    two [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, OVERTAKEN, BOOKED, REFUSED];
    refused [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    unkeyed [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    three_legs [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    pair [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    companies2 [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, OVERTAKEN, BOOKED, REFUSED];
    retried [COMMITTED, TWO_ORDERS, SECOND_ORDER, OVERTAKEN, BOOKED];
    retried_ballot [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, TWO_ORDERS, SECOND_ORDER, BOOKED, REFUSED];
    contended [COMMITTED, REUSED, TOMBSTONE, BOOKED, REFUSED];
    contended_ballot [COMMITTED, RECOVERED, ABORTED, REUSED, TOMBSTONE, BOOKED, REFUSED];
    two_wide [COMMITTED, REUSED, TOMBSTONE, BOOKED, REFUSED];
    resold [COMMITTED, RESOLD, REUSED, BOOKED, REFUSED];
    book [BOOKED, REFUSED, NOTHING_BEGUN];
    book_remote [BOOKED, REFUSED, NOTHING_BEGUN];
    book_retried [BOOKED, REFUSED, SECOND_ORDER];
    book_stale [RESOLD, TWO_TOKENS, BOOKED, REFUSED, NOTHING_BEGUN];
    stale [TWO_TOKENS, BOOKED, REFUSED, NOTHING_BEGUN];
    unleased [COMMITTED, RECOVERED, ABORTED, REUSED, TOMBSTONE, BOOKED, REFUSED];
    lying [COMMITTED, REUSED, TOMBSTONE, TWO_TOKENS, BOOKED, REFUSED, NOTHING_BEGUN];
    zombie [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    unknown [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    replicated [COMMITTED, OVERTAKEN, BOOKED];
    plain [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    plain_retried [COMMITTED, TWO_ORDERS, SECOND_ORDER, BOOKED];
    plain_contended [COMMITTED, REUSED, TOMBSTONE, BOOKED, REFUSED];
    unknown_recovered [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    plain_recovered [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
    hold [COMMITTED, RECOVERED, ABORTED, REFUSED_REQUEST, TOMBSTONE, HELD, CONFIRMED, ENDED];
    hold_confirmed_twice [COMMITTED, HELD, CONFIRMED];
    hold_released [COMMITTED, ABORTED, HELD, REFUSED, CONFIRMED, ENDED];
    hold_one [COMMITTED, ABORTED, HELD, CONFIRMED, ENDED];
    hold_retried [COMMITTED, TWO_ORDERS, SECOND_ORDER, HELD, CONFIRMED];
    #[ignore = "minutes"]
    book_vs [COMMITTED, REUSED, BOOKED, REFUSED];
    #[ignore = "minutes"]
    orders [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, TWO_ORDERS, SECOND_ORDER, BOOKED, REFUSED];
    #[ignore = "minutes"]
    three_drivers [COMMITTED, RECOVERED, ABORTED, TOMBSTONE, BOOKED, REFUSED];
}
