//! The tables: reads of what is projected.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::time::Duration;

use passcom_actors::catalogue::{Published, SeatState, SeatStates};
use passcom_actors::company::buckets::{Bucket, Digests, Slice, id_of};
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::Cell;
use passcom_actors::company::log::comparison::Claim;
use passcom_actors::company::log::hot::ClientKey;
use passcom_actors::company::store::{
    AsOf, AuditView, Books, Claims, Kept, Logged, NOBODY, Read, RefundPlace, RefundView,
    SagaStatus, SagaView, Tables, Which,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::Value;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{
    Footprint, KeyRow, Replicated, SagaRow, SagaState, SeatKey, SeatUse,
};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState;
use uuid::Uuid;

use super::cells::Cells;
use super::{Database, MemoryStore};

impl Tables for MemoryStore {
    fn ping(&self) -> Read<'_, ()> {
        self.read(|_| ())
    }

    fn cell(&self, saga: SagaId) -> Read<'_, Cell> {
        self.read(|database| database.cells.sagas.get(&saga).cloned().unwrap_or_default())
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KeyRow>> {
        self.read(|database| database.cells.keys.get(&(user, key)).cloned())
    }

    fn keys(&self, after: Option<ClientKey>, limit: usize) -> Read<'_, Vec<ClientKey>> {
        self.read(|database| {
            let keys = database.cells.keys.keys();
            let mut keys: Vec<_> = keys
                .filter(|key| after.as_ref() < Some(key))
                .cloned()
                .collect();
            keys.sort_unstable();
            keys.truncate(limit);
            keys
        })
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        self.read(|database| database.cells.logins.get(&login)?.user.clone())
    }

    fn users(&self, logins: Vec<String>, ids: Vec<UserId>) -> Read<'_, Vec<User>> {
        self.read(|database| {
            let users = database.cells.logins.values();
            let users = users.filter_map(|login| login.user.as_ref());
            let is_asked = |user: &&User| logins.contains(&user.login) || ids.contains(&user.id);
            users.filter(is_asked).cloned().collect()
        })
    }

    fn renewed_users(&self, after: i64, limit: usize) -> Read<'_, Vec<(UserId, i64)>> {
        self.read(|database| {
            let users = database.cells.logins.values();
            let users = users.filter_map(|login| login.user.as_ref());
            let versions = users.map(|user| (user.id, user.version));
            let mut newer: Vec<_> = versions.filter(|(_, version)| *version > after).collect();
            newer.sort_by_key(|(user, version)| (Reverse(*version), *user));
            newer.truncate(limit);
            newer
        })
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        self.read(|database| {
            let logins = database.cells.logins.values();
            let open = logins.filter_map(|login| login.register.as_ref().filter(|row| !row.chosen));
            let claims = open.filter_map(|row| match &row.accepted {
                Some((_, Value::Account(user))) => Some(user.clone()),
                _ => None,
            });
            claims.take(limit).collect()
        })
    }

    fn tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        // newest first: by the negated time, then by id
        let place = |created_at: i64, id: SagaId| (-created_at, id);
        self.read(|database| {
            let mut tickets: Vec<&Ticket> = database
                .cells
                .tickets()
                .filter(|ticket| ticket.order.user == user)
                .filter(|ticket| match which {
                    Which::NotCancelled => !ticket.is_cancelled(),
                    Which::Cancelled => ticket.is_cancelled(),
                    Which::All => true,
                })
                .filter(|ticket| {
                    let own = place(ticket.order.created_at, ticket.id);
                    after.is_none_or(|(created_at, id)| own > place(created_at, id))
                })
                .collect();
            tickets.sort_by_key(|ticket| place(ticket.order.created_at, ticket.id));
            tickets.into_iter().take(limit).cloned().collect()
        })
    }

    fn tickets_among(&self, ids: RangeInclusive<Uuid>, limit: usize) -> Read<'_, Vec<Ticket>> {
        self.read(|database| {
            let tickets = database.cells.tickets();
            let mut found: Vec<Ticket> = tickets
                .filter(|ticket| ids.contains(&ticket.id.0))
                .cloned()
                .collect();
            found.sort_by_key(|ticket| ticket.id);
            found.truncate(limit);
            found
        })
    }

    fn tickets(&self, ids: Vec<SagaId>) -> Read<'_, Vec<Ticket>> {
        self.read(|database| {
            let tickets = database.cells.tickets();
            let found = tickets.filter(|ticket| ids.contains(&ticket.id));
            found.cloned().collect()
        })
    }

    fn books(&self, from: i32, to: i32) -> Read<'_, Books> {
        self.read(|database| {
            let sums = database.cells.sums.iter();
            let wanted = sums.filter(|(account, _)| (from..=to).contains(&account.day));
            Books {
                at: database.cells.projected,
                sums: wanted
                    .map(|(account, sum)| (account.clone(), *sum))
                    .collect(),
                // beside the log
                payments: Vec::new(),
            }
        })
    }

    fn refunds(
        &self,
        from_ms: i64,
        to_ms: i64,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Read<'_, Vec<RefundView>> {
        self.read(|database| {
            let all = database.cells.tickets().flat_map(|ticket| {
                let refunds = ticket.refunds.iter().cloned();
                refunds.map(|refund| RefundView {
                    ticket: ticket.id,
                    refund,
                })
            });
            let mut refunds: Vec<_> = all
                .filter(|view| (from_ms..to_ms).contains(&view.refund.decided_at))
                .filter(|view| before.is_none_or(|last| view.place() < last))
                .collect();
            refunds.sort_by_key(|view| Reverse(view.place()));
            refunds.truncate(limit);
            refunds
        })
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>> {
        self.read(|database| {
            let rows = (1..).zip(&database.cells.audit);
            let mut views: Vec<AuditView> = rows
                .filter(|(id, _)| before.is_none_or(|before| *id < before))
                .map(|(id, (at, row))| {
                    let at = jiff::Timestamp::from_millisecond(*at);
                    AuditView::new(
                        id,
                        at.unwrap_or(jiff::Timestamp::MAX),
                        row.action.clone(),
                        row.subject.clone(),
                        row.reason.clone(),
                    )
                })
                .collect();
            views.sort_by_key(|view| Reverse(view.id));
            views.truncate(limit);
            views
        })
    }

    fn outbox(&self, after: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>> {
        self.read(|database| {
            let rows = database.cells.outbox.range(after + 1..);
            let rows = rows.map(|(number, row)| (*number, row.clone()));
            rows.take(limit).collect()
        })
    }

    fn digests(&self, slice: Slice) -> Read<'_, Digests> {
        let (first, last) = slice.range();
        self.read(|database| {
            let mut digests = Digests::new();
            for row in database
                .cells
                .copies()
                .filter(|row| (first..=last).contains(&id_of(row)))
            {
                let mut hasher = DefaultHasher::new(); // the same in every process
                match &row {
                    Replicated::User(user) => {
                        (user.id, user.version, &user.password_hash, &user.mailbox)
                            .hash(&mut hasher)
                    }
                    Replicated::Ticket(ticket) => (
                        ticket.id,
                        &ticket.cancelled,
                        &ticket.changes,
                        &ticket.refunds,
                        &ticket.corrections,
                    )
                        .hash(&mut hasher),
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
        self.read(|database| {
            let rows = database
                .cells
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

    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>> {
        self.read(|database| {
            let now = database.now_ms();
            let rows = database.cells.sagas.iter().filter_map(|(saga, cell)| {
                let age = Duration::from_millis(now.saturating_sub(cell.begun_at).unsigned_abs());
                Some((age, saga_view(*saga, age, cell.saga.as_ref()?)))
            });
            let mut views: Vec<(Duration, SagaView)> = rows
                .filter(|(age, view)| {
                    id.is_none_or(|id| view.id == id)
                        && state.is_none_or(|state| view.state == state)
                        && older_than.is_none_or(|least| *age >= least)
                })
                .collect();
            views.sort_by_key(|(age, view)| (*age, view.id));
            views
                .into_iter()
                .map(|(_, view)| view)
                .take(limit)
                .collect()
        })
    }

    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>> {
        self.read(|database| {
            let (_, route) = database.state.routes.get(&seat.0)?;
            let exists = (1..=route.seats).contains(&seat.1.0);
            exists.then(|| database.seat_use(seat))
        })
    }

    fn catalogue_version(&self) -> Read<'_, i64> {
        self.read(|database| database.version)
    }

    fn routes<'a>(
        &'a self,
        changed_after: i64,
        take: &'a mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Read<'a, ()> {
        self.read(|database| {
            let rows = database.state.routes.iter();
            let changed = rows.filter(|(_, (version, _))| *version > changed_after);
            let published = changed.map(|(id, (_, route))| Published {
                route: route.clone(),
                seats: database.seat_states(*id),
            });
            take(published.collect());
        })
    }

    fn kept(&self, after: (i64, RouteId), limit: usize) -> Read<'_, Vec<Kept>> {
        self.read(|database| {
            let routes = database.state.routes.iter();
            let mut places: Vec<_> = routes
                .map(|(id, (version, _))| (*version, *id))
                .filter(|place| *place > after)
                .collect();
            places.sort_unstable();
            places.truncate(limit);
            let kept = places.into_iter().filter_map(|(_, id)| database.kept(id));
            kept.collect()
        })
    }

    fn kept_of(&self, routes: Vec<RouteId>) -> Read<'_, Vec<Kept>> {
        self.read(|database| {
            let routes = routes.into_iter();
            routes.filter_map(|id| database.kept(id)).collect()
        })
    }

    fn swept(&self) -> Read<'_, i64> {
        self.read(|database| database.swept)
    }

    fn note_swept(&self, version: i64) -> Read<'_, ()> {
        let mut database = self.database();
        database.swept = database.swept.max(version);
        Box::pin(std::future::ready(Ok(())))
    }

    fn unseated(&self, company: CompanyId, limit: usize) -> Read<'_, Vec<(SagaId, SeatRef)>> {
        self.read(|database| {
            let tickets = database.cells.tickets();
            let unseated = tickets.flat_map(|ticket| {
                let changes = ticket.changes.iter().filter(|change| {
                    let of = &change.of;
                    change.unseated && of.company == company && !ticket.cancelled.contains(of)
                });
                changes.map(|change| (ticket.id, change.of))
            });
            unseated.take(limit).collect()
        })
    }

    fn logged(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        self.read(|database| {
            let rows = database.log.iter().filter(|row| row.seq > after);
            rows.take(limit).cloned().collect()
        })
    }

    fn as_of<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, AsOf> {
        self.read(|database| AsOf {
            tables: database.cells.projected,
            log: Seq(database.log.len() as i64),
            rows: database.load(footprint),
            off_sale: footprint
                .seats
                .intersection(&database.cells.blocked)
                .copied()
                .collect(),
        })
    }

    fn claims(
        &self,
        of: Claims,
        after: Option<Claim>,
        limit: usize,
    ) -> Read<'_, Vec<(Claim, bool)>> {
        self.read(|database| {
            let mut claims = database.claims(of);
            claims.sort_unstable();
            claims.retain(|(claim, _)| after.is_none_or(|after| *claim > after));
            claims.truncate(limit);
            claims
        })
    }
}

