//! One company's vote on its legs of a saga.
//!
//! A leg has no other arrows than these; every other message answers the recorded state:
//! ```text
//! (absent) --Prepare, sellable--> prepared --Commit--> committed --Cancel--> cancelled
//! (absent) --Prepare, otherwise--> refused   prepared --Cancel(committed ticket)--> cancelled
//! (absent) --Release--> refused (tombstone)  prepared --Release--> refused
//! committed --Change, the aircraft has no such seat--> moved, and (absent) --> committed on another one
//! ```

mod allowance;
mod holds;

use std::collections::BTreeSet;

pub use self::holds::{end_hold, expire_hold, extend_hold, note_votes};
use super::ballot::{Ballot, Key, Value};
use super::fencing::FencingToken;
use super::ids::SagaId;
use super::order::{Exchange, Leg, Order, OrderHash, SeatRef, claim};
use super::papers;
use super::refund::{Ground, Refunded};
use super::register;
use super::replica;
use super::rows::{LegKey, LegRow, Rows, SagaRow, SagaState, SeatKey, SeatUse};
use super::ticket::Ticket;
use super::vote::{LegState, Prepare, Refusal, RefusalReason, Vote};
use super::withheld;

/// The hash of a tombstone: a leg that was released before its order was ever seen.
const NO_ORDER: OrderHash = OrderHash([0; 32]);

/// The records of this saga here, compared with a new Prepare or Book.
enum OnRecord {
    Nothing,
    Refused(Refusal),
    SameOrder(LegState),
    OtherOrder,
}

fn on_record(rows: &Rows, saga: SagaId, hash: OrderHash) -> OnRecord {
    let legs = rows.legs_of(saga);
    let refused = |(key, leg): &(LegKey, LegRow)| {
        let reason = leg.reason.unwrap_or(RefusalReason::Released);
        (leg.state == LegState::Refused).then(|| Refusal {
            seat: rows.seat_ref(key.seat()),
            reason,
        })
    };
    // the seat that the first answer named, not one that was given up with it
    let named = |refusal: &Refusal| refusal.reason != RefusalReason::Released;
    let refusals = || legs.iter().filter_map(refused);
    if let Some(refusal) = refusals().find(named).or_else(|| refusals().next()) {
        return OnRecord::Refused(refusal);
    }
    match legs.first() {
        None => OnRecord::Nothing,
        Some((_, leg)) if leg.hash == hash => OnRecord::SameOrder(leg.state),
        Some(_) => OnRecord::OtherOrder,
    }
}

/// Votes. `lost` is a seat that a route actor would not promise to this saga, or of whose passenger this company is not told what it asks for.
pub fn on_prepare(rows: &mut Rows, prepare: &Prepare, lost: Option<Refusal>) -> Vote {
    match on_record(rows, prepare.saga, prepare.hash) {
        OnRecord::SameOrder(_) => return Vote::Yes,
        OnRecord::Refused(refusal) => return Vote::No(refusal),
        OnRecord::OtherOrder => return mismatch(rows, prepare.saga),
        OnRecord::Nothing => {}
    }
    let seats = prepare.order.claims_of(rows.me);
    if seats.is_empty() {
        rows.alarm(format!("saga {} has no leg here to prepare", prepare.saga));
        return Vote::Later;
    }
    if let Some(fence) = stale(rows, &seats, prepare.fence) {
        return Vote::Stale(fence);
    }
    let refusal = refusal(rows, prepare, &seats, lost)
        .or_else(|| given_up(rows, prepare))
        .or_else(|| allowance::refusal(rows, prepare, &seats));
    if let Some(refusal) = refusal {
        refuse(rows, prepare, &seats, refusal);
        return Vote::No(refusal);
    }
    keep(rows, prepare, &seats, LegState::Prepared, SagaState::Begun);
    allowance::note(rows, prepare, &seats);
    Vote::Yes
}

