//! The numbers of `cluster.toml`: each with its default, its unit in its name, and the bounds within which a node starts.

use std::ops::RangeInclusive;
use std::time::Duration;

use passcom_actors::company::store::KEYS_KEPT_DAYS;
use passcom_actors::domain::order::{HOLD_SECONDS, HOLD_SECONDS_MAX};
use passcom_actors::turns::half_of_cores;
use serde::{Deserialize, Serialize};

use super::{Fault, fault};

/// Of password hashes at once.
const HASHES_MAX: u32 = 64;

/// Rates and counts that a node never exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a second from one address: of a household, an office, a load generator.
    pub requests_per_second_per_address: u32,
    /// Requests a second of one user.
    pub requests_per_second_per_user: u32,
    /// Requests a second of one address that are refused as wrong, or as too many; beyond, each is answered a second later.
    pub refusals_per_second_per_address: u32,
    /// New accounts an hour from one address; a sixth of them may come at once.
    pub registrations_per_hour_per_address: u32,
    /// Bookings, holds and tickets of others or of nobody that one user asks for; then one a second.
    pub misses_per_user: u32,
    /// Wrong passwords of one login from one address before further ones have to wait; ten times as many of one address,
    /// twenty times of one login.
    pub wrong_passwords: u32,
    /// Connections of one address; idle ones give way to new ones.
    pub connections_per_address: u32,
    /// Of answers that clients have not taken yet.
    pub unread_megabytes: u32,
    /// Of them, those of one address.
    pub unread_megabytes_per_address: u32,
    /// HTTP requests under way at once; more are told to come back.
    pub http_requests_at_once: u32,
    /// Streams of events open at once; each is a connection of its own. No request waits for a place because of them.
    pub event_streams_at_once: u32,
    /// Of them, those of one address.
    pub event_streams_per_address: u32,
    /// Bookings under way at once that clients wait for here.
    pub bookings_at_once: u32,
    /// Seat actors alive at once; the longest idle one makes room.
    pub route_actors: u32,
    /// Password hashes computed at once (19 MiB and one core each): half of the cores unless it is said.
    pub password_hashes_at_once: u32,
    /// Connections to PostgreSQL.
    pub database_connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second_per_address: 500,
            requests_per_second_per_user: 100,
            refusals_per_second_per_address: 10,
            registrations_per_hour_per_address: 120,
            misses_per_user: 30,
            wrong_passwords: 5,
            connections_per_address: 1_000,
            unread_megabytes: 128,
            unread_megabytes_per_address: 32,
            http_requests_at_once: 1024,
            event_streams_at_once: 12_000,
            event_streams_per_address: 500,
            bookings_at_once: 512,
            route_actors: 20_000,
            password_hashes_at_once: hashes_at_once(),
            database_connections: 16,
        }
    }
}

impl Limits {
    /// Of a demo: its customers are all this machine, and whoever looks how fast it is is one of them. What an address may keep
    /// from others is as it would be.
    pub fn of_a_demo() -> Self {
        Self {
            requests_per_second_per_address: 20_000,
            requests_per_second_per_user: 20_000,
            refusals_per_second_per_address: 20_000,
            registrations_per_hour_per_address: 360_000,
            misses_per_user: 10_000,
            ..Self::default()
        }
    }

    /// Where all load comes from one machine.
    pub fn of_one_address() -> Self {
        let plain = Self::default();
        Self {
            requests_per_second_per_address: 100_000,
            requests_per_second_per_user: 100_000,
            refusals_per_second_per_address: 100_000,
            registrations_per_hour_per_address: 1_000_000,
            misses_per_user: 1_000_000,
            wrong_passwords: 10_000,
            connections_per_address: 20_000,
            unread_megabytes: 512,
            unread_megabytes_per_address: 512,
            event_streams_per_address: plain.event_streams_at_once,
            ..plain
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        const RATE: RangeInclusive<u32> = 1..=1_000_000;
        let fields = [
            (
                "requests_per_second_per_address",
                self.requests_per_second_per_address,
                RATE,
            ),
            (
                "requests_per_second_per_user",
                self.requests_per_second_per_user,
                RATE,
            ),
            (
                "refusals_per_second_per_address",
                self.refusals_per_second_per_address,
                RATE,
            ),
            (
                "registrations_per_hour_per_address",
                self.registrations_per_hour_per_address,
                RATE,
            ),
            ("misses_per_user", self.misses_per_user, RATE),
            ("wrong_passwords", self.wrong_passwords, 1..=10_000),
            (
                "connections_per_address",
                self.connections_per_address,
                1..=1_000_000,
            ),
            ("unread_megabytes", self.unread_megabytes, 8..=65_536),
            (
                "unread_megabytes_per_address",
                self.unread_megabytes_per_address,
                1..=65_536,
            ),
            (
                "http_requests_at_once",
                self.http_requests_at_once,
                1..=65_536,
            ),
            (
                "event_streams_at_once",
                self.event_streams_at_once,
                1..=1_000_000,
            ),
            (
                "event_streams_per_address",
                self.event_streams_per_address,
                1..=1_000_000,
            ),
            ("bookings_at_once", self.bookings_at_once, 1..=65_536),
            ("route_actors", self.route_actors, 16..=1_000_000),
            (
                "password_hashes_at_once",
                self.password_hashes_at_once,
                1..=HASHES_MAX,
            ),
            ("database_connections", self.database_connections, 2..=1_000),
        ];
        within("limits", &fields)
    }
}

fn hashes_at_once() -> u32 {
    u32::try_from(half_of_cores())
        .unwrap_or(u32::MAX)
        .min(HASHES_MAX)
}

/// Spans of time. None of them decides what was booked; they say how long somebody waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// A booking is answered within this, if only with "not known yet".
    pub booking_seconds: u32,
    /// Life of a lease in Redis.
    pub lease_seconds: u32,
    /// A seat in doubt for longer is asked about.
    pub in_doubt_seconds: u32,
    /// A customer's hold lasts this long, and so much longer with each extension.
    pub hold_seconds: u32,
    /// A leg is on sale until this long before its departure.
    pub sale_closes_minutes: u32,
    /// A node that stops finishes what is under way within this.
    pub shutdown_seconds: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            booking_seconds: 10,
            lease_seconds: 30,
            in_doubt_seconds: 5,
            hold_seconds: HOLD_SECONDS,
            sale_closes_minutes: 30,
            shutdown_seconds: 10,
        }
    }
}

