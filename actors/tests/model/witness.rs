//! What must be reached in some state: a search in which nothing goes wrong proves nothing. Names of what tables show.

use std::collections::BTreeSet;

use passcom_actors::domain::ballot::Ballot;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::rows::{LegKey, LegRow};
use passcom_actors::domain::vote::LegState::{self, Cancelled, Committed, Prepared, Refused};

use crate::audit::Decision;
use crate::company::Company;
use crate::config::Known;
use crate::verdict::Fate;

pub const COMMITTED: &str = "commit chosen in ballot 0";
pub const RECOVERED: &str = "commit chosen in a recovery ballot only";
pub const ABORTED: &str = "abort chosen though every company had said yes";
pub const TOMBSTONE: &str = "released before it was prepared";
pub const OVERTAKEN: &str = "cancelled at one company, prepared at another";
pub const RESOLD: &str = "sold again after a cancel";
pub const REUSED: &str = "sold to another after a release";
pub const TWO_ORDERS: &str = "two orders prepared under one saga";
pub const SECOND_ORDER: &str = "the second order committed";
pub const REFUSED_REQUEST: &str = "abort chosen though its customer had confirmed";
pub const TWO_TOKENS: &str = "two tokens on one seat";

/// What the tables show of one saga.
pub fn witnesses(
    all: &[&Company],
    saga: SagaId,
    fate: &Fate,
    orders: &[Known],
) -> BTreeSet<&'static str> {
    let legs: Vec<(&LegKey, &LegRow)> = all
        .iter()
        .flat_map(|company| &company.legs)
        .filter(|(key, _)| key.saga == saga)
        .collect();
    let has = |state: LegState| legs.iter().any(|(_, leg)| leg.state == state);
    let prepared = || legs.iter().filter(|(_, leg)| leg.state == Prepared);
    let zero = (saga, Ballot::ZERO);
    let accepted = all
        .iter()
        .filter(|company| company.audit.votes.contains_key(&zero))
        .count();
    let majority = orders[0].acceptors.majority();
    let committed = matches!(fate.chosen, Some(Decision::Commit(_)));
    let second = orders.get(1).map(|known| Decision::Commit(known.hash));
    let whole = prepared().count() == orders[0].order.legs.len();
    let hashes: BTreeSet<_> = prepared().map(|(_, leg)| leg.hash).collect();
    let found = [
        (COMMITTED, committed && accepted >= majority),
        (RECOVERED, committed && accepted < majority),
        (ABORTED, fate.chosen == Some(Decision::Abort) && whole),
        (
            REFUSED_REQUEST,
            fate.chosen == Some(Decision::Abort)
                && all
                    .iter()
                    .any(|company| company.audit.requested.contains(&saga)),
        ),
        (TOMBSTONE, legs.iter().any(|(_, leg)| is_tombstone(leg))),
        (OVERTAKEN, has(Cancelled) && has(Prepared)),
        (
            RESOLD,
            all.iter()
                .any(|company| is_resold(company, saga, Cancelled)),
        ),
        (
            REUSED,
            all.iter().any(|company| is_resold(company, saga, Refused)),
        ),
        (TWO_ORDERS, hashes.len() > 1),
        (SECOND_ORDER, second.is_some() && fate.chosen == second),
        (
            TWO_TOKENS,
            all.iter().any(|company| has_two_tokens(company, saga)),
        ),
    ];
    found
        .into_iter()
        .filter(|(_, found)| *found)
        .map(|(name, _)| name)
        .collect()
}

/// Its order was never seen.
fn is_tombstone(leg: &LegRow) -> bool {
    leg.hash.0 == [0; 32]
}

/// The saga gave a seat up, in this state, and another has it now.
fn is_resold(company: &Company, saga: SagaId, given_up: LegState) -> bool {
    let mut legs = company.legs.iter().filter(|(key, _)| key.saga == saga);
    legs.any(|(old, leg)| {
        let mut owners = company.owners(old.seat());
        leg.state == given_up
            && !is_tombstone(leg)
            && owners.any(|(new, leg)| new.saga != saga && leg.state == Committed)
    })
}

fn has_two_tokens(company: &Company, saga: SagaId) -> bool {
    let mut legs = company.legs.iter().filter(|(key, _)| key.saga == saga);
    legs.any(|(key, leg)| {
        let seat = company.seats.get(&key.seat());
        seat.is_some_and(|seat| seat.fence > leg.fence)
    })
}
