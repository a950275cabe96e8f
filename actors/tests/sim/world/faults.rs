//! What goes wrong, and how it ends.

use super::customers::GIVE_UP;
use super::*;

use crate::network::WireRisks;
use crate::store::RolledBack;

/// A node that has died comes back within this, unless its company is gone.
const RESTART: std::ops::Range<u64> = 200..6_000;

/// Within this of a company's death, where nothing else goes wrong, the others keep no seat because of it.
const BEREAVED: u64 = 10_000;

impl World {
    pub(super) fn start_node(&mut self, index: usize) {
        let company = &mut self.companies[index];
        if company.node.is_some() || company.gone {
            return;
        }
        let unfinished = company.tables.snapshot();
        let unfinished = unfinished.sagas.values().any(|(_, row)| !row.finished);
        if unfinished {
            self.hub.lock().seen.count("restarts with unfinished sagas");
        }
        self.tell(index, format_args!("starts"));
        let company = &mut self.companies[index];
        let (wall, seen) = (company.wall.clone(), company.seen.clone());
        let node = Node::start(
            index,
            self.hub.clone(),
            &company.tables,
            seen,
            wall,
            self.now,
        );
        company.node = Some(node);
        for other in self.others(index) {
            // no link outlives a process
            let wire = &mut self.hub.lock().wire;
            wire.set_up(index, other, false);
            wire.set_up(other, index, false);
        }
        for other in self.others(index) {
            self.links_change(index, other);
        }
    }

    pub(super) fn on_crash(&mut self, index: usize) {
        if self.companies[index].node.is_none() || self.healed_at.is_some() {
            return;
        }
        self.hub.lock().seen.count("crashes at a moment");
        self.bury(index);
    }

    pub(super) fn on_gone(&mut self, index: usize) {
        self.companies[index].doomed = true;
        self.bury(index);
    }

    pub(super) fn on_doom(&mut self, index: usize, crossings: u32) {
        self.companies[index].doomed = true;
        self.on_light(index, crossings);
    }

    pub(super) fn on_light(&mut self, index: usize, crossings: u32) {
        if let Some(node) = &self.companies[index].node {
            self.tell(index, format_args!("will die at crossing {crossings}"));
            node.life.light(crossings);
        }
    }

    /// The process is gone; its tables are not.
    pub(super) fn bury(&mut self, index: usize) {
        self.tell(index, format_args!("dies"));
        let company = &mut self.companies[index];
        if let Some(node) = company.node.take() {
            node.life.die();
            company.seen = node.witness.seen();
        }
        company.frozen = false;
        company.gone = company.doomed;
        self.hang_up(index);
        self.lose_requests(index);
        if self.companies[index].gone {
            self.tell(index, format_args!("is gone for good"));
            self.hub.lock().seen.count("companies gone for good");
            let died = self.now;
            return self.after(BEREAVED, Happening::Bereaved(died));
        }
        let delay = self.random(RESTART);
        self.after(delay, Happening::Restart(index));
    }

    pub(super) fn on_stop(&mut self, index: usize) {
        if let Some(node) = &self.companies[index].node
            && self.healed_at.is_none()
        {
            node.stop();
            self.tell(index, format_args!("is to stop"));
        }
    }

    pub(super) fn on_restart(&mut self, index: usize) {
        self.start_node(index);
    }

    pub(super) fn on_freeze(&mut self, index: usize, time: u64) {
        if self.companies[index].node.is_none() || self.healed_at.is_some() {
            return;
        }
        self.tell(index, format_args!("freezes for {time} ms"));
        self.hub.lock().seen.count("freezes");
        self.companies[index].frozen = true;
        for other in self.others(index) {
            self.links_change(index, other);
        }
        self.after(time, Happening::Thaw(index));
    }

    pub(super) fn on_thaw(&mut self, index: usize) {
        let company = &mut self.companies[index];
        if !std::mem::take(&mut company.frozen) {
            return;
        }
        if let Some(node) = &company.node {
            node.thaw(self.now);
        }
        self.tell(index, format_args!("thaws"));
        self.run_node(index);
        for other in self.others(index) {
            self.links_change(index, other);
        }
    }

    /// Who asks to confirm while the clock is set may be in time by what it shows from now on.
    pub(super) fn on_wall(&mut self, index: usize, wrong_by: i64) {
        let wall = &self.companies[index].wall;
        wall.set_wrong_by(wrong_by);
        let wall_ms = wall.ms(self.now);
        let open = self.open.values().filter(|open| open.at == index);
        let hub = &mut *self.hub.lock();
        for open in open {
            if let About::Holding(number, Deed::Confirm) = open.about {
                let saga = self.errands[number].saga;
                hub.history.holds.on_confirm(saga, wall_ms, &mut hub.seen);
            }
        }
    }

    pub(super) fn on_cut(&mut self, from: usize, to: usize, time: u64) {
        let other = self.hub.companies[to];
        self.tell(from, format_args!("cut off from {other} for {time} ms"));
        {
            let hub = &mut *self.hub.lock();
            hub.seen.count("cuts");
            hub.wire.cut(from, to);
        }
        self.links_change(from, to);
        self.after(time, Happening::Mend(from, to));
    }

    pub(super) fn on_mend(&mut self, from: usize, to: usize) {
        self.hub.lock().wire.mend(from, to);
        self.links_change(from, to);
    }

