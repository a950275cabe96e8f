//! A leg of company b, listened to at company a.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use passcom_actors::catalogue::{
    CataloguePage, CloseOfSale, ConnectionTimes, Published, Reach, Route, SeatState, SeatStates,
};
use passcom_actors::clock::Clock;
use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::Price;

use super::*;
use crate::events::{Events, RETRY_LINE};
use crate::live::Feeds;

const ROUTE: RouteId = RouteId(3);
const EPOCH: u64 = 0xe;

#[derive(Default)]
struct Peers {
    down: AtomicBool,
}

impl Reach for Peers {
    fn is_up(&self, _company: CompanyId) -> bool {
        !self.down.load(Ordering::Relaxed)
    }
}

struct World {
    peers: Arc<Peers>,
    catalogue: Catalogue,
    feeds: Feeds,
    states: SeatStates,
}

fn leg() -> LegKey {
    ("b".parse().unwrap(), ROUTE)
}

fn version(seq: u64) -> CatalogueCursor {
    CatalogueCursor { epoch: EPOCH, seq }
}

impl World {
    /// The leg has three free seats, in state 1.
    fn new() -> Self {
        let companies: Vec<CompanyId> = vec!["a".parse().unwrap(), leg().0];
        let peers = Arc::new(Peers::default());
        let catalogue = Catalogue::new(
            companies[0],
            companies.into(),
            peers.clone(),
            CloseOfSale::new(Clock::start(), Duration::ZERO),
            ConnectionTimes::default(),
        );
        let world = Self {
            peers,
            feeds: Feeds::new(catalogue.clone()),
            catalogue,
            states: SeatStates::default(),
        };
        world.publish(version(1), true);
        world
    }

    fn publish(&self, next: CatalogueCursor, reset: bool) {
        let route = Route {
            id: ROUTE,
            flight: "B1".to_owned(),
            origin: "GRU".to_owned(),
            destination: "REC".to_owned(),
            departs: 4_000_000_000,
            arrives: 4_000_003_600,
            offsets: None,
            seats: 3,
            price: Price {
                minor: 1,
                currency: "BRL".to_owned(),
            },
            equipment: String::new(),
            on_sale: true,
        };
        let seats = self.states.clone();
        let page = CataloguePage {
            reset,
            changes: vec![(next.seq, Published { route, seats })],
            next,
            more: false,
        };
        self.catalogue.follow(leg().0, page);
    }

    fn sell(&mut self, number: u16, seq: u64) {
        self.states.set(SeatNumber(number), SeatState::Sold);
        self.publish(version(seq), false);
    }

    fn listen(&self, seen: Option<CatalogueCursor>) -> Events {
        self.feeds.listen(leg(), seen).expect("there is a place")
    }
}

/// The next event, as `name version: numbers that are not free`, or what it says of the company.
async fn heard(events: &mut Events) -> String {
    let text = loop {
        let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
        let bytes = event.expect("an event comes").expect("the stream goes on");
        if bytes != RETRY_LINE {
            break String::from_utf8(bytes.to_vec()).unwrap();
        }
    };
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let name = field("event: ").unwrap();
    let data: serde_json::Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
    let Some(seats) = data["assentos"].as_array() else {
        return format!("{name} {}", data["no_ar"]);
    };
    let taken = seats.iter().filter(|seat| seat["estado"] != "livre");
    let taken: Vec<String> = taken.map(|seat| seat["numero"].to_string()).collect();
    format!("{name} {}: {}", field("id: ").unwrap(), taken.join(" "))
}

/// What a new listener hears at first: the map, and what there is to say of the company.
async fn whole(events: &mut Events) -> [String; 2] {
    [heard(events).await, heard(events).await]
}

async fn silent(events: &mut Events) -> bool {
    let patience = Duration::from_secs(5);
    tokio::time::timeout(patience, events.next()).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_listener_has_the_map_and_then_what_changes() {
    let mut world = World::new();
    let mut events = world.listen(None);
    assert_eq!(whole(&mut events).await, ["mapa e.1: ", "companhia true"]);
    world.sell(2, 7);
    assert_eq!(heard(&mut events).await, "assentos e.7: 2");
    assert!(silent(&mut events).await);
    let mut late = world.listen(None);
    assert_eq!(heard(&mut late).await, "mapa e.7: 2");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_hears_what_it_missed() {
    let mut world = World::new();
    let mut first = world.listen(None);
    whole(&mut first).await;
    for (number, seq) in [(1, 4), (2, 6)] {
        world.sell(number, seq);
        heard(&mut first).await;
    }
    drop(first);
    let mut back = world.listen(Some(version(4)));
    assert_eq!(heard(&mut back).await, "assentos e.6: 2");
    assert_eq!(heard(&mut back).await, "companhia true");
    // seen at a node that was between two of our events
    let mut between = world.listen(Some(version(5)));
    assert_eq!(heard(&mut between).await, "assentos e.6: 2");
    let other_epoch = CatalogueCursor { epoch: 1, seq: 4 };
    let mut stranger = world.listen(Some(other_epoch));
    assert_eq!(heard(&mut stranger).await, "mapa e.6: 1 2");
    let mut too_old = world.listen(Some(version(0)));
    assert_eq!(heard(&mut too_old).await, "mapa e.6: 1 2");
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_back_in_time() {
    let mut world = World::new();
    let mut ahead = world.listen(Some(version(9)));
    assert_eq!(heard(&mut ahead).await, "companhia true");
    world.sell(1, 8);
    assert!(silent(&mut ahead).await, "it has seen that elsewhere");
    world.sell(2, 10);
    assert_eq!(heard(&mut ahead).await, "assentos e.10: 2");
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_far_behind_gets_the_whole_map() {
    let mut world = World::new();
    let mut slow = world.listen(None);
    whole(&mut slow).await;
    for seq in 2..2 + 2 * BEHIND_MAX as u64 {
        let state = [SeatState::Held, SeatState::Free][seq as usize % 2];
        world.states.set(SeatNumber(3), state);
        world.publish(version(seq), false);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.sell(1, 1_000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(whole(&mut slow).await, ["mapa e.1000: 1", "companhia true"]);
    assert!(silent(&mut slow).await);
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_starts_anew_gives_a_new_map() {
    let mut world = World::new();
    let mut events = world.listen(None);
    whole(&mut events).await;
    world.states.set(SeatNumber(3), SeatState::Blocked);
    world.publish(CatalogueCursor { epoch: 0xf, seq: 1 }, true);
    assert_eq!(heard(&mut events).await, "mapa f.1: 3");
}

#[tokio::test(start_paused = true)]
async fn a_company_that_goes_and_comes_is_told() {
    let world = World::new();
    let mut events = world.listen(None);
    whole(&mut events).await;
    world.peers.down.store(true, Ordering::Relaxed);
    assert_eq!(heard(&mut events).await, "companhia false");
    let mut late = world.listen(None);
    assert_eq!(whole(&mut late).await, ["mapa e.1: ", "companhia false"]);
    world.peers.down.store(false, Ordering::Relaxed);
    assert_eq!(heard(&mut events).await, "companhia true");
}

#[tokio::test(start_paused = true)]
async fn a_feed_ends_when_nobody_has_listened_for_a_while() {
    let world = World::new();
    assert!(world.feeds.listen((leg().0, RouteId(4)), None).is_none());
    let events = world.listen(None);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(world.feeds.len(), 1);
    drop(events);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.feeds.len(), 1, "somebody may come back");
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(world.feeds.len(), 0);
}
