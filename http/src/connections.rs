//! Who is connected to a port: so many at a time, so many of one address, and who is idle gives way.
//!
//! Invariants: no address keeps the others out, however many connections it opens and whatever it does not do with them;
//! a connection with a request under way, or an answer that goes on, is never cut. A request costs no lock here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{counter, describe_counter, describe_gauge, gauge};
use tokio::sync::Notify;

/// A connection that was idle for less may be in the middle of something that we do not see.
const IDLE_LEAST: Duration = Duration::from_millis(250);
/// Of one address, so many make room at once: looking for them takes a moment.
const ROOM: usize = 32;
/// How often to look again whether somebody is idle by now, where nobody was.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(100);

const CONNECTIONS: &str = "http_connections";
const CUT: &str = "http_connections_cut_total";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub in_all: usize,
    pub per_address: usize,
}

/// All connections of one port. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    port: &'static str,
    bounds: Bounds,
    begun: Instant,
    open: Arc<Mutex<Open>>,
    /// A place is free.
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, OfAddress>,
}

/// What one address has.
#[derive(Default)]
struct OfAddress {
    connections: usize,
    /// Requests, on all of its connections.
    under_way: Arc<AtomicUsize>,
}

struct Connection {
    address: IpAddr,
    /// So many requests; more than one over HTTP/2 only.
    under_way: AtomicUsize,
    of_address: Arc<AtomicUsize>,
    /// For whom nothing counts as too much.
    is_proxy: bool,
    /// When the last of them ended, in milliseconds since the port began.
    idle_since: AtomicU64,
    cut: Notify,
}

impl Connection {
    /// None while something is under way.
    fn idle_since(&self) -> Option<u64> {
        let idle = self.under_way.load(Ordering::Acquire) == 0;
        idle.then(|| self.idle_since.load(Ordering::Relaxed))
    }
}

/// A connection's place, free again when it is dropped.
pub(crate) struct Place {
    id: u64,
    connection: Arc<Connection>,
    connections: Connections,
}

/// Something is under way on a connection as long as this lives.
pub(crate) struct UnderWay {
    connection: Arc<Connection>,
    begun: Instant,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The address has as many as it may have, and uses them all.
    OfAddress,
    /// All are taken and used.
    InAll,
}