impl Database {
    /// In no order, each with whether the other side says the same.
    fn claims(&self, of: Claims) -> Vec<(Claim, bool)> {
        let owned = |saga: SagaId, seat: SeatKey| self.owners.get(&seat) == Some(&saga);
        let kept = |saga: SagaId, seat: SeatKey| match saga {
            NOBODY => self.cells.blocked.contains(&seat),
            saga => {
                let cell = self.cells.sagas.get(&saga);
                cell.and_then(|cell| cell.leg(seat))
                    .is_some_and(|leg| leg.row.owns())
            }
        };
        let claim = |saga, seat| {
            let agreed = owned(saga, seat) == kept(saga, seat);
            (Claim { saga, seat }, agreed)
        };
        match of {
            Claims::Owners => {
                let owners = self.owners.iter();
                owners.map(|(seat, saga)| claim(*saga, *seat)).collect()
            }
            Claims::Legs => {
                let legs = self.cells.sagas.iter();
                let legs = legs.flat_map(|(saga, cell)| {
                    let legs = cell.legs.iter();
                    legs.map(|leg| (*saga, leg.seat))
                });
                legs.map(|(saga, seat)| claim(saga, seat)).collect()
            }
            Claims::OffSale => {
                let seats = self.cells.blocked.iter();
                seats.map(|seat| claim(NOBODY, *seat)).collect()
            }
        }
    }

