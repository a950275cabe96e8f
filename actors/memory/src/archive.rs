//! The reads over memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use uuid::Uuid;

use super::{MemoryStore, Tables};
use passcom_actors::catalogue::Published;
use passcom_actors::company::buckets::{Bucket, Digests, Slice, id_of};
use passcom_actors::company::history::Event;
use passcom_actors::company::store::{
    Archive, AuditView, Held, KnownKey, Read, SagaRecord, SagaStatus, SagaView, Unfinished,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Key, Value};
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{
    OutboxCursor, Replicated, SagaRow, SagaState, SeatKey, SeatUse,
};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState;

impl Archive for MemoryStore {
    fn ping(&self) -> Read<'_, ()> {
        self.read(|_| ())
    }

    fn recorded(&self, saga: SagaId) -> Read<'_, SagaRecord> {
        self.read(|tables| {
            let order = tables.sagas.get(&saga).and_then(|(_, row)| {
                let order = row.order.clone()?;
                Some((order, row.hash, row.acceptors.clone()))
            });
            let reason = tables.legs_of(saga).find_map(|(_, leg)| leg.reason);
            let legs = tables.legs_of(saga).map(|(key, leg)| {
                let seat = SeatRef {
                    company: self.me,
                    route: key.route,
                    number: key.number,
                };
                (seat, leg.state)
            });
            SagaRecord {
                register: tables.registers.get(&Key::Saga(saga)).cloned(),
                order,
                legs: legs.collect(),
                running: false,
                reason,
                voted: tables.sagas.get(&saga).is_some_and(|(_, row)| row.voted),
                held: tables.sagas.get(&saga).and_then(|(begun_at, row)| {
                    Some(Held {
                        seconds: row.held_for()?,
                        passed_ms: (tables.now - *begun_at).as_millis() as i64,
                    })
                }),
            }
        })
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KnownKey>> {
        self.read(|tables| {
            let row = tables.keys.get(&(user, key))?;
            Some(KnownKey {
                fingerprint: row.fingerprint,
                saga: row.saga,
                answer: row.answer,
                running: false,
            })
        })
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        self.read(|tables| tables.users.get(&login).cloned())
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        self.read(|tables| {
            let open = tables.registers.values().filter(|row| !row.chosen);
            let claims = open.filter_map(|row| match &row.accepted {
                Some((_, Value::Account(user))) => Some(user.clone()),
                _ => None,
            });
            claims.take(limit).collect()
        })
    }

    fn ticket(&self, id: SagaId) -> Read<'_, Option<Ticket>> {
        self.read(|tables| tables.tickets.get(&id).cloned())
    }

    fn tickets_of(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        // newest first: by the negated time, then by id
        let place = |created_at: i64, id: SagaId| (-created_at, id);
        self.read(|tables| {
            let mut tickets: Vec<&Ticket> = tables
                .tickets
                .values()
                .filter(|ticket| ticket.order.user == user && !ticket.is_cancelled())
                .filter(|ticket| {
                    let own = place(ticket.order.created_at, ticket.id);
                    after.is_none_or(|(created_at, id)| own > place(created_at, id))
                })
                .collect();
            tickets.sort_by_key(|ticket| place(ticket.order.created_at, ticket.id));
            tickets.into_iter().take(limit).cloned().collect()
        })
    }

    fn history(&self, saga: SagaId) -> Read<'_, Vec<Event>> {
        self.read(|tables| tables.history(self.me, saga))
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>> {
        self.read(|tables| tables.audit_views(before, limit))
    }

    fn outbox(&self, after_seq: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>> {
        self.read(|tables| {
            let rows = (1..).zip(tables.outbox.iter().cloned());
            rows.filter(|(seq, _)| *seq > after_seq)
                .take(limit)
                .collect()
        })
    }

    fn digests(&self, slice: Slice) -> Read<'_, Digests> {
        let (first, last) = slice.range();
        self.read(|tables| {
            let mut digests = Digests::new();
            for row in tables
                .copies()
                .filter(|row| (first..=last).contains(&id_of(row)))
            {
                let mut hasher = DefaultHasher::new(); // the same in every process
                match &row {
                    Replicated::User(user) => {
                        (user.id, user.version, &user.password_hash).hash(&mut hasher)
                    }
                    Replicated::Ticket(ticket) => (ticket.id, &ticket.cancelled).hash(&mut hasher),
                }
                *digests.entry(Bucket::of(id_of(&row))).or_default() ^=
                    hasher.finish().cast_signed();
            }
            digests
        })
    }

    fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<'_, Vec<Replicated>> {
        self.read(|tables| {
            let rows = tables
                .copies()
                .filter(|row| Bucket::of(id_of(row)) == bucket);
            let mut rows: Vec<_> = rows.filter(|row| Some(id_of(row)) > after).collect();
            rows.sort_by_key(id_of);
            rows.truncate(limit);
            rows
        })
    }

    fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    fn cursors(&self) -> Read<'_, BTreeMap<CompanyId, OutboxCursor>> {
        self.read(|tables| tables.cursors.clone())
    }

    fn undecided(&self, limit: usize) -> Read<'_, Vec<Unfinished>> {
        let undecided = |row: &SagaRow| row.state == SagaState::Begun && row.held_for().is_none();
        self.read(|tables| open_sagas(tables, limit, undecided))
    }

    fn unfinished(&self, node: String, limit: usize) -> Read<'_, Vec<Unfinished>> {
        let driven =
            |row: &SagaRow| row.driver == node && !row.finished && row.held_for().is_none();
        self.read(|tables| open_sagas(tables, limit, driven))
    }

    fn held(&self, limit: usize) -> Read<'_, Vec<(SagaId, u32)>> {
        self.read(|tables| {
            let held = tables
                .sagas
                .iter()
                .filter_map(|(saga, (begun_at, row))| Some((*begun_at, *saga, row.held_for()?)));
            let mut held: Vec<_> = held.collect();
            held.sort_unstable();
            let held = held.into_iter().map(|(_, saga, seconds)| (saga, seconds));
            held.take(limit).collect()
        })
    }

    fn held_for(&self, user: UserId, limit: usize) -> Read<'_, Vec<SagaId>> {
        self.read(|tables| {
            let held = |row: &SagaRow| {
                let order = row.order.as_ref();
                row.held_for().is_some() && order.is_some_and(|order| order.user == user)
            };
            let keeps_seats = |saga: SagaId| {
                let mut legs = tables.legs.iter().filter(|(key, _)| key.saga == saga);
                legs.any(|(_, leg)| leg.state == LegState::Prepared)
            };
            let open = open_sagas(tables, usize::MAX, held).into_iter();
            let open = open.map(|held| held.saga).filter(|saga| keeps_seats(*saga));
            open.take(limit).collect()
        })
    }

    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>> {
        self.read(|tables| {
            let mut views: Vec<(Duration, SagaView)> = tables
                .sagas
                .iter()
                .map(|(saga, (begun_at, row))| (tables.now - *begun_at, saga_view(*saga, row)))
                .filter(|(age, view)| {
                    id.is_none_or(|id| view.id == id)
                        && state.is_none_or(|state| view.state == state)
                        && older_than.is_none_or(|least| *age >= least)
                })
                .collect();
            views.sort_by_key(|(age, view)| (*age, view.id));
            let views = views.into_iter().take(limit);
            views
                .map(|(age, view)| SagaView {
                    age_seconds: age.as_secs().cast_signed(),
                    ..view
                })
                .collect()
        })
    }

    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>> {
        self.read(|tables| {
            let (_, route) = tables.routes.get(&seat.0)?;
            let exists = (1..=route.seats).contains(&seat.1.0);
            exists.then(|| tables.seat_use(seat))
        })
    }

    fn catalogue_version(&self) -> Read<'_, i64> {
        self.read(|tables| tables.version)
    }

    fn routes(&self, changed_after: i64, after: RouteId, limit: usize) -> Read<'_, Vec<Published>> {
        self.read(|tables| {
            let rows = tables.routes.range(after..).filter(|(id, _)| **id > after);
            rows.filter(|(_, (version, _))| *version > changed_after)
                .take(limit)
                .map(|(id, (_, route))| Published {
                    route: route.clone(),
                    seats: tables
                        .taken(*id)
                        .into_iter()
                        .map(|seat| (seat.1, tables.seat_use(seat).into()))
                        .collect(),
                })
                .collect()
        })
    }
}

