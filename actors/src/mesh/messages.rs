//! What crosses nodes, and who is told the names in it (`for_company`) and believed about them (`told_by`), which every request and reply goes
//! through. Bincode has no schema evolution: variants and fields are only ever appended, together with a new
//! protocol number in [`crate::mesh::envelope`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{CatalogueCursor, CataloguePage};
use crate::company::buckets::{Bucket, Digests, Slice};
use crate::company::guesses::WrongPasswords;
use crate::company::history::Event;
use crate::company::log::lineage::Mark;
use crate::company::store::{KnownKey, SagaRecord};
use crate::domain::accounts::User;
use crate::domain::ballot::{Ballot, Promise, Value};
use crate::domain::corrections::Corrected;
use crate::domain::ids::{CompanyId, Incarnation, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::refund::Refunded;
use crate::domain::rows::{OutboxCursor, Replicated};
use crate::domain::ticket::{Cancelled, Ticket};

/// How a user is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// By normalised login.
    Login(String),
    Id(UserId),
}

/// One request to a company's node. Every one may be sent again: the answer is then that of the recorded state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    Ask(Question),
    /// What is recorded of this saga.
    Query {
        saga: SagaId,
    },
    /// A ticket with its cancelled seats, to be merged at once.
    MergeTicket(Box<Ticket>),
    FindKey {
        user: UserId,
        key: String,
    },
    FindUser(Whom),
    FindTicket {
        ticket: SagaId,
    },
    TicketsOf {
        user: UserId,
    },
    /// Outbox rows after this one, waiting for some up to `wait_ms`.
    Pull {
        after: Option<OutboxCursor>,
        wait_ms: u32,
    },
    /// Changes of this company's catalogue after this cursor, waiting for some up to `wait_ms`.
    PullCatalogue {
        after: Option<CatalogueCursor>,
        wait_ms: u32,
    },
    /// Whom this node reaches, and what it runs.
    Describe,
    /// Hashes of the copies in this slice.
    Digests(Slice),
    /// The copies in this bucket, ascending by id after this one.
    Copies {
        bucket: Bucket,
        after: Option<Uuid>,
    },
    /// How far this company has read the others' outboxes.
    Cursors,
    /// Keep the seats of a hold for so long, if that is longer.
    Extend {
        saga: SagaId,
        seconds: u32,
    },
    /// The user's open holds.
    HeldFor {
        user: UserId,
    },
    /// What is recorded of this saga, with times.
    History {
        saga: SagaId,
    },
    /// Cancel these seats of this ticket, and decide that so much comes back: all of them or none, if that was agreed. Who decides, and when, is
    /// for the company that is asked to fill in.
    Cancel {
        ticket: Box<Ticket>,
        refunds: Vec<Refunded>,
        /// Otherwise those of them that are left.
        agreed: bool,
    },
    /// The word of the company that issued this token that the one that asks was shown it.
    Vouch {
        token: String,
    },
    /// Who travels by these bookings of a user.
    People {
        shown: ShownUser,
        bookings: Vec<SagaId>,
    },
    /// The bookings with this locator on which somebody of this surname travels.
    Find {
        locator: String,
        surname: String,
    },
    /// The user corrects the names of who has these seats of a ticket.
    Correct {
        shown: ShownUser,
        ticket: SagaId,
        names: Vec<(SeatRef, String)>,
    },
    /// Wrong passwords that were tried at the company that tells; nothing is answered but that it was heard.
    WrongPasswords(Vec<WrongPasswords>),
}

/// That a user has come to the company that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownUser {
    pub user: UserId,
    pub version: i64,
    /// Whose token it is that was shown.
    pub issuer: CompanyId,
    /// That the issuer may speak for the user, as the token has it.
    pub consent: Option<String>,
    /// Of another issuer than the company that asks: its word that it was shown the token.
    pub voucher: Option<String>,
}

impl Request {
    /// What it is called in metrics and in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Request::Ask(Question::Prepare(_)) => "prepare",
            Request::Ask(Question::Book(_)) => "book",
            Request::Ask(Question::Promise { .. }) => "promise",
            Request::Ask(Question::Accept { .. }) => "accept",
            Request::Ask(Question::Commit { .. }) => "commit",
            Request::Ask(Question::AllVoted { .. }) => "all_voted",
            Request::Ask(Question::Release { .. }) => "release",
            Request::Query { .. } => "query",
            Request::MergeTicket(_) => "merge_ticket",
            Request::FindKey { .. } => "find_key",
            Request::FindUser(_) => "find_user",
            Request::FindTicket { .. } => "find_ticket",
            Request::TicketsOf { .. } => "tickets_of",
            Request::Pull { .. } => "pull",
            Request::PullCatalogue { .. } => "pull_catalogue",
            Request::Describe => "describe",
            Request::Digests(_) => "digests",
            Request::Copies { .. } => "copies",
            Request::Cursors => "cursors",
            Request::Extend { .. } => "extend",
            Request::HeldFor { .. } => "held_for",
            Request::History { .. } => "history",
            Request::Cancel { .. } => "cancel",
            Request::Vouch { .. } => "vouch",
            Request::People { .. } => "people",
            Request::Find { .. } => "find",
            Request::Correct { .. } => "correct",
            Request::WrongPasswords(_) => "wrong_passwords",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Answer(CompanyAnswer),
    Merged,
    Recorded(Box<SagaRecord>),
    Key(Option<KnownKey>),
    User(Option<User>),
    Ticket(Option<Box<Ticket>>),
    Tickets(Vec<Ticket>),
    Rows {
        incarnation: Incarnation,
        rows: Vec<(i64, Replicated)>,
        /// How far its log is durable.
        mark: Mark,
    },
    Catalogue(Box<CataloguePage>),
    Description {
        version: String,
        reaches: Vec<CompanyId>,
    },
    /// The node could not do it now, and did not: its database is away, or it is not ready.
    Unavailable,
    /// The node could not find out whether it did it: ask again.
    Unknown,
    Digests(Digests),
    Copies(Vec<Replicated>),
    Cursors(BTreeMap<CompanyId, OutboxCursor>),
    /// How long the seats are kept; none if they are not held there.
    Extended(Option<u32>),
    Holds(Vec<SagaId>),
    History(Vec<Event>),
    Cancelled(Cancelled),
    /// Tickets with their names, to who may be told them.
    Named(Vec<Ticket>),
    Corrected(Corrected),
    /// None: it is no good token of ours.
    Vouched(Option<String>),
}