impl Timeouts {
    pub fn booking(&self) -> Duration {
        seconds(self.booking_seconds)
    }

    pub fn lease(&self) -> Duration {
        seconds(self.lease_seconds)
    }

    pub fn in_doubt(&self) -> Duration {
        seconds(self.in_doubt_seconds)
    }

    pub fn sale_closes(&self) -> Duration {
        seconds(self.sale_closes_minutes * 60)
    }

    pub fn shutdown(&self) -> Duration {
        seconds(self.shutdown_seconds)
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        const WEEK_MINUTES: u32 = 7 * 24 * 60;
        let fields = [
            ("booking_seconds", self.booking_seconds, 1..=60),
            ("lease_seconds", self.lease_seconds, 5..=300),
            ("in_doubt_seconds", self.in_doubt_seconds, 1..=60),
            ("hold_seconds", self.hold_seconds, 1..=HOLD_SECONDS_MAX),
            (
                "sale_closes_minutes",
                self.sale_closes_minutes,
                0..=WEEK_MINUTES,
            ),
            ("shutdown_seconds", self.shutdown_seconds, 1..=120),
        ];
        within("timeouts", &fields)?;
        if self.lease_seconds < self.booking_seconds {
            return fault(
                "timeouts.lease_seconds",
                "is shorter than booking_seconds: leases would run out under bookings",
            );
        }
        Ok(())
    }
}

/// What is given back for a cancelled seat, the same at every company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tariff {
    /// Share of the price that comes back where the law does not give back all of it.
    pub refund_percent: u8,
}

impl Default for Tariff {
    fn default() -> Self {
        Self { refund_percent: 70 }
    }
}

impl Tariff {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let percent = u32::from(self.refund_percent);
        within("tariff", &[("refund_percent", percent, 0..=100)])
    }
}

/// How long is kept what nothing but people needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// The log: what happened at this company, batch by batch. Its tables are kept whatever this says.
    pub log_days: u16,
    /// Of bookings that were refused, released or ran out: the order with its names, and all seats but the one that is answered with.
    pub refused_days: u16,
    /// What is left of those then, and the audit trail.
    pub history_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            log_days: 35,
            refused_days: 40,
            history_days: 3_650,
        }
    }
}

impl Retention {
    pub(super) fn check(&self) -> Result<(), Fault> {
        // a request that is sent again is told the same as long as its key is kept
        let refused_min = u32::from(KEYS_KEPT_DAYS) + 1;
        let fields = [
            ("log_days", u32::from(self.log_days), 1..=3_650),
            (
                "refused_days",
                u32::from(self.refused_days),
                refused_min..=3_650,
            ),
            (
                "history_days",
                u32::from(self.history_days),
                365..=u32::from(u16::MAX),
            ),
        ];
        within("retention", &fields)?;
        if self.history_days <= self.refused_days {
            return fault(
                "retention.history_days",
                "is not longer than refused_days: what is left goes after what goes first",
            );
        }
        Ok(())
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

pub(super) fn within(
    table: &str,
    fields: &[(&str, u32, RangeInclusive<u32>)],
) -> Result<(), Fault> {
    for (name, value, range) in fields {
        if !range.contains(value) {
            let problem = format!(
                "{value} is out of bounds; write {} to {}",
                range.start(),
                range.end()
            );
            return fault(&format!("{table}.{name}"), problem);
        }
    }
    Ok(())
}
