//! Turns that go round among those who ask: whoever asks for much waits behind himself.
//!
//! Invariants: at most so many wait, and so many of one asker; of those who wait, the next turn is that of the asker whose
//! last one is longest ago; where all places are taken, an asker with fewer of them gets one of the asker with most.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{PATIENCE, threads};

/// Who may ask: a user, an address.
pub trait Asker: Eq + Hash + Clone + Send + 'static {}

impl<K: Eq + Hash + Clone + Send + 'static> Asker for K {}

/// Where a request comes from: an address, of IPv6 a network. None where nobody outside asks.
pub type Whence = Option<IpAddr>;

/// Cheap to clone; clones share the turns.
pub struct FairTurns<K: Asker>(Arc<Shared<K>>);

/// How many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At work, each on a thread of its own.
    pub at_once: usize,
    /// Waiting, of all askers.
    pub waiting: usize,
    /// At work and waiting, of one asker.
    pub of_one: usize,
}

struct Shared<K: Asker> {
    bounds: Bounds,
    queue: Mutex<Queue<K>>,
}

struct Queue<K: Asker> {
    at_work: usize,
    waiting: usize,
    /// Who has somebody waiting, in the order of their turns.
    round: VecDeque<K>,
    askers: HashMap<K, Places<K>>,
}

/// Of one asker.
struct Places<K: Asker> {
    at_work: usize,
    waiting: VecDeque<oneshot::Sender<Turn<K>>>,
}

/// Goes to the next when it is dropped.
struct Turn<K: Asker> {
    of: Option<K>,
    shared: Arc<Shared<K>>,
}

impl<K: Asker> Clone for FairTurns<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Asker> FairTurns<K> {
    pub fn new(bounds: Bounds) -> Self {
        let queue = Queue {
            at_work: 0,
            waiting: 0,
            round: VecDeque::new(),
            askers: HashMap::new(),
        };
        Self(Arc::new(Shared {
            bounds,
            queue: Mutex::new(queue),
        }))
    }

    /// Does the work when its turn comes. None when too many wait, of this asker or of all, or it did not come within
    /// [`PATIENCE`].
    pub async fn take<T: Send + 'static>(
        &self,
        asker: K,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = timeout(PATIENCE, self.0.ask(asker)?).await.ok()?.ok()?;
        // the work keeps its turn until it is done, also when nobody waits for it any more
        let work = move || {
            let _kept = turn;
            work()
        };
        threads::run(work).await.ok()
    }
}

impl<K: Asker> Shared<K> {
    fn ask(self: &Arc<Self>, asker: K) -> Option<oneshot::Receiver<Turn<K>>> {
        let Bounds {
            at_once,
            waiting,
            of_one,
        } = self.bounds;
        let (give, given) = oneshot::channel();
        let mut queue = self.lock();
        if queue.of(&asker) >= of_one || queue.waiting >= waiting {
            queue.forget_gone();
        }
        if queue.of(&asker) >= of_one {
            return None;
        }
        if queue.at_work < at_once {
            queue.at_work += 1;
            queue.places(&asker).at_work += 1;
            drop(queue);
            // who asked holds the other end
            drop(give.send(self.turn(asker)));
            return Some(given);
        }
        if queue.waiting >= waiting && !queue.displace_for(&asker) {
            return None;
        }
        queue.wait(asker, give);
        Some(given)
    }

    /// The turn of this asker is over, and goes to the next, if anybody waits.
    fn pass_on(self: &Arc<Self>, mut from: K) {
        loop {
            let mut queue = self.lock();
            queue.end(&from);
            let Some((next, give)) = queue.next() else {
                queue.at_work -= 1;
                return;
            };
            drop(queue);
            let Err(mut turn) = give.send(self.turn(next)) else {
                return;
            };
            // gone meanwhile
            let Some(of) = turn.of.take() else { return };
            from = of;
        }
    }

