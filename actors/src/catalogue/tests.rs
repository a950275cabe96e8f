//! The catalogue as its readers see it: what is listed, what is published, and what follows a peer.

use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::domain::ids::{SagaId, SeatNumber};
use crate::domain::order::Price;
use crate::domain::rows::SeatUse;

/// What the clock shows, in seconds since 1970.
const NOW: i64 = 1_780_000_000;

/// Every other company is up.
struct Up;

impl Reach for Up {
    fn is_up(&self, company: CompanyId) -> bool {
        company != down()
    }
}

fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

fn down() -> CompanyId {
    company("down")
}

/// 90 seats for R$ 1.00.
pub(super) fn route(id: u64, origin: &str, destination: &str, departs: i64, arrives: i64) -> Route {
    Route {
        id: RouteId(id),
        flight: format!("G3{id}"),
        origin: origin.to_owned(),
        destination: destination.to_owned(),
        departs,
        arrives,
        offsets: None,
        seats: 90,
        price: Price {
            minor: 100,
            currency: "BRL".to_owned(),
        },
        equipment: "738".to_owned(),
        on_sale: true,
    }
}

/// A departure that is on sale.
fn start() -> i64 {
    NOW + 3_600
}

fn catalogue() -> Catalogue {
    let clock = Clock::with_wall(|| NOW * 1000);
    let companies = [company("a"), company("b"), down()].into();
    Catalogue::new(
        company("a"),
        companies,
        Arc::new(Up),
        CloseOfSale::new(clock, Duration::ZERO),
        ConnectionTimes::default(),
    )
}

fn published(route: Route) -> Published {
    Published {
        route,
        seats: SeatStates::default(),
    }
}

fn load(catalogue: &Catalogue, routes: Vec<Route>) {
    catalogue.load_own(routes.into_iter().map(published).collect());
    catalogue.own_is_complete();
}

fn page_of(routes: Vec<Route>, reset: bool, more: bool) -> CataloguePage {
    CataloguePage {
        reset,
        changes: (1..).zip(routes.into_iter().map(published)).collect(),
        next: CatalogueCursor { epoch: 1, seq: 1 },
        more,
    }
}

fn listed(catalogue: &Catalogue, filter: &LegFilter) -> Vec<u64> {
    let page = catalogue.page(filter, None, 100);
    page.legs.iter().map(|leg| leg.route.id.0).collect()
}

fn take(catalogue: &Catalogue, route: u64, seats: std::ops::RangeInclusive<u16>, now: SeatUse) {
    let seats = seats.map(|number| ((RouteId(route), SeatNumber(number)), now));
    catalogue.on_commit(&seats.collect(), &[]);
}

#[test]
fn pages_go_on_where_they_ended() {
    let catalogue = catalogue();
    let at = |id: i64| start() + id / 3 * 60;
    let routes = (1..=20).map(|id| route(id as u64, "GRU", "REC", at(id), at(id) + 60));
    load(&catalogue, routes.collect());
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = catalogue.page(&LegFilter::default(), after, 3);
        seen.extend(page.legs.iter().map(|leg| leg.route.id.0));
        after = page.next;
        if after.is_none() {
            break;
        }
        assert_eq!(page.legs.len(), 3);
    }
    assert_eq!(seen, (1..=20).collect::<Vec<u64>>());
}