impl Connections {
    pub fn new(port: &'static str, bounds: Bounds) -> Self {
        describe_gauge!(CONNECTIONS, "connections that are open");
        describe_counter!(
            CUT,
            "idle connections that gave way to others, and refused ones"
        );
        Self {
            port,
            bounds,
            begun: Instant::now(),
            open: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// A place for a connection of this address; for a proxy, whose clients are many, without a bound of its own.
    pub fn enter(&self, address: IpAddr, is_proxy: bool) -> Result<Place, NoPlace> {
        let mut open = self.lock();
        let of_address = open.by_address.get(&address);
        let of_address = of_address.map_or(0, |of| of.connections);
        if !is_proxy && of_address >= self.bounds.per_address {
            let gone = self.make_room(&mut open, Some(address), 1);
            if gone == 0 {
                counter!(CUT, "port" => self.port, "why" => "address").increment(1);
                return Err(NoPlace::OfAddress);
            }
        }
        if open.all.len() >= self.bounds.in_all && self.make_room(&mut open, None, ROOM) == 0 {
            return Err(NoPlace::InAll);
        }
        let of_address = open.by_address.entry(address).or_default();
        of_address.connections += 1;
        let connection = Arc::new(Connection {
            address,
            under_way: AtomicUsize::new(0),
            of_address: of_address.under_way.clone(),
            is_proxy,
            idle_since: AtomicU64::new(self.now()),
            cut: Notify::new(),
        });
        let id = open.next;
        open.next += 1;
        open.all.insert(id, connection.clone());
        self.show(&open);
        drop(open);
        Ok(Place {
            id,
            connection,
            connections: self.clone(),
        })
    }

    /// Until a place may be free.
    pub async fn freed(&self) {
        drop(tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await);
    }

    /// Has at most so many idle connections end, those idle for longest: of this address, else of that of the idle ones which
    /// has most. How many ended.
    fn make_room(&self, open: &mut Open, of: Option<IpAddr>, count: usize) -> usize {
        let now = self.now();
        let idle = open.all.iter().filter_map(|(id, connection)| {
            let since = connection.idle_since()?;
            Some((connection.address, since, *id))
        });
        let mut candidates: Vec<_> = idle.collect();
        let most = |of: &IpAddr| open.by_address.get(of).map_or(0, |of| of.connections);
        let of = of.or_else(|| {
            let addresses = candidates.iter().map(|(address, ..)| *address);
            addresses.max_by_key(most)
        });
        let ripe = |since: u64| u128::from(now.saturating_sub(since)) >= IDLE_LEAST.as_millis();
        candidates.retain(|(address, since, _)| Some(*address) == of && ripe(*since));
        candidates.sort_unstable();
        candidates.truncate(count);
        for (_, _, id) in &candidates {
            self.leave(open, *id);
        }
        counter!(CUT, "port" => self.port, "why" => "idle").increment(candidates.len() as u64);
        candidates.len()
    }

    /// Forgets a connection and has it end, if it is known still.
    fn leave(&self, open: &mut Open, id: u64) {
        let Some(connection) = open.all.remove(&id) else {
            return;
        };
        connection.cut.notify_one();
        if let Some(of_address) = open.by_address.get_mut(&connection.address) {
            of_address.connections -= 1;
            if of_address.connections == 0 {
                open.by_address.remove(&connection.address);
            }
        }
        self.show(open);
    }

    fn show(&self, open: &Open) {
        gauge!(CONNECTIONS, "port" => self.port).set(open.all.len() as f64);
    }

    fn now(&self) -> u64 {
        since(self.begun)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Something begins on this connection.
    pub fn under_way(&self) -> UnderWay {
        self.connection.under_way.fetch_add(1, Ordering::AcqRel);
        self.connection.of_address.fetch_add(1, Ordering::AcqRel);
        UnderWay {
            connection: self.connection.clone(),
            begun: self.connections.begun,
        }
    }

    /// Whether its address has more requests under way than it may have connections: as many as it could have over HTTP/1.1.
    pub fn is_crowded(&self) -> bool {
        let under_way = self.connection.of_address.load(Ordering::Relaxed);
        !self.connection.is_proxy && under_way > self.connections.bounds.per_address
    }

    /// For how long nothing has been under way; none while something is.
    pub fn idle_for(&self) -> Option<Duration> {
        let since = self.connection.idle_since()?;
        Some(Duration::from_millis(
            self.connections.now().saturating_sub(since),
        ))
    }

    /// Until this connection has to give way.
    pub async fn cut(&self) {
        self.connection.cut.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let connections = &self.connections;
        connections.leave(&mut connections.lock(), self.id);
        connections.freed.notify_one();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let now = since(self.begun);
        self.connection.idle_since.store(now, Ordering::Relaxed);
        // only now may somebody take it for idle
        self.connection.under_way.fetch_sub(1, Ordering::AcqRel);
        self.connection.of_address.fetch_sub(1, Ordering::AcqRel);
    }
}

fn since(begun: Instant) -> u64 {
    begun.elapsed().as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    /// As if the port had begun so long ago that everybody has been idle for long enough, in the order of coming.
    fn connections(in_all: usize, per_address: usize) -> Connections {
        let bounds = Bounds {
            in_all,
            per_address,
        };
        Connections::new("test", bounds)
    }

    fn idle_for_long(place: &Place, since: u64) {
        let connection = &place.connection;
        connection.idle_since.store(since, Ordering::Relaxed);
    }

    fn later(connections: &mut Connections) {
        connections.begun -= Duration::from_secs(60);
    }

    fn is_cut(place: &Place) -> bool {
        !place.connections.lock().all.contains_key(&place.id)
    }

    #[test]
    fn of_one_address_the_longest_idle_gives_way_and_no_busy_one() {
        let mut connections = connections(100, 3);
        later(&mut connections);
        let enter = |last| connections.enter(address(last), false);
        let [first, second, third] = [(); 3].map(|()| enter(1).unwrap());
        let _busy = first.under_way();
        idle_for_long(&second, 20);
        idle_for_long(&third, 10);
        assert!(enter(2).is_ok(), "another address");
        let fourth = enter(1).unwrap();
        assert!(is_cut(&third) && !is_cut(&first) && !is_cut(&second));
        let _busy = (second.under_way(), fourth.under_way());
        assert_eq!(enter(1).err(), Some(NoPlace::OfAddress));
        assert!(connections.enter(address(1), true).is_ok(), "a proxy");
    }

    #[test]
    fn where_all_places_are_taken_the_address_with_most_makes_room() {
        let mut connections = connections(4, 100);
        later(&mut connections);
        let enter = |last| connections.enter(address(last), false);
        let lone = enter(1).unwrap();
        idle_for_long(&lone, 0);
        let many = [(); 3].map(|()| enter(2).unwrap());
        assert_eq!(enter(3).err(), Some(NoPlace::InAll), "all have just come");
        for place in &many {
            idle_for_long(place, 5);
        }
        let _new = enter(3).unwrap();
        assert!(many.iter().all(is_cut) && !is_cut(&lone));
        drop(many);
        assert_eq!(connections.lock().all.len(), 2);
        assert_eq!(connections.lock().by_address.len(), 2);
    }

    #[test]
    fn a_connection_is_busy_until_its_last_request_ends_and_an_address_has_so_many() {
        let connections = connections(100, 3);
        let enter = |last, is_proxy| connections.enter(address(last), is_proxy).unwrap();
        let (one, same, other, proxy) = (
            enter(1, false),
            enter(1, false),
            enter(2, false),
            enter(3, true),
        );
        let mut streams = vec![one.under_way(), one.under_way(), same.under_way()];
        assert!(!one.is_crowded() && one.idle_for().is_none());
        streams.push(same.under_way());
        assert!(one.is_crowded() && same.is_crowded() && !other.is_crowded());
        drop(streams.split_off(1));
        assert!(one.idle_for().is_none() && same.idle_for().is_some());
        assert!(!one.is_crowded());
        drop(streams);
        assert!(one.idle_for().is_some());
        let _many: Vec<_> = (0..50).map(|_| proxy.under_way()).collect();
        assert!(!proxy.is_crowded());
    }

    #[tokio::test]
    async fn whoever_gives_way_is_told_once() {
        let mut connections = connections(1, 1);
        later(&mut connections);
        let first = connections.enter(address(1), false).unwrap();
        drop(first.under_way());
        idle_for_long(&first, 0);
        let second = connections.enter(address(1), false).unwrap();
        first.cut().await;
        drop(first);
        assert!(!is_cut(&second), "its place is not another's");
    }
}