/// Books a single-company order in one step: vote, decision and sale.
///
/// Only while the register is untouched: an acceptor that promised a recovery ballot takes no ballot 0 any more.
pub fn on_book(rows: &mut Rows, prepare: &Prepare, lost: Option<Refusal>) -> Vote {
    match on_record(rows, prepare.saga, prepare.hash) {
        OnRecord::SameOrder(LegState::Prepared) => return Vote::Later,
        OnRecord::SameOrder(_) => return Vote::Yes,
        OnRecord::OtherOrder => return mismatch(rows, prepare.saga),
        OnRecord::Refused(refusal) => return Vote::No(refusal),
        OnRecord::Nothing => {}
    }
    let seats = prepare.order.claims_of(rows.me);
    if prepare.order.companies() != [rows.me] {
        rows.alarm(format!("saga {} is not for us alone to book", prepare.saga));
        return Vote::Later;
    }
    if let Some(fence) = stale(rows, &seats, prepare.fence) {
        return Vote::Stale(fence);
    }
    let key = Key::Saga(prepare.saga);
    let refusal = if rows.register(&key).is_some() {
        Some(Refusal {
            seat: seats[0],
            reason: RefusalReason::Released,
        })
    } else {
        refusal(rows, prepare, &seats, lost)
    };
    if let Some(refusal) = refusal {
        refuse(rows, prepare, &seats, refusal);
        return Vote::No(refusal);
    }
    keep(
        rows,
        prepare,
        &seats,
        LegState::Committed,
        SagaState::Committed,
    );
    let value = Value::Commit {
        hash: prepare.hash,
        order: prepare.order.clone(),
    };
    // nothing is recorded there to contradict it
    register::learn(rows, key, &prepare.acceptors, Ballot::ZERO, value);
    Vote::Yes
}

/// Commit of this order is known chosen: its legs are sold. Legs kept for another order of this saga are freed.
pub fn on_commit(rows: &mut Rows, saga: SagaId, hash: OrderHash) {
    for (key, leg) in rows.legs_of(saga) {
        match leg.state {
            LegState::Prepared if leg.hash == hash => {
                let state = LegState::Committed;
                rows.put_leg(key, LegRow { state, ..leg });
            }
            LegState::Prepared => release_leg(rows, key, RefusalReason::Released),
            LegState::Committed | LegState::Cancelled | LegState::Moved if leg.hash == hash => {}
            LegState::Refused if leg.hash != hash && leg.hash != NO_ORDER => {}
            state => rows.alarm(format!("commit of {hash:?} finds {state:?} leg {key:?}")),
        }
    }
    end(rows, saga, SagaState::Committed);
}

/// A company that is told of a Commit has voted for it: anything else is an alarm.
pub fn alarm_without_vote(rows: &mut Rows, saga: SagaId) {
    if rows.legs_of(saga).is_empty() {
        rows.alarm(format!("commit of saga {saga} that has no leg here"));
    }
}

/// Abort is certain: a refusal is durable somewhere, or Abort was chosen.
///
/// Ends every leg of the saga here, also those that the message does not name: nobody looks after a saga that is
/// recorded as aborted, and a leg left prepared would stay so for ever.
pub fn on_release(rows: &mut Rows, saga: SagaId, seats: &[SeatRef], reason: RefusalReason) {
    let me = rows.me;
    let named = seats.iter().filter(|seat| seat.company == me);
    let named = named.map(|seat| LegKey {
        saga,
        route: seat.route,
        number: seat.number,
    });
    let recorded = rows.legs_of(saga).into_iter().map(|(key, _)| key);
    let keys: BTreeSet<LegKey> = named.chain(recorded).collect();
    for key in keys {
        release_leg(rows, key, reason);
    }
    end(rows, saga, SagaState::Aborted);
}

fn release_leg(rows: &mut Rows, key: LegKey, reason: RefusalReason) {
    let refused = |leg: LegRow| LegRow {
        state: LegState::Refused,
        reason: Some(reason),
        ..leg
    };
    match rows.leg(&key).copied() {
        None => rows.put_leg(
            key,
            refused(LegRow {
                state: LegState::Refused,
                hash: NO_ORDER,
                fence: FencingToken::NONE,
                reason: None,
            }),
        ),
        Some(leg) if leg.state == LegState::Prepared => rows.put_leg(key, refused(leg)),
        Some(leg) if leg.state == LegState::Refused => {}
        Some(leg) => rows.alarm(format!("release of {:?} leg {key:?}", leg.state)),
    }
}

/// The legs of a ticket are cancelled: frees each at most once, and never a later owner's. A leg ends where it is now, which need not
/// be where it was sold.
pub fn on_cancel(rows: &mut Rows, saga: SagaId, seats: &[SeatRef]) {
    let me = rows.me;
    let now = rows.ticket(&saga).map(|ticket| ticket.seats_now(seats));
    let seats = now.unwrap_or_else(|| seats.to_vec());
    for seat in seats.iter().filter(|seat| seat.company == me) {
        let key = LegKey {
            saga,
            route: seat.route,
            number: seat.number,
        };
        match rows.leg(&key).copied() {
            Some(leg) if matches!(leg.state, LegState::Prepared | LegState::Committed) => {
                let state = LegState::Cancelled;
                rows.put_leg(key, LegRow { state, ..leg });
            }
            Some(leg) if leg.state == LegState::Cancelled => {}
            // every other state, a moved one too: it is the leg that it was moved to that ends
            other => rows.alarm(format!("cancel of {other:?} leg {key:?}")),
        }
    }
}

