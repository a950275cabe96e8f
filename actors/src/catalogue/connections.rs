//! How long a passenger needs between two legs, and how long one waits at most. From the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

/// Times between an arrival and the next departure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionTimes {
    /// Least time at an airport that `airports` does not name.
    pub minimum: Duration,
    /// Least time by IATA code.
    pub airports: BTreeMap<String, Duration>,
    /// More than that where the company changes: bags and counters are another one's.
    pub company_change: Duration,
    /// A longer wait is no connection.
    pub longest: Duration,
}

impl Default for ConnectionTimes {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            minimum: minutes(40),
            airports: BTreeMap::new(),
            company_change: minutes(20),
            longest: minutes(24 * 60),
        }
    }
}

impl ConnectionTimes {
    /// Least time between two legs of one company at this airport.
    pub fn minimum_at(&self, iata: &str) -> Duration {
        self.airports.get(iata).copied().unwrap_or(self.minimum)
    }
}
