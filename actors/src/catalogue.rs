//! The legs on sale of all companies, kept at every node, so that browsing costs no call and no query.
//!
//! ```text
//! ledger, peers ──▶ index.rs      one company's legs by route: pattern.rs its facts, seats.rs its seats,
//!                      │              free.rs how many are left
//! published.rs         ├─▶ watches.rs  whoever wants to know that a leg has changed
//!                      │ a new schedule
//!                      ▼
//!                   timetable.rs  all companies' legs as arrays by airport and time; shares free.rs, knows connections.rs
//!                      │
//!                      ├─▶ listing.rs   pages of legs
//!                      └─▶ searching.rs itineraries (itinerary.rs): slack.rs leaves out what is hardly better, ranking.rs
//!                           │           lists, choices.rs counts
//!                           └─▶ search.rs  the exact set: labels.rs are ways so far, fare.rs what they cost,
//!                                          bounds.rs and profile.rs give up early, front.rs keeps the best
//! ```
//! Our own index follows the ledger, commit by commit. A peer's index follows what that peer publishes, by cursor; it
//! may be seconds old, and a booking checks everything again. A company that cannot be reached is named, and its legs
//! are left out.
//!
//! Invariant: whoever lists or searches walks a timetable that nobody changes. The lock on the indexes is held to
//! change a few seats, to copy what is shown, or to copy the facts that the next timetable is made of, never while
//! something is searched or sorted.

pub mod airports;
mod bounds;
pub mod cabin;
mod choices;
mod close_of_sale;
mod code;
mod connections;
mod fare;
mod free;
mod front;
mod index;
mod itinerary;
mod labels;
mod listing;
mod onward;
mod pattern;
mod profile;
mod published;
mod query;
mod ranking;
mod search;
mod searching;
mod seats;
mod slack;
mod timetable;
mod watches;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::Notify;

pub use self::choices::{Choices, CompanyChoice};
pub use self::close_of_sale::CloseOfSale;
pub use self::connections::ConnectionTimes;
use self::index::Index;
pub use self::itinerary::{DayParts, Filter, Found, Itinerary, LowestPrices, Order, Trip, Window};
pub use self::published::{
    CatalogueCursor, CataloguePage, LegFilter, LegPage, LegSeats, LegView, PageCursor, Published,
    Route,
};
pub use self::query::LEGS_MAX;
pub use self::seats::{SeatState, SeatStates};
use self::timetable::{Contribution, DepartureNumber, Timetable};
use self::watches::Watches;
pub use self::watches::{LegKey, LegWatch};
use crate::domain::ids::{CompanyId, RouteId};
use crate::domain::rows::{SeatKey, SeatUse};
use crate::turns::fair::{Bounds, FairTurns, Whence};
use crate::turns::half_of_cores;

/// Most routes of one page of a catalogue: far below what fits a frame, because buffers for large pages are memory that
/// stays.
const PUBLISH_MAX: usize = 250;
/// Most searches under way or waiting for their turn: those of a country take a fraction of a millisecond each.
const SEARCHES_WAITING_MAX: usize = 512;
/// Free seats of a leg that is shown to who wants any.
const FREE: std::ops::RangeInclusive<u16> = 1..=u16::MAX;

/// Knows which companies can be talked to. Says what was so a moment ago.
pub trait Reach: Send + Sync + 'static {
    /// Whether this node can talk to that other company now, as far as it knows.
    fn is_up(&self, company: CompanyId) -> bool;
}

/// Cheap to clone; answers from memory.
#[derive(Clone)]
pub struct Catalogue {
    inner: Arc<Inner>,
}

struct Inner {
    me: CompanyId,
    companies: Arc<[CompanyId]>,
    reach: Arc<dyn Reach>,
    /// When a leg leaves the lists.
    close: CloseOfSale,
    /// One start of this node.
    epoch: u64,
    indexes: RwLock<BTreeMap<CompanyId, Index>>,
    connections: ConnectionTimes,
    timetable: RwLock<Arc<Timetable>>,
    /// Of each index, the version that the timetable is of. Whoever makes a new one holds it.
    made_of: Mutex<Vec<u64>>,
    watches: Watches,
    searching: FairTurns<Whence>,
    /// Wakes those who wait for a change of our own. (A watch would wake them in random order; this does in that of
    /// waiting.)
    published: Notify,
}

impl Catalogue {
    pub fn new(
        me: CompanyId,
        companies: Arc<[CompanyId]>,
        reach: Arc<dyn Reach>,
        close: CloseOfSale,
        connections: ConnectionTimes,
    ) -> Self {
        let epoch = fastrand::u64(..);
        let mut indexes: BTreeMap<_, _> =
            companies.iter().map(|id| (*id, Index::default())).collect();
        indexes.insert(me, Index::new(epoch));
        let inner = Inner {
            me,
            companies,
            reach,
            close,
            epoch,
            indexes: RwLock::new(indexes),
            connections,
            timetable: RwLock::default(),
            made_of: Mutex::default(),
            watches: Watches::default(),
            searching: FairTurns::new(Bounds {
                at_once: half_of_cores(),
                waiting: SEARCHES_WAITING_MAX,
                of_one: SEARCHES_WAITING_MAX,
            }),
            published: Notify::new(),
        };
        let catalogue = Self {
            inner: Arc::new(inner),
        };
        catalogue.renew_timetable();
        catalogue
    }

