//! Which nodes answer, as customers notice it: so that a frozen node costs some of them some time, and not everybody all of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A node that has answered nothing for so long …
const SILENCE: Duration = Duration::from_secs(1);
/// … gets so many requests at once and no more.
const PROBES: usize = 2;

/// Of one node.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<State>);

#[derive(Debug)]
struct State {
    waiting: usize,
    heard: Instant,
}

/// A request on its way, until it is dropped.
pub(super) struct Waiting<'a>(&'a Pulse);

impl Pulse {
    pub fn new() -> Self {
        Self(Mutex::new(State {
            waiting: 0,
            heard: Instant::now(),
        }))
    }

    pub fn ask(&self) -> Waiting<'_> {
        self.lock().waiting += 1;
        Waiting(self)
    }

    pub fn takes_more(&self) -> bool {
        let state = self.lock();
        state.waiting < PROBES || state.heard.elapsed() < SILENCE
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // nothing panics between two writes to it
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// The node said something.
    pub fn heard(&self) {
        self.0.lock().heard = Instant::now();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_node_gets_a_few_probes_only() {
        let pulse = Pulse::new();
        let asked: Vec<_> = (0..PROBES).map(|_| pulse.ask()).collect();
        assert!(pulse.takes_more(), "it has not been silent for long");
        let long_ago = Instant::now().checked_sub(SILENCE * 2).unwrap();
        pulse.lock().heard = long_ago;
        assert!(!pulse.takes_more());
        asked[0].heard();
        assert!(pulse.takes_more(), "it is back");
        pulse.lock().heard = long_ago;
        drop(asked);
        assert!(pulse.takes_more(), "somebody has to find out when it is");
    }
}
