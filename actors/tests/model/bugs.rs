//! Bugs that the properties must catch. Each is a change to what goes into or comes out of the code under test, as if
//! that code had forgotten a check, a hash, a fence or a fact.

use passcom_actors::domain::ballot::{Accept, Acceptors, Ballot, Key, Promise, Value};
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::{LegKey, Replicated, SeatKey};
use passcom_actors::domain::saga::{
    ClientAnswer, Driver, Effect, Event, LeaseAnswer, NoAnswer, Origin, Start,
};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState::{Cancelled, Committed, Prepared, Refused};
use passcom_actors::domain::vote::{LegState, Refusal, RefusalReason, Vote};
use uuid::Uuid;

use crate::audit::Breach;
use crate::company::{Company, owns};

/// The pattern of an entry that answers this question.
macro_rules! asked {
    ($kind:ident $($fields:tt)*) => {
        Entry::Asked { question: Question::$kind $($fields)*, .. }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    // the decision
    Ballot0WithoutAllYes,
    YesAcrossOrders,
    AbortFromSilence,
    LearnFromOne,
    RecoveryIgnoresHighest,
    RecoveryOverAnySet,
    BallotReused,
    AcceptBelowPromise,
    TicketOnLocalAccept,
    CommitOnLocalAccept,
    // a participant
    PrepareIgnoresHash,
    CommitIgnoresHash,
    RefusedThenYes,
    CancelledAnswersNo,
    ReleaseFreesCommitted,
    ReleaseBySeat,
    ReleaseOnTimeout,
    CommitRevivesCancelled,
    BookIgnoresRegister,
    PreparedExpires,
    OwnerNotChecked,
    // a customer's hold
    /// Ballot 0 with the last Yes, as for any other booking.
    HoldWithoutRequest,
    /// Ballot 0 before the request to confirm is durable.
    ConfirmNotDurable,
    /// A company frees the seats of a hold when its own clock says so.
    ExpiryReleasesAlone,
    /// A company notes its own Yes as that of all.
    VotedTooSoon,
    // what a client is told
    RefuseOnTimeout,
    UnknownCommitIsDone,
    UnknownBookIsNothing,
    BusyAfterVotes,
    SagaOfItsOwn,
    // leases
    StaleIsYes,
    FenceNotCompared,
    FenceNotRaised,
    // cancellation and replication
    CancelBySeat,
    CancelWithoutTicket,
    MergeOverwrites,
    MergeKeepsSeat,
    CancelNotPublished,
    /// Only the driver's company has the ticket, until it is replicated.
    CommitKeepsNoTicket,
}

impl Bug {
    /// Changes the rows that an entry finds, or the entry.
    pub fn before_post(self, found: &mut Company, entry: &mut Entry) {
        match (self, entry) {
            (Self::AcceptBelowPromise, asked!(Accept { key, .. })) => {
                if let Some(row) = found.registers.get_mut(key) {
                    row.promised = Ballot::ZERO;
                }
            }
            (Self::CommitIgnoresHash, asked!(Commit { saga, hash, .. })) => {
                if let Some((_, leg)) = found.legs.iter().find(|(key, _)| key.saga == *saga) {
                    *hash = leg.hash;
                }
            }
            (Self::ReleaseFreesCommitted, asked!(Release { saga, .. })) => {
                rewrite(found, *saga, Committed, Prepared);
            }
            (Self::CommitRevivesCancelled, asked!(Commit { saga, .. })) => {
                rewrite(found, *saga, Cancelled, Prepared);
            }
            (Self::BookIgnoresRegister, asked!(Book(prepare))) => {
                found.registers.remove(&Key::Saga(prepare.saga));
            }
            (Self::OwnerNotChecked, asked!(Prepare(prepare))) => {
                let saga = prepare.saga;
                found
                    .legs
                    .retain(|key, leg| key.saga == saga || !owns(leg.state));
            }
            (Self::FenceNotCompared, asked!(Prepare(_)) | asked!(Book(_))) => {
                for seat in found.seats.values_mut() {
                    seat.fence = FencingToken::NONE;
                }
            }
            _ => {}
        }
    }

    /// Changes what an entry has written, or its receipt.
    pub fn after_post(
        self,
        before: &Company,
        entry: &Entry,
        after: &mut Company,
        receipt: &mut Receipt,
    ) {
        match (self, entry) {
            (
                Self::TicketOnLocalAccept,
                asked!(Accept {
                    key: Key::Saga(saga),
                    value,
                    ..
                }),
            ) => {
                if let (
                    Value::Commit { order, .. },
                    Receipt::Answer(CompanyAnswer::Accept(Accept::Accepted)),
                ) = (&**value, &*receipt)
                {
                    let ticket = Ticket {
                        id: *saga,
                        order: order.clone(),
                        cancelled: Vec::new(),
                        changes: Vec::new(),
                        refunds: Vec::new(),
                        corrections: Vec::new(),
                    };
                    after.tickets.entry(*saga).or_insert(ticket);
                }
            }
            (
                Self::CommitOnLocalAccept,
                asked!(Accept {
                    key: Key::Saga(saga),
                    value,
                    ..
                }),
            ) => {
                if let (
                    Value::Commit { .. },
                    Receipt::Answer(CompanyAnswer::Accept(Accept::Accepted)),
                ) = (&**value, &*receipt)
                {
                    rewrite(after, *saga, Prepared, Committed);
                }
            }
            (Self::PrepareIgnoresHash, asked!(Prepare(_))) => {
                if matches!(
                    receipt,
                    Receipt::Answer(CompanyAnswer::Vote(Vote::Mismatch { .. }))
                ) {
                    *receipt = Receipt::Answer(CompanyAnswer::Vote(Vote::Yes));
                }
            }
            (Self::RefusedThenYes, asked!(Prepare(_))) => {
                if matches!(receipt, Receipt::Answer(CompanyAnswer::Vote(Vote::No(_)))) {
                    *receipt = Receipt::Answer(CompanyAnswer::Vote(Vote::Yes));
                }
            }
            (Self::CancelledAnswersNo, asked!(Prepare(prepare))) => {
                let mut legs = before.legs.iter();
                let seat = prepare.order.seats()[0];
                if legs.any(|(key, leg)| key.saga == prepare.saga && leg.state == Cancelled) {
                    let reason = RefusalReason::Released;
                    *receipt =
                        Receipt::Answer(CompanyAnswer::Vote(Vote::No(Refusal { seat, reason })));
                }
            }
            (Self::VotedTooSoon, asked!(Prepare(prepare))) => {
                if let Some(row) = after.sagas.get_mut(&prepare.saga) {
                    row.voted |= *receipt == Receipt::Answer(CompanyAnswer::Vote(Vote::Yes));
                }
            }
            (Self::BallotReused, Entry::NextRound { .. }) => *receipt = Receipt::Round(1),
            (Self::OwnerNotChecked, asked!(Prepare(_))) => {
                let hidden = before.legs.iter().map(|(key, leg)| (*key, *leg));
                for (key, leg) in hidden {
                    after.legs.entry(key).or_insert(leg);
                }
                if !after.has_one_owner_per_seat() {
                    after.audit.breaches.insert(Breach::TwoOwners);
                }
            }
            (
                Self::FenceNotCompared | Self::FenceNotRaised,
                asked!(Prepare(_)) | asked!(Book(_)),
            ) => {
                for (seat, row) in &before.seats {
                    let fence = after.seats.get_mut(seat).map(|row| &mut row.fence);
                    if let Some(fence) = fence {
                        let raised = self == Self::FenceNotCompared;
                        *fence = if raised {
                            row.fence.max(*fence)
                        } else {
                            row.fence
                        };
                    }
                }
            }
            (Self::ReleaseBySeat, asked!(Release { seats, .. })) => {
                let seats = seats.iter().map(|seat| (seat.route, seat.number));
                end_others(after, entry, &seats.collect::<Vec<_>>(), Refused);
            }
            (Self::CancelBySeat, Entry::Cancel { seats, .. }) => {
                let own = seats.iter().filter(|seat| seat.company == before.me);
                let own = own.map(|seat| (seat.route, seat.number));
                end_others(after, entry, &own.collect::<Vec<_>>(), Cancelled);
            }
            (Self::BookIgnoresRegister, asked!(Book(prepare))) => {
                // the Book did not see the register; if it books nothing, the register is still there
                let key = Key::Saga(prepare.saga);
                if let Some(register) = before.registers.get(&key) {
                    after.registers.entry(key).or_insert(register.clone());
                }
            }
            (Self::CancelNotPublished, Entry::Cancel { .. }) => {
                after.outbox.clone_from(&before.outbox);
            }
            (Self::MergeOverwrites, Entry::Merge { rows, .. }) => {
                for row in rows {
                    if let Replicated::Ticket(ticket) = row {
                        after.tickets.insert(ticket.id, ticket.clone());
                    }
                }
            }
            (Self::MergeKeepsSeat, Entry::Merge { .. }) => after.legs.clone_from(&before.legs),
            (Self::CommitKeepsNoTicket, asked!(Commit { .. })) => {
                after.tickets.clone_from(&before.tickets);
            }
            _ => {}
        }
    }

    /// Changes what a driver is told.
    pub fn told(self, event: &Event) -> Vec<Event> {
        let Event::Answered { from, tag, answer } = event else {
            return match (self, event) {
                (Self::UnknownCommitIsDone, Event::Posted { tag, receipt: None }) => {
                    let receipt = Some(Receipt::Done);
                    vec![Event::Posted { tag: *tag, receipt }]
                }
                (Self::HoldWithoutRequest | Self::ConfirmNotDurable, Event::Started) => {
                    let (tag, receipt) = (1, Some(Receipt::Done));
                    vec![Event::Started, Event::Posted { tag, receipt }]
                }
                _ => vec![event.clone()],
            };
        };
        let says = |from: CompanyId, tag: u32, answer: CompanyAnswer| Event::Answered {
            from,
            tag,
            answer: Ok(answer),
        };
        let everybody = |answer: &CompanyAnswer| {
            let all = everyone().into_iter();
            all.map(|company| says(company, *tag, answer.clone()))
                .collect()
        };
        match (self, answer) {
            (Self::Ballot0WithoutAllYes, Ok(yes @ CompanyAnswer::Vote(Vote::Yes))) => {
                everybody(yes)
            }
            (Self::LearnFromOne, Ok(accepted @ CompanyAnswer::Accept(Accept::Accepted))) => {
                everybody(accepted)
            }
            (Self::YesAcrossOrders, Ok(CompanyAnswer::Vote(Vote::Mismatch { .. }))) => {
                let others = everyone().into_iter().filter(|company| company != from);
                let yes =
                    others.map(|company| says(company, tag + 1, CompanyAnswer::Vote(Vote::Yes)));
                [event.clone()].into_iter().chain(yes).collect()
            }
            (Self::StaleIsYes, Ok(CompanyAnswer::Vote(Vote::Stale(_)))) => {
                vec![says(*from, *tag, CompanyAnswer::Vote(Vote::Yes))]
            }
            (
                Self::AbortFromSilence,
                Ok(CompanyAnswer::Promise(Promise::Promised { accepted: None, .. })),
            ) => {
                let accepted = Some((Ballot::ZERO, Value::Abort));
                let promise = Promise::Promised {
                    accepted,
                    chosen: true,
                };
                vec![says(*from, *tag, CompanyAnswer::Promise(promise))]
            }
            (
                Self::RecoveryIgnoresHighest,
                Ok(CompanyAnswer::Promise(Promise::Promised { .. })),
            ) => {
                let promise = Promise::Promised {
                    accepted: None,
                    chosen: false,
                };
                vec![says(*from, *tag, CompanyAnswer::Promise(promise))]
            }
            (Self::UnknownBookIsNothing, Err(NoAnswer::Silence)) => vec![Event::Answered {
                from: *from,
                tag: *tag,
                answer: Err(NoAnswer::NotSent),
            }],
            _ => vec![event.clone()],
        }
    }

    /// Changes what a driver does.
    pub fn done(self, before: &Driver, event: &Event, mut effects: Vec<Effect>) -> Vec<Effect> {
        let to_ballot = |effect: &Effect| match effect {
            Effect::Post { entry, .. } => matches!(**entry, Entry::NextRound { .. }),
            _ => false,
        };
        let gives_up = *event == Event::Wake && effects.iter().any(to_ballot);
        let busy = matches!(event, Event::Leased(LeaseAnswer::Busy(_)));
        let seats = before.claims();
        let (seat, reason) = (seats[0], RefusalReason::NoVote);
        match self {
            Self::RefuseOnTimeout if gives_up => {
                let refused = Outcome::Refused(Refusal { seat, reason });
                effects.push(Effect::Answer(ClientAnswer::Definite(refused)));
            }
            Self::ReleaseOnTimeout if gives_up => {
                let saga = before.saga();
                let mut companies: Vec<_> = seats.iter().map(|seat| seat.company).collect();
                companies.dedup();
                effects.extend(companies.into_iter().map(|to| Effect::Send {
                    to,
                    tag: 0,
                    question: Question::Release {
                        saga,
                        seats: seats.clone(),
                        reason,
                    },
                }));
            }
            Self::HoldWithoutRequest => effects.retain(|effect| match effect {
                Effect::Post { entry, .. } => !matches!(**entry, Entry::RequestConfirm(_)),
                _ => true,
            }),
            Self::BusyAfterVotes if busy && effects.iter().any(to_ballot) => {
                effects = vec![Effect::Answer(ClientAnswer::SeatBusy(seat)), Effect::Stop];
            }
            _ => {}
        }
        effects
    }

    /// Changes what a driver starts with.
    pub fn start(self, start: Start) -> Start {
        match (self, start.origin) {
            (Self::SagaOfItsOwn, Origin::Client) => Start {
                saga: SagaId(Uuid::new_v5(&start.saga.0, start.node.as_bytes())),
                ..start
            },
            (Self::HoldWithoutRequest, Origin::Client) => Start {
                origin: Origin::Confirm { voted: false },
                ..start
            },
            (Self::RecoveryOverAnySet, Origin::Recovery) => Start {
                acceptors: Acceptors(vec![start.me]),
                ..start
            },
            _ => start,
        }
    }

    /// What a company does unasked.
    pub fn misbehave(self, company: &Company) -> Option<Company> {
        let to = match self {
            Self::PreparedExpires | Self::ExpiryReleasesAlone => Refused,
            Self::CancelWithoutTicket => Cancelled,
            _ => return None,
        };
        let mut prepared = company.legs.iter().filter(|(_, leg)| leg.state == Prepared);
        let saga = prepared.next()?.0.saga;
        let mut changed = company.clone();
        rewrite(&mut changed, saga, Prepared, to);
        Some(changed)
    }
}

fn everyone() -> [CompanyId; 3] {
    ["a", "b", "c"].map(|code| code.parse().expect("a company's code"))
}

fn rewrite(company: &mut Company, saga: SagaId, from: LegState, to: LegState) {
    let legs = company.legs.iter_mut();
    for (_, leg) in legs.filter(|(key, leg)| key.saga == saga && leg.state == from) {
        leg.state = to;
    }
}

/// Ends the legs of other sagas that own one of these seats.
fn end_others(company: &mut Company, entry: &Entry, seats: &[SeatKey], to: LegState) {
    let own = match entry {
        asked!(Release { saga, .. }) | Entry::Cancel { ticket: saga, .. } => *saga,
        _ => return,
    };
    let others = |key: &LegKey| key.saga != own && seats.contains(&key.seat());
    for (_, leg) in company
        .legs
        .iter_mut()
        .filter(|(key, leg)| others(key) && owns(leg.state))
    {
        leg.state = to;
    }
}