    /// How long connections take.
    pub fn connections(&self) -> &ConnectionTimes {
        &self.inner.connections
    }

    // ---- browsing -----------------------------------------------------------------------------------------------

    /// Legs on sale with free seats of every reachable company.
    pub fn page(&self, filter: &LegFilter, after: Option<PageCursor>, limit: usize) -> LegPage {
        let timetable = self.timetable();
        let mut asked = self.reachable(&timetable);
        if let Some(only) = filter.company {
            asked.retain(|(company, _)| *company == only);
        }
        let wanted = timetable
            .companies()
            .map(|(company, _)| asked.contains(&(company, true)));
        let wanted: Vec<bool> = wanted.collect();
        let (from, _) = filter.departs.unwrap_or((i64::MIN, i64::MAX));
        let from = from.max(self.first_on_sale());
        let mut found = listing::departures(&timetable, filter, FREE, &wanted, from, after);
        let page: Vec<DepartureNumber> = found.by_ref().take(limit).collect();
        let last = page.last().filter(|_| found.next().is_some());
        let mut legs = self.views(&timetable, &page);
        // one that was sold out this moment
        legs.retain(|leg| !leg.free.is_empty());
        LegPage {
            legs,
            next: last.map(|last| listing::cursor(&timetable, &timetable.departure(*last))),
            unreachable: unreachable(&asked),
        }
    }

    /// Legs on sale of the reachable companies that fly the whole way of the trip, of these companies alone if the trip says so, and have
    /// fewer free seats than passengers, ascending by departure, at most `limit`: what a passenger may wonder where it is.
    pub fn sold_out(&self, trip: &Trip, limit: usize) -> Vec<LegView> {
        let timetable = self.timetable();
        let asked = self.reachable(&timetable);
        let only = trip.filter.companies.as_deref();
        let wanted = timetable.companies().map(|(company, _)| {
            let is_asked = asked.contains(&(company, true));
            is_asked && only.is_none_or(|only| only.contains(&company))
        });
        let wanted: Vec<bool> = wanted.collect();
        let (from, to) = trip.departs;
        let (after, before) = trip.filter.departs.unwrap_or(trip.departs);
        let filter = LegFilter {
            company: None,
            origins: Some(trip.origins.clone()),
            destinations: Some(trip.destinations.clone()),
            departs: Some((from.max(after), to.min(before))),
        };
        let too_few = 0..=trip.passengers.saturating_sub(1);
        let from = from.max(after).max(self.first_on_sale());
        let found = listing::departures(&timetable, &filter, too_few, &wanted, from, None);
        let found: Vec<DepartureNumber> = found.take(limit).collect();
        let mut legs = self.views(&timetable, &found);
        // one that is to be had again this moment
        legs.retain(|leg| leg.free.len() < usize::from(trip.passengers));
        legs
    }

    /// One leg of any company, also when it is sold out or that company is down.
    pub fn leg(&self, company: CompanyId, route: RouteId) -> Option<LegView> {
        self.read().get(&company)?.leg(company, route)
    }

    /// The seats of a leg of any company, also when that company is down.
    pub fn seats(&self, (company, route): LegKey) -> Option<LegSeats> {
        self.read().get(&company)?.seats(route)
    }

    /// To be told whenever [`Catalogue::seats`] may answer otherwise. Costs the ledger and the peers nothing.
    pub fn watch(&self, leg: LegKey) -> LegWatch {
        self.inner.watches.watch(leg)
    }

