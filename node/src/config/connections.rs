//! How long passengers need between two legs: `[connections]` of `cluster.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use passcom_actors::catalogue::ConnectionTimes;
use serde::{Deserialize, Serialize};

use super::limits::within;
use super::{Fault, fault};

/// Most airports with a time of their own; there are some 10,000 in the world.
const AIRPORTS_MAX: usize = 20_000;
const DAY_MINUTES: u32 = 24 * 60;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    pub minimum_minutes: u32,
    /// More, where the company changes.
    pub company_change_minutes: u32,
    /// A longer wait is no connection.
    pub longest_minutes: u32,
    /// By IATA code, instead of `minimum_minutes`.
    pub airports: BTreeMap<String, u32>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            minimum_minutes: 40,
            company_change_minutes: 20,
            longest_minutes: DAY_MINUTES,
            airports: BTreeMap::new(),
        }
    }
}

impl Connections {
    pub fn times(&self) -> ConnectionTimes {
        let airports = self.airports.iter();
        ConnectionTimes {
            minimum: minutes(self.minimum_minutes),
            airports: airports
                .map(|(iata, least)| (iata.clone(), minutes(*least)))
                .collect(),
            company_change: minutes(self.company_change_minutes),
            longest: minutes(self.longest_minutes),
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let fields = [
            ("minimum_minutes", self.minimum_minutes, 0..=DAY_MINUTES),
            (
                "company_change_minutes",
                self.company_change_minutes,
                0..=DAY_MINUTES,
            ),
            (
                "longest_minutes",
                self.longest_minutes,
                60..=3 * DAY_MINUTES,
            ),
        ];
        within("connections", &fields)?;
        self.check_fits("connections.minimum_minutes", self.minimum_minutes)?;
        if self.airports.len() > AIRPORTS_MAX {
            return fault(
                "connections.airports",
                format!("has more than {AIRPORTS_MAX} airports"),
            );
        }
        self.airports.iter().try_for_each(|(iata, least)| {
            let field = format!("connections.airports.{iata}");
            if iata.len() != 3 || !iata.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return fault(&field, "is not an IATA code; write three capitals");
            }
            within("connections.airports", &[(iata, *least, 0..=DAY_MINUTES)])?;
            self.check_fits(&field, *least)
        })
    }

    /// Nobody could ever change there otherwise.
    fn check_fits(&self, field: &str, least: u32) -> Result<(), Fault> {
        if least + self.company_change_minutes > self.longest_minutes {
            return fault(
                field,
                "with company_change_minutes it is longer than longest_minutes: nobody could change there",
            );
        }
        Ok(())
    }
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}