impl Request {
    /// The request as that company is told it.
    pub fn for_company(self, company: CompanyId) -> Self {
        let told = self.with_orders_for(company);
        told.with_tickets(|ticket| ticket.for_company(company))
    }

    /// What is believed of a request that this company sends.
    pub fn told_by(self, company: CompanyId) -> Self {
        let believed = self.with_orders_for(company);
        believed.with_tickets(|ticket| ticket.told_by(company))
    }

    fn with_orders_for(self, company: CompanyId) -> Self {
        match self {
            Request::Ask(question) => Request::Ask(match question {
                Question::Prepare(prepare) => {
                    Question::Prepare(Box::new(prepare.for_company(company)))
                }
                Question::Book(prepare) => Question::Book(Box::new(prepare.for_company(company))),
                Question::Accept {
                    key,
                    acceptors,
                    ballot,
                    value,
                } => Question::Accept {
                    value: Box::new(value.for_company(company, Some(&acceptors))),
                    key,
                    acceptors,
                    ballot,
                },
                question => question,
            }),
            request => request,
        }
    }

    fn with_tickets(self, told: impl Fn(Ticket) -> Ticket) -> Self {
        match self {
            Request::MergeTicket(ticket) => Request::MergeTicket(Box::new(told(*ticket))),
            Request::Cancel {
                ticket,
                refunds,
                agreed,
            } => Request::Cancel {
                ticket: Box::new(told(*ticket)),
                refunds,
                agreed,
            },
            request => request,
        }
    }
}

impl Reply {
    /// The reply as that company is told it.
    pub fn for_company(self, company: CompanyId) -> Self {
        let told = self.with_orders_for(company);
        told.with_tickets(|ticket| ticket.for_company(company))
    }

    /// What is believed of a reply that this company gives.
    pub fn told_by(self, company: CompanyId) -> Self {
        let believed = self.with_orders_for(company);
        match believed {
            Reply::Named(tickets) => {
                let tickets = tickets.into_iter();
                Reply::Named(tickets.map(|ticket| ticket.told_by(company)).collect())
            }
            reply => reply.with_tickets(|ticket| ticket.told_by(company)),
        }
    }

    fn with_orders_for(self, company: CompanyId) -> Self {
        match self {
            Reply::Answer(CompanyAnswer::Vote(vote)) => {
                Reply::Answer(CompanyAnswer::Vote(vote.for_company(company)))
            }
            Reply::Answer(CompanyAnswer::Promise(Promise::Promised { accepted, chosen })) => {
                let value =
                    |(ballot, value): (Ballot, Value)| (ballot, value.for_company(company, None));
                Reply::Answer(CompanyAnswer::Promise(Promise::Promised {
                    accepted: accepted.map(value),
                    chosen,
                }))
            }
            Reply::Recorded(recorded) => Reply::Recorded(Box::new(recorded.for_company(company))),
            reply => reply,
        }
    }

    /// But for those that are [named](Reply::Named): they are for who may be told.
    fn with_tickets(self, told: impl Fn(Ticket) -> Ticket) -> Self {
        let row = |row| match row {
            Replicated::Ticket(ticket) => Replicated::Ticket(told(ticket)),
            Replicated::User(user) => Replicated::User(user),
        };
        match self {
            Reply::Ticket(ticket) => Reply::Ticket(ticket.map(|ticket| Box::new(told(*ticket)))),
            Reply::Tickets(tickets) => Reply::Tickets(tickets.into_iter().map(told).collect()),
            Reply::Rows {
                incarnation,
                rows,
                mark,
            } => Reply::Rows {
                incarnation,
                rows: rows.into_iter().map(|(seq, one)| (seq, row(one))).collect(),
                mark,
            },
            Reply::Copies(rows) => Reply::Copies(rows.into_iter().map(row).collect()),
            Reply::Cancelled(Cancelled::Done(ticket)) => {
                Reply::Cancelled(Cancelled::Done(told(ticket)))
            }
            reply => reply,
        }
    }
}