    fn kept(&self, id: RouteId) -> Option<Kept> {
        let (version, route) = self.state.routes.get(&id)?;
        let seats = (id, SeatNumber(0))..=(id, SeatNumber(u16::MAX));
        let owners = self.owners.range(seats);
        Some(Kept {
            version: *version,
            route: route.clone(),
            aircraft_before: self.aircraft_before.get(&id).cloned(),
            owners: owners.map(|(seat, saga)| (seat.1, *saga)).collect(),
        })
    }

    fn seat_use(&self, seat: SeatKey) -> SeatUse {
        let Some(owner) = self.owners.get(&seat).copied() else {
            return SeatUse::Free;
        };
        if owner.0.is_nil() {
            return SeatUse::Blocked;
        }
        let cell = self.cells.sagas.get(&owner);
        match cell
            .and_then(|cell| cell.leg(seat))
            .map(|leg| leg.row.state)
        {
            Some(LegState::Committed) => SeatUse::Sold { to: owner },
            _ => SeatUse::Prepared { by: owner },
        }
    }

    fn seat_states(&self, route: RouteId) -> SeatStates {
        let seats = (route, SeatNumber(0))..=(route, SeatNumber(u16::MAX));
        let mut states = SeatStates::default();
        for (seat, _) in self.owners.range(seats) {
            states.set(seat.1, SeatState::from(self.seat_use(*seat)));
        }
        states
    }
}

impl Cells {
    fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        let tickets = self.sagas.values().filter_map(|cell| cell.ticket.as_ref());
        tickets.map(|(ticket, _)| ticket)
    }

    fn copies(&self) -> impl Iterator<Item = Replicated> + '_ {
        let users = self.logins.values().filter_map(|login| login.user.clone());
        let users = users.map(Replicated::User);
        users.chain(self.tickets().cloned().map(Replicated::Ticket))
    }
}

fn saga_view(id: SagaId, age: Duration, row: &SagaRow) -> SagaView {
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
        age_seconds: age.as_secs().cast_signed(),
        finished: row.finished,
        companies: order.map(|order| order.companies()).unwrap_or_default(),
        seats: order.map(|order| order.seats()).unwrap_or_default(),
    }
}
