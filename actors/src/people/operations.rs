//! What operators ask of a node: the handle that the admin endpoints hold.

mod lists;
mod money;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tracing::{info, warn};

use crate::booking::drivers::Drivers;
use crate::catalogue::{LegFilter, LegPage, PageCursor};
use crate::company::Company;
use crate::company::ledger::PostError;
use crate::company::store::{ReadError, SagaStatus, SagaView, Unfinished, Which, said_by};
use crate::company::verifier::{Verification, Verifier};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::{CompanyId, SagaId, SeatId, UserId};
use crate::domain::rows::SeatUse;
use crate::mesh::companies::Companies;
use crate::mesh::messages::{Reply, Request};
use crate::people::desk::{CancelAnswer, Desk, TicketPage, Unavailable};

pub use lists::{
    LeaseList, LeaseScan, LeaseView, Leased, RouteLeg, RouteList, RouteView, UnseatedView,
};
pub use money::{AccountView, BooksAsOf, RefundLine, RefundPage, RefundTotal, Settlement};

/// How long an operator waits for the end of a saga.
const DRIVE_PATIENCE: Duration = Duration::from_secs(8);
/// Most tickets of a user that an operator is shown.
const TICKETS_MAX: usize = 500;

/// A company as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    pub company: CompanyId,
    pub up: bool,
    /// Product version; absent while it is down.
    pub version: Option<String>,
    /// Companies that this member reaches, by its own word; absent while it is down.
    pub sees: Option<Vec<CompanyId>>,
}

/// The link to one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    pub company: CompanyId,
    pub address: String,
    pub up: bool,
    pub calls_under_way: usize,
    /// Why there is no link; absent where there is one, or no reason is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
    /// What this node refused of it since the start, and how much of that no honest node asks.
    pub refused: u64,
    pub alarmed: u64,
    /// Outbox row of that company read so far.
    pub replicated_seq: Option<i64>,
    /// Routes of it in the catalogue.
    pub routes: usize,
}

/// What the mesh knows of its links; the rest of [`Peer`] is known here.
pub type Links = Arc<dyn Fn() -> Vec<Link> + Send + Sync>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub company: CompanyId,
    pub address: String,
    pub calls_under_way: usize,
    pub obstacle: Option<String>,
}

/// One seat by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeatView {
    pub id: SeatId,
    pub free: bool,
}

/// Answer to (un)blocking a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    Done,
    /// The seat is sold or held.
    InUse,
    Unknown,
    Unavailable,
}

/// Who does something to a node, and why. Both stand in the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act<'a> {
    pub operator: &'a str,
    pub reason: &'a str,
}

impl Act<'_> {
    fn said(&self) -> String {
        said_by(self.operator, self.reason)
    }
}

/// What became of a saga that an operator had driven to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driven {
    /// As this company has it recorded now.
    Ended(SagaView),
    /// No majority of its companies has answered; the watcher goes on trying, and nobody guesses.
    StillOpen,
    Unknown,
    Unavailable,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Operations {
    company: Arc<Company>,
    companies: Companies,
    drivers: Drivers,
    desk: Desk,
    links: Links,
    lease_scan: LeaseScan,
    verifier: Verifier,
}

impl Operations {
    pub fn new(
        company: Arc<Company>,
        companies: Companies,
        drivers: Drivers,
        desk: Desk,
        links: Links,
        lease_scan: LeaseScan,
    ) -> Self {
        Self {
            verifier: Verifier::new(&company.archive),
            company,
            companies,
            drivers,
            desk,
            links,
            lease_scan,
        }
    }

    /// Whether this node serves, or why not: its log takes what is appended, and a majority of the companies is linked,
    /// our own included. Does not depend on Redis.
    pub async fn ready(&self) -> Result<(), String> {
        if let Some(problem) = self.company.witness.lost() {
            return Err(problem.to_owned());
        }
        if self.desk.is_draining() {
            return Err("draining".to_owned());
        }
        if !self.company.is_ready() {
            return Err("recovering".to_owned());
        }
        let (up, all) = (self.companies.up().len(), self.companies.all().len());
        if up * 2 <= all {
            return Err(format!(
                "no majority of the companies is linked: {up} of {all}, this one included"
            ));
        }
        let company = &self.company;
        company.ledger.pulse().check(company.archive.ping()).await
    }

