//! The seat actor of one route: shell of [`SeatMap`]. Hands out claims in memory, applies what the ledger committed.
//!
//! Started on first use and stopped when idle: nothing is lost with it, for what is durable is in PostgreSQL and a claim
//! keeps the actor alive. Until its survey has arrived it knows of claims only; the ledger has the last word anyway,
//! and where it refuses what the actor has granted, the route is surveyed.

use std::collections::BTreeMap;

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use ractor_cluster::RactorMessage;
use serde::Serialize;

use crate::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use crate::domain::rows::SeatUse;
use crate::domain::seat_map::SeatMap;
use crate::domain::vote::Refusal;

/// Seats of a route by what keeps them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RouteSeats {
    /// Claimed by bookings whose ledger entry is under way.
    pub claimed: usize,
    pub prepared: usize,
    pub sold: usize,
    pub blocked: usize,
}

#[derive(RactorMessage)]
pub enum RouteMessage {
    /// All of these seats for the saga, or why not.
    Claim {
        saga: SagaId,
        seats: Vec<SeatNumber>,
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
    Unclaim(SagaId),
    /// The ledger committed this.
    Committed(Vec<(SeatNumber, SeatUse)>),
    /// What the ledger read, in the order of its commits.
    Surveyed(BTreeMap<SeatNumber, SeatUse>),
    /// How many seats are kept, and by what.
    Count(RpcReplyPort<RouteSeats>),
    /// Stop, unless somebody claims a seat.
    StopIfIdle,
}

pub struct RouteActor {
    pub company: CompanyId,
    pub route: RouteId,
}

impl Actor for RouteActor {
    type Msg = RouteMessage;
    type State = SeatMap;
    type Arguments = ();

    async fn pre_start(
        &self,
        _myself: ActorRef<RouteMessage>,
        (): (),
    ) -> Result<SeatMap, ActorProcessingErr> {
        Ok(SeatMap::new(self.company, self.route))
    }

    async fn handle(
        &self,
        myself: ActorRef<RouteMessage>,
        message: RouteMessage,
        map: &mut SeatMap,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RouteMessage::Claim { saga, seats, reply } => {
                if reply.is_closed() {
                    return Ok(()); // whoever asked has given up, and would not unclaim
                }
                if reply.send(map.claim(saga, &seats)).is_err() {
                    map.unclaim(saga);
                }
            }
            RouteMessage::Unclaim(saga) => map.unclaim(saga),
            RouteMessage::Committed(changes) => {
                for (number, now) in changes {
                    map.apply(number, now);
                }
            }
            RouteMessage::Surveyed(durable) => map.reload(durable),
            RouteMessage::Count(reply) => {
                let _ = reply.send(count(map)); // whoever asked may have given up
            }
            RouteMessage::StopIfIdle if map.is_idle() => myself.stop(None),
            RouteMessage::StopIfIdle => {}
        }
        Ok(())
    }
}

fn count(map: &SeatMap) -> RouteSeats {
    let mut seats = RouteSeats {
        claimed: map.claimed(),
        ..RouteSeats::default()
    };
    for now in map.kept() {
        match now {
            SeatUse::Prepared { .. } => seats.prepared += 1,
            SeatUse::Sold { .. } => seats.sold += 1,
            SeatUse::Blocked => seats.blocked += 1,
            SeatUse::Free => {}
        }
    }
    seats
}
