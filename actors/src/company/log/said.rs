//! What log, memory and tables say of single rows, in words that can be compared, whoever reads them and wherever.
//!
//! A row of the log is taken at its word here: nothing is applied to what was before. So this is a second opinion on what
//! [`cell`](super::cell) makes of the log, and on what the projection makes of that.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::cell::{Cell, Login};
use super::hot::{ClientKey, KeyCell};
use super::record::{Decided, LegChange, Record, SagaPart};
use crate::domain::ballot::{Ballot, Register, Value};
use crate::domain::flight::FlightChange;
use crate::domain::ids::SagaId;
use crate::domain::order::SeatRef;
use crate::domain::refund::Refunded;
use crate::domain::rows::{Footprint, SagaRow, SagaState, SeatKey};
use crate::domain::ticket::Correction;
use crate::domain::vote::LegState;

/// Which row of a company, as its tables name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    Saga(Uuid),
    /// By saga, route and number.
    Leg(Uuid, i64, i32),
    /// A register, by its key.
    Decision(String),
    Ticket(Uuid),
    /// By user and key.
    Key(Uuid, String),
    /// A user, by login.
    Login(String),
    /// Whether a seat is off sale, by route and number.
    Seat(i64, i32),
}

/// What rows say.
pub type Rows = BTreeMap<Name, String>;

/// What a row of the log says of every row that it changes.
pub fn record(record: &Record) -> Rows {
    let mut rows = Rows::new();
    for (SagaId(id), change) in &record.sagas {
        if let Some(part) = &change.saga {
            rows.insert(Name::Saga(*id), saga_part(part));
        }
        for (of, leg) in &change.legs {
            let (LegChange::New { state, .. } | LegChange::Moved { state, .. }) = leg;
            rows.insert(leg_name(*id, *of), leg_state(*state).to_owned());
        }
        if let Some(part) = &change.register {
            let accepted = part.accepted.as_ref().map(|(ballot, decided)| {
                (*ballot, matches!(decided, Decided::Other(Value::Abort)))
            });
            let told = decision(part.promised, accepted, part.chosen);
            rows.insert(saga_decision(*id), told);
        }
        if let Some(part) = &change.ticket {
            let changes = (&*part.changes, &*part.corrections);
            let here = ticket(&part.cancelled, &part.refunds, changes);
            rows.insert(Name::Ticket(*id), here);
        }
    }
    for (name, change) in &record.logins {
        let (user, register) = (change.user.as_ref(), change.register.as_ref());
        rows.extend(register.map(|row| (login_decision(name), register_row(row))));
        rows.extend(user.map(|user| (Name::Login(name.clone()), login(user.id.0, user.version))));
    }
    for ((user, name), row) in &record.keys {
        let told = key(row.saga.0, row.answer.is_some());
        rows.insert(Name::Key(user.0, name.clone()), told);
    }
    for (of, blocked) in &record.blocked {
        rows.insert(seat_name(*of), seat(*blocked).to_owned());
    }
    rows
}

/// What is to be read in order to know what the tables say of the rows that a row of the log changes.
pub fn footprint(record: &Record, footprint: &mut Footprint) {
    footprint.sagas.extend(record.sagas.keys());
    footprint.users.extend(record.logins.keys().cloned());
    footprint.keys.extend(record.keys.keys().cloned());
    footprint.seats.extend(record.blocked.keys());
}

/// What is recorded of one saga.
pub fn cell(SagaId(id): SagaId, cell: &Cell, rows: &mut Rows) {
    let row = cell.saga.as_ref();
    rows.extend(row.map(|row| (Name::Saga(id), saga_row(row))));
    for leg in &cell.legs {
        rows.insert(leg_name(id, leg.seat), leg_state(leg.row.state).to_owned());
    }
    let register = cell.register.as_ref();
    rows.extend(register.map(|(row, _)| (saga_decision(id), register_row(row))));
    let here = cell.ticket.as_ref();
    rows.extend(here.map(|(here, _)| {
        let changes = (&*here.changes, &*here.corrections);
        let said = ticket(&here.cancelled, &here.refunds, changes);
        (Name::Ticket(id), said)
    }));
}

/// What is recorded of one login.
pub fn login_cell(name: &str, cell: &Login, rows: &mut Rows) {
    let (user, register) = (cell.user.as_ref(), cell.register.as_ref());
    rows.extend(user.map(|user| (Name::Login(name.to_owned()), login(user.id.0, user.version))));
    rows.extend(register.map(|row| (login_decision(name), register_row(row))));
}

/// What a client's key was used for.
pub fn key_cell((user, name): &ClientKey, cell: &KeyCell, rows: &mut Rows) {
    let row = cell.as_ref();
    let told = row.map(|row| key(row.saga.0, row.answer.is_some()));
    rows.extend(told.map(|told| (Name::Key(user.0, name.clone()), told)));
}

pub fn leg_name(saga: Uuid, of: SeatKey) -> Name {
    let (route, number) = place(of);
    Name::Leg(saga, route, number)
}

