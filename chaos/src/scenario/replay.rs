//! When all is over, keys are sent again, at every node: each has to give the one answer of its key. Those that were left open get theirs now.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use crate::client::Session;
use crate::history::{Meaning, Operation, Request, Seat};
use crate::workload::Market;

/// Keys that are sent again: those without a definite answer first.
const KEYS_MAX: usize = 200;
/// Requests with one of them at one node.
const REQUESTS_MAX: usize = 20;
const AGAIN: Duration = Duration::from_millis(250);

pub async fn replay(market: &Market, sessions: &[Session]) -> anyhow::Result<()> {
    let sessions: BTreeMap<_, _> = sessions.iter().map(|s| (s.user, s)).collect();
    let operations = market.history.operations()?;
    let keys = keys(&operations, |user| sessions.contains_key(user));
    for (user, key, seats) in keys {
        for node in 0..market.client.nodes() {
            replay_at(market, node, sessions[&user], key, seats).await?;
        }
    }
    Ok(())
}

async fn replay_at(
    market: &Market,
    node: usize,
    session: &Session,
    key: &str,
    seats: &[Seat],
) -> anyhow::Result<()> {
    for _ in 0..REQUESTS_MAX {
        let answer = market.book(node, 0, session, key, seats).await?;
        if matches!(answer.meaning(), Meaning::Booked(_) | Meaning::Refused) {
            break;
        }
        sleep(AGAIN).await;
    }
    Ok(())
}

/// Keys whose booking was begun, as far as anybody knows: open ones first, then the latest.
fn keys(operations: &[Operation], ours: impl Fn(&Uuid) -> bool) -> Vec<(Uuid, &str, &[Seat])> {
    let mut keys: BTreeMap<(Uuid, &str), (bool, u64, &[Seat])> = BTreeMap::new();
    for operation in operations {
        let Request::Book { user, key, seats } = &operation.request else {
            continue;
        };
        if !ours(user) {
            continue;
        }
        let definite = match operation.answer.meaning() {
            Meaning::Booked(_) | Meaning::Refused => true,
            Meaning::Open => false,
            Meaning::NothingBegun => continue,
        };
        let known = keys.entry((*user, key)).or_insert((false, 0, seats));
        known.0 |= definite;
        known.1 = known.1.max(operation.end_us);
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by_key(|(_, (definite, end_us, _))| (*definite, Reverse(*end_us)));
    keys.truncate(KEYS_MAX);
    keys.into_iter()
        .map(|((user, key), (.., seats))| (user, key, seats))
        .collect()
}