    /// Whether seats of this route are sold now.
    pub fn sells(&self, route: &Route) -> bool {
        route.on_sale && route.departs >= self.first_on_sale()
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

    /// IATA codes of the airports that some leg on sale touches, ascending.
    pub fn airports(&self) -> Vec<String> {
        let timetable = self.timetable();
        timetable
            .airports()
            .iter()
            .map(|iata| iata.as_str().to_owned())
            .collect()
    }

    /// Whether some leg on sale touches the airport with this code.
    pub fn has_airport(&self, iata: &str) -> bool {
        self.timetable().airport(iata).is_some()
    }

    /// All companies of the cluster, ascending, with whether this node reaches them (itself: true).
    pub fn companies(&self) -> Vec<(CompanyId, bool)> {
        let companies = self.inner.companies.iter();
        companies.map(|id| (*id, self.reaches(*id))).collect()
    }

    /// When a leg is not sold any more.
    pub fn close_of_sale(&self) -> &CloseOfSale {
        &self.inner.close
    }

    /// Legs that leave earlier are not sold any more.
    fn first_on_sale(&self) -> i64 {
        self.inner.close.first_departure()
    }

    /// Whether this node reaches that company; itself always.
    pub fn reaches(&self, company: CompanyId) -> bool {
        company == self.inner.me || self.inner.reach.is_up(company)
    }

    /// Every company of the timetable with whether its legs can be shown: it can be reached, and has been read whole.
    fn reachable(&self, timetable: &Timetable) -> Vec<(CompanyId, bool)> {
        let companies = timetable.companies();
        companies
            .map(|(company, whole)| (company, whole && self.reaches(company)))
            .collect()
    }

    /// The legs as they are now.
    fn views(&self, timetable: &Timetable, departures: &[DepartureNumber]) -> Vec<LegView> {
        let indexes = self.read();
        let view = |number: &DepartureNumber| {
            let departure = timetable.departure(*number);
            let company = timetable.company(departure.company);
            let index = indexes.get(&company)?;
            index.leg_at(departure.slot, company, departure.route)
        };
        departures.iter().filter_map(view).collect()
    }

    fn timetable(&self) -> Arc<Timetable> {
        let timetable = self.inner.timetable.read();
        timetable.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a new timetable if a schedule has changed. One at a time: an older one never replaces a newer one.
    fn renew_timetable(&self) {
        let made_of = self.inner.made_of.lock();
        let mut made_of = made_of.unwrap_or_else(PoisonError::into_inner);
        let (versions, contributions) = {
            let indexes = self.read();
            let versions: Vec<u64> = indexes.values().map(Index::version).collect();
            if versions == *made_of {
                return;
            }
            let contributions = indexes.iter().map(|(company, index)| Contribution {
                company: *company,
                whole: index.is_complete(),
                free: index.free().clone(),
                legs: index.legs().to_vec(),
                patterns: index.patterns().to_vec(),
            });
            (versions, contributions.collect())
        };
        let timetable = Arc::new(Timetable::new(contributions, &self.inner.connections));
        let replaced = {
            let current = self.inner.timetable.write();
            std::mem::replace(
                &mut *current.unwrap_or_else(PoisonError::into_inner),
                timetable,
            )
        };
        *made_of = versions;
        drop(replaced); // outside the lock: it takes a while
    }

    // ---- our own index ------------------------------------------------------------------------------------------

    /// Routes of our own, as read from the database at start or after an import; shown from
    /// [`Catalogue::own_is_complete`] on.
    pub fn load_own(&self, routes: Vec<Published>) {
        let me = self.inner.me;
        let legs: Vec<LegKey> = routes.iter().map(|known| (me, known.route.id)).collect();
        {
            let mut indexes = self.write();
            let index = indexes.entry(me).or_default();
            routes.into_iter().for_each(|route| index.load_own(route));
        }
        self.inner.published.notify_waiters();
        self.inner.watches.wake(legs.into_iter());
    }

    /// Every route of our own has been loaded, at the start or after an import.
    pub fn own_is_complete(&self) {
        let me = self.inner.me;
        self.write().entry(me).or_default().complete();
        self.renew_timetable();
    }

    /// Follows the ledger: the seats that a batch has changed, and the seat maps that it has read. Called in the order
    /// of the commits.
    pub fn on_commit(
        &self,
        changed: &BTreeMap<SeatKey, SeatUse>,
        surveyed: &[(RouteId, BTreeMap<SeatKey, SeatUse>)],
    ) {
        if changed.is_empty() && surveyed.is_empty() {
            return;
        }
        let me = self.inner.me;
        {
            let mut indexes = self.write();
            let index = indexes.entry(me).or_default();
            for (route, seats) in surveyed {
                let found = seats.iter();
                let found = found.map(|((_, number), now)| (*number, SeatState::from(*now)));
                index.survey(*route, found);
            }
            for ((route, number), now) in changed {
                index.set_seat(*route, *number, SeatState::from(*now));
            }
        }
        self.inner.published.notify_waiters();
        let surveyed = surveyed.iter().map(|(route, _)| (me, *route));
        let changed = changed.keys().map(|(route, _)| (me, *route));
        self.inner.watches.wake(surveyed.chain(changed));
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
        let more = page.more;
        let changes = page.changes.iter();
        let legs: Vec<LegKey> = changes
            .map(|(_, change)| (company, change.route.id))
            .collect();
        let replaced = self.write().entry(company).or_default().follow(page);
        match replaced {
            Some(_) => self.inner.watches.wake_all(company),
            None => self.inner.watches.wake(legs.into_iter()),
        }
        // outside the lock: a season of legs takes a while to drop
        drop(replaced);
        if !more {
            self.renew_timetable();
        }
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

fn unreachable(companies: &[(CompanyId, bool)]) -> Vec<CompanyId> {
    let missing = companies.iter().filter(|(_, reachable)| !reachable);
    missing.map(|(company, _)| *company).collect()
}

#[cfg(test)]
mod tests;
