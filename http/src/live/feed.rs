//! One leg that is listened to: what was told last, what was told lately, and the channel to its listeners.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use passcom_actors::catalogue::{Catalogue, CatalogueCursor, LegKey, LegSeats};
use passcom_actors::domain::ids::SeatNumber;
use tokio::sync::broadcast;
use warp::hyper::body::Bytes;

use crate::events::encode;
use crate::wire::seats::{CHANGED_SEATS, COMPANY_UP, WHOLE_MAP, version_text};
use crate::wire::{CompanyUp, SeatsNow};

/// Events kept for those who come back.
pub(super) const RECENT_MAX: usize = 64;
/// Events that a listener may be behind.
pub(super) const BEHIND_MAX: usize = 16;

/// An encoded event. One without a version says nothing about seats.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    version: Option<CatalogueCursor>,
    bytes: Bytes,
}

/// A listener's end of a feed.
pub(super) struct Subscription {
    /// To be sent before anything that comes.
    pub ready: VecDeque<Bytes>,
    pub frames: broadcast::Receiver<Frame>,
    /// The newest state that it was told.
    told: CatalogueCursor,
}

impl Subscription {
    /// Leaves out what is older than what was told: the listener may have been told by another node.
    pub fn take(&mut self, frame: Frame) {
        match frame.version {
            Some(version) if version.epoch == self.told.epoch && version.seq <= self.told.seq => {}
            Some(version) => {
                self.told = version;
                self.ready.push_back(frame.bytes);
            }
            None => self.ready.push_back(frame.bytes),
        }
    }
}

pub(super) struct Feed {
    leg: LegKey,
    told: Mutex<Told>,
    frames: broadcast::Sender<Frame>,
}

/// What the listeners have been told.
struct Told {
    seats: LegSeats,
    company_up: bool,
    /// The whole map in its present state, once somebody has wanted it.
    whole: Option<Bytes>,
    /// Events about seats, ascending.
    recent: VecDeque<Frame>,
    /// `recent` holds all that was told after this number.
    complete_after: u64,
}

impl Feed {
    /// None if there is no such leg.
    pub fn new(leg: LegKey, catalogue: &Catalogue) -> Option<Self> {
        let seats = catalogue.seats(leg)?;
        let told = Told {
            company_up: catalogue.reaches(leg.0),
            complete_after: seats.version.seq,
            seats,
            whole: None,
            recent: VecDeque::new(),
        };
        Some(Self {
            leg,
            told: Mutex::new(told),
            frames: broadcast::Sender::new(BEHIND_MAX),
        })
    }

    pub fn leg(&self) -> LegKey {
        self.leg
    }

    pub fn has_listeners(&self) -> bool {
        self.frames.receiver_count() > 0
    }

    /// From the state that a listener has seen, or from the whole map.
    pub fn subscribe(&self, seen: Option<CatalogueCursor>) -> Subscription {
        let mut told = self.lock();
        let now = told.seats.version;
        let resumes =
            |seen: &CatalogueCursor| seen.epoch == now.epoch && seen.seq >= told.complete_after;
        let seen = seen.filter(resumes);
        let mut ready = match seen {
            Some(seen) => told.since(seen),
            None => [told.whole(self.leg)].into(),
        };
        ready.push_back(self.company_event(told.company_up));
        Subscription {
            ready,
            // under the lock: nothing is told twice, nothing in between is missed
            frames: self.frames.subscribe(),
            told: seen.filter(|seen| seen.seq > now.seq).unwrap_or(now),
        }
    }

    /// Tells what has changed since it was looked at last.
    pub fn refresh(&self, catalogue: &Catalogue) {
        let mut told = self.lock();
        let company_up = catalogue.reaches(self.leg.0);
        if company_up != told.company_up {
            told.company_up = company_up;
            self.send(Frame {
                version: None,
                bytes: self.company_event(company_up),
            });
        }
        // a leg that is gone stays as it was told: nothing is sold of it
        let now = catalogue.seats(self.leg);
        if let Some(now) = now.filter(|now| now.version != told.seats.version)
            && let Some(frame) = told.follow(self.leg, now)
        {
            self.send(frame);
        }
    }

    fn send(&self, frame: Frame) {
        // an error says that nobody listens
        let _ = self.frames.send(frame);
    }

    fn company_event(&self, up: bool) -> Bytes {
        encode(COMPANY_UP, None, &CompanyUp::from((self.leg.0, up)))
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Takes a new state over; the event that tells of it, unless its seats are as before.
    fn follow(&mut self, leg: LegKey, now: LegSeats) -> Option<Frame> {
        let before = std::mem::replace(&mut self.seats, now);
        self.whole = None;
        let version = self.seats.version;
        if before.version.epoch != version.epoch || before.layout != self.seats.layout {
            self.recent.clear();
            self.complete_after = version.seq;
            return Some(Frame {
                version: Some(version),
                bytes: self.whole(leg),
            });
        }
        let now = &self.seats;
        let mut changed = now
            .states
            .changed_since(&before.states, now.seats)
            .peekable();
        changed.peek()?;
        let bytes = encode(
            CHANGED_SEATS,
            Some(&version_text(version)),
            &SeatsNow::new(leg.1, now, changed),
        );
        let frame = Frame {
            version: Some(version),
            bytes,
        };
        self.remember(frame.clone());
        Some(frame)
    }

    fn remember(&mut self, frame: Frame) {
        self.recent.push_back(frame);
        if self.recent.len() > RECENT_MAX
            && let Some(version) = self.recent.pop_front().and_then(|frame| frame.version)
        {
            self.complete_after = version.seq;
        }
    }

    /// What was told after this state of the same epoch.
    fn since(&self, seen: CatalogueCursor) -> VecDeque<Bytes> {
        let newer = |frame: &&Frame| frame.version.is_some_and(|v| v.seq > seen.seq);
        let frames = self.recent.iter().filter(newer);
        frames.map(|frame| frame.bytes.clone()).collect()
    }

    fn whole(&mut self, leg: LegKey) -> Bytes {
        let seats = &self.seats;
        let encoded = self.whole.get_or_insert_with(|| {
            let all = (1..=seats.seats).map(SeatNumber);
            let all = all.map(|number| (number, seats.states.get(number)));
            let id = version_text(seats.version);
            encode(WHOLE_MAP, Some(&id), &SeatsNow::new(leg.1, seats, all))
        });
        encoded.clone()
    }
}

#[cfg(test)]
mod tests;