pub fn seat_name(of: SeatKey) -> Name {
    let (route, number) = place(of);
    Name::Seat(route, number)
}

/// Which seat is kept by this row, and for whom; one that is off sale is nobody's.
pub fn owner(name: &Name, says: &str) -> Option<((i64, i32), Uuid)> {
    match (name, says) {
        (Name::Leg(saga, route, number), "prepared" | "committed") => {
            Some(((*route, *number), *saga))
        }
        (Name::Seat(route, number), "off sale") => Some(((*route, *number), Uuid::nil())),
        _ => None,
    }
}

/// A seat as the tables name it.
pub fn place((route, number): SeatKey) -> (i64, i32) {
    (route.0.cast_signed(), i32::from(number.0))
}

fn saga_decision(id: Uuid) -> Name {
    Name::Decision(format!("saga/{id}"))
}

fn login_decision(name: &str) -> Name {
    Name::Decision(format!("login/{name}"))
}

fn saga_part(part: &SagaPart) -> String {
    match part {
        SagaPart::Begun(row) => saga_row(row),
        SagaPart::Moved {
            state,
            finished,
            hold_seconds,
            voted,
        } => saga(
            saga_state(*state),
            *finished,
            hold_column(*hold_seconds),
            *voted,
        ),
    }
}

fn saga_row(row: &SagaRow) -> String {
    let hold = hold_column(row.hold_seconds);
    saga(saga_state(row.state), row.finished, hold, row.voted)
}

/// Two hours at most.
fn hold_column(seconds: Option<u32>) -> Option<i32> {
    seconds.and_then(|seconds| i32::try_from(seconds).ok())
}

fn saga_state(state: SagaState) -> &'static str {
    match state {
        SagaState::Begun => "begun",
        SagaState::Committed => "committed",
        SagaState::Aborted => "aborted",
    }
}

/// A saga by its columns.
pub fn saga(state: &str, finished: bool, hold: Option<i32>, voted: bool) -> String {
    format!("{state}, finished {finished}, held for {hold:?} s, voted {voted}")
}

fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Prepared => "prepared",
        LegState::Refused => "refused",
        LegState::Committed => "committed",
        LegState::Cancelled => "cancelled",
        LegState::Moved => "moved",
    }
}

fn register_row(row: &Register) -> String {
    let accepted = row.accepted.as_ref();
    let accepted = accepted.map(|(ballot, value)| (*ballot, *value == Value::Abort));
    decision(row.promised, accepted, row.chosen)
}

/// What was accepted is told by its ballot, and whether it is Abort.
pub fn decision(promised: Ballot, accepted: Option<(Ballot, bool)>, chosen: bool) -> String {
    let accepted = accepted.map(|(ballot, aborts)| (ballot.0, if aborts { "no" } else { "yes" }));
    let promised = promised.0;
    format!("promised {promised}, accepted {accepted:?}, chosen {chosen}")
}

fn ticket(
    gone: &[SeatRef],
    refunds: &[Refunded],
    (changes, corrections): (&[FlightChange], &[Correction]),
) -> String {
    let named = |seat: &SeatRef| {
        let (route, number) = place((seat.route, seat.number));
        format!("{}/{route}/{number}", seat.company)
    };
    let seat = |seat: &SeatRef| {
        let name = named(seat);
        match refunds.iter().find(|refund| refund.seat == *seat) {
            None => name,
            Some(Refunded {
                amount,
                ground,
                decided_at,
                by,
                ..
            }) => format!(
                "{name} for {}/{}/{}/{decided_at}/{by}",
                amount.minor,
                amount.currency,
                ground.name()
            ),
        }
    };
    let change = |change: &FlightChange| {
        let agreed = if change.accepted { ", agreed" } else { "" };
        let (of, sequence, now) = (named(&change.of), change.sequence, change.number);
        format!("{of} {sequence}: seat {now}{agreed}")
    };
    let correction = |known: &Correction| format!("{} {}", named(&known.of), known.sequence);
    ticket_row(
        gone.iter().map(seat).collect(),
        changes.iter().map(change).collect(),
        corrections.iter().map(correction).collect(),
    )
}

/// A ticket by its cancelled seats, each as `company/route/number`, with what is recorded that came back for it as
/// ` for minor/currency/ground/decided_at/by`, and the changes of its flights, each as `company/route/number sequence: seat number`,
/// with `, agreed` where its passenger agreed, and that names were corrected, each as `company/route/number sequence`: to what, not every company keeps.
pub fn ticket_row(
    mut gone: Vec<String>,
    mut changes: Vec<String>,
    mut corrections: Vec<String>,
) -> String {
    gone.sort_unstable();
    changes.sort_unstable();
    corrections.sort_unstable();
    format!("without {gone:?}, changed {changes:?}, corrected {corrections:?}")
}

pub fn key(saga: Uuid, answered: bool) -> String {
    format!("saga {saga}, answered {answered}")
}

pub fn login(user: Uuid, version: i64) -> String {
    format!("user {user}, version {version}")
}

pub fn seat(blocked: bool) -> &'static str {
    if blocked { "off sale" } else { "on sale" }
}