/// An order is sold that takes the place of seats of an earlier ticket: they end here, and the others are told. The claim ends with
/// them: whoever wants to exchange them again finds them cancelled.
pub fn on_exchange(rows: &mut Rows, saga: SagaId, order: &Order) {
    let Some(exchange) = &order.exchange else {
        return;
    };
    let claimed = claim(rows.me, exchange.ticket);
    let key = LegKey {
        saga,
        route: claimed.route,
        number: claimed.number,
    };
    match rows.leg(&key).copied() {
        Some(leg) if leg.state == LegState::Committed => {
            let state = LegState::Cancelled;
            rows.put_leg(key, LegRow { state, ..leg });
        }
        // told before, or not of a company that was asked
        _ => return,
    }
    let refunds = rows.ticket(&exchange.ticket);
    let refunds = refunds.map_or_else(Vec::new, |ticket| exchanged(ticket, exchange, order));
    match replica::cancel(rows, exchange.ticket, &exchange.seats, false, &refunds) {
        Ok((_, fresh)) => on_cancel(rows, exchange.ticket, &fresh),
        Err(not) => rows.alarm(format!(
            "saga {saga} takes the place of seats of ticket {}: {not:?}",
            exchange.ticket
        )),
    }
}

/// What every company records alike, whichever writes it first: the price of each old seat is owed by its company no more.
fn exchanged(ticket: &Ticket, exchange: &Exchange, order: &Order) -> Vec<Refunded> {
    let Some(first) = exchange.companies.first() else {
        return Vec::new();
    };
    let legs = ticket.order.legs.iter();
    let given = legs.filter(|leg| exchange.seats.contains(&leg.seat));
    let refund = |leg: &Leg| Refunded {
        seat: leg.seat,
        amount: leg.price.clone(),
        ground: Ground::Exchanged,
        decided_at: order.created_at,
        by: order.seller.unwrap_or(*first),
    };
    given.map(refund).collect()
}

/// The end of a hold may be asked for before its seats are kept here. It would then stand and could never be confirmed,
/// so the vote is No. (Other bookings go on to a ballot at once, which finds that out.)
fn given_up(rows: &Rows, prepare: &Prepare) -> Option<Refusal> {
    prepare.order.hold_seconds?;
    rows.register(&Key::Saga(prepare.saga))?;
    Some(Refusal {
        seat: *prepare.order.claims_of(rows.me).first()?,
        reason: RefusalReason::NoVote,
    })
}

fn mismatch(rows: &Rows, saga: SagaId) -> Vote {
    match rows.order_of(&saga).zip(rows.saga(&saga)) {
        Some((order, row)) => Vote::Mismatch {
            order,
            hash: row.hash,
            acceptors: row.acceptors.clone(),
        },
        // a prepared leg always has its saga's row: without the row nobody could say which order was prepared
        None => Vote::Later,
    }
}

fn stale(rows: &Rows, seats: &[SeatRef], token: FencingToken) -> Option<FencingToken> {
    let fence = seats
        .iter()
        .filter_map(|seat| rows.seat(&(seat.route, seat.number)))
        .map(|row| row.fence)
        .max()?;
    (!token.passes(fence)).then_some(fence)
}

/// The durable records have the last word. Memory counts only for another saga's claim, which is not durable yet, and for what this company asks
/// to be told, which is its operator's to say.
fn refusal(
    rows: &Rows,
    prepare: &Prepare,
    seats: &[SeatRef],
    lost: Option<Refusal>,
) -> Option<Refusal> {
    let claimed =
        |lost: &Refusal| matches!(lost.reason, RefusalReason::Held | RefusalReason::Papers);
    first_refusal(rows, &prepare.order, seats)
        .or_else(|| refusal_of_exchange(rows, &prepare.order))
        .or_else(|| lost.filter(claimed))
}

/// The seats that the order takes the place of must be on their ticket still.
fn refusal_of_exchange(rows: &Rows, order: &Order) -> Option<Refusal> {
    let exchange = order.exchange.as_ref();
    let exchange = exchange.filter(|exchange| exchange.companies.contains(&rows.me))?;
    let ticket = rows.ticket(&exchange.ticket);
    let stands = ticket.is_some_and(|ticket| {
        ticket.order.user == order.user
            && ticket.order.companies() == exchange.companies
            && ticket.difference(&ticket.seats_among(&exchange.seats)) == exchange.seats
    });
    (!stands).then(|| Refusal {
        seat: claim(rows.me, exchange.ticket),
        reason: RefusalReason::Changed,
    })
}

