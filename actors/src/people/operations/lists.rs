//! What operators look through: the routes in use, the leases, the audit trail, who is left without a seat.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;

use super::{Operations, away};
use crate::company::directory::InUse;
use crate::company::route::RouteSeats;
use crate::company::store::AuditView;
use crate::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use crate::domain::order::SeatRef;
use crate::people::desk::Unavailable;

/// A route of this company whose actor is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteView {
    pub route: RouteId,
    /// What it flies; absent where the catalogue does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leg: Option<RouteLeg>,
    /// Seconds since it was last used.
    pub idle_seconds: u64,
    /// What its actor knows; absent where it did not answer.
    #[serde(flatten)]
    pub seats: Option<RouteSeats>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteLeg {
    pub flight: String,
    pub origin: String,
    pub destination: String,
    pub departs: Timestamp,
    pub seats: u16,
}

/// The routes in use, those used last first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteList {
    /// How many are alive in all.
    pub alive: usize,
    pub routes: Vec<RouteView>,
}

/// A lease on a seat of any company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseView {
    pub company: CompanyId,
    pub route: RouteId,
    pub number: SeatNumber,
    /// The booking that has it.
    pub saga: SagaId,
    pub remaining_ms: u64,
    /// Whether that booking is driven by this node.
    pub here: bool,
}

/// A seat of a ticket, as it was sold, that its owner is left without after a change of aircraft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnseatedView {
    pub ticket: SagaId,
    pub route: RouteId,
    pub number: SeatNumber,
    /// What the route flies; absent where the catalogue does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leg: Option<RouteLeg>,
}

/// The leases of the cluster, or that nobody could be asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseList {
    /// False while the lease table is away: then nothing is known.
    pub available: bool,
    /// Whether there are more than were looked for.
    pub more: bool,
    pub leases: Vec<LeaseView>,
}

/// A lease as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leased {
    pub company: CompanyId,
    pub route: RouteId,
    pub number: SeatNumber,
    pub saga: SagaId,
    pub remaining_ms: u64,
}

/// Asks the lease table for at most so many leases, and whether there are more. None while it is away.
pub type LeaseScan =
    Arc<dyn Fn(usize) -> BoxFuture<'static, Option<(Vec<Leased>, bool)>> + Send + Sync>;

impl Operations {
    /// The routes whose actor is alive, those used last first, at most `limit`.
    pub async fn routes(&self, limit: usize) -> RouteList {
        let company = &self.company;
        let used = company.directory.in_use(limit).await;
        let view = |route: InUse| RouteView {
            leg: company.catalogue.route(company.me, route.id).map(leg),
            route: route.id,
            idle_seconds: route.idle.as_secs(),
            seats: route.seats,
        };
        RouteList {
            alive: company.directory.len(),
            routes: used.into_iter().map(view).collect(),
        }
    }

    /// Leases on seats of any company, ascending, at most `limit`.
    pub async fn leases(&self, limit: usize) -> LeaseList {
        let Some((mut found, more)) = (self.lease_scan)(limit).await else {
            return LeaseList {
                available: false,
                more: false,
                leases: Vec::new(),
            };
        };
        found.sort_by_key(|lease| (lease.company, lease.route, lease.number));
        let running = &self.company.running;
        let view = |lease: Leased| LeaseView {
            company: lease.company,
            route: lease.route,
            number: lease.number,
            saga: lease.saga,
            remaining_ms: lease.remaining_ms,
            here: running.contains(lease.saga),
        };
        LeaseList {
            available: true,
            more,
            leases: found.into_iter().map(view).collect(),
        }
    }

    /// Seats of tickets that are left without one at this company, at most `limit`.
    pub async fn unseated(&self, limit: usize) -> Result<Vec<UnseatedView>, Unavailable> {
        let company = &self.company;
        let unseated = company.archive.unseated(limit).await.map_err(away)?;
        let view = |(ticket, seat): (SagaId, SeatRef)| UnseatedView {
            ticket,
            route: seat.route,
            number: seat.number,
            leg: company.catalogue.route(company.me, seat.route).map(leg),
        };
        Ok(unseated.into_iter().map(view).collect())
    }

    /// What operators did at this company, newest first, before this one.
    pub async fn audit_trail(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditView>, Unavailable> {
        let archive = &self.company.archive;
        archive.audit(before, limit).await.map_err(away)
    }
}

fn leg(route: crate::catalogue::Route) -> RouteLeg {
    RouteLeg {
        flight: route.flight,
        origin: route.origin,
        destination: route.destination,
        departs: Timestamp::from_second(route.departs).unwrap_or(Timestamp::MAX),
        seats: route.seats,
    }
}