#[test]
fn a_list_has_what_passes_its_filter() {
    let catalogue = catalogue();
    let at = start();
    let mut gone = route(5, "GRU", "REC", at, at + 60);
    gone.on_sale = false;
    let routes = vec![
        route(1, "GRU", "REC", at + 60, at + 120),
        route(2, "CGH", "REC", at, at + 60),
        route(3, "GRU", "MAO", at + 7200, at + 7260),
        route(4, "GRU", "REC", at - 7200, at - 7000),
        gone,
    ];
    load(&catalogue, routes);
    let places = |codes: &[&str]| Some(codes.iter().map(|code| (*code).to_owned()).collect());
    let filter = LegFilter::default;
    assert_eq!(listed(&catalogue, &filter()), [2, 1, 3]);
    let from = |codes| LegFilter {
        origins: places(codes),
        ..filter()
    };
    assert_eq!(listed(&catalogue, &from(&["GRU"])), [1, 3]);
    assert_eq!(
        listed(&catalogue, &from(&["GRU", "CGH", "GRU", "XYZ"])),
        [2, 1, 3]
    );
    let to = |codes| LegFilter {
        destinations: places(codes),
        ..filter()
    };
    assert_eq!(listed(&catalogue, &to(&["REC"])), [2, 1]);
    assert_eq!(listed(&catalogue, &to(&["XYZ"])), [0; 0]);
    let early = LegFilter {
        departs: Some((0, at + 60)),
        ..filter()
    };
    assert_eq!(listed(&catalogue, &early), [2]);
    let of_b = LegFilter {
        company: Some(company("b")),
        ..filter()
    };
    assert_eq!(listed(&catalogue, &of_b), [0; 0]);
    assert_eq!(catalogue.airports(), ["CGH", "GRU", "MAO", "REC"]);
}

#[test]
fn a_leg_without_seats_leaves_the_list_until_one_is_free_again() {
    let catalogue = catalogue();
    let at = start();
    load(&catalogue, vec![route(1, "GRU", "REC", at, at + 60)]);
    take(&catalogue, 1, 1..=90, SeatUse::Blocked);
    assert_eq!(listed(&catalogue, &LegFilter::default()), [0; 0]);
    assert_eq!(catalogue.leg(company("a"), RouteId(1)).unwrap().free, []);
    take(&catalogue, 1, 7..=7, SeatUse::Free);
    let page = catalogue.page(&LegFilter::default(), None, 1);
    assert_eq!(page.legs[0].free, [SeatNumber(7)]);
}

#[test]
fn a_non_stop_flight_without_seats_is_told_as_sold_out() {
    let catalogue = catalogue();
    let at = start();
    let routes = vec![
        route(1, "GRU", "REC", at, at + 60),
        route(2, "GRU", "REC", at + 60, at + 120),
        route(3, "GRU", "MAO", at, at + 60),
        route(4, "GRU", "REC", at + 86_400, at + 86_460),
    ];
    load(&catalogue, routes);
    let trip = |passengers, filter| Trip {
        origins: vec!["GRU".to_owned()],
        destinations: vec!["REC".to_owned()],
        departs: (at, at + 86_400),
        passengers,
        legs_max: 4,
        filter,
        slack: 0,
        order: Order::Best,
        skip: 0,
        limit: 20,
        count_by: None,
    };
    let told = |passengers, filter| -> Vec<u64> {
        let legs = catalogue.sold_out(&trip(passengers, filter), 9).into_iter();
        legs.map(|leg| leg.route.id.0).collect()
    };
    assert_eq!(told(2, Filter::default()), [0; 0]);
    for route in [1, 3, 4] {
        take(&catalogue, route, 1..=90, SeatUse::Blocked);
    }
    take(&catalogue, 2, 1..=89, SeatUse::Blocked);
    assert_eq!(told(1, Filter::default()), [1]);
    assert_eq!(
        told(2, Filter::default()),
        [1, 2],
        "one seat is not enough for two"
    );
    assert_eq!(catalogue.sold_out(&trip(2, Filter::default()), 1).len(), 1);
    let later = Filter {
        departs: Some((at + 60, at + 3600)),
        ..Filter::default()
    };
    assert_eq!(told(2, later), [2]);
    let of_b = Filter {
        companies: Some(vec![company("b")]),
        ..Filter::default()
    };
    assert_eq!(told(2, of_b), [0; 0]);
    take(&catalogue, 1, 7..=7, SeatUse::Free);
    assert_eq!(told(1, Filter::default()), [0; 0]);
}

