//! What must hold around a departure, by the wall clock of the node that decides, wrong as it may be.
//!
//! * D1: no seat is given away once the sale of its leg has closed, nor refused for that before; what was prepared in
//!   time may be sold later;
//! * D2: of a leg that has left nothing comes back, and of any other something does.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId};
use passcom_actors::domain::order::Order;
use passcom_actors::domain::rows::Rows;
use passcom_actors::domain::vote::LegState::{Committed, Prepared, Refused};
use passcom_actors::domain::vote::RefusalReason;
use passcom_actors::people::refund::Refund;

use crate::seen::Seen;

/// Seconds from the close of sale to the departure.
pub const SALE_CLOSES: i64 = crate::node::SALE_CLOSES.as_secs() as i64;

#[derive(Debug, Default)]
pub struct Departures {
    /// When each route leaves, in seconds since 1970.
    routes: BTreeMap<(CompanyId, RouteId), i64>,
    /// Routes that were changed: their seats may be refused for that, too.
    changed: BTreeSet<(CompanyId, RouteId)>,
    /// Sagas that some company refused after a close of sale; the others release with the same reason.
    closed: BTreeSet<SagaId>,
}

impl Departures {
    pub fn add(&mut self, company: CompanyId, route: RouteId, departs: i64) {
        self.routes.insert((company, route), departs);
    }

    pub fn on_change(&mut self, company: CompanyId, route: RouteId) {
        self.changed.insert((company, route));
    }

    /// D1, as a transaction decides.
    pub fn on_decided(&mut self, rows: &Rows, wall_ms: i64, seen: &mut Seen) -> Vec<String> {
        let mut objections = Vec::new();
        for change in rows.legs.changes() {
            let Some(departs) = self.routes.get(&(rows.me, change.key.route)) else {
                continue;
            };
            let closed = wall_ms >= (departs - SALE_CLOSES) * 1000;
            let saga = change.key.saga;
            let refused = change.after.reason == Some(RefusalReason::Closed);
            if refused && self.changed.contains(&(rows.me, change.key.route)) {
                self.closed.insert(saga);
                continue;
            }
            let before = change.before.map(|leg| leg.state);
            match (before, change.after.state) {
                (None, Prepared | Committed) if closed => objections.push(format!(
                    "D1: {:?} at {} after the close of its sale, at {wall_ms}",
                    change.key, rows.me
                )),
                (None, Refused) if refused && !closed && !self.closed.contains(&saga) => objections
                    .push(format!(
                        "D1: {:?} at {} refused before the close of its sale, at {wall_ms}",
                        change.key, rows.me
                    )),
                (None, Refused) if refused && closed => {
                    self.closed.insert(saga);
                    seen.count("legs refused after the close of their sale");
                }
                (Some(Prepared), Committed) if closed => {
                    seen.count("legs begun in time and sold later");
                }
                _ => {}
            }
        }
        objections
    }
}

/// D2, as a node says what comes back.
pub fn refunds_by_the_clock(
    order: &Order,
    refunds: &[Refund],
    wall_ms: i64,
    seen: &mut Seen,
) -> Vec<String> {
    let mut objections = Vec::new();
    for leg in &order.legs {
        let refund = refunds.iter().find(|refund| refund.seat == leg.seat);
        let left = leg.departs * 1000 <= wall_ms;
        seen.count(if left {
            "refunds asked for after a departure"
        } else {
            "refunds asked for before a departure"
        });
        if refund.is_none_or(|refund| (refund.amount.minor == 0) != left) {
            let seat = leg.seat;
            objections.push(format!(
                "D2: {refund:?} for {seat:?}, which has left: {left}"
            ));
        }
    }
    objections
}
