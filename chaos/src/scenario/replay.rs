//! When all is over, keys are sent again, at every node: each has to give the one answer of its key. Those that were left open get theirs now.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::checker::Violation;
use crate::client::Session;
use crate::history::{Meaning, Operation, Request, Seat};
use crate::workload::Market;

/// Keys that are sent again: those without a definite answer first.
const KEYS_MAX: usize = 200;
const AT_ONCE: usize = 8;
/// Of one key at one node, in which it has to get its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(250);

/// Returns the keys that some node has no answer for.
pub async fn replay(market: &Market, sessions: &[Session]) -> anyhow::Result<Vec<Violation>> {
    let sessions: BTreeMap<_, _> = sessions.iter().map(|s| (s.user, s)).collect();
    let operations = market.history.operations()?;
    let keys = keys(&operations, |user| sessions.contains_key(user));
    let replays = keys.into_iter().map(|(user, key, seats)| {
        let session = sessions[&user];
        replay_everywhere(market, session, key, seats)
    });
    let mut replays = stream::iter(replays).buffer_unordered(AT_ONCE);
    let mut violations = Vec::new();
    while let Some(unanswered) = replays.next().await {
        if let Some(violation) = unanswered? {
            violations.push(violation);
            break; // it takes long, and the next ones would, too
        }
    }
    Ok(violations)
}

async fn replay_everywhere(
    market: &Market,
    session: &Session,
    key: &str,
    seats: &[Seat],
) -> anyhow::Result<Option<Violation>> {
    for node in 0..market.client.nodes() {
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let answer = market.book(node, 0, session, key, seats).await?;
            let open = answer.meaning() == Meaning::Open;
            if matches!(answer.meaning(), Meaning::Booked(_) | Meaning::Refused) {
                break;
            }
            if Instant::now() > deadline {
                let what = format!(
                    "key {key} has no definite answer at {} when all is over: {}",
                    market.client.company(node),
                    answer.name()
                );
                // a lease of the dead may last longer than this, and is no outcome
                return Ok(open.then(|| Violation::new("I7", what)));
            }
            sleep(AGAIN).await;
        }
    }
    Ok(None)
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
