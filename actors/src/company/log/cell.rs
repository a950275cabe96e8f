//! All that is recorded of one saga, or of one login, with the times: what is read, changed and projected together.

use super::kept::Hold;
use crate::domain::accounts::User;
use crate::domain::ballot::{Key, Register};
use crate::domain::fencing::FencingToken;
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::order::SeatRef;
use crate::domain::rows::{LegKey, LegRow, Rows, SagaRow, SagaState, SeatKey};
use crate::domain::ticket::Ticket;
use crate::domain::vote::LegState;

use super::record::{LoginChange, SagaChange};
use crate::company::history::{Decided, Event, Step};

/// One saga at this company. Times are milliseconds since 1970 by the clock of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    pub saga: Option<SagaRow>,
    /// When its row was written first.
    pub begun_at: i64,
    /// Ascending by seat.
    pub legs: Vec<Leg>,
    pub register: Option<(Register, RegisterTimes)>,
    /// With the time at which it was recorded here, unless that is not known.
    pub ticket: Option<(Ticket, Option<i64>)>,
    /// The ticket as the tables, hence their sums of what companies owe each other, have it.
    pub booked: Option<Ticket>,
    pub unprojected: Parts,
}

/// Parts of a cell that the tables do not have as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// The saga's row, which its decision stands in.
    pub row: bool,
    pub legs: bool,
    pub ticket: bool,
}

/// A leg with its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub seat: SeatKey,
    pub row: LegRow,
    /// When it was prepared, sold or refused first.
    pub recorded: i64,
    pub committed: Option<i64>,
    /// When it was refused after it had been prepared, or cancelled.
    pub ended: Option<i64>,
}

/// When a register came to its states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegisterTimes {
    pub promised: Option<i64>,
    pub accepted: Option<i64>,
    pub chosen: Option<i64>,
}

/// One login at this company.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    pub user: Option<User>,
    pub register: Option<Register>,
}

/// A seat that a change touches: whether the saga keeps it afterwards, and the fence that came with it.
pub type Touched = (SeatKey, bool, Option<FencingToken>);

impl Cell {
    /// Somebody must bring it to an end; `node` is the name of this company's node.
    pub fn is_open(&self, node: &str) -> bool {
        self.saga.as_ref().is_some_and(|row| {
            row.state == SagaState::Begun || (!row.finished && row.driver == node)
        })
    }