    /// N1, where nothing else has gone wrong.
    pub(super) fn on_bereaved(&mut self, died: u64) {
        if !self.plan.only_death {
            return;
        }
        let alive = self.companies.iter().zip(self.hub.companies.iter());
        let alive = alive.filter(|(company, _)| !company.gone);
        let alive: Vec<CompanyId> = alive.map(|(_, id)| *id).collect();
        let history = &mut self.hub.lock().history;
        for objection in history.kept_since(died, &alive) {
            history.object(objection);
        }
    }

    pub(super) fn on_backup(&mut self, index: usize) {
        let company = &mut self.companies[index];
        company.backup = Some(Arc::new(company.tables.backup()));
    }

    /// Where nobody has seen more than the backup has, nobody can notice: then nothing happens.
    pub(super) fn on_restore(&mut self, index: usize) {
        let id = self.hub.companies[index];
        let Some(backup) = &self.companies[index].backup else {
            return;
        };
        let kept = backup.log_end();
        let nodes = self
            .companies
            .iter()
            .filter_map(|company| company.node.as_ref());
        let mut marks = nodes.filter_map(|node| node.witness.seen().get(&id).copied());
        if !marks.any(|mark| mark.seq > kept) {
            return;
        }
        self.tell(
            index,
            format_args!("comes back as it was at row {}", kept.0),
        );
        self.swap_tables(index, true);
    }

    fn swap_tables(&mut self, index: usize, restored: bool) {
        self.bury(index);
        let company = &mut self.companies[index];
        let backup = company.backup.as_mut().expect("there is one");
        std::mem::swap(&mut company.tables, backup);
        company.restored = restored;
    }

    pub(super) fn on_fly(&mut self, index: usize, route: RouteId, flown: Flown) {
        let company = &self.companies[index];
        let Some(before) = company.tables.route(route) else {
            return;
        };
        let after = match flown {
            Flown::Later(minutes) => {
                let departs = wall::seconds(FAR) + minutes * 60;
                Route {
                    departs,
                    arrives: departs + 3_600,
                    ..before
                }
            }
            Flown::Withdrawn(withdrawn) => Route {
                on_sale: !withdrawn,
                ..before
            },
            Flown::Seats(seats) => Route {
                equipment: format!("E{seats}"),
                seats,
                ..before
            },
        };
        company.tables.import([after]);
        let id = self.hub.companies[index];
        {
            let hub = &mut *self.hub.lock();
            hub.history.departures.on_change(id, route);
            hub.seen.count("flights changed");
        }
        self.tell(index, format_args!("flight {route} is {flown:?}"));
    }

    pub(super) fn on_storm(&mut self, index: usize, weather: Weather) {
        self.tell(index, format_args!("database: {weather:?}"));
        self.hub.lock().weather[index] = weather;
    }

    /// A session that has lost its client commits. Where others have written meanwhile, it rolls back.
    pub(super) fn on_late_commit(&mut self, late: &LateCommit) {
        let index = late.life.index;
        let is_over = late.epoch.is_over();
        if let Err(error) = late.transaction.commit(&late.epoch) {
            if is_over && matches!(error, RolledBack::Append(_)) {
                let seen = &mut self.hub.lock().seen;
                seen.count("appends of an epoch that was over");
            }
            return;
        }
        self.tell(index, format_args!("a lost transaction commits"));
        let hub = &mut *self.hub.lock();
        hub.seen.count("unknown commits written later");
        hub.shown_is_stale |= late.life.is_dead();
        if let Some(rows) = late.transaction.rows() {
            hub.history.on_commit(rows, self.now, &mut hub.seen);
        }
    }

    /// From now on messages and transactions take the risks of the plan.
    pub(super) fn risk(&mut self) {
        let hub = &mut *self.hub.lock();
        hub.wire.risks = self.plan.wire_risks;
        hub.store_risks = self.plan.store_risks;
    }

    /// What a company had comes back in place of an old backup of it, on which nobody may have been served.
    fn put_back(&mut self, index: usize) {
        let company = &self.companies[index];
        if !company.restored {
            return;
        }
        if company
            .node
            .as_ref()
            .is_some_and(|node| node.door().is_some())
        {
            let id = self.hub.companies[index];
            let objection = format!("L7: {id} serves although its log went back");
            self.hub.lock().history.object(objection);
        }
        self.swap_tables(index, false);
    }

    /// Nothing fails any more, and who died comes back, but for a company that is gone.
    pub(super) fn on_heal(&mut self) {
        self.healed_at = Some(self.now);
        self.patience_until = Some(self.now + GIVE_UP);
        {
            let hub = &mut *self.hub.lock();
            hub.wire.risks = WireRisks::default();
            hub.wire.mend_all();
            hub.store_risks = StoreRisks::default();
            hub.weather.fill(Weather::Fair);
            hub.redis.mode = Mode::Up;
        }
        for index in 0..self.companies.len() {
            self.put_back(index);
            self.on_thaw(index);
            if let Some(node) = &self.companies[index].node {
                node.life.light(u32::MAX);
            }
            self.start_node(index);
            for other in self.others(index) {
                self.links_change(index, other);
            }
        }
        self.tell(0, format_args!("healed"));
        self.after(500, Happening::Examine);
    }
}
