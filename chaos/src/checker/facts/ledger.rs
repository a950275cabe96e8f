//! A company's log and its tables, read apart and of the same moment.
//!
//! What a row of the log looks like and says is the product's own word ([`Record`], [`said`]): nobody else can say it. What the rows
//! come to is worked out here, and not by what the nodes apply them with.

use std::collections::BTreeMap;

use passcom_actors::company::log::record::Record;
use passcom_actors::company::log::said;
use passcom_actors::domain::ballot::Ballot;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::cluster::Behind;

pub use said::{Name, Rows};

/// Rows of the log that are read at a time.
const PAGE: i64 = 256;

const STANDING: &str = "select projected, epoch from node_state";
const LOG: &str = "select seq, epoch, body from log where seq > $1 order by seq limit $2";
const OWNERS: &str = "select route_id, number, saga_id from seat_owner";
const SAGAS: &str =
    "select id, state, finished, hold_seconds, voted from saga where state is not null";
const LEGS: &str = "select saga_id, route_id, number, state from leg";
const DECISIONS: &str =
    "select key, promised, accepted, value #>> '{}' = 'Abort', chosen from register";
const TICKETS: &str = "
select ticket.id,
       array(select company || '/' || route_id || '/' || number || case when refund_minor is null then '' else
                 format(' for %s/%s/%s/%s/%s', refund_minor, refund_currency, refund_ground,
                        (extract(epoch from refunded_at) * 1000)::bigint, refunded_by) end
             from cancelled_leg where ticket_id = ticket.id),
       array(select company || '/' || route_id || '/' || number || ' ' || sequence || ': seat ' || number_now
                 || case when accepted then ', agreed' else '' end
             from changed_leg where ticket_id = ticket.id),
       array(select company || '/' || route_id || '/' || number || ' ' || sequence
             from corrected_name where ticket_id = ticket.id)
from ticket";
const KEYS: &str = "select user_id, key, saga_id, answer is not null from idem";
const LOGINS: &str = "select login_norm, id, version from user_account";
const SEATS: &str = "select route_id, number, blocked from seat";

/// One company's log and tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The tables did not follow the log in time.
    pub behind: Option<Behind>,
    /// Of the last start of a node.
    pub epoch: i64,
    pub log: Replay,
    pub tables: Rows,
    pub owners: BTreeMap<(i64, i32), Uuid>,
}

/// What the rows of a log come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// The last row that the tables say they have.
    projected: i64,
    /// The oldest row that is kept.
    pub first: Option<i64>,
    pub last: i64,
    pub epoch: i64,
    /// Rows up to where the tables are.
    pub projected_rows: Rows,
    /// Rows that changed after that.
    pub later_rows: Rows,
    /// What is wrong with the log itself.
    pub damage: Vec<String>,
}

impl Ledger {
    /// Within a transaction that sees one moment.
    pub(super) async fn load(database: &Client, behind: Option<Behind>) -> anyhow::Result<Self> {
        let standing = database.query_one(STANDING, &[]).await?;
        let mut log = Replay::from(standing.try_get(0)?);
        let mut after = i64::MIN;
        loop {
            let page = database.query(LOG, &[&after, &PAGE]).await?;
            for row in &page {
                after = row.try_get(0)?;
                log.push(after, row.try_get(1)?, row.try_get(2)?);
            }
            if page.is_empty() {
                break;
            }
        }
        let owners = database.query(OWNERS, &[]).await?;
        let owner = |row: &Row| {
            let seat = (row.try_get(0)?, row.try_get(1)?);
            anyhow::Ok((seat, row.try_get(2)?))
        };
        Ok(Self {
            behind,
            epoch: standing.try_get(1)?,
            log,
            tables: tables(database).await?,
            owners: owners.iter().map(owner).collect::<Result<_, _>>()?,
        })
    }
}

async fn tables(database: &Client) -> anyhow::Result<Rows> {
    type Read = fn(&Row) -> anyhow::Result<(Name, String)>;
    let readers: [(&str, Read); 7] = [
        (SAGAS, |row| {
            let (state, hold) = (row.try_get(1)?, row.try_get(3)?);
            let told = said::saga(state, row.try_get(2)?, hold, row.try_get(4)?);
            Ok((Name::Saga(row.try_get(0)?), told))
        }),
        (LEGS, |row| {
            let name = Name::Leg(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok((name, row.try_get(3)?))
        }),
        (DECISIONS, |row| {
            let accepted = row.try_get::<_, Option<i64>>(2)?.map(Ballot);
            let aborts: Option<bool> = row.try_get(3)?;
            let accepted = accepted.map(|ballot| (ballot, aborts.unwrap_or_default()));
            let told = said::decision(Ballot(row.try_get(1)?), accepted, row.try_get(4)?);
            Ok((Name::Decision(row.try_get(0)?), told))
        }),
        (TICKETS, |row| {
            Ok((
                Name::Ticket(row.try_get(0)?),
                said::ticket_row(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?),
            ))
        }),
        (KEYS, |row| {
            let name = Name::Key(row.try_get(0)?, row.try_get(1)?);
            Ok((name, said::key(row.try_get(2)?, row.try_get(3)?)))
        }),
        (LOGINS, |row| {
            let name = Name::Login(row.try_get(0)?);
            Ok((name, said::login(row.try_get(1)?, row.try_get(2)?)))
        }),
        (SEATS, |row| {
            let name = Name::Seat(row.try_get(0)?, row.try_get(1)?);
            Ok((name, said::seat(row.try_get(2)?).to_owned()))
        }),
    ];
    let mut rows = Rows::new();
    for (statement, read) in readers {
        for row in &database.query(statement, &[]).await? {
            rows.extend([read(row)?]);
        }
    }
    Ok(rows)
}

impl Replay {
    /// Of a log whose tables say that they are here.
    pub fn from(projected: i64) -> Self {
        Self {
            projected,
            ..Self::default()
        }
    }

    /// The next row, in their order.
    pub fn push(&mut self, seq: i64, epoch: i64, body: &[u8]) {
        if self.first.is_some() && seq != self.last + 1 {
            let last = self.last;
            self.damage
                .push(format!("row {seq} of the log comes after row {last}"));
        }
        if epoch < self.epoch {
            let before = self.epoch;
            let what = format!(
                "row {seq} of the log is of start {epoch}, and rows before it of start {before}"
            );
            self.damage.push(what);
        }
        self.first.get_or_insert(seq);
        (self.last, self.epoch) = (seq, epoch.max(self.epoch));
        match Record::decode(body) {
            Ok(record) => self.apply(seq <= self.projected, record),
            Err(error) => self
                .damage
                .push(format!("row {seq} of the log is no record: {error}")),
        }
    }

    fn apply(&mut self, projected: bool, record: Record) {
        let rows = match projected {
            true => &mut self.projected_rows,
            false => &mut self.later_rows,
        };
        rows.extend(said::record(&record));
    }
}
