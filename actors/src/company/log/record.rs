//! One row of the log: what a batch changed, each row as it is afterwards. Never what was asked: replaying a log must not depend on
//! the rules of the program that replays it.
//!
//! What a row says that the log or the tables said before is left out: an order stands where its saga begins, and everything
//! after that names the saga.
//!
//! Invariant: applying the records of a log in their order, to whatever the tables held at an earlier place of that log, gives
//! the state at its end.

mod format_1;
mod format_2;
mod format_3;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::format_1::RecordOf1;
use self::format_2::RecordOf2;
use self::format_3::RecordOf3;
use crate::codec;
use crate::domain::accounts::User;
use crate::domain::ballot::{Acceptors, Ballot, Key, Register, Value};
use crate::domain::fencing::FencingToken;
use crate::domain::flight::FlightChange;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Order, OrderHash, SeatRef};
use crate::domain::refund::Refunded;
use crate::domain::rows::{
    AuditRow, Change, KeyRow, LegRow, OutboxCursor, Replicated, Rows, SagaRow, SagaState, SeatKey,
};
use crate::domain::ticket::{Correction, Ticket};
use crate::domain::vote::{LegState, RefusalReason};

/// The first byte of every record that is written.
const FORMAT: u8 = 4;
/// Those of records which programs before this one wrote. They are still read; any other format is not.
const FIRST_FORMAT: u8 = 1;
const SECOND_FORMAT: u8 = 2;
const THIRD_FORMAT: u8 = 3;
/// Longest record. A batch holds at most [`BATCH_MAX`](crate::company::ledger::BATCH_MAX) entries of some kilobytes each.
pub const RECORD_LEN_MAX: usize = 16 * 1024 * 1024;

/// What one append changed. Empty where nothing did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub sagas: BTreeMap<SagaId, SagaChange>,
    /// By login, normalised.
    pub logins: BTreeMap<String, LoginChange>,
    pub keys: BTreeMap<(UserId, String), KeyRow>,
    /// Seats that were taken off sale or put back.
    pub blocked: BTreeMap<SeatKey, bool>,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    /// What peers are told of, in this order. All of it is in this record, too.
    pub outbox: Vec<Told>,
    pub audit: Vec<AuditRow>,
    /// This company's ballot round, if it rose.
    pub round: Option<i64>,
}