    /// The seats that it keeps or has.
    pub fn keeps(&self) -> impl Iterator<Item = SeatKey> + '_ {
        let kept = self.legs.iter().filter(|leg| leg.row.owns());
        kept.map(|leg| leg.seat)
    }

    /// The open hold that it is.
    pub(super) fn hold(&self) -> Option<Hold> {
        let row = self.saga.as_ref()?;
        let order = row.order.as_ref()?;
        let is_open = row.state == SagaState::Begun && order.hold_seconds.is_some();
        is_open.then(|| {
            let routes = self.keeps().map(|(route, _)| route);
            (
                order.user,
                routes.filter(|route| !route.is_claim()).collect(),
            )
        })
    }

    pub fn leg(&self, seat: SeatKey) -> Option<&Leg> {
        let found = self.legs.binary_search_by_key(&seat, |leg| leg.seat);
        found.ok().map(|at| &self.legs[at])
    }

    /// What happened to it, in no order.
    pub fn events(&self, me: CompanyId) -> Vec<Event> {
        let event = |at, step| Event { at, step };
        let mut events = Vec::new();
        if let Some(row) = &self.saga {
            let driver = row.driver.clone();
            events.push(event(self.begun_at, Step::Begun { driver }));
        }
        for leg in &self.legs {
            events.extend(leg.events(me));
        }
        if let Some((register, times)) = &self.register {
            let decided = register
                .accepted
                .as_ref()
                .map(|(_, value)| Decided::from(value));
            let steps = [
                times.promised.map(|at| event(at, Step::Promised)),
                times
                    .accepted
                    .zip(decided)
                    .map(|(at, decided)| event(at, Step::Accepted(decided))),
                times
                    .chosen
                    .zip(decided)
                    .map(|(at, decided)| event(at, Step::Chosen(decided))),
            ];
            events.extend(steps.into_iter().flatten());
        }
        if let Some((_, Some(at))) = &self.ticket {
            events.push(event(*at, Step::Ticket));
        }
        events
    }

    /// As it is, to be projected.
    pub(super) fn taken(&mut self) -> Self {
        let taken = self.clone();
        self.unprojected = Parts::default();
        self.booked = self.ticket.as_ref().map(|(ticket, _)| ticket.clone());
        taken
    }

    pub(super) fn fill(&self, saga: SagaId, rows: &mut Rows) {
        if let Some(row) = &self.saga {
            rows.sagas.load(saga, row.clone());
        }
        for leg in &self.legs {
            let key = LegKey {
                saga,
                route: leg.seat.0,
                number: leg.seat.1,
            };
            rows.load_leg(key, leg.row);
        }
        if let Some((register, _)) = &self.register {
            rows.registers.load(Key::Saga(saga), register.clone());
        }
        if let Some((ticket, _)) = &self.ticket {
            rows.tickets.load(saga, ticket.clone());
        }
    }

    /// Takes the change over, at this time. None: it rests on rows that are not here.
    pub(super) fn apply(
        &mut self,
        id: SagaId,
        at: i64,
        change: SagaChange,
    ) -> Option<Vec<Touched>> {
        self.unprojected.row |= change.saga.is_some() || change.register.is_some();
        self.unprojected.legs |= !change.legs.is_empty();
        self.unprojected.ticket |= change.ticket.is_some();
        if let Some(part) = change.saga {
            if self.saga.is_none() {
                self.begun_at = at;
            }
            self.saga = Some(part.after(self.saga.take())?);
        }
        let own = self.saga.as_ref().map(|row| row.hash);
        let mut touched = Vec::with_capacity(change.legs.len());
        for (seat, leg) in change.legs {
            let found = self.legs.binary_search_by_key(&seat, |leg| leg.seat);
            let before = found.ok().map(|at| self.legs[at]);
            let row = leg.after(before.as_ref().map(|leg| &leg.row), own)?;
            let fence = (before.is_none() && row.owns()).then_some(row.fence);
            touched.push((seat, row.owns(), fence));
            let leg = Leg::moved(before, seat, row, at);
            match found {
                Ok(at) => self.legs[at] = leg,
                Err(at) => self.legs.insert(at, leg),
            }
        }
        if let Some(part) = change.register {
            let (before, mut times) = self.register.take().unzip();
            let after = part.after(self.saga.as_ref())?;
            times
                .get_or_insert_default()
                .note(before.as_ref(), &after, at);
            self.register = Some((after, times.unwrap_or_default()));
        }
        if let Some(part) = change.ticket {
            let recorded = self.ticket.as_ref().map_or(Some(at), |(_, at)| *at);
            self.ticket = Some((part.after(id, self.saga.as_ref())?, recorded));
        }
        Some(touched)
    }
}

impl Leg {
    /// What happened to this leg: at most three events.
    fn events(&self, me: CompanyId) -> Vec<Event> {
        let (seat, fence) = (seat_of(me, self.seat), self.row.fence);
        let mut events = Vec::with_capacity(3);
        let mut push = |at, step| events.push(Event { at, step });
        match (self.row.reason, self.ended) {
            (Some(reason), None) => push(self.recorded, Step::Refused { seat, reason }),
            // sold in one step: it was never only prepared
            _ if self.committed == Some(self.recorded) => {}
            _ => push(self.recorded, Step::Prepared { seat, fence }),
        }
        if let Some(at) = self.committed {
            push(at, Step::Committed { seat, fence });
        }
        match (self.ended, self.row.reason) {
            (Some(at), Some(reason)) => push(at, Step::Refused { seat, reason }),
            (Some(at), None) if self.row.state == LegState::Moved => push(at, Step::Moved { seat }),
            (Some(at), None) => push(at, Step::Cancelled { seat }),
            (None, _) => {}
        }
        events
    }

