//! What is checked of every new connection: whether what is at its other end is still the database that the node
//! started on, with everything that was acknowledged, and set up so that acknowledged commits last. A standby that took
//! over, a backup that was put in its place and a setting that was changed are noticed here.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use passcom_actors::company::log::Seq;
use passcom_actors::domain::ids::Incarnation;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::checks::Identity;

/// Why a connection must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Acknowledged commits could be lost; or be lost by a standby that takes over.
    #[error("{0}")]
    Settings(String),
    /// Another node has started on this database.
    #[error("another node has started on this database")]
    Superseded,
    /// It is another database, or lacks what it had acknowledged.
    #[error("{0}")]
    Lost(String),
}

/// Settings as PostgreSQL has them.
#[derive(Debug, Clone, Copy)]
struct Settings<'a> {
    fsync: &'a str,
    full_page_writes: &'a str,
    synchronous_commit: &'a str,
    synchronous_standby_names: &'a str,
}

/// What a node expects, from its start on.
#[derive(Debug)]
struct Expected {
    incarnation: Incarnation,
    epoch: i64,
    /// The last row of the log that was acknowledged.
    acknowledged: AtomicI64,
}

/// Checks nothing before [`Guard::expect`] was called.
#[derive(Debug, Default)]
pub struct Guard {
    expected: OnceLock<Expected>,
}

const SETTINGS: &str = "
    select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
        current_setting('synchronous_commit') as synchronous_commit,
        current_setting('synchronous_standby_names') as synchronous_standby_names";
const STANDING: &str = "
    select incarnation, epoch, greatest(projected, (select max(seq) from log)) as log_end from membership, node_state";

impl Guard {
    pub(crate) fn expect(&self, identity: &Identity) {
        let expected = Expected {
            incarnation: identity.incarnation,
            epoch: identity.epoch,
            acknowledged: AtomicI64::new(identity.lineage.last.0),
        };
        // a node starts once on a database
        let first = self.expected.set(expected).is_ok();
        assert!(first, "a node expects one database");
    }

    /// The log is durable up to this row.
    pub(crate) fn on_acknowledged(&self, seq: Seq) {
        if let Some(expected) = self.expected.get() {
            expected.acknowledged.fetch_max(seq.0, Ordering::AcqRel);
        }
    }

    /// Checks a connection that was just made. The outer error says that it could not be asked.
    pub(crate) async fn check(
        &self,
        client: &Client,
    ) -> Result<Result<(), Unfit>, tokio_postgres::Error> {
        let Some(expected) = self.expected.get() else {
            return Ok(Ok(()));
        };
        // before it is asked: what is acknowledged meanwhile may or may not be in its answer
        let acknowledged = expected.acknowledged.load(Ordering::Acquire);
        let row = client.query_one(SETTINGS, &[]).await?;
        if let Err(unfit) = settings_of(&row)?.durable() {
            return Ok(Err(unfit));
        }
        let row = client.query_one(STANDING, &[]).await?;
        let incarnation = Incarnation(row.try_get::<_, Uuid>("incarnation")?);
        let (epoch, log_end) = (row.try_get("epoch")?, row.try_get("log_end")?);
        Ok(expected.is(acknowledged, incarnation, epoch, log_end))
    }
}

/// Whether what a server acknowledges lasts, by its settings.
pub(crate) async fn settings(client: &Client) -> Result<Result<(), Unfit>, tokio_postgres::Error> {
    let row = client.query_one(SETTINGS, &[]).await?;
    Ok(settings_of(&row)?.durable())
}

fn settings_of(row: &Row) -> Result<Settings<'_>, tokio_postgres::Error> {
    Ok(Settings {
        fsync: row.try_get("fsync")?,
        full_page_writes: row.try_get("full_page_writes")?,
        synchronous_commit: row.try_get("synchronous_commit")?,
        synchronous_standby_names: row.try_get("synchronous_standby_names")?,
    })
}