#[test]
fn a_company_is_shown_once_it_is_read_whole_and_named_while_it_is_not() {
    let catalogue = catalogue();
    let at = start();
    load(&catalogue, vec![route(1, "GRU", "REC", at, at + 60)]);
    let unreachable = || catalogue.page(&LegFilter::default(), None, 9).unreachable;
    let other = || vec![route(2, "REC", "MAO", at + 5000, at + 5060)];
    catalogue.follow(company("b"), page_of(other(), true, true));
    assert_eq!(unreachable(), [company("b"), down()]);
    catalogue.follow(company("b"), page_of(Vec::new(), false, false));
    catalogue.follow(down(), page_of(other(), true, false));
    assert_eq!(unreachable(), [down()]);
    assert_eq!(listed(&catalogue, &LegFilter::default()), [1, 2]);
    // a new start replaces what was there, once it is whole
    catalogue.follow(company("b"), page_of(Vec::new(), true, true));
    assert_eq!(listed(&catalogue, &LegFilter::default()), [1, 2]);
    catalogue.follow(company("b"), page_of(Vec::new(), false, false));
    assert_eq!(listed(&catalogue, &LegFilter::default()), [1]);
}

#[test]
fn an_import_moves_a_leg_and_keeps_its_seats() {
    let catalogue = catalogue();
    let at = start();
    load(&catalogue, vec![route(1, "GRU", "REC", at, at + 60)]);
    take(&catalogue, 1, 1..=1, SeatUse::Blocked);
    load(&catalogue, vec![route(1, "CGH", "REC", at + 600, at + 660)]);
    let page = catalogue.page(&LegFilter::default(), None, 9);
    assert_eq!(
        (page.legs[0].route.departs, page.legs[0].free.len()),
        (at + 600, 89)
    );
}

#[test]
fn changes_are_published_in_order_and_once() {
    let mut index = Index::default();
    let at = start();
    for id in 1..=3 {
        index.load_own(published(route(id, "GRU", "REC", at, at + 60)));
    }
    index.set_seat(RouteId(1), SeatNumber(4), SeatState::Held);
    index.set_seat(RouteId(1), SeatNumber(4), SeatState::Held);
    let ids = |changes: &[(u64, Published)]| -> Vec<(u64, u64)> {
        let ids = changes.iter();
        ids.map(|(seq, change)| (*seq, change.route.id.0)).collect()
    };
    let (changes, reached, more) = index.changes(0, 2);
    assert_eq!((ids(&changes), more), (vec![(2, 2), (3, 3)], true));
    let (changes, reached, more) = index.changes(reached, 2);
    assert_eq!((ids(&changes), more), (vec![(4, 1)], false));
    assert_eq!(
        changes[0].1.seats,
        held(4),
        "what it is, and not only that it is not free"
    );
    assert_eq!(index.changes(reached, 2).0, []);
    index.survey(RouteId(1), std::iter::empty());
    assert_eq!(
        index.changes(reached, 2).0[0].1.seats,
        SeatStates::default()
    );
}

fn held(number: u16) -> SeatStates {
    let seat = (SeatNumber(number), SeatState::Held);
    [seat].into_iter().collect()
}

/// What a publisher calls a state of a leg is what its readers call it.
#[tokio::test]
async fn a_state_of_a_leg_has_one_name_at_every_node() {
    let (publisher, reader) = (catalogue(), catalogue());
    let at = start();
    let leg = (company("b"), RouteId(1));
    load(&publisher, vec![route(1, "GRU", "REC", at, at + 60)]);
    let read_on = async |after| {
        let page = publisher.publish(after, Duration::ZERO).await;
        let next = page.next;
        reader.follow(leg.0, page);
        next
    };
    let cursor = read_on(None).await;
    let mut watch = reader.watch(leg);
    let seat = (leg.1, SeatNumber(4));
    let held = SeatUse::Prepared {
        by: SagaId(Uuid::nil()),
    };
    publisher.on_commit(&[(seat, held)].into(), &[]);
    read_on(Some(cursor)).await;
    let woken = tokio::time::timeout(Duration::from_secs(5), watch.changed());
    woken.await.expect("whoever watches is told");
    let known = |catalogue: &Catalogue, company| catalogue.seats((company, leg.1)).unwrap();
    let (theirs, ours) = (known(&publisher, company("a")), known(&reader, leg.0));
    assert_eq!(theirs, ours);
    assert_eq!(ours.states.get(seat.1), SeatState::Held);
    assert!(ours.version.epoch == cursor.epoch && ours.version.seq > cursor.seq);
}