    fn moved(before: Option<Self>, seat: SeatKey, row: LegRow, at: i64) -> Self {
        let mut leg = before.unwrap_or(Self {
            seat,
            row,
            recorded: at,
            committed: None,
            ended: None,
        });
        leg.row = row;
        match row.state {
            LegState::Committed => leg.committed = leg.committed.or(Some(at)),
            LegState::Refused | LegState::Cancelled | LegState::Moved if before.is_some() => {
                leg.ended = Some(at)
            }
            _ => {}
        }
        leg
    }
}

impl RegisterTimes {
    fn note(&mut self, before: Option<&Register>, after: &Register, at: i64) {
        let accepted = |row: &Register| row.accepted.as_ref().map(|(ballot, _)| *ballot);
        if before.and_then(accepted) != accepted(after) {
            self.accepted = Some(at);
        } else if before.is_none_or(|before| before.promised != after.promised) {
            self.promised = Some(at);
        }
        if after.chosen && before.is_none_or(|before| !before.chosen) {
            self.chosen = Some(at);
        }
    }
}

impl Login {
    pub(super) fn fill(&self, login: &str, rows: &mut Rows) {
        if let Some(user) = &self.user {
            rows.users.load(login.to_owned(), user.clone());
        }
        if let Some(register) = &self.register {
            let key = Key::Login(login.to_owned());
            rows.registers.load(key, register.clone());
        }
    }

    pub(super) fn apply(&mut self, change: LoginChange) {
        if change.user.is_some() {
            self.user = change.user;
        }
        if change.register.is_some() {
            self.register = change.register;
        }
    }
}

/// A seat as others name it.
pub(crate) fn seat_of(company: CompanyId, (route, number): SeatKey) -> SeatRef {
    SeatRef {
        company,
        route,
        number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{HASH, company, seat};
    use crate::domain::vote::RefusalReason;

    const FENCE: FencingToken = FencingToken(5);

    fn told(
        reason: Option<RefusalReason>,
        committed: Option<i64>,
        ended: Option<i64>,
    ) -> Vec<(i64, Step)> {
        let of = seat("a", 1);
        let row = LegRow {
            state: LegState::Prepared, // told by the times
            hash: HASH,
            fence: FENCE,
            reason,
        };
        let leg = Leg {
            seat: (of.route, of.number),
            row,
            recorded: 10,
            committed,
            ended,
        };
        let events = leg.events(company("a")).into_iter();
        events.map(|event| (event.at, event.step)).collect()
    }

    #[test]
    fn a_leg_tells_every_state_that_it_was_in() {
        let (seat, fence) = (seat("a", 1), FENCE);
        let prepared = (10, Step::Prepared { seat, fence });
        let committed = |at| (at, Step::Committed { seat, fence });
        let cancelled = (30, Step::Cancelled { seat });
        let refused = |at, reason| (at, Step::Refused { seat, reason });
        let (sold, released) = (RefusalReason::Sold, RefusalReason::Released);

        assert_eq!(told(None, None, None), std::slice::from_ref(&prepared));
        assert_eq!(told(Some(sold), None, None), [refused(10, sold)]);
        assert_eq!(
            told(Some(released), None, Some(20)),
            [prepared.clone(), refused(20, released)]
        );
        assert_eq!(
            told(None, Some(20), Some(30)),
            [prepared.clone(), committed(20), cancelled.clone()]
        );
        assert_eq!(told(None, None, Some(30)), [prepared, cancelled.clone()]);
        assert_eq!(told(None, Some(10), Some(30)), [committed(10), cancelled]);
    }
}
