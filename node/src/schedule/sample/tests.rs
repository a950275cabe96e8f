use std::collections::{BTreeSet, HashSet};

use jiff::civil::date;
use passcom_actors::catalogue::Route;

use super::*;

const CONNECTION_SECONDS_MIN: i64 = 45 * 60;

fn companies(count: usize) -> Vec<CompanyId> {
    ["a", "b", "c", "d", "e"][..count]
        .iter()
        .map(|code| code.parse().expect("a code"))
        .collect()
}

fn routes(companies: &[CompanyId], company: usize, days: u32) -> Vec<Route> {
    let window = Window::new(date(2026, 11, 23), days).unwrap();
    let schedule = sample(companies[company], companies, window).unwrap();
    schedule.routes().collect()
}

/// Airports that can be reached on these routes, from the beginning of the window on.
fn reachable(routes: &[Route], origin: &str) -> BTreeSet<String> {
    let mut earliest: std::collections::BTreeMap<String, i64> =
        [(origin.to_owned(), i64::MIN)].into();
    let mut by_departure: Vec<&Route> = routes.iter().collect();
    by_departure.sort_by_key(|route| route.departs);
    for route in by_departure {
        let ready = earliest
            .get(&route.origin)
            .map(|at| at.saturating_add(CONNECTION_SECONDS_MIN));
        if ready.is_some_and(|ready| ready <= route.departs) {
            let arrival = earliest
                .entry(route.destination.clone())
                .or_insert(route.arrives);
            *arrival = route.arrives.min(*arrival);
        }
    }
    earliest.into_keys().collect()
}

#[test]
fn each_company_flies_a_sound_day() {
    let companies = companies(5);
    for company in 0..5 {
        let day = routes(&companies, company, 1);
        assert!((60..=120).contains(&day.len()), "{company}: {}", day.len());
        let ids: HashSet<_> = day.iter().map(|route| route.id).collect();
        assert_eq!(ids.len(), day.len());
        for route in &day {
            let minutes = (route.arrives - route.departs) / 60;
            assert!(
                (40..=300).contains(&minutes) && minutes % 5 == 0,
                "{route:?}"
            );
            assert!(route.price.minor > 0 && route.on_sale);
            assert!(route.seats == 118 || route.seats == 186);
        }
        assert_eq!(
            day[0].flight,
            format!("{}1000", companies[company].as_str().to_uppercase())
        );
        assert_eq!(routes(&companies, company, 7).len(), 7 * day.len());
    }
}

#[test]
fn with_two_to_five_companies_every_airport_reaches_every_other_within_two_days() {
    for count in 2..=5 {
        let companies = companies(count);
        let all: Vec<Route> = (0..count)
            .flat_map(|company| routes(&companies, company, 2))
            .collect();
        let airports: BTreeSet<String> = all.iter().map(|route| route.origin.clone()).collect();
        for origin in &airports {
            assert_eq!(
                reachable(&all, origin),
                airports,
                "{count} companies, from {origin}"
            );
        }
    }
}

#[test]
fn some_trips_need_two_companies_and_some_need_three_and_take_a_day() {
    let companies = companies(3);
    let of = |wanted: &[usize]| -> Vec<Route> {
        wanted
            .iter()
            .flat_map(|company| routes(&companies, *company, 1))
            .collect()
    };
    assert!(reachable(&of(&[0, 1, 2]), "POA").contains("JPA"));
    for pair in [[0, 1], [0, 2], [1, 2]] {
        assert!(!reachable(&of(&pair), "POA").contains("JPA"), "{pair:?}");
    }
    assert!(reachable(&of(&[0, 1]), "POA").contains("MAO"));
    for single in [[0], [1]] {
        assert!(!reachable(&of(&single), "POA").contains("MAO"));
    }
    let cities: BTreeSet<_> = of(&[0, 1, 2])
        .iter()
        .map(|route| airports::city(&route.origin).to_owned())
        .collect();
    assert!(cities.len() >= 26, "{}", cities.len());
}

#[test]
fn a_company_out_of_the_list_has_no_sample() {
    let window = Window::new(date(2026, 11, 23), 1).unwrap();
    let stranger = "z".parse().unwrap();
    assert!(sample(stranger, &companies(3), window).is_err());
}
