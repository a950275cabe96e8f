//! What peers asked and may not: counted, alarmed, and logged a line at a time, however much of it comes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::counter;
use tokio::time::Instant;
use tracing::{debug, error};

use crate::domain::ids::{CompanyId, SagaId};

/// A peer has one line in the log in so long; the rest is in the number that the next one tells.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Outcomes to be looked for at a time. Whoever tells one tells it again.
const DOUBTS_MAX: usize = 256;

/// Why a request of a peer is not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It names another company than the connection proves.
    AnothersName,
    /// It is sold by another company than the one that asks for the vote, and nothing of it is recorded here.
    AnothersSale,
    /// A ballot that belongs to another company.
    AnothersBallot,
    /// A ballot to which companies cannot have come by now.
    FarBallot,
    /// A value that no honest company proposes there.
    ImpossibleValue,
    /// Commit of an order for which this company has not voted, or whose seats it has given back since: also a message that is late.
    NotVotedFor,
    /// The acceptors are not those that follow from the order.
    OtherAcceptors,
    /// The hash is not that of the order.
    OtherHash,
    /// No order that a node makes: it has no seats or too many, the company that is asked is not among those that vote, or a company
    /// of it is no member.
    NoOrder,
    /// A ticket that says what cannot be: seats that it does not have, or more back than was paid.
    NoTicket,
    /// An outcome that nobody has shown this company: it is told by another company than the seller, and the register here does not say so.
    Unproven,
    /// A user that there cannot be: no node makes such a one, or another user has the login or the id.
    ForgedUser,
    /// A version of a user that the user's key has not signed. Also what a third company tells when somebody has forgotten the password,
    /// until the home of the user has told it.
    UnprovenUser,
    /// So many of this peer are under way already.
    TooMany,
    /// More items than a node puts into one message.
    TooLong,
}

impl Reason {
    /// As in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Reason::AnothersName => "anothers_name",
            Reason::AnothersSale => "anothers_sale",
            Reason::AnothersBallot => "anothers_ballot",
            Reason::FarBallot => "far_ballot",
            Reason::ImpossibleValue => "impossible_value",
            Reason::NotVotedFor => "not_voted_for",
            Reason::OtherAcceptors => "other_acceptors",
            Reason::OtherHash => "other_hash",
            Reason::NoOrder => "no_order",
            Reason::NoTicket => "no_ticket",
            Reason::Unproven => "unproven",
            Reason::ForgedUser => "forged_user",
            Reason::UnprovenUser => "unproven_user",
            Reason::TooMany => "too_many",
            Reason::TooLong => "too_long",
        }
    }

    /// Whether an honest node sends it, too: one that takes up what another one began may know more than this company does yet, and any
    /// may have much to ask.
    fn may_be_honest(self) -> bool {
        matches!(
            self,
            Reason::AnothersSale
                | Reason::NotVotedFor
                | Reason::Unproven
                | Reason::UnprovenUser
                | Reason::TooMany
        )
    }
}

/// What was refused since the start, of each peer. As many as there are members: who asks is proven.
#[derive(Debug, Default)]
pub struct Refused {
    peers: Mutex<BTreeMap<CompanyId, OfPeer>>,
    /// Of which sagas an outcome was told that nobody had shown, and by whom last.
    doubts: Mutex<BTreeMap<SagaId, CompanyId>>,
}

#[derive(Debug, Default)]
struct OfPeer {
    /// All of it, and what no honest node sends.
    refused: u64,
    alarmed: u64,
    unlogged: u64,
    logged: Option<Instant>,
}

impl Refused {
    /// `kind` names what was asked.
    pub fn note(&self, peer: CompanyId, kind: &'static str, reason: Reason) {
        counter!(
            "passcom_mesh_refused_total",
            "peer" => peer.to_string(), "request" => kind, "reason" => reason.name()
        )
        .increment(1);
        debug!(%peer, request = kind, reason = reason.name(), "a peer's request is refused");
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = peers.entry(peer).or_default();
        of_peer.refused += 1;
        if reason.may_be_honest() {
            return;
        }
        counter!("passcom_alarms_total").increment(1);
        of_peer.alarmed += 1;
        of_peer.unlogged += 1;
        let now = Instant::now();
        if of_peer.logged.is_none_or(|at| now - at >= LOG_EVERY) {
            of_peer.logged = Some(now);
            let times = std::mem::take(&mut of_peer.unlogged);
            error!(
                %peer, request = kind, reason = reason.name(), times,
                "a peer asks what no honest node asks: its company, or who has taken it over, should be spoken to"
            );
        }
    }

    /// An outcome of this saga was told and not believed ([`Reason::Unproven`]): it is to be looked for.
    pub fn doubt(&self, saga: SagaId, told_by: CompanyId) {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        if doubts.len() < DOUBTS_MAX || doubts.contains_key(&saga) {
            doubts.insert(saga, told_by);
        }
    }

    /// Those that were doubted since this was asked for last.
    pub fn take_doubts(&self) -> BTreeMap<SagaId, CompanyId> {
        std::mem::take(&mut self.doubts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many requests of this peer were refused, and how many of those no honest node sends.
    pub fn of(&self, peer: CompanyId) -> (u64, u64) {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = peers.get(&peer);
        of_peer.map_or((0, 0), |of_peer| (of_peer.refused, of_peer.alarmed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_counted_of_its_peer_and_what_may_be_honest_is_no_alarm() {
        let refused = Refused::default();
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        refused.note(b, "describe", Reason::TooMany);
        refused.note(b, "describe", Reason::AnothersName);
        refused.note(b, "frame", Reason::AnothersName);
        assert_eq!(refused.of(b), (3, 2));
        assert_eq!(refused.of(a), (0, 0));
        let peers = refused.peers.lock().unwrap();
        assert_eq!(peers[&b].unlogged, 1, "the second line waits");
    }

    #[test]
    fn an_outcome_that_is_not_believed_is_looked_for_once_and_of_no_more_than_there_is_room_for() {
        let refused = Refused::default();
        let saga = |number: usize| SagaId(uuid::Uuid::from_u128(number as u128));
        let [a, b] = ["a", "b"].map(crate::domain::fixtures::company);
        for number in 0..DOUBTS_MAX + 5 {
            refused.doubt(saga(number), a);
        }
        refused.doubt(saga(1), b);
        let doubts = refused.take_doubts();
        assert_eq!(doubts.len(), DOUBTS_MAX);
        assert_eq!((doubts[&saga(0)], doubts[&saga(1)]), (a, b));
        assert!(refused.take_doubts().is_empty());
    }
}
