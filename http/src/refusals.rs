//! Refusals: who is refused again and again waits for each further one.
//!
//! A refusal costs little, and many thousands cost what customers wait for. Whoever guesses or spies asks the next time when
//! the answer is there, so that an answer which comes later is the one thing that slows them down.
//!
//! Invariants: only refusals wait, never an answer that somebody who shares the address hopes for; a wait lasts [`WAIT`] and
//! takes no place among the requests under way. While it lasts its connection is busy, which may be a proxy's: so many of one address wait
//! and so many in all, and what is beyond that is answered at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, describe_counter};
use tokio::time::sleep;
use warp::http::StatusCode;

use crate::limits::{Limiter, Rate};

/// For one refusal too many.
const WAIT: Duration = Duration::from_secs(1);

/// That wait at a time, of one address and in all.
const OF_ADDRESS_MAX: usize = 32;
const IN_ALL_MAX: usize = 512;

const DELAYED: &str = "http_refusals_delayed_total";

/// Of one port.
pub(crate) struct Refusals {
    port: &'static str,
    addresses: Limiter<IpAddr>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One that waits, until it is dropped.
struct Place<'a> {
    refusals: &'a Refusals,
    address: IpAddr,
}

impl Refusals {
    /// So many of an address are answered at once; all of them, if there is no rate.
    pub fn new(port: &'static str, rate: Option<Rate>) -> Self {
        describe_counter!(
            DELAYED,
            "refusals that came later, because their address is refused too often"
        );
        Self {
            port,
            addresses: Limiter::new(rate),
            waiting: Mutex::default(),
        }
    }

    /// Returns when an answer to there may be sent.
    pub async fn hold_back(&self, address: Option<IpAddr>, status: StatusCode) {
        let Some(address) = address.filter(|_| is_refusal(status)) else {
            return;
        };
        if self.addresses.check(&address).is_ok() {
            return;
        }
        if let Some(_place) = self.enter(address) {
            counter!(DELAYED, "port" => self.port).increment(1);
            sleep(WAIT).await;
        }
    }

    fn enter(&self, address: IpAddr) -> Option<Place<'_>> {
        let mut waiting = self.lock();
        let of_address = waiting.by_address.get(&address).copied().unwrap_or(0);
        if waiting.in_all >= IN_ALL_MAX || of_address >= OF_ADDRESS_MAX {
            return None;
        }
        waiting.in_all += 1;
        waiting.by_address.insert(address, of_address + 1);
        Some(Place {
            refusals: self,
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.refusals.lock();
        waiting.in_all -= 1;
        if let Some(of_address) = waiting.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                waiting.by_address.remove(&self.address);
            }
        }
    }
}

/// What somebody is told who has asked for something wrong, or asks too often. Not who came too late for a seat (409, 410), has
/// yet to pay (402), or came while a company is down.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::PAYMENT_REQUIRED | StatusCode::CONFLICT | StatusCode::GONE
        )
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tokio::time::Instant;

    use super::*;

    const GUESSER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::BROADCAST);

    async fn waited(refusals: &Refusals, address: IpAddr, status: u16) -> Duration {
        let begun = Instant::now();
        let status = StatusCode::from_u16(status).unwrap();
        refusals.hold_back(Some(address), status).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn only_refusals_of_who_is_refused_too_often_wait() {
        let rate = Rate {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).unwrap(),
        };
        let refusals = Refusals::new("test", Some(rate));
        for status in [401, 404, 429] {
            assert_eq!(waited(&refusals, GUESSER, status).await, Duration::ZERO);
        }
        assert_eq!(waited(&refusals, GUESSER, 403).await, WAIT);
        for status in [200, 204, 304, 402, 409, 410, 500, 503] {
            assert_eq!(waited(&refusals, GUESSER, status).await, Duration::ZERO);
        }
        assert_eq!(waited(&refusals, OTHER, 403).await, Duration::ZERO);
        let everybody = Refusals::new("test", None);
        for _ in 0..1_000 {
            assert_eq!(waited(&everybody, GUESSER, 400).await, Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_and_the_others_are_answered_at_once() {
        let rate = Rate {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::MIN,
        };
        let refusals = Refusals::new("test", Some(rate));
        for address in [GUESSER, OTHER] {
            waited(&refusals, address, 403).await;
        }
        let all = (0..OF_ADDRESS_MAX + 10).map(|_| waited(&refusals, GUESSER, 403));
        let all = futures_util::future::join_all(all);
        let (all, other) = tokio::join!(biased; all, waited(&refusals, OTHER, 403));
        let late = all.iter().filter(|waited| **waited == WAIT).count();
        assert_eq!((late, other), (OF_ADDRESS_MAX, WAIT));
        assert!(refusals.lock().by_address.is_empty());
    }
}