impl Settings<'_> {
    fn durable(&self) -> Result<(), Unfit> {
        // `remote_apply` and the like promise more than `on`; `local` and `remote_write` are durable here, too
        let settings = [
            ("fsync", self.fsync),
            ("full_page_writes", self.full_page_writes),
            ("synchronous_commit", self.synchronous_commit),
        ];
        if let Some((name, value)) = settings.iter().find(|(_, value)| *value == "off") {
            return Err(Unfit::Settings(format!(
                "PostgreSQL runs with {name} = {value} and would lose bookings in a crash: set {name} = on"
            )));
        }
        if self.synchronous_commit == "local" && !self.synchronous_standby_names.trim().is_empty() {
            return Err(Unfit::Settings(
                "PostgreSQL runs with synchronous_commit = local although synchronous_standby_names has a standby, which would lack \
                 bookings when it takes over: set synchronous_commit = on"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

impl Expected {
    fn is(
        &self,
        acknowledged: i64,
        incarnation: Incarnation,
        epoch: i64,
        log_end: i64,
    ) -> Result<(), Unfit> {
        if incarnation != self.incarnation {
            return Err(Unfit::Lost(format!(
                "the database is another one now, {incarnation} instead of {}: restart the node once the right one is back",
                self.incarnation
            )));
        }
        if epoch > self.epoch {
            return Err(Unfit::Superseded);
        }
        if epoch < self.epoch || log_end < acknowledged {
            return Err(Unfit::Lost(format!(
                "the log went back: row {acknowledged} of it was acknowledged (start {}), and the database has {log_end} rows now (start \
                 {epoch}). Restore a newer backup, or promote the standby that has everything. \
                 See \"A log that went back\" in docs/operations.md",
                self.epoch
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lose_commits_are_refused() {
        let good = Settings {
            fsync: "on",
            full_page_writes: "on",
            synchronous_commit: "on",
            synchronous_standby_names: "",
        };
        let refused = |settings: Settings<'_>| settings.durable().unwrap_err().to_string();
        assert_eq!(good.durable(), Ok(()));
        let no_fsync = Settings {
            fsync: "off",
            ..good
        };
        assert!(refused(no_fsync).contains("set fsync = on"));
        let torn = Settings {
            full_page_writes: "off",
            ..good
        };
        assert!(refused(torn).contains("set full_page_writes = on"));
        let late = Settings {
            synchronous_commit: "off",
            ..good
        };
        assert!(refused(late).contains("set synchronous_commit = on"));
        let local = Settings {
            synchronous_commit: "local",
            ..good
        };
        assert_eq!(local.durable(), Ok(()), "where there is no standby");
        for names in ["s1", "*", "ANY 1 (s1, s2)"] {
            let with_standby = |synchronous_commit| Settings {
                synchronous_commit,
                synchronous_standby_names: names,
                ..good
            };
            assert!(refused(with_standby("local")).contains("synchronous_standby_names"));
            for enough in ["on", "remote_apply", "remote_write"] {
                assert_eq!(with_standby(enough).durable(), Ok(()));
            }
        }
    }

    #[test]
    fn a_database_that_is_not_what_it_was_is_refused() {
        let life = Incarnation(Uuid::from_u128(1));
        let expected = Expected {
            incarnation: life,
            epoch: 7,
            acknowledged: AtomicI64::new(40),
        };
        assert_eq!(expected.is(40, life, 7, 40), Ok(()));
        assert_eq!(expected.is(40, life, 7, 41), Ok(()));
        assert_eq!(expected.is(40, life, 8, 40), Err(Unfit::Superseded));
        for (life, epoch, log_end) in [
            (life, 7, 39),
            (life, 6, 40),
            (Incarnation(Uuid::from_u128(2)), 7, 40),
        ] {
            let found = expected.is(40, life, epoch, log_end);
            assert!(matches!(found, Err(Unfit::Lost(_))), "{found:?}");
        }
    }
}
