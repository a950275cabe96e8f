//! Records of format 2, which programs before this one wrote: tickets had no corrections of names. Nothing writes them any more. Types
//! that are not here were the same then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::format_3::Part;
use super::{LegChange, LoginChange, Record, RegisterPart, SagaChange, TicketPart, Told};
use crate::domain::flight::FlightChange;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Order, SeatRef};
use crate::domain::refund::Refunded;
use crate::domain::rows::{AuditRow, KeyRow, OutboxCursor, SeatKey};

#[derive(Deserialize)]
pub(super) struct RecordOf2 {
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
    ticket: Option<PartOfTicket>,
}

#[derive(Deserialize)]
struct PartOfTicket {
    order: Option<Arc<Order>>,
    cancelled: Vec<SeatRef>,
    changes: Vec<FlightChange>,
    refunds: Vec<Refunded>,
}

impl From<RecordOf2> for Record {
    fn from(old: RecordOf2) -> Self {
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
            ticket: old.ticket.map(Into::into),
        }
    }
}

impl From<PartOfTicket> for TicketPart {
    fn from(old: PartOfTicket) -> Self {
        Self {
            order: old.order,
            cancelled: old.cancelled,
            changes: old.changes,
            refunds: old.refunds,
            corrections: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the log of a company, a row a line, as a program that wrote format 2 left it: bookings, a flight that moved under one, a
    /// ticket of which a seat was cancelled, and one whose seat was given for another.
    const LOG: &str = include_str!("format_2.hex");

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
        let sagas = records.iter().flat_map(|record| record.sagas.values());
        let tickets: Vec<&TicketPart> = sagas.filter_map(|saga| saga.ticket.as_ref()).collect();
        assert!(tickets.iter().any(|ticket| !ticket.changes.is_empty()));
        assert!(tickets.iter().any(|ticket| !ticket.refunds.is_empty()));
        assert!(tickets.iter().all(|ticket| ticket.corrections.is_empty()));
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
