//! The end of a run: everything has healed within the time it has for that, and nobody objects.

use std::collections::BTreeSet;

use passcom_actors::domain::ids::SeatNumber;

use super::customers::GIVE_UP;
use super::*;
use crate::checker::{Evidence, Objection, Shown, judge};

const EXAMINE_EVERY: u64 = 500;
/// So long after the last fault nothing is waited for but the end of extended holds.
const QUIET_AFTER: u64 = 30_000;
const EXAMINE_QUIET_EVERY: u64 = 10_000;
/// Most bookings still to be answered when everything has healed.
const PROBES: u16 = 2;

impl World {
    pub(super) fn on_examine(&mut self) {
        let healed_at = self.healed_at.expect("it is examined after healing");
        let evidence = self.evidence();
        let objections = judge(&evidence);
        let at_rest = objections.is_empty() && self.at_rest();
        if at_rest && evidence.dead.is_empty() {
            self.verdict = Some(Ok(()));
            return;
        }
        if at_rest {
            return self.bring_back();
        }
        if self.now - healed_at > self.plan.heal_max {
            self.verdict = Some(Err(self.complaint(&objections)));
            return;
        }
        let every = if self.is_quiet() {
            EXAMINE_QUIET_EVERY
        } else {
            EXAMINE_EVERY
        };
        self.after(every, Happening::Examine);
    }

    /// The others have done without the dead company: it comes back, and is to agree.
    fn bring_back(&mut self) {
        if self.probes.is_empty() {
            self.probe();
            return self.after(EXAMINE_EVERY, Happening::Examine);
        }
        for index in 0..self.companies.len() {
            self.companies[index].gone = false;
            self.companies[index].doomed = false;
            self.start_node(index);
        }
        self.healed_at = Some(self.now);
        self.after(EXAMINE_EVERY, Happening::Examine);
    }

    /// Whether the living sell seats of each other while one is dead.
    fn probe(&mut self) {
        let alive = (0..self.companies.len()).filter(|index| !self.companies[*index].gone);
        let alive: Vec<CompanyId> = alive.map(|index| self.hub.companies[index]).collect();
        self.patience_until = Some(self.now + GIVE_UP);
        for number in 1..=PROBES {
            let seat = |company: &CompanyId| SeatRef {
                company: *company,
                route: RouteId(HOT_ROUTES + 1),
                number: SeatNumber(number),
            };
            self.probes.push(self.errands.len());
            self.new_errand(alive.iter().map(seat).collect());
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        let healed_at = self.healed_at.unwrap_or(self.now);
        self.now - healed_at > QUIET_AFTER
    }

    fn at_rest(&self) -> bool {
        let serves = |company: &Company| {
            company.gone
                || company
                    .node
                    .as_ref()
                    .is_some_and(|node| node.door().is_some())
        };
        let probed = |number: &usize| self.errands[*number].is_sold();
        self.open.is_empty()
            && self.companies.iter().all(serves)
            && self.probes.iter().all(probed)
            && !self.queue.values().any(Happening::is_a_clients)
    }

    fn complaint(&self, objections: &[Objection]) -> String {
        let objections = objections
            .iter()
            .map(|(name, what)| format!("{name}: {what}"));
        let mut lines: Vec<String> = objections.collect();
        lines.extend(
            self.open
                .values()
                .map(|open| format!("{:?} is open", open.about)),
        );
        let probes = self
            .probes
            .iter()
            .filter(|number| !self.errands[**number].is_sold());
        lines.extend(probes.map(|number| format!("errand {number} cannot be done")));
        let asking = self
            .queue
            .values()
            .filter(|happening| happening.is_a_clients());
        lines.push(format!("{} clients are to ask again", asking.count()));
        let silent = self.companies.iter().zip(self.hub.companies.iter());
        let silent = silent.filter(|(company, _)| {
            let node = company.node.as_ref();
            !company.gone && node.is_none_or(|node| node.door().is_none())
        });
        lines.extend(silent.map(|(_, id)| format!("{id} does not serve")));
        let heal_max = self.plan.heal_max;
        format!("not healed after {heal_max} ms:\n  {}", lines.join("\n  "))
    }

    fn evidence(&self) -> Evidence {
        let ids = self.hub.companies.iter();
        let companies = || ids.clone().zip(&self.companies);
        let hub = self.hub.lock();
        let history = &hub.history;
        let tables = companies().map(|(id, company)| (*id, company.tables.snapshot()));
        let dead = companies().filter(|(_, company)| company.gone);
        let not_begun = self.errands.iter().filter(|errand| errand.unanswered == 0);
        Evidence {
            tables: tables.collect(),
            dead: dead.map(|(id, _)| *id).collect(),
            told: history.told.clone(),
            not_begun: not_begun.map(|errand| errand.saga).collect(),
            cancels: history.cancels.clone(),
            claimed: history.claimed.clone(),
            refunded: history.refunded.clone(),
            chosen: history.all_chosen(),
            unexpired: if self.plan.to_the_end {
                BTreeSet::new()
            } else {
                history.holds.unexpired(self.now)
            },
            shown: if hub.shown_is_stale {
                Vec::new()
            } else {
                self.shown()
            },
        }
    }

    fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (at, company) in self.hub.companies.iter().zip(&self.companies) {
            let Some(door) = company.node.as_ref().and_then(|node| node.door()) else {
                continue;
            };
            for of in self.hub.companies.iter() {
                let routes = (1..=LEAVING_ROUTE.0).map(RouteId);
                let legs = routes.filter_map(|route| door.catalogue.leg(*of, route));
                shown.extend(legs.map(|leg| Shown {
                    at: *at,
                    of: *of,
                    route: leg.route.id,
                    free: leg.free,
                }));
            }
        }
        shown
    }
}
