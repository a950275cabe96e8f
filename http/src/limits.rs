//! How often one address and one user may ask, or register.
//!
//! Invariant: memory is bounded. A key is kept only while its bucket is not full again, and every [`SWEEP_EVERY`] checks
//! the full ones are dropped.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Checks between two sweeps of the keys that are no longer limited.
const SWEEP_EVERY: u32 = 16_384;

const TEN_MINUTES_IN_AN_HOUR: u32 = 6;

/// A rate that is allowed: a bucket of `burst` that fills with `per_second`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// What the client port allows. None means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Every request of one address; of IPv6 addresses, of one /64 network.
    pub per_address: Option<Rate>,
    /// Requests with a token of one user.
    pub per_user: Option<Rate>,
    /// New accounts of one address, in an hour: each is kept for ever, at every company.
    pub registrations: Option<NonZeroU32>,
    /// Bookings, holds and tickets of others or of nobody that one user asks for; then one a second.
    pub misses: Option<NonZeroU32>,
}

/// One bucket per key.
pub(crate) struct Limiter<K: Clone + Hash + Eq> {
    buckets: Option<DefaultKeyedRateLimiter<K>>,
    /// In a full bucket.
    most: NonZeroU32,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Clone + Hash + Eq> Limiter<K> {
    pub fn new(rate: Option<Rate>) -> Self {
        let quota = |rate: Rate| Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self::of(rate.map(quota))
    }

    /// A bucket of so many, which is full again after a minute.
    pub fn per_minute(count: Option<NonZeroU32>) -> Self {
        Self::of(count.map(Quota::per_minute))
    }

    /// So many an hour, and a sixth of them at once.
    pub fn per_hour(count: Option<NonZeroU32>) -> Self {
        let quota = |count: NonZeroU32| {
            let at_once = NonZeroU32::new(count.get() / TEN_MINUTES_IN_AN_HOUR);
            Quota::per_hour(count).allow_burst(at_once.unwrap_or(NonZeroU32::MIN))
        };
        Self::of(count.map(quota))
    }

    fn of(quota: Option<Quota>) -> Self {
        Self {
            most: quota.map_or(NonZeroU32::MAX, |quota| quota.burst_size()),
            buckets: quota.map(RateLimiter::keyed),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// Takes one from the key's bucket; `Err` says how long to wait for the next.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        self.check_n(key, NonZeroU32::MIN)
    }

    /// Takes so many, or as many as a bucket has; `Err` says how long to wait for them.
    pub fn check_n(&self, key: &K, count: NonZeroU32) -> Result<(), Duration> {
        let Some(buckets) = &self.buckets else {
            return Ok(());
        };
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            buckets.retain_recent();
        }
        let count = count.min(self.most);
        match buckets.check_key_n(key, count) {
            Ok(taken) => taken.map_err(|until| until.wait_time_from(self.clock.now())),
            // there is no more than `most` in it
            Err(_) => Ok(()),
        }
    }
}

/// What is limited as one address: a household or a server has a whole IPv6 /64 to itself.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_burst_passes_and_the_next_one_is_told_how_long_to_wait() {
        let limiter = Limiter::new(Some(rate(1, 3)));
        for _ in 0..3 {
            assert_eq!(limiter.check(&"a"), Ok(()));
        }
        let wait = limiter.check(&"a").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        assert_eq!(limiter.check(&"b"), Ok(()), "keys do not share a bucket");
    }

    #[test]
    fn what_costs_more_takes_more_and_never_more_than_there_can_be() {
        let limiter = Limiter::new(Some(rate(1, 10)));
        let six = NonZeroU32::new(6).unwrap();
        assert_eq!(limiter.check_n(&"a", six), Ok(()));
        let wait = limiter.check_n(&"a", six).unwrap_err();
        assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(2));
        assert_eq!(limiter.check(&"a"), Ok(()), "there is that much");
        assert_eq!(limiter.check_n(&"b", NonZeroU32::MAX), Ok(()));
        assert!(limiter.check(&"b").is_err());
    }

    #[test]
    fn what_is_rare_has_a_minute_to_fill_again() {
        let limiter = Limiter::per_minute(NonZeroU32::new(2));
        assert!((0..2).all(|_| limiter.check(&"a").is_ok()));
        let wait = limiter.check(&"a").unwrap_err();
        assert!(wait > Duration::from_secs(1), "{wait:?}");
        assert_eq!(limiter.check(&"b"), Ok(()));
        let limiter = Limiter::per_hour(NonZeroU32::new(120));
        assert!((0..20).all(|_| limiter.check(&"a").is_ok()));
        let wait = limiter.check(&"a").unwrap_err();
        assert!(wait > Duration::from_secs(25), "{wait:?}");
    }

    #[test]
    fn without_a_rate_everything_passes() {
        let limiter = Limiter::new(None);
        assert!((0..10_000).all(|_| limiter.check(&1).is_ok()));
    }

    #[test]
    fn keys_whose_bucket_is_full_again_are_forgotten() {
        let limiter = Limiter::new(Some(rate(u32::MAX, 1)));
        for key in 0..3 * SWEEP_EVERY {
            limiter.check(&key).unwrap();
        }
        let kept = limiter.buckets.as_ref().unwrap().len();
        assert!(kept <= SWEEP_EVERY as usize, "{kept} keys kept");
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
