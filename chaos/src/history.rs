//! What the clients asked, what they were told, and what was done to the cluster meanwhile: the only memory of a run that is not the
//! cluster's own.
//!
//! Times are microseconds since the start of the history, by one monotonic clock. [`journal`] keeps it, in memory and as JSONL.

mod journal;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

pub use journal::{Counts, FaultId, History};

/// Answers of a booking after which this key is spent: it was refused for good.
const DEFINITE: [&str; 4] = [
    "seat-held",
    "seat-taken",
    "company-silent",
    "ticket-changed",
];
/// Answers that promise that nothing was begun.
const NOTHING_BEGUN: [&str; 7] = [
    "not-rebookable",
    "seat-busy",
    "company-down",
    "overloaded",
    "too-many-requests",
    "unknown-seat",
    "too-many-holds",
];

/// What a run was, for whoever finds its history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunHeader {
    pub scenario: String,
    pub seed: u64,
    /// Does it again.
    pub command: String,
    /// Of the tester.
    pub version: String,
    pub companies: Vec<String>,
    pub clients: usize,
}

impl RunHeader {
    pub fn new(
        scenario: &str,
        seed: u64,
        command: String,
        companies: Vec<String>,
        clients: usize,
    ) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seed,
            command,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            companies,
            clients,
        }
    }
}

/// Something that was done to the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub nemesis: String,
    /// What it was done to: a company, or a server.
    pub target: String,
    pub begin_us: u64,
    /// None: for good.
    pub end_us: Option<u64>,
}

/// A seat as the workload names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Seat {
    pub company: Arc<str>,
    pub route: u64,
    pub number: u16,
    /// On the wire.
    pub id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    Book {
        user: Uuid,
        key: String,
        seats: Vec<Seat>,
    },
    Cancel {
        user: Uuid,
        ticket: Uuid,
    },
    /// Keeps seats for a while.
    Hold {
        user: Uuid,
        key: String,
        seats: Vec<Seat>,
    },
    /// Makes a ticket of a hold.
    Confirm {
        user: Uuid,
        hold: Uuid,
    },
    Extend {
        user: Uuid,
        hold: Uuid,
    },
    /// Gives a hold up.
    Release {
        user: Uuid,
        hold: Uuid,
    },
    /// Other seats in the place of these of a ticket.
    Rebook {
        user: Uuid,
        key: String,
        ticket: Uuid,
        given: Vec<SeatName>,
        seats: Vec<Seat>,
    },
    /// The passenger agrees to what became of the flights, as they were counted.
    Accept {
        user: Uuid,
        ticket: Uuid,
        changes: u32,
    },
    /// An operator changes a flight.
    Alter {
        company: Arc<str>,
        route: u64,
        alteration: Alteration,
    },
    /// A ticket as it is shown.
    Ticket {
        user: Uuid,
        ticket: Uuid,
    },
    /// What became of a booking, company by company.
    Status {
        user: Uuid,
        ticket: Uuid,
    },
    /// The first leg on sale.
    Browse,
    /// The free seats of a company's first legs on sale.
    SeatMap {
        company: Arc<str>,
    },
    Register {
        login: String,
    },
    Login {
        login: String,
    },
}

/// What becomes of a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alteration {
    Retimed,
    Withdrawn,
    /// Another aircraft.
    Equipped,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Booked {
        ticket: Uuid,
    },
    /// A hold as it stands.
    Hold {
        hold: Uuid,
        state: String,
        /// Until it ends, by the clock of whoever answered; nothing if it has ended.
        left_ms: u64,
    },
    Released,
    Cancelled,
    Listed {
        unreachable: Vec<String>,
    },
    Status {
        state: String,
        legs: Vec<SeenLeg>,
    },
    /// A ticket: what came back for its seats, how often its flights were changed, and for which seats others are owed.
    Ticket {
        refunds: Vec<ReadRefund>,
        changes: u32,
        owed: Vec<SeatName>,
    },
    /// Of changes of flights.
    Accepted,
    /// Of a flight.
    Altered,
    /// The routes that were listed, with their free seats.
    SeatMap {
        routes: Vec<(u64, Vec<u16>)>,
    },
    /// Of a registration or a login.
    User {
        user: Uuid,
    },
    /// A problem of the contract.
    Problem {
        status: u16,
        kind: String,
        /// The seat that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        seat: Option<SeatName>,
    },
    /// No answer, or none that makes sense.
    Lost {
        why: String,
    },
}

/// A seat as an answer names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SeatName {
    pub company: String,
    /// On the wire.
    pub id: u64,
}

/// What came back for a seat, as an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadRefund {
    #[serde(flatten)]
    pub seat: SeatName,
    /// In minor units.
    pub amount: i64,
    pub currency: String,
    /// Who decided it.
    pub by: String,
}

/// A leg of a booking as its company answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenLeg {
    #[serde(flatten)]
    pub seat: SeatName,
    pub state: String,
}

/// What an answer says about the booking behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Booked(Uuid),
    /// Its seats are kept for a while.
    Held(Uuid),
    Refused,
    /// A hold that is none any more, and never became a ticket.
    Ended,
    NothingBegun,
    /// It may or may not have happened.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    pub client: usize,
    /// Company whose node was asked.
    pub node: Arc<str>,
    pub begin_us: u64,
    pub end_us: u64,
    #[serde(flatten)]
    pub request: Request,
    #[serde(flatten)]
    pub answer: Answer,
}

