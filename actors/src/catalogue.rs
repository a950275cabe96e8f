//! The legs on sale of all companies, kept at every node, so that browsing costs no call and no query.
//!
//! Our own index follows the ledger, commit by commit. A peer's index follows what that peer publishes, by cursor; it may be
//! seconds old, and a booking checks everything again. A company that cannot be reached is named, and its legs are left out.

mod code;
mod index;
mod search;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use self::index::Index;
use crate::clock::wall_clock_ms;
use crate::domain::ids::{CompanyId, RouteId, SeatNumber};
use crate::domain::order::Price;
use crate::domain::rows::SeatUse;
use crate::ledger::News;
use crate::peer::PeerClient;

/// Most routes of one page of a catalogue: a page must fit a frame.
const PUBLISH_MAX: usize = 600;

/// What a company publishes of a route; one row of `route`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub id: RouteId,
    /// Carrier and number, `G31234`; at most 8 characters.
    pub flight: String,
    /// IATA codes.
    pub origin: String,
    pub destination: String,
    /// Seconds since 1970, UTC.
    pub departs: i64,
    pub arrives: i64,
    pub seats: u16,
    pub price: Price,
    /// IATA aircraft type, `738`; empty if unknown.
    pub equipment: String,
    pub on_sale: bool,
}

/// Where a reader of a company's catalogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueCursor {
    /// One start of the publishing node; another one means: read anew.
    pub epoch: u64,
    pub seq: u64,
}

/// A route with its taken seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub route: Route,
    /// Bit n-1 set = seat n is not free; trailing zero words left out.
    pub taken: Vec<u64>,
}

/// Changes of a company's catalogue in the order they happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CataloguePage {
    /// The reader must forget what it had: the publisher started anew.
    pub reset: bool,
    pub changes: Vec<Published>,
    pub next: CatalogueCursor,
    pub more: bool,
}

/// A leg as it is shown: times in the zones of its airports are for the wire to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegView {
    pub company: CompanyId,
    pub route: Route,
    /// Free seats, ascending.
    pub free: Vec<SeatNumber>,
}

/// Which legs to list. All optional; places are IATA codes (resolve cities with [`crate::airports`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegFilter {
    pub company: Option<CompanyId>,
    /// Any of these airports.
    pub origins: Option<Vec<String>>,
    pub destinations: Option<Vec<String>>,
    /// Departure within [from, to), seconds since 1970.
    pub departs: Option<(i64, i64)>,
}

/// Order of listing, and where a page ends: (departure, company, route).
pub type PageCursor = (i64, CompanyId, RouteId);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegPage {
    /// Only legs on sale with free seats, ordered by (departure, company, route).
    pub legs: Vec<LegView>,
    pub next: Option<PageCursor>,
    /// Companies that cannot be reached; their legs are left out.
    pub unreachable: Vec<CompanyId>,
}

/// An itinerary found by search: legs that connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundItinerary {
    pub legs: Vec<LegView>,
}

/// Cheap to clone; answers from memory.
#[derive(Clone)]
pub struct Catalogue {
    inner: Arc<Inner>,
}

struct Inner {
    me: CompanyId,
    companies: Arc<[CompanyId]>,
    peers: Arc<dyn PeerClient>,
    /// Seconds before departure at which a leg leaves the lists.
    sale_closes: i64,
    /// One start of this node.
    epoch: u64,
    indexes: RwLock<BTreeMap<CompanyId, Index>>,
    /// Wakes those who wait for a change of our own. (A watch would wake them in random order; this does in that of waiting.)
    published: Notify,
}

