//! The seats of a leg as they change, for any number of listeners.
//!
//! ```text
//! catalogue ──a leg has changed──▶ feed, one per leg that is listened to ──encoded once──▶ listener, listener, …
//! ```
//! A feed looks at its leg when the catalogue says so, and tells what differs from what it told last. So a listener costs
//! no query and no encoding, and a thousand sales in a moment are few events. States are absolute: whoever hears the later
//! of two events may miss the earlier one, and an event of another node with the same leg is as good as one of ours.
//!
//! Invariants: a listener never hears of an older state after a newer one; who is too far behind, or comes back too late,
//! gets the whole map; memory is bounded per feed ([`feed::RECENT_MAX`], [`feed::BEHIND_MAX`]) and in all ([`FEEDS_MAX`]).

mod feed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream;
use passcom_actors::catalogue::{Catalogue, CatalogueCursor, LegKey, LegWatch};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use warp::hyper::body::Bytes;

use self::feed::{Feed, Subscription};
use crate::events::{Events, RETRY_LINE};

/// Most legs that are listened to, or were a moment ago.
const FEEDS_MAX: usize = 16_384;
/// With more feeds than these, one that nobody listens to any more ends at once.
const LINGERING_MAX: usize = 4_096;
/// How long a feed that nobody listens to stays, so that who comes back misses nothing.
const LINGER: Duration = Duration::from_secs(30);
/// Least time between two events of a leg: under load, changes gather.
const GATHER: Duration = Duration::from_millis(50);
/// How often a feed looks whether its company is up, and whether anybody listens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All feeds of a node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feeds {
    catalogue: Catalogue,
    by_leg: Arc<Mutex<HashMap<LegKey, Arc<Feed>>>>,
}

impl Feeds {
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue,
            by_leg: Arc::default(),
        }
    }

    /// The events of a leg from here on, after the state that the listener has; none if there are too many feeds, or no such
    /// leg.
    pub fn listen(&self, leg: LegKey, seen: Option<CatalogueCursor>) -> Option<Events> {
        let mut feeds = self.lock();
        let feed = match feeds.get(&leg) {
            Some(feed) => feed.clone(),
            None if feeds.len() >= FEEDS_MAX => return None,
            None => {
                // first the watch, then the look: no change is missed in between
                let watch = self.catalogue.watch(leg);
                let feed = Arc::new(Feed::new(leg, &self.catalogue)?);
                feeds.insert(leg, feed.clone());
                tokio::spawn(self.clone().run(feed.clone(), watch));
                feed
            }
        };
        // under the lock: a feed that somebody listens to does not end
        let subscription = feed.subscribe(seen);
        Some(listener(feed.clone(), subscription))
    }

    /// Keeps a feed true until nobody listens.
    async fn run(self, feed: Arc<Feed>, mut watch: LegWatch) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deserted_since = None;
        loop {
            tokio::select! {
                () = watch.changed() => {
                    feed.refresh(&self.catalogue);
                    sleep(GATHER).await;
                }
                _ = look.tick() => {
                    feed.refresh(&self.catalogue);
                    if self.ends(&feed, &mut deserted_since) {
                        return;
                    }
                }
            }
        }
    }

    fn ends(&self, feed: &Feed, deserted_since: &mut Option<Instant>) -> bool {
        let mut feeds = self.lock();
        if feed.has_listeners() {
            *deserted_since = None;
            return false;
        }
        let since = deserted_since.get_or_insert_with(Instant::now);
        let ends = since.elapsed() >= LINGER || feeds.len() > LINGERING_MAX;
        if ends {
            feeds.remove(&feed.leg());
        }
        ends
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LegKey, Arc<Feed>>> {
        self.by_leg.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listener(feed: Arc<Feed>, mut subscription: Subscription) -> Events {
    subscription.ready.push_front(RETRY_LINE);
    let listening = (feed, subscription);
    Box::pin(stream::unfold(listening, |mut listening| async move {
        let (feed, subscription) = &mut listening;
        let bytes = next(feed, subscription).await?;
        Some((bytes, listening))
    }))
}

async fn next(feed: &Feed, subscription: &mut Subscription) -> Option<Bytes> {
    loop {
        if let Some(bytes) = subscription.ready.pop_front() {
            return Some(bytes);
        }
        match subscription.frames.recv().await {
            Ok(frame) => subscription.take(frame),
            Err(RecvError::Lagged(_)) => *subscription = feed.subscribe(None),
            Err(RecvError::Closed) => return None,
        }
    }
}