/// Seats that somebody wants, now or for later.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub user: Uuid,
    pub key: &'a str,
    pub seats: &'a [Seat],
}

impl Request {
    /// Of a booking, a rebooking or a hold.
    pub fn wish(&self) -> Option<Wish<'_>> {
        match self {
            Self::Book { user, key, seats }
            | Self::Hold { user, key, seats }
            | Self::Rebook {
                user, key, seats, ..
            } => Some(Wish {
                user: *user,
                key,
                seats,
            }),
            _ => None,
        }
    }

    /// How tables name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Book { .. } => "book",
            Self::Cancel { .. } => "cancel",
            Self::Hold { .. } => "hold",
            Self::Confirm { .. } => "confirm",
            Self::Extend { .. } => "extend",
            Self::Release { .. } => "release",
            Self::Status { .. } => "status",
            Self::Ticket { .. } => "ticket",
            Self::Rebook { .. } => "rebook",
            Self::Accept { .. } => "accept",
            Self::Alter { .. } => "alter a flight",
            Self::Browse => "browse",
            Self::SeatMap { .. } => "seat map",
            Self::Register { .. } => "register",
            Self::Login { .. } => "login",
        }
    }
}

impl Answer {
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Booked { ticket } => Meaning::Booked(*ticket),
            Self::Hold { hold, state, .. } => match state.as_str() {
                "retida" => Meaning::Held(*hold),
                "confirmada" | "cancelada" => Meaning::Booked(*hold),
                "recusada" => Meaning::Ended,
                _ => Meaning::Open,
            },
            Self::Released => Meaning::Ended,
            Self::Problem { kind, .. } if kind == "hold-expired" => Meaning::Ended,
            Self::Problem { kind, .. } if DEFINITE.contains(&kind.as_str()) => Meaning::Refused,
            Self::Problem { kind, .. } if NOTHING_BEGUN.contains(&kind.as_str()) => {
                Meaning::NothingBegun
            }
            _ => Meaning::Open,
        }
    }

    pub fn is_problem(&self, name: &str) -> bool {
        matches!(self, Self::Problem { kind, .. } if kind == name)
    }

    /// How tables name it.
    pub fn name(&self) -> String {
        match self {
            Self::Booked { .. } => "200 booked".to_owned(),
            Self::Cancelled => "200 cancelled".to_owned(),
            Self::Hold { state, .. } => format!("2xx {state}"),
            Self::Released => "200 released".to_owned(),
            Self::Listed { .. } | Self::SeatMap { .. } => "200 listed".to_owned(),
            Self::Status { state, .. } => format!("200 {state}"),
            Self::Ticket { .. } => "200 ticket".to_owned(),
            Self::Accepted => "200 accepted".to_owned(),
            Self::Altered => "done".to_owned(),
            Self::User { .. } => "200 user".to_owned(),
            Self::Problem { status, kind, .. } => format!("{status} {kind}"),
            Self::Lost { .. } => "no answer".to_owned(),
        }
    }
}

impl Operation {
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.end_us - self.begin_us)
    }

    /// Sold at once, not by way of a hold.
    pub fn is_booked(&self) -> bool {
        matches!(self.request, Request::Book { .. }) && matches!(self.answer, Answer::Booked { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, kind: &str) -> Answer {
        Answer::Problem {
            status,
            kind: kind.to_owned(),
            seat: None,
        }
    }

    #[test]
    fn only_what_the_contract_calls_definite_is() {
        assert_eq!(problem(409, "seat-taken").meaning(), Meaning::Refused);
        assert_eq!(problem(409, "seat-busy").meaning(), Meaning::NothingBegun);
        assert_eq!(problem(409, "still-running").meaning(), Meaning::Open);
        assert_eq!(problem(504, "outcome-unknown").meaning(), Meaning::Open);
        assert_eq!(problem(500, "internal").meaning(), Meaning::Open);
    }

    #[test]
    fn a_hold_means_what_became_of_it() {
        let hold = Uuid::from_u128(1);
        let meaning = |state: &str| {
            let state = state.to_owned();
            Answer::Hold {
                hold,
                state,
                left_ms: 0,
            }
            .meaning()
        };
        assert_eq!(meaning("retida"), Meaning::Held(hold));
        assert_eq!(meaning("confirmada"), Meaning::Booked(hold));
        assert_eq!(meaning("cancelada"), Meaning::Booked(hold), "it was");
        assert_eq!(meaning("recusada"), Meaning::Ended);
        assert_eq!(meaning("em_andamento"), Meaning::Open);
        assert_eq!(problem(410, "hold-expired").meaning(), Meaning::Ended);
    }

    #[test]
    fn an_operation_is_one_line() {
        let operation = Operation {
            client: 3,
            node: "a".into(),
            begin_us: 5,
            end_us: 9,
            request: Request::Book {
                user: Uuid::nil(),
                key: "k".to_owned(),
                seats: vec![Seat {
                    company: "b".into(),
                    route: 7,
                    number: 1,
                    id: 7169,
                }],
            },
            answer: problem(409, "seat-taken"),
        };
        assert_eq!(
            serde_json::to_string(&operation).unwrap(),
            r#"{"client":3,"node":"a","begin_us":5,"end_us":9,"request":"book","user":"00000000-0000-0000-0000-000000000000","key":"k","seats":[{"company":"b","route":7,"number":1,"id":7169}],"answer":"problem","status":409,"kind":"seat-taken"}"#
        );
    }
}
