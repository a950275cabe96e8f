//! Records of format 3, which programs before this one wrote: the rows of sagas had no papers. Nothing writes them any more. Types
//! that are not here were the same then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{LegChange, LoginChange, Record, RegisterPart, SagaChange, SagaPart, TicketPart, Told};
use crate::domain::ballot::Acceptors;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Order, OrderHash};
use crate::domain::rows::{self, AuditRow, KeyRow, OutboxCursor, SagaState, SeatKey};

#[derive(Deserialize)]
pub(super) struct RecordOf3 {
    sagas: BTreeMap<SagaId, Saga>,
    logins: BTreeMap<String, LoginChange>,
    keys: BTreeMap<(UserId, String), KeyRow>,
    blocked: BTreeMap<SeatKey, bool>,
    cursors: BTreeMap<CompanyId, OutboxCursor>,
    outbox: Vec<Told>,
    audit: Vec<AuditRow>,
    round: Option<i64>,
}

#[derive(Deserialize)]
struct Saga {
    saga: Option<Part>,
    legs: Vec<(SeatKey, LegChange)>,
    register: Option<RegisterPart>,
    ticket: Option<TicketPart>,
}

/// The same in format 2.
#[derive(Deserialize)]
pub(super) enum Part {
    Begun(SagaRow),
    Moved {
        state: SagaState,
        finished: bool,
        hold_seconds: Option<u32>,
        voted: bool,
    },
}

#[derive(Deserialize)]
pub(super) struct SagaRow {
    order: Option<Arc<Order>>,
    hash: OrderHash,
    acceptors: Acceptors,
    driver: String,
    state: SagaState,
    finished: bool,
    hold_seconds: Option<u32>,
    voted: bool,
}

impl From<RecordOf3> for Record {
    fn from(old: RecordOf3) -> Self {
        let sagas = old.sagas.into_iter();
        Self {
            sagas: sagas.map(|(id, saga)| (id, saga.into())).collect(),
            logins: old.logins,
            keys: old.keys,
            blocked: old.blocked,
            cursors: old.cursors,
            outbox: old.outbox,
            audit: old.audit,
            round: old.round,
        }
    }
}

impl From<Saga> for SagaChange {
    fn from(old: Saga) -> Self {
        Self {
            saga: old.saga.map(Into::into),
            legs: old.legs,
            register: old.register,
            ticket: old.ticket,
        }
    }
}

impl From<Part> for SagaPart {
    fn from(old: Part) -> Self {
        match old {
            Part::Begun(row) => Self::Begun(row.into()),
            Part::Moved {
                state,
                finished,
                hold_seconds,
                voted,
            } => Self::Moved {
                state,
                finished,
                hold_seconds,
                voted,
            },
        }
    }
}

impl From<SagaRow> for rows::SagaRow {
    fn from(old: SagaRow) -> Self {
        Self {
            order: old.order,
            hash: old.hash,
            acceptors: old.acceptors,
            driver: old.driver,
            state: old.state,
            finished: old.finished,
            hold_seconds: old.hold_seconds,
            voted: old.voted,
            papers: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the log of a company, a row a line, as a program that wrote format 3 left it: bookings with names and documents, a hold
    /// that was let go, a name that was corrected.
    const LOG: &str = include_str!("format_3.hex");

    fn records() -> Vec<Record> {
        let byte = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).unwrap();
            u8::from_str_radix(digits, 16).unwrap()
        };
        let bytes = LOG
            .lines()
            .map(|line| line.as_bytes().chunks(2).map(byte).collect::<Vec<_>>());
        bytes.map(|bytes| Record::decode(&bytes).unwrap()).collect()
    }

    #[test]
    fn a_log_of_the_former_format_says_all_that_it_said() {
        let records = records();
        let sagas = || records.iter().flat_map(|record| record.sagas.values());
        let begun = sagas().filter_map(|saga| match &saga.saga {
            Some(SagaPart::Begun(row)) => Some(row),
            _ => None,
        });
        let begun: Vec<_> = begun.collect();
        assert!(begun.iter().all(|row| row.papers.is_none()));
        let orders = begun.iter().filter_map(|row| row.order.as_ref());
        let mut people = orders.flat_map(|order| order.legs.iter().flat_map(|leg| &leg.passenger));
        assert!(people.any(|who| who.document.as_deref() == Some("123.456.789-09")));
        let mut tickets = sagas().filter_map(|saga| saga.ticket.as_ref());
        assert!(tickets.any(|ticket| !ticket.corrections.is_empty()));
        let is_let_go = |saga: &SagaChange| {
            matches!(
                saga.saga,
                Some(SagaPart::Moved {
                    state: SagaState::Aborted,
                    ..
                })
            )
        };
        assert!(sagas().any(is_let_go));
    }

    #[test]
    fn a_record_that_was_read_is_written_in_the_new_format() {
        for record in records() {
            let again = record.encode();
            assert_eq!(again.first(), Some(&super::super::FORMAT));
            assert_eq!(Record::decode(&again).unwrap(), record);
        }
    }
}