    /// For how long the oldest entry that waits for the log has waited.
    pub fn oldest_waiting(&self) -> Duration {
        self.company.ledger.pulse().oldest_waiting()
    }

    pub async fn members(&self) -> Vec<Member> {
        let described = self.companies.ask_all(Request::Describe).await;
        let member = |company: &CompanyId| {
            let described = described.iter().find(|(from, _)| from == company);
            let (version, sees) = match described {
                Some((_, Reply::Description { version, reaches })) => {
                    (Some(version.clone()), Some(reaches.clone()))
                }
                _ => (None, None),
            };
            Member {
                company: *company,
                up: self.companies.is_up(*company),
                version,
                sees,
            }
        };
        self.companies.all().iter().map(member).collect()
    }

    pub async fn peers(&self) -> Vec<Peer> {
        let cursors = self.company.archive.cursors().await.unwrap_or_default();
        (self.links)()
            .into_iter()
            .map(|link| {
                let (refused, alarmed) = self.company.refused.of(link.company);
                Peer {
                    refused,
                    alarmed,
                    company: link.company,
                    up: self.companies.is_up(link.company),
                    replicated_seq: cursors.get(&link.company).map(|cursor| cursor.seq),
                    routes: self.company.catalogue.routes(link.company),
                    address: link.address,
                    calls_under_way: link.calls_under_way,
                    obstacle: link.obstacle,
                }
            })
            .collect()
    }