impl Tables {
    fn copies(&self) -> impl Iterator<Item = Replicated> + '_ {
        let users = self.users.values().cloned().map(Replicated::User);
        users.chain(self.tickets.values().cloned().map(Replicated::Ticket))
    }
}

fn saga_view(id: SagaId, row: &SagaRow) -> SagaView {
    let state = match row.state {
        SagaState::Begun if row.held_for().is_some() => SagaStatus::Held,
        SagaState::Begun => SagaStatus::Begun,
        SagaState::Committed => SagaStatus::Committed,
        SagaState::Aborted => SagaStatus::Aborted,
    };
    let order = row.order.as_ref();
    SagaView {
        id,
        state,
        driver: row.driver.clone(),
        age_seconds: 0,
        finished: row.finished,
        companies: order.map(|order| order.companies()).unwrap_or_default(),
        seats: order.map(|order| order.seats()).unwrap_or_default(),
    }
}

/// Oldest first.
fn open_sagas(
    tables: &Tables,
    limit: usize,
    is_open: impl Fn(&SagaRow) -> bool,
) -> Vec<Unfinished> {
    let mut found: Vec<(Duration, Unfinished)> = tables
        .sagas
        .iter()
        .filter(|(_, (_, row))| is_open(row))
        .filter_map(|(saga, (begun_at, row))| {
            let unfinished = Unfinished {
                saga: *saga,
                order: row.order.clone()?,
                hash: row.hash,
                acceptors: row.acceptors.clone(),
                driver: row.driver.clone(),
            };
            Some((*begun_at, unfinished))
        })
        .collect();
    found.sort_by_key(|(begun_at, unfinished)| (*begun_at, unfinished.saga));
    let sagas = found.into_iter().map(|(_, unfinished)| unfinished);
    sagas.take(limit).collect()
}