/// The lowest seat that is not to be had.
fn first_refusal(rows: &Rows, order: &Order, seats: &[SeatRef]) -> Option<Refusal> {
    seats.iter().find_map(|seat| {
        let leg = order.legs.iter().find(|leg| leg.seat == *seat);
        let reason = refusal_of(rows, (seat.route, seat.number), leg)?;
        Some(Refusal {
            seat: *seat,
            reason,
        })
    })
}

fn refusal_of(rows: &Rows, seat: SeatKey, leg: Option<&Leg>) -> Option<RefusalReason> {
    if seat.0.is_claim() {
        let is_free = rows.seat_use(&seat) == SeatUse::Free;
        return (!is_free).then_some(RefusalReason::Held);
    }
    let Some(route) = rows.route(&seat.0) else {
        return Some(RefusalReason::Unknown);
    };
    if seat.1.0 < 1 || seat.1.0 > route.seats {
        return Some(RefusalReason::Unknown);
    }
    match rows.seat_use(&seat) {
        SeatUse::Sold { .. } => Some(RefusalReason::Sold),
        SeatUse::Prepared { .. } => Some(RefusalReason::Held),
        SeatUse::Blocked => Some(RefusalReason::Blocked),
        SeatUse::Free if !route.on_sale => Some(RefusalReason::Closed),
        // the flight was moved meanwhile: nobody is sold what is not flown
        SeatUse::Free => leg
            .filter(|leg| (leg.departs, leg.arrives) != (route.departs, route.arrives))
            .map(|_| RefusalReason::Closed),
    }
}

fn refuse(rows: &mut Rows, prepare: &Prepare, seats: &[SeatRef], refusal: Refusal) {
    for seat in seats {
        let key = LegKey {
            saga: prepare.saga,
            route: seat.route,
            number: seat.number,
        };
        let reason = if *seat == refusal.seat {
            refusal.reason
        } else {
            RefusalReason::Released
        };
        rows.put_leg(
            key,
            LegRow {
                state: LegState::Refused,
                hash: prepare.hash,
                fence: prepare.fence,
                reason: Some(reason),
            },
        );
    }
    remember(rows, prepare, SagaState::Aborted);
}

fn keep(
    rows: &mut Rows,
    prepare: &Prepare,
    seats: &[SeatRef],
    state: LegState,
    saga_state: SagaState,
) {
    for seat in seats {
        let key = LegKey {
            saga: prepare.saga,
            route: seat.route,
            number: seat.number,
        };
        rows.put_leg(
            key,
            LegRow {
                state,
                hash: prepare.hash,
                fence: prepare.fence,
                reason: None,
            },
        );
        rows.put_seat_fence(key.seat(), prepare.fence);
    }
    remember(rows, prepare, saga_state);
}

/// Records the saga here, unless it is recorded: the first to begin it fixed its order. Papers only of one that may come to be a ticket with a
/// seat of this company.
pub fn remember(rows: &mut Rows, prepare: &Prepare, state: SagaState) {
    let row = match rows.saga(&prepare.saga) {
        Some(row) if row.state == SagaState::Begun => row.moved_to(state),
        Some(_) => return,
        None => SagaRow {
            order: Some(withheld::checkable(
                prepare.order.clone(),
                prepare.hash,
                Some(&prepare.acceptors),
                rows.me,
            )),
            hash: prepare.hash,
            acceptors: prepare.acceptors.clone(),
            driver: prepare.driver.clone(),
            state,
            finished: false,
            hold_seconds: prepare.order.hold_seconds,
            voted: false,
            papers: prepare
                .papers
                .clone()
                .filter(|_| state != SagaState::Aborted && papers::is_for(&prepare.order, rows.me)),
        },
    };
    rows.sagas.put(prepare.saga, row);
}

fn end(rows: &mut Rows, saga: SagaId, state: SagaState) {
    let Some(row) = rows.saga(&saga) else {
        return;
    };
    if row.state == SagaState::Begun {
        let row = row.moved_to(state);
        rows.sagas.put(saga, row);
    } else if row.state != state {
        rows.alarm(format!("saga {saga} is {:?} and told {state:?}", row.state));
    }
}

#[cfg(test)]
mod tests;