    fn turn(self: &Arc<Self>, of: K) -> Turn<K> {
        Turn {
            of: Some(of),
            shared: self.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<K>> {
        // nothing under this lock panics half way
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Asker> Drop for Turn<K> {
    fn drop(&mut self) {
        if let Some(of) = self.of.take() {
            self.shared.pass_on(of);
        }
    }
}

impl<K: Asker> Queue<K> {
    /// Places that this asker has.
    fn of(&self, asker: &K) -> usize {
        let places = self.askers.get(asker);
        places.map_or(0, |places| places.at_work + places.waiting.len())
    }

    fn places(&mut self, asker: &K) -> &mut Places<K> {
        self.askers.entry(asker.clone()).or_insert_with(|| Places {
            at_work: 0,
            waiting: VecDeque::new(),
        })
    }

    fn wait(&mut self, asker: K, give: oneshot::Sender<Turn<K>>) {
        self.waiting += 1;
        let places = self.places(&asker);
        places.waiting.push_back(give);
        if places.waiting.len() == 1 {
            self.round.push_back(asker);
        }
    }

    /// Whose turn it is, who is counted as at work then.
    fn next(&mut self) -> Option<(K, oneshot::Sender<Turn<K>>)> {
        let asker = self.round.pop_front()?;
        let places = self.askers.get_mut(&asker)?;
        let give = places.waiting.pop_front()?;
        places.at_work += 1;
        self.waiting -= 1;
        if !places.waiting.is_empty() {
            self.round.push_back(asker.clone());
        }
        Some((asker, give))
    }

    /// One of this asker is not at work any more.
    fn end(&mut self, asker: &K) {
        if let Some(places) = self.askers.get_mut(asker) {
            places.at_work -= 1;
        }
        self.drop_if_empty(asker);
    }

    /// Takes a place from the asker who waits with most, if that is more than this one would have. The last to come goes.
    fn displace_for(&mut self, asker: &K) -> bool {
        let own = self.askers.get(asker);
        let own = own.map_or(0, |places| places.waiting.len());
        let most = self.round.iter().max_by_key(|of| self.waiting_of(of));
        let Some(most) = most.filter(|of| self.waiting_of(of) > own + 1).cloned() else {
            return false;
        };
        let gone = self.places(&most).waiting.pop_back();
        self.waiting -= usize::from(gone.is_some());
        true
    }

    fn waiting_of(&self, asker: &K) -> usize {
        let places = self.askers.get(asker);
        places.map_or(0, |places| places.waiting.len())
    }

    /// Whoever has stopped waiting takes no place from others.
    fn forget_gone(&mut self) {
        for places in self.askers.values_mut() {
            places.waiting.retain(|give| !give.is_closed());
        }
        self.waiting = self.askers.values().map(|of| of.waiting.len()).sum();
        let askers = &self.askers;
        let waits = |asker: &K| askers.get(asker).is_some_and(|of| !of.waiting.is_empty());
        self.round.retain(waits);
        self.askers
            .retain(|_, of| of.at_work > 0 || !of.waiting.is_empty());
    }

    fn drop_if_empty(&mut self, asker: &K) {
        let places = self.askers.get(asker);
        if places.is_some_and(|of| of.at_work == 0 && of.waiting.is_empty()) {
            self.askers.remove(asker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::future::join_all;

    use super::*;

    const ONE: Bounds = Bounds {
        at_once: 1,
        waiting: 8,
        of_one: 6,
    };

    /// One is at work until this is dropped.
    fn busy(turns: &FairTurns<&'static str>) -> (mpsc::Sender<()>, impl Future + use<>) {
        let (finish, finished) = mpsc::channel::<()>();
        let turns = turns.clone();
        let work = async move { turns.take("busy", move || finished.recv().is_err()).await };
        (finish, work)
    }

    #[tokio::test]
    async fn whoever_asks_for_much_waits_behind_himself() {
        let turns = FairTurns::new(ONE);
        let (finish, work) = busy(&turns);
        let order = Arc::new(Mutex::new(Vec::new()));
        let take = |asker: &'static str| {
            let (turns, order) = (turns.clone(), order.clone());
            async move {
                let work = move || order.lock().unwrap().push(asker);
                turns.take(asker, work).await.is_some()
            }
        };
        let asked = ["much", "much", "much", "other", "third", "other"].map(take);
        let release = async { drop(finish) };
        let (_, done, ()) = tokio::join!(biased; work, join_all(asked), release);
        assert_eq!(done, [true; 6]);
        let order = order.lock().unwrap().clone();
        assert_eq!(order, ["much", "other", "third", "much", "other", "much"]);
        assert!(turns.0.lock().askers.is_empty(), "nobody is remembered");
    }

    #[tokio::test]
    async fn where_all_places_are_taken_who_has_most_gives_one() {
        let turns = FairTurns::new(Bounds { waiting: 4, ..ONE });
        let (finish, work) = busy(&turns);
        let take = |asker: &'static str| {
            let turns = turns.clone();
            async move { turns.take(asker, || ()).await.is_some() }
        };
        let asked = ["much", "much", "much", "much", "other", "other", "other"].map(take);
        let release = async { drop(finish) };
        let (_, done, ()) = tokio::join!(biased; work, join_all(asked), release);
        assert_eq!(done, [true, true, false, false, true, true, false]);
    }

    /// While the work stands still, nothing but time goes on.
    #[tokio::test(start_paused = true)]
    async fn who_has_waited_too_long_is_sent_away() {
        let turns = FairTurns::new(ONE);
        let (finish, work) = busy(&turns);
        let late = async {
            let late = turns.take("late", || ()).await;
            drop(finish);
            late
        };
        let (_, late) = tokio::join!(biased; work, late);
        assert_eq!(late, None);
        assert_eq!(turns.take("late", || ()).await, Some(()));
    }

    #[tokio::test]
    async fn one_asker_has_so_many_places_and_who_stops_waiting_has_none() {
        let turns = FairTurns::new(Bounds { of_one: 2, ..ONE });
        let (finish, work) = busy(&turns);
        let take = |asker: &'static str| {
            let turns = turns.clone();
            async move { turns.take(asker, || ()).await.is_some() }
        };
        let work = tokio::spawn(async move { drop(work.await) });
        tokio::task::yield_now().await;
        let gone: Vec<_> = (0..2).map(|_| tokio::spawn(take("one"))).collect();
        tokio::task::yield_now().await;
        assert!(!take("one").await, "it has two places");
        for task in gone {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let again = tokio::spawn(take("one"));
        tokio::task::yield_now().await;
        drop(finish);
        assert!(again.await.unwrap(), "theirs are free");
        work.await.unwrap();
        let queue = turns.0.lock();
        assert_eq!((queue.at_work, queue.waiting), (0, 0));
    }
}
