//! When all is over, keys are sent again, at every node: each has to give the one answer of its key. Those that were left open get theirs now.
//! Holds that were confirmed are confirmed again, too.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::checker::Violation;
use crate::client::{HoldAction, Session};
use crate::history::{Answer, Meaning, Operation, Request, Seat, SeatName};
use crate::workload::Market;

/// Requests that are sent again: those without a definite answer first.
const REQUESTS_MAX: usize = 250;
const AT_ONCE: usize = 8;
/// Of one request at one node, in which it has to get its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(250);

/// A request whose answer is final at every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Final<'a> {
    Booking {
        key: &'a str,
        seats: &'a [Seat],
    },
    Hold {
        key: &'a str,
        seats: &'a [Seat],
    },
    Confirmation {
        hold: Uuid,
    },
    Rebooking {
        key: &'a str,
        ticket: Uuid,
        given: &'a [SeatName],
        seats: &'a [Seat],
    },
}

impl<'a> Final<'a> {
    fn of(request: &'a Request) -> Option<(Uuid, Self)> {
        match request {
            Request::Book { user, key, seats } => Some((*user, Self::Booking { key, seats })),
            Request::Hold { user, key, seats } => Some((*user, Self::Hold { key, seats })),
            Request::Rebook {
                user,
                key,
                ticket,
                given,
                seats,
            } => Some((
                *user,
                Self::Rebooking {
                    key,
                    ticket: *ticket,
                    given,
                    seats,
                },
            )),
            Request::Confirm { user, hold } => Some((*user, Self::Confirmation { hold: *hold })),
            _ => None,
        }
    }

    async fn send(self, market: &Market, session: &Session, node: usize) -> anyhow::Result<Answer> {
        match self {
            Self::Booking { key, seats } => market.book(node, 0, session, key, seats).await,
            Self::Rebooking {
                key,
                ticket,
                given,
                seats,
            } => {
                let exchange = (given, seats);
                market
                    .rebook((node, 0), session, key, ticket, exchange)
                    .await
            }
            Self::Hold { key, seats } => market.hold(node, 0, session, key, seats).await,
            Self::Confirmation { hold } => {
                let confirm = HoldAction::Confirm;
                market.act(node, 0, session, hold, confirm).await
            }
        }
    }
}

impl fmt::Display for Final<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Booking { key, .. } => write!(f, "key {key}"),
            Self::Rebooking { key, .. } => write!(f, "key {key} of a rebooking"),
            Self::Hold { key, .. } => write!(f, "key {key} of a hold"),
            Self::Confirmation { hold } => write!(f, "the confirmation of hold {hold}"),
        }
    }
}

/// Returns the requests that some node has no answer for.
pub async fn replay(market: &Market, sessions: &[Session]) -> anyhow::Result<Vec<Violation>> {
    let sessions: BTreeMap<_, _> = sessions.iter().map(|s| (s.user, s)).collect();
    let operations = market.history.operations()?;
    let requests = requests(&operations, |user| sessions.contains_key(user));
    let replays = requests.into_iter().map(|(user, request)| {
        let session = sessions[&user];
        replay_everywhere(market, session, request)
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
    request: Final<'_>,
) -> anyhow::Result<Option<Violation>> {
    for node in 0..market.client.nodes() {
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let answer = request.send(market, session, node).await?;
            let open = match answer.meaning() {
                // whatever was given for it is not owed any more, and never was given under this key
                _ if answer.is_problem("not-rebookable") => break,
                Meaning::Open => true,
                Meaning::NothingBegun => false,
                _ => break,
            };
            if Instant::now() > deadline {
                let what = format!(
                    "{request} has no definite answer at {} when all is over: {}",
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

/// Requests by which something was begun, as far as anybody knows: open ones first, then the latest.
fn requests(operations: &[Operation], ours: impl Fn(&Uuid) -> bool) -> Vec<(Uuid, Final<'_>)> {
    let mut known: BTreeMap<(Uuid, Final), (bool, u64)> = BTreeMap::new();
    for operation in operations {
        let Some((user, request)) = Final::of(&operation.request) else {
            continue;
        };
        let definite = match operation.answer.meaning() {
            Meaning::Open => false,
            Meaning::NothingBegun => continue,
            _ => true,
        };
        if !ours(&user) {
            continue;
        }
        let (was_definite, last_us) = known.entry((user, request)).or_default();
        *was_definite |= definite;
        *last_us = (*last_us).max(operation.end_us);
    }
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_by_key(|(_, (definite, end_us))| (*definite, Reverse(*end_us)));
    known.truncate(REQUESTS_MAX);
    known.into_iter().map(|(request, _)| request).collect()
}
