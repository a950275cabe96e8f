//! When what was recorded, and the reads that tell it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Tables;
use passcom_actors::company::history::{Event, LegTimes, RegisterTimes, Step};
use passcom_actors::company::store::AuditView;
use passcom_actors::domain::ballot::{Key, Register};
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{LegKey, Rows};
use passcom_actors::domain::vote::LegState;

/// The times of all rows, beside them: the rules know no time.
#[derive(Debug, Clone, Default)]
pub struct Times {
    legs: BTreeMap<LegKey, Leg>,
    registers: BTreeMap<SagaId, Ballots>,
    tickets: BTreeMap<SagaId, Duration>,
    /// Of the audit rows, in their order.
    audit: Vec<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Leg {
    recorded: Duration,
    committed: Option<Duration>,
    ended: Option<Duration>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Ballots {
    promised: Option<Duration>,
    accepted: Option<Duration>,
    chosen: Option<Duration>,
}

impl Times {
    /// Notes what a transaction changed.
    pub(super) fn note(&mut self, rows: &Rows, now: Duration) {
        for change in rows.legs.changes() {
            let leg = self.legs.entry(*change.key).or_insert(Leg {
                recorded: now,
                committed: None,
                ended: None,
            });
            match change.after.state {
                LegState::Committed => leg.committed = Some(now),
                LegState::Refused | LegState::Cancelled if change.before.is_some() => {
                    leg.ended = Some(now);
                }
                _ => {}
            }
        }
        for change in rows.registers.changes() {
            if let Key::Saga(saga) = change.key {
                let times = self.registers.entry(*saga).or_default();
                times.note(change.before, change.after, now);
            }
        }
        for change in rows.tickets.changes().filter(|new| new.before.is_none()) {
            self.tickets.insert(*change.key, now);
        }
        self.audit.extend(rows.audit.iter().map(|_| now));
    }
}

impl Ballots {
    fn note(&mut self, before: Option<&Register>, after: &Register, now: Duration) {
        let accepted = |row: &Register| row.accepted.as_ref().map(|(ballot, _)| *ballot);
        if before.and_then(accepted) != accepted(after) {
            self.accepted = Some(now);
        } else if before.is_none_or(|before| before.promised != after.promised) {
            self.promised = Some(now);
        }
        if after.chosen && before.is_none_or(|before| !before.chosen) {
            self.chosen = Some(now);
        }
    }
}

impl Tables {
    pub(super) fn history(&self, me: CompanyId, saga: SagaId) -> Vec<Event> {
        let event = |at: Duration, step| Event { at: ms(at), step };
        let begun = self.sagas.get(&saga).map(|(at, row)| {
            let driver = row.driver.clone();
            event(*at, Step::Begun { driver })
        });
        let ticket = self.times.tickets.get(&saga);
        let mut events: Vec<Event> = begun.into_iter().collect();
        events.extend(ticket.map(|at| event(*at, Step::Ticket)));
        events.extend(self.register_events(saga));
        for (key, leg) in self.legs_of(saga) {
            let times = self.times.legs[&key];
            let leg = LegTimes {
                seat: SeatRef {
                    company: me,
                    route: key.route,
                    number: key.number,
                },
                fence: leg.fence,
                reason: leg.reason,
                recorded: ms(times.recorded),
                committed: times.committed.map(ms),
                ended: times.ended.map(ms),
            };
            events.extend(leg.events());
        }
        events
    }

    fn register_events(&self, saga: SagaId) -> Vec<Event> {
        let register = self.registers.get(&Key::Saga(saga));
        let Some((register, times)) = register.zip(self.times.registers.get(&saga)) else {
            return Vec::new();
        };
        let decided = register.accepted.as_ref().map(|(_, value)| value.into());
        let times = RegisterTimes {
            promised: times.promised.map(ms),
            accepted: times.accepted.map(ms).zip(decided),
            chosen: times.chosen.map(ms),
        };
        times.events()
    }

    /// Numbered from 1 as they were written.
    pub(super) fn audit_views(&self, before: Option<i64>, limit: usize) -> Vec<AuditView> {
        let rows = (1..).zip(self.audit.iter().zip(&self.times.audit));
        let mut views: Vec<AuditView> = rows
            .filter(|(id, _)| before.is_none_or(|before| *id < before))
            .map(|(id, (row, at))| AuditView {
                id,
                at: jiff::Timestamp::from_millisecond(ms(*at)).unwrap_or(jiff::Timestamp::MAX),
                action: row.action.clone(),
                subject: row.subject.clone(),
                reason: row.reason.clone(),
            })
            .collect();
        views.reverse();
        views.truncate(limit);
        views
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
