//! I3, as it is read back: a booking that was answered with 200 is there for whoever asks, and stays.
//!
//! * Its ticket is never unknown to a cancel: 404 means that every company said so.
//! * Its state is never "refused"; it is "cancelled" only once somebody asked for that, and not "confirmed" again at a node that has
//!   answered a cancel.
//! * It is never unknown at the node that answered, nor anywhere while nothing is wrong. (A node that is cut off may say that nobody it can reach
//!   knows the booking.)

use std::collections::HashMap;

use uuid::Uuid;

use super::Violation;
use super::calm::Calm;
use crate::history::{Answer, Operation, Request};

/// When customers were first told, node by node.
#[derive(Default)]
struct Known<'a> {
    booked: HashMap<&'a str, u64>,
    cancelled: HashMap<&'a str, u64>,
    cancel_asked_us: Option<u64>,
}

impl Known<'_> {
    /// Whether a request that began then came after an answer of 200.
    fn before(&self, begin_us: u64) -> bool {
        self.booked.values().any(|told| *told < begin_us)
    }

    /// Somebody wanted to give it back, or for another one.
    fn asked(&mut self, begin_us: u64) {
        let asked_us = self.cancel_asked_us.get_or_insert(begin_us);
        *asked_us = (*asked_us).min(begin_us);
    }
}

type Tickets<'a> = HashMap<Uuid, Known<'a>>;

/// The reads and cancels that could be judged, and what was wrong with them.
pub fn check(history: &[Operation], calm: &Calm) -> (usize, Vec<Violation>) {
    let tickets = tickets(history);
    let mut judged = 0;
    let mut violations = Vec::new();
    for operation in history {
        let (Request::Cancel { ticket, .. } | Request::Status { ticket, .. }) = operation.request
        else {
            continue;
        };
        let Some(known) = tickets.get(&ticket) else {
            continue;
        };
        if !known.before(operation.begin_us) {
            continue;
        }
        judged += 1;
        if let Some(problem) = problem(known, operation, calm) {
            let what = format!(
                "ticket {ticket} was answered with 200, and {} s after the start node {} answered {problem}",
                operation.begin_us / 1_000_000,
                operation.node
            );
            violations.push(Violation::new("I3", what));
        }
    }
    (judged, violations)
}

fn tickets(history: &[Operation]) -> Tickets<'_> {
    let mut tickets = Tickets::new();
    for operation in history {
        let told = match (&operation.request, &operation.answer) {
            (Request::Rebook { ticket: old, .. }, answer) => {
                tickets.entry(*old).or_default().asked(operation.begin_us);
                let Answer::Booked { ticket } = answer else {
                    continue;
                };
                &mut tickets.entry(*ticket).or_default().booked
            }
            (Request::Book { .. } | Request::Confirm { .. }, Answer::Booked { ticket }) => {
                &mut tickets.entry(*ticket).or_default().booked
            }
            (Request::Cancel { ticket, .. }, answer) => {
                let known = tickets.entry(*ticket).or_default();
                known.asked(operation.begin_us);
                if *answer != Answer::Cancelled {
                    continue;
                }
                &mut known.cancelled
            }
            _ => continue,
        };
        let first = told.entry(&operation.node).or_insert(operation.end_us);
        *first = (*first).min(operation.end_us);
    }
    tickets
}

fn problem(known: &Known, operation: &Operation, calm: &Calm) -> Option<String> {
    let told_before = |told: &HashMap<&str, u64>| {
        let first = told.get(&*operation.node);
        first.is_some_and(|told_us| *told_us < operation.begin_us)
    };
    let wrong = match &operation.answer {
        Answer::Problem { kind, .. } if kind == "unknown-ticket" => true,
        Answer::Problem { kind, .. } if kind == "unknown-booking" => {
            told_before(&known.booked) || calm.lasts(operation.begin_us, operation.end_us)
        }
        Answer::Status { state, .. } => match state.as_str() {
            "confirmada" => told_before(&known.cancelled),
            "cancelada" => known
                .cancel_asked_us
                .is_none_or(|asked_us| asked_us > operation.end_us),
            // its ticket is not here yet, and who has it cannot be reached
            "em_andamento" => told_before(&known.booked),
            _ => true,
        },
        _ => false,
    };
    wrong.then(|| operation.answer.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Fault;

    const TICKET: Uuid = Uuid::from_u128(1);

    fn at(node: &str, begin_us: u64, request: Request, answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: node.into(),
            begin_us,
            end_us: begin_us + 1,
            request,
            answer,
        }
    }

    fn booked() -> Operation {
        let request = Request::Book {
            user: Uuid::nil(),
            key: "k".to_owned(),
            seats: Vec::new(),
        };
        at("a", 0, request, Answer::Booked { ticket: TICKET })
    }

    fn cancel(answer: Answer) -> Operation {
        let request = Request::Cancel {
            user: Uuid::nil(),
            ticket: TICKET,
        };
        at("b", 10, request, answer)
    }

    fn status(node: &str, answer: Answer) -> Operation {
        let request = Request::Status {
            user: Uuid::nil(),
            ticket: TICKET,
        };
        at(node, 20, request, answer)
    }

    fn state(state: &str) -> Answer {
        Answer::Status {
            state: state.to_owned(),
            legs: Vec::new(),
        }
    }

    fn unknown(kind: &str) -> Answer {
        Answer::Problem {
            status: 404,
            kind: kind.to_owned(),
            seat: None,
        }
    }

    fn found(history: &[Operation]) -> usize {
        check(history, &Calm::new(&[], &[])).1.len()
    }

    #[test]
    fn what_is_there_and_stays_passes() {
        let history = [booked(), status("b", state("confirmada"))];
        assert_eq!(check(&history, &Calm::new(&[], &[])).0, 1, "it was judged");
        assert_eq!(found(&history), 0);
        let cancelled = cancel(Answer::Cancelled);
        assert_eq!(
            found(&[booked(), cancelled, status("c", state("cancelada"))]),
            0
        );
        let later_told = Operation {
            begin_us: 0,
            ..status("c", unknown("unknown-booking"))
        };
        assert_eq!(found(&[booked(), later_told]), 0, "it was asked before");
    }

    #[test]
    fn a_ticket_that_is_unknown_to_a_cancel_is_found() {
        assert_eq!(found(&[booked(), cancel(unknown("unknown-ticket"))]), 1);
    }

    #[test]
    fn a_booking_that_changes_its_mind_is_found() {
        for wrong in ["recusada", "em_andamento", "cancelada", "xyz"] {
            assert_eq!(found(&[booked(), status("a", state(wrong))]), 1, "{wrong}");
        }
        let back = status("b", state("confirmada"));
        assert_eq!(found(&[booked(), cancel(Answer::Cancelled), back]), 1);
    }

    #[test]
    fn a_booking_that_is_unknown_is_found_where_it_must_be_known() {
        let fault = Fault {
            nemesis: "freeze".to_owned(),
            target: "a".to_owned(),
            begin_us: 5,
            end_us: None,
        };
        let troubled = Calm::new(&[fault], &[]);
        let asked = |node| [booked(), status(node, unknown("unknown-booking"))];
        assert_eq!(found(&asked("b")), 1, "nothing is wrong");
        assert_eq!(
            check(&asked("b"), &troubled).1.len(),
            0,
            "it may be cut off"
        );
        assert_eq!(
            check(&asked("a"), &troubled).1.len(),
            1,
            "it answered itself"
        );
    }
}
