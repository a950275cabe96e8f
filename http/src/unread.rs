//! Answers that were made and that their clients have not taken yet: so many bytes of all, and so many of one address.
//!
//! Invariant: bytes are counted from the moment at which an answer leaves its handler until the last of them is with the
//! kernel, or the connection is gone: they are freed and forgotten together. A short answer is not counted where a connection
//! has one of them at most, and buffers of the same size anyway.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{describe_gauge, gauge};
use warp::hyper::body::Bytes;

use crate::error::{Kind, Problem};

/// The longest answer that is not counted.
const SHORT_MAX: usize = 16 * 1024;
/// When to ask again, having read what is there.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

const UNREAD: &str = "http_unread_bytes";

/// Bounds of the bytes that wait for their clients at one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadLimits {
    pub in_all: usize,
    pub per_address: usize,
}

/// Whom an answer is for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reader {
    pub address: Option<IpAddr>,
    /// Its connection has many answers at once: HTTP/2.
    pub is_multiplexed: bool,
}

pub(crate) struct Unread {
    limits: UnreadLimits,
    counts: Arc<Mutex<Counts>>,
}

struct Counts {
    /// In metrics.
    port: &'static str,
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// An answer that is counted as long as somebody has a part of it.
struct Counted {
    body: Bytes,
    address: Option<IpAddr>,
    counts: Arc<Mutex<Counts>>,
}

impl Unread {
    pub fn new(port: &'static str, limits: UnreadLimits) -> Self {
        describe_gauge!(UNREAD, "bytes of answers that clients have not taken yet");
        let counts = Counts {
            port,
            in_all: 0,
            by_address: HashMap::new(),
        };
        Self {
            limits,
            counts: Arc::new(Mutex::new(counts)),
        }
    }

    /// Whether there is no room for a long answer to there: before it is made, as [`Unread::count`] says it afterwards.
    pub fn is_full(&self, address: Option<IpAddr>) -> bool {
        let counts = lock(&self.counts);
        let of_address = address.and_then(|address| counts.by_address.get(&address));
        counts.in_all >= self.limits.in_all
            || of_address.is_some_and(|of_address| *of_address >= self.limits.per_address)
    }

    /// The same body, if there is room for it.
    pub fn count(&self, body: Bytes, reader: Reader) -> Result<Bytes, Problem> {
        let Reader {
            address,
            is_multiplexed,
        } = reader;
        if body.is_empty() || (body.len() <= SHORT_MAX && !is_multiplexed) {
            return Ok(body);
        }
        let mut counts = lock(&self.counts);
        if counts.in_all + body.len() > self.limits.in_all {
            return Err(Problem::from(Kind::Overloaded).retry_after(RETRY));
        }
        if let Some(address) = address {
            let of_address = counts.by_address.get(&address).copied().unwrap_or(0);
            // one answer is always possible, however long
            if of_address > 0 && of_address + body.len() > self.limits.per_address {
                return Err(Problem::from(Kind::TooManyRequests).retry_after(RETRY));
            }
            counts.by_address.insert(address, of_address + body.len());
        }
        counts.in_all += body.len();
        counts.show();
        drop(counts);
        Ok(Bytes::from_owner(Counted {
            body,
            address,
            counts: self.counts.clone(),
        }))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.in_all -= self.body.len();
        counts.show();
        if let Some(Entry::Occupied(mut of_address)) =
            self.address.map(|address| counts.by_address.entry(address))
        {
            *of_address.get_mut() -= self.body.len();
            if *of_address.get() == 0 {
                of_address.remove();
            }
        }
    }
}

impl Counts {
    fn show(&self) {
        gauge!(UNREAD, "port" => self.port).set(self.in_all as f64);
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const fn at(address: Ipv4Addr) -> Reader {
        Reader {
            address: Some(IpAddr::V4(address)),
            is_multiplexed: false,
        }
    }

    const HOME: Reader = at(Ipv4Addr::LOCALHOST);
    const AWAY: Reader = at(Ipv4Addr::BROADCAST);
    const LEN: usize = SHORT_MAX + 1;

    fn unread() -> Unread {
        let limits = UnreadLimits {
            in_all: 3 * LEN,
            per_address: 2 * LEN,
        };
        Unread::new("test", limits)
    }

    #[test]
    fn bytes_are_counted_until_the_last_part_of_them_is_gone() {
        let unread = unread();
        let count = |address| unread.count(vec![0; LEN].into(), address);
        let refused = |address| count(address).unwrap_err().kind();
        let first = count(HOME).unwrap();
        assert!(!unread.is_full(HOME.address));
        let second = count(HOME).unwrap();
        assert!(unread.is_full(HOME.address) && !unread.is_full(AWAY.address));
        assert_eq!(refused(HOME), Kind::TooManyRequests);
        let _other = count(AWAY).unwrap();
        assert!(unread.is_full(None), "there is none for anybody");
        assert_eq!(refused(AWAY), Kind::Overloaded);
        let part = first.slice(LEN - 1..);
        drop((first, second));
        let third = count(HOME).unwrap();
        assert_eq!(refused(HOME), Kind::Overloaded);
        drop((part, third));
        assert_eq!(lock(&unread.counts).by_address.len(), 1);
    }

    #[test]
    fn short_answers_pass_and_so_does_a_single_one_of_any_length() {
        let unread = unread();
        let short = (0..1000).map(|_| unread.count(vec![0; SHORT_MAX].into(), HOME));
        assert!(short.collect::<Vec<_>>().iter().all(Result::is_ok));
        assert!(unread.count(vec![0; 3 * LEN].into(), HOME).is_ok());
        let counts = lock(&unread.counts);
        assert_eq!((counts.in_all, counts.by_address.len()), (0, 0));
    }

    #[test]
    fn where_a_connection_has_many_answers_short_ones_are_counted_too() {
        let unread = unread();
        let reader = Reader {
            is_multiplexed: true,
            ..HOME
        };
        let kept: Vec<_> = (0..1000)
            .map_while(|_| unread.count(vec![0; 1024].into(), reader).ok())
            .collect();
        assert_eq!(kept.len(), 2 * LEN / 1024);
        assert!(unread.count(vec![0; SHORT_MAX].into(), HOME).is_ok());
    }
}