impl Catalogue {
    pub fn new(
        me: CompanyId,
        companies: Arc<[CompanyId]>,
        peers: Arc<dyn PeerClient>,
        sale_closes: Duration,
    ) -> Self {
        let indexes = companies.iter().map(|id| (*id, Index::default())).collect();
        let inner = Inner {
            me,
            companies,
            peers,
            sale_closes: sale_closes.as_secs() as i64,
            epoch: fastrand::u64(..),
            indexes: RwLock::new(indexes),
            published: Notify::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    // ---- browsing -----------------------------------------------------------------------------------------------

    /// Legs on sale with free seats of every reachable company.
    pub fn page(&self, filter: &LegFilter, after: Option<PageCursor>, limit: usize) -> LegPage {
        let (reachable, unreachable) = self.reachable();
        let wanted = |company: &&CompanyId| filter.company.is_none_or(|only| only == **company);
        let companies: Vec<CompanyId> = reachable.iter().filter(wanted).copied().collect();
        let unreachable = unreachable.iter().filter(wanted).copied().collect();
        let indexes = self.read();
        let (from, to) = filter.departs.unwrap_or((i64::MIN, i64::MAX));
        let from = from.max(self.first_on_sale());
        let start = after.map_or(from, |(departs, _, _)| departs.max(from));
        let mut streams: Vec<_> = companies
            .iter()
            .flat_map(|company| {
                let index = &indexes[company];
                index
                    .departures(filter.origins.as_deref(), start, to)
                    .into_iter()
                    .map(|stream| stream.map(|(departs, route)| (departs, *company, route)))
            })
            .collect();
        let mut legs = Vec::with_capacity(limit.min(128));
        let mut last = None;
        let mut more = false;
        for key in merge(&mut streams).skip_while(|key| after.is_some_and(|after| *key <= after)) {
            let index = &indexes[&key.1];
            let Some(leg) = index.shown(key.1, key.2, filter.destinations.as_deref()) else {
                continue;
            };
            if legs.len() == limit {
                more = true;
                break;
            }
            last = Some(key);
            legs.push(leg);
        }
        LegPage {
            legs,
            next: last.filter(|_| more),
            unreachable,
        }
    }

    /// One leg of any company, also when it is sold out or that company is down.
    pub fn leg(&self, company: CompanyId, route: RouteId) -> Option<LegView> {
        self.read().get(&company)?.leg(company, route)
    }

    /// What is published of a route.
    pub fn route(&self, company: CompanyId, route: RouteId) -> Option<Route> {
        self.read().get(&company)?.route(route)
    }

    /// Whether this company's whole catalogue has ever been read.
    pub fn knows(&self, company: CompanyId) -> bool {
        self.read()
            .get(&company)
            .is_some_and(|index| index.is_complete())
    }

    /// How many routes of a company are known.
    pub fn routes(&self, company: CompanyId) -> usize {
        self.read().get(&company).map_or(0, Index::len)
    }

    /// At most `limit` itineraries by fewest legs, then earliest arrival, leaving within [from, to). Always ends.
    pub fn search(
        &self,
        origins: &[String],
        destinations: &[String],
        departs: (i64, i64),
        limit: usize,
    ) -> Vec<FoundItinerary> {
        let (reachable, _) = self.reachable();
        let departs = (departs.0.max(self.first_on_sale()), departs.1);
        let indexes = self.read();
        let indexes: Vec<_> = reachable.iter().map(|id| (*id, &indexes[id])).collect();
        search::fewest_legs(&indexes, origins, destinations, departs, limit)
    }

    /// All companies of the cluster, ascending, with whether this node reaches them (itself: true).
    pub fn companies(&self) -> Vec<(CompanyId, bool)> {
        let companies = self.inner.companies.iter();
        companies.map(|id| (*id, self.reaches(*id))).collect()
    }

    /// Legs that leave earlier are not sold any more.
    fn first_on_sale(&self) -> i64 {
        wall_clock_ms() / 1000 + self.inner.sale_closes
    }

    fn reaches(&self, company: CompanyId) -> bool {
        company == self.inner.me || self.inner.peers.is_up(company)
    }

    /// Companies whose legs can be shown, and those whose cannot: they are down, or not read whole yet.
    fn reachable(&self) -> (Vec<CompanyId>, Vec<CompanyId>) {
        let companies = self.inner.companies.iter().copied();
        companies.partition(|company| self.reaches(*company) && self.knows(*company))
    }

    // ---- our own index ------------------------------------------------------------------------------------------

    /// Routes of our own, as read from the database at start or after an import.
    pub fn load_own(&self, routes: Vec<Published>) {
        let me = self.inner.me;
        {
            let mut indexes = self.write();
            let index = indexes.entry(me).or_default();
            routes.into_iter().for_each(|route| index.load_own(route));
        }
        self.inner.published.notify_waiters();
    }

    /// Every route of our own has been loaded once.
    pub fn own_is_complete(&self) {
        let me = self.inner.me;
        self.write().entry(me).or_default().complete();
    }

    /// Follows the ledger. Called in the order of the commits.
    pub fn on_news(&self, news: &News) {
        if news.seats.is_empty() && news.surveyed.is_empty() {
            return;
        }
        let me = self.inner.me;
        {
            let mut indexes = self.write();
            let index = indexes.entry(me).or_default();
            for (route, seats) in &news.surveyed {
                index.survey(*route, seats.keys().map(|(_, number)| *number));
            }
            for ((route, number), now) in &news.seats {
                index.set_taken(*route, *number, *now != SeatUse::Free);
            }
        }
        self.inner.published.notify_waiters();
    }

    /// Our changes after a reader's cursor; waits for some up to `wait`.
    pub async fn publish(&self, after: Option<CatalogueCursor>, wait: Duration) -> CataloguePage {
        let published = self.inner.published.notified();
        tokio::pin!(published);
        published.as_mut().enable(); // from here on no change is missed
        let page = self.changes(after);
        if page.reset || !page.changes.is_empty() {
            return page;
        }
        // no news within the wait is an answer too
        let _ = tokio::time::timeout(wait, published).await;
        self.changes(after)
    }

    fn changes(&self, after: Option<CatalogueCursor>) -> CataloguePage {
        let epoch = self.inner.epoch;
        let known = after.filter(|cursor| cursor.epoch == epoch);
        let from = known.map_or(0, |cursor| cursor.seq);
        let indexes = self.read();
        let (changes, seq, more) = indexes[&self.inner.me].changes(from, PUBLISH_MAX);
        CataloguePage {
            reset: known.is_none(),
            changes,
            next: CatalogueCursor { epoch, seq },
            more,
        }
    }

    // ---- the peers' indexes -------------------------------------------------------------------------------------

    /// Takes over what a peer published.
    pub fn follow(&self, company: CompanyId, page: CataloguePage) {
        let replaced = self.write().entry(company).or_default().follow(page);
        // outside the lock: a season of legs takes a while to drop
        drop(replaced);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<CompanyId, Index>> {
        let indexes = self.inner.indexes.read();
        indexes.unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<CompanyId, Index>> {
        let indexes = self.inner.indexes.write();
        indexes.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Merges ascending streams into one.
fn merge(
    streams: &mut [impl Iterator<Item = PageCursor>],
) -> impl Iterator<Item = PageCursor> + '_ {
    let mut heads = BinaryHeap::new();
    for (number, stream) in streams.iter_mut().enumerate() {
        heads.extend(stream.next().map(|key| Reverse((key, number))));
    }
    std::iter::from_fn(move || {
        let Reverse((key, number)) = heads.pop()?;
        heads.extend(streams[number].next().map(|key| Reverse((key, number))));
        Some(key)
    })
}