/// What changed of one saga; absent parts are as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaChange {
    pub saga: Option<SagaPart>,
    pub legs: Vec<(SeatKey, LegChange)>,
    pub register: Option<RegisterPart>,
    pub ticket: Option<TicketPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SagaPart {
    Begun(SagaRow),
    /// What of a saga's row ever changes.
    Moved {
        state: SagaState,
        finished: bool,
        hold_seconds: Option<u32>,
        voted: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegChange {
    New {
        state: LegState,
        /// None: the saga's.
        hash: Option<OrderHash>,
        fence: FencingToken,
        reason: Option<RefusalReason>,
    },
    /// What of a leg's row ever changes.
    Moved {
        state: LegState,
        reason: Option<RefusalReason>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterPart {
    /// None: the saga's.
    pub acceptors: Option<Acceptors>,
    pub promised: Ballot,
    pub accepted: Option<(Ballot, Decided)>,
    pub chosen: bool,
}

/// A [`Value`], short where the saga's own row says the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decided {
    /// Commit of the order that the saga's row has.
    Commit,
    Other(Value),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketPart {
    /// None: the saga's.
    pub order: Option<Arc<Order>>,
    pub cancelled: Vec<SeatRef>,
    pub changes: Vec<FlightChange>,
    pub refunds: Vec<Refunded>,
    pub corrections: Vec<Correction>,
}

/// What changed of one login; absent parts are as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginChange {
    pub user: Option<User>,
    pub register: Option<Register>,
}

/// A row that peers are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    Ticket(SagaId),
    User { login: String },
}

/// Why bytes of the log are no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("a record of format {0:?}: this program reads formats {FIRST_FORMAT} to {FORMAT}")]
    Format(Option<u8>),
    #[error(transparent)]
    Damaged(#[from] codec::DecodeError),
}

impl Record {
    /// What the rows of a decided batch have changed.
    pub fn of(rows: &Rows) -> Self {
        let mut record = Self::default();
        for change in rows.sagas.changes() {
            record.saga(*change.key).saga = Some(SagaPart::of(&change));
        }
        for change in rows.legs.changes() {
            let saga = change.key.saga;
            let own = rows.sagas.peek(&saga).map(|row| row.hash);
            let leg = LegChange::of(change.before, change.after, own);
            record.saga(saga).legs.push((change.key.seat(), leg));
        }
        for change in rows.registers.changes() {
            match change.key {
                Key::Saga(saga) => {
                    let own = rows.sagas.peek(saga);
                    record.saga(*saga).register = Some(RegisterPart::of(change.after, own));
                }
                Key::Login(login) => {
                    record.login(login).register = Some(change.after.clone());
                }
            }
        }
        for change in rows.tickets.changes() {
            let own = rows.sagas.peek(change.key);
            record.saga(*change.key).ticket = Some(TicketPart::of(change.after, own));
        }
        for change in rows.users.changes() {
            record.login(change.key).user = Some(change.after.clone());
        }
        let keys = rows.keys.changes();
        record.keys = keys
            .map(|change| (change.key.clone(), change.after.clone()))
            .collect();
        let was_blocked = |change: &Change<'_, SeatKey, _>| {
            change
                .before
                .is_some_and(|row: &crate::domain::rows::SeatRow| row.blocked)
        };
        record.blocked = rows
            .seats
            .changes()
            .filter(|change| was_blocked(change) != change.after.blocked)
            .map(|change| (*change.key, change.after.blocked))
            .collect();
        record.cursors.clone_from(&rows.cursors);
        record.outbox = rows.outbox.iter().map(Told::of).collect();
        record.audit.clone_from(&rows.audit);
        record.round = rows.round_raised.then_some(rows.round);
        record
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn saga(&mut self, saga: SagaId) -> &mut SagaChange {
        self.sagas.entry(saga).or_default()
    }

    fn login(&mut self, login: &str) -> &mut LoginChange {
        self.logins.entry(login.to_owned()).or_default()
    }

    /// # Panics
    /// Never: every type of a record has an encoding.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&(FORMAT, self)).expect("records have an encoding")
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match bytes.first() {
            Some(&FORMAT) => {
                let (_, record): (u8, Self) = codec::decode::<_, RECORD_LEN_MAX>(bytes)?;
                Ok(record)
            }
            Some(&THIRD_FORMAT) => {
                let (_, record): (u8, RecordOf3) = codec::decode::<_, RECORD_LEN_MAX>(bytes)?;
                Ok(record.into())
            }
            Some(&SECOND_FORMAT) => {
                let (_, record): (u8, RecordOf2) = codec::decode::<_, RECORD_LEN_MAX>(bytes)?;
                Ok(record.into())
            }
            Some(&FIRST_FORMAT) => {
                let (_, record): (u8, RecordOf1) = codec::decode::<_, RECORD_LEN_MAX>(bytes)?;
                Ok(record.into())
            }
            other => Err(RecordError::Format(other.copied())),
        }
    }
}

impl SagaPart {
    fn of(change: &Change<'_, SagaId, SagaRow>) -> Self {
        match change.before {
            None => Self::Begun(change.after.clone()),
            Some(_) => Self::Moved {
                state: change.after.state,
                finished: change.after.finished,
                hold_seconds: change.after.hold_seconds,
                voted: change.after.voted,
            },
        }
    }

    /// The row as it is afterwards. None: it moves a row that nobody has.
    pub(super) fn after(self, before: Option<SagaRow>) -> Option<SagaRow> {
        match self {
            Self::Begun(row) => Some(row),
            Self::Moved {
                state,
                finished,
                hold_seconds,
                voted,
            } => Some(SagaRow {
                finished,
                hold_seconds,
                voted,
                ..before?.moved_to(state)
            }),
        }
    }
}

impl LegChange {
    fn of(before: Option<&LegRow>, after: &LegRow, own: Option<OrderHash>) -> Self {
        match before {
            Some(_) => Self::Moved {
                state: after.state,
                reason: after.reason,
            },
            None => Self::New {
                state: after.state,
                hash: Some(after.hash).filter(|hash| own != Some(*hash)),
                fence: after.fence,
                reason: after.reason,
            },
        }
    }

    /// The row as it is afterwards. None: it rests on a row that nobody has.
    pub(super) fn after(self, before: Option<&LegRow>, own: Option<OrderHash>) -> Option<LegRow> {
        match self {
            Self::New {
                state,
                hash,
                fence,
                reason,
            } => Some(LegRow {
                state,
                hash: hash.or(own)?,
                fence,
                reason,
            }),
            Self::Moved { state, reason } => Some(LegRow {
                state,
                reason,
                ..*before?
            }),
        }
    }
}

impl RegisterPart {
    fn of(register: &Register, own: Option<&SagaRow>) -> Self {
        let decided = |value: &Value| match (value, own) {
            // the same order may be told with and without its names
            (Value::Commit { hash, order }, Some(own))
                if own.hash == *hash && own.order.as_ref() == Some(order) =>
            {
                Decided::Commit
            }
            _ => Decided::Other(value.clone()),
        };
        let accepted = register.accepted.as_ref();
        let acceptors = Some(&register.acceptors);
        Self {
            acceptors: acceptors
                .filter(|acceptors| own.is_none_or(|own| own.acceptors != **acceptors))
                .cloned(),
            promised: register.promised,
            accepted: accepted.map(|(ballot, value)| (*ballot, decided(value))),
            chosen: register.chosen,
        }
    }

    /// The row as it is afterwards. None: it rests on a saga's row that nobody has.
    pub(super) fn after(self, own: Option<&SagaRow>) -> Option<Register> {
        let accepted = match self.accepted {
            None => None,
            Some((ballot, Decided::Other(value))) => Some((ballot, value)),
            Some((ballot, Decided::Commit)) => {
                let own = own?;
                let order = own.order.clone()?;
                let hash = own.hash;
                Some((ballot, Value::Commit { hash, order }))
            }
        };
        Some(Register {
            acceptors: match self.acceptors {
                Some(acceptors) => acceptors,
                None => own?.acceptors.clone(),
            },
            promised: self.promised,
            accepted,
            chosen: self.chosen,
        })
    }
}

impl TicketPart {
    fn of(ticket: &Ticket, own: Option<&SagaRow>) -> Self {
        let known = own.and_then(|own| own.order.as_ref());
        let is_own = known.is_some_and(|order| *order == ticket.order);
        Self {
            order: (!is_own).then(|| ticket.order.clone()),
            cancelled: ticket.cancelled.clone(),
            changes: ticket.changes.clone(),
            refunds: ticket.refunds.clone(),
            corrections: ticket.corrections.clone(),
        }
    }

    /// The row as it is afterwards. None: it rests on a saga's row that nobody has.
    pub(super) fn after(self, id: SagaId, own: Option<&SagaRow>) -> Option<Ticket> {
        let order = match self.order {
            Some(order) => order,
            None => own?.order.clone()?,
        };
        Some(Ticket {
            id,
            order,
            cancelled: self.cancelled,
            changes: self.changes,
            refunds: self.refunds,
            corrections: self.corrections,
        })
    }
}

impl Told {
    fn of(row: &Replicated) -> Self {
        match row {
            Replicated::Ticket(ticket) => Self::Ticket(ticket.id),
            Replicated::User(user) => Self::User {
                login: user.login.clone(),
            },
        }
    }
}