    /// Newest first, at most `limit`, of those in this state only.
    pub async fn sagas(
        &self,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Result<Vec<SagaView>, Unavailable> {
        let archive = &self.company.archive;
        let sagas = archive.sagas(None, state, older_than, limit).await;
        sagas.map_err(away)
    }

    pub async fn saga(&self, id: SagaId) -> Result<Option<SagaView>, Unavailable> {
        let archive = &self.company.archive;
        let sagas = archive.sagas(Some(id), None, None, 1).await.map_err(away)?;
        Ok(sagas.into_iter().next())
    }

    /// Drives a saga to its end now: finds out what was decided, or has Abort decided where nothing was. So an operator
    /// may ask for the end of a booking, never for which; `action` is what the audit trail calls it.
    pub async fn drive(&self, id: SagaId, action: &str, act: Act<'_>) -> Driven {
        let archive = &self.company.archive;
        let (view, recorded) = match (self.saga(id).await, archive.recorded(id).await) {
            (Ok(Some(view)), Ok(recorded)) => (view, recorded),
            (Ok(None), Ok(_)) => return Driven::Unknown,
            _ => return Driven::Unavailable,
        };
        let Some((order, hash, acceptors)) = recorded.order.filter(|_| !view.finished) else {
            return Driven::Ended(view);
        };
        if self.audit(action, format!("saga {id}"), act).await.is_err() {
            return Driven::Unavailable;
        }
        let saga = Unfinished {
            saga: id,
            order,
            hash,
            acceptors,
            driver: view.driver,
        };
        // none: it is being driven, and its end may come while we wait
        let ended = async {
            match self.drivers.recover(saga) {
                Some(answer) => drop(answer.await),
                None => tokio::time::sleep(DRIVE_PATIENCE).await,
            }
        };
        let _ = tokio::time::timeout(DRIVE_PATIENCE, ended).await;
        match self.saga(id).await {
            Ok(Some(view)) if !view.is_open() => Driven::Ended(view),
            Ok(Some(_)) => Driven::StillOpen,
            Ok(None) => Driven::Unknown,
            Err(Unavailable) => Driven::Unavailable,
        }
    }

    /// Begins to compare log, memory and tables, over the last so many rows of the log or all that are kept, unless that
    /// is under way.
    pub fn verify(&self, rows: Option<u64>) -> Verification {
        self.verifier.start(rows)
    }

    /// How far that is, or what came of it last.
    pub fn verification(&self) -> Verification {
        self.verifier.latest()
    }

    /// Takes no new bookings from clients any more; what is under way is finished.
    pub async fn drain(&self, act: Act<'_>) {
        self.desk.drain();
        self.audit_of_node("drain", act).await;
    }

    /// Takes new bookings again.
    pub async fn resume(&self, act: Act<'_>) {
        self.desk.resume();
        self.audit_of_node("resume", act).await;
    }

    /// What is done to this node does not depend on its database.
    pub async fn audit_of_node(&self, action: &str, act: Act<'_>) {
        if self.audit(action, "node".to_owned(), act).await.is_err() {
            warn!(action, "the audit trail could not be written");
        }
    }

    /// This company's own legs.
    pub fn own_legs(&self, after: Option<PageCursor>, limit: usize) -> LegPage {
        let filter = LegFilter {
            company: Some(self.company.me),
            ..LegFilter::default()
        };
        self.company.catalogue.page(&filter, after, limit)
    }

    pub async fn seat(&self, id: SeatId) -> Result<Option<SeatView>, Unavailable> {
        let archive = &self.company.archive;
        let seat = archive
            .seat((id.route(), id.number()))
            .await
            .map_err(away)?;
        Ok(seat.map(|held| SeatView {
            id,
            free: held == SeatUse::Free,
        }))
    }

    /// Takes a free seat off sale or puts it back; audited with the reason.
    pub async fn block(&self, id: SeatId, blocked: bool, act: Act<'_>) -> Blocked {
        match self.seat(id).await {
            Err(Unavailable) => return Blocked::Unavailable,
            Ok(None) => return Blocked::Unknown,
            Ok(Some(_)) => {}
        }
        let seat = (id.route(), id.number());
        let action = if blocked { "block" } else { "unblock" };
        tell(action, &format!("seat {} of route {}", seat.1, seat.0), act);
        let entry = Entry::Block {
            seat,
            blocked,
            reason: act.said(),
        };
        match self.company.ledger.post(entry).await {
            Ok(Receipt::Blocked(true)) => Blocked::Done,
            Ok(_) => Blocked::InUse,
            Err(_) => Blocked::Unavailable,
        }
    }

    /// A user's tickets as this company has them.
    pub async fn tickets_here(&self, user: UserId) -> Result<TicketPage, Unavailable> {
        let archive = &self.company.archive;
        let tickets = archive
            .tickets_of(user, Which::NotCancelled, None, TICKETS_MAX)
            .await;
        Ok(TicketPage {
            tickets: tickets.map_err(away)?,
            next: None,
        })
    }

    /// Cancels a whole ticket on the user's behalf; audited with the reason.
    pub async fn cancel_for(&self, user: UserId, ticket: SagaId, act: Act<'_>) -> CancelAnswer {
        let answer = self.desk.cancel(user, ticket).await;
        if answer == CancelAnswer::Done {
            let subject = format!("ticket {ticket}");
            if self.audit("cancel", subject, act).await.is_err() {
                return CancelAnswer::NotKnownInTime;
            }
        }
        answer
    }

    async fn audit(&self, action: &str, subject: String, act: Act<'_>) -> Result<(), PostError> {
        tell(action, &subject, act);
        let entry = Entry::Audit {
            action: action.to_owned(),
            subject,
            reason: act.said(),
        };
        self.company.ledger.post(entry).await.map(drop)
    }
}

fn tell(action: &str, subject: &str, act: Act<'_>) {
    let Act { operator, reason } = act;
    info!(operator, action, subject, reason, "operator acts");
}

fn away(error: ReadError) -> Unavailable {
    tracing::warn!(%error, "cannot read");
    Unavailable
}
