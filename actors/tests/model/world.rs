//! A state of everything: tables, drivers, messages under way, what clients were told.

use std::collections::BTreeSet;
use std::fmt;

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::saga::{ClientAnswer, Driver, Event, LeaseAnswer};

use crate::company::Company;
use crate::config::{COMPANIES, DRIVERS};
use crate::intern::Id;

pub type Companies = [Id<Company>; COMPANIES];
/// Ascending, each once.
pub type Network = Vec<Message>;
pub type Replies = BTreeSet<Id<Event>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub companies: Companies,
    pub slots: [Slot; DRIVERS],
    /// Every message ever sent: each may arrive at any time, any number of times, or never.
    pub network: Id<Network>,
    /// How many outcomes may still get lost.
    pub silences: u8,
}

/// One driver's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    pub started: bool,
    /// None before its start and after its end.
    pub driver: Option<Id<Driver>>,
    /// Of its last round or entry: it hears no answer to an older one any more.
    pub tag: u32,
    /// It waits for a lease with a token of at least this.
    pub leasing: Option<FencingToken>,
    /// Answers on their way to it.
    pub replies: Id<Replies>,
    pub said: Said,
}

/// What the client of a driver was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    Nothing,
    Booked(SagaId),
    Refused,
    /// The seats of a hold are kept.
    Held,
    /// Another booking's lease, or the only company is down.
    NothingBegun,
}

impl From<ClientAnswer> for Said {
    fn from(answer: ClientAnswer) -> Self {
        match answer {
            ClientAnswer::Definite(outcome) => outcome.into(),
            ClientAnswer::SeatBusy(_) | ClientAnswer::CompanyDown(_) => Self::NothingBegun,
        }
    }
}

impl From<Outcome> for Said {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Booked { ticket } => Self::Booked(ticket),
            Outcome::Refused(_) => Self::Refused,
            Outcome::Held { .. } => Self::Held,
        }
    }
}

/// An entry on its way to a company's ledger: a question of another company, or a node's own step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    pub to: u8,
    pub entry: Id<Entry>,
    /// Who still waits for the answer.
    pub asker: Option<Asker>,
    /// It arrived before. Told of a Book only, of which "certainly not executed" is an answer.
    pub executed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asker {
    pub slot: u8,
    pub tag: u32,
    /// An entry of its own node's ledger, not a question.
    pub own_entry: bool,
}

/// One step of the schedule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A client asks, or a watcher takes up an unfinished saga.
    Start { slot: usize },
    /// A customer asks for the end of a hold, of which this company's record is heard of.
    End { slot: usize, from: usize },
    /// Redis answers.
    Lease { slot: usize, answer: LeaseAnswer },
    /// A message arrives; `claimed` where the company's memory says that the seat is promised to another booking,
    /// `lost` where nobody hears the answer.
    Arrive {
        message: Message,
        claimed: bool,
        lost: bool,
    },
    /// An answer arrives.
    Hear { slot: usize, event: Id<Event> },
    /// No answer arrives in time, or (not sent) the caller knows that it asked nobody.
    Silence { message: Message, not_sent: bool },
    /// The driver's timer goes off, in time or when all patience is over.
    Wake { slot: usize, late: bool },
    /// A client cancels a ticket, or its first seat, at this company.
    Cancel { at: usize, saga: SagaId, part: bool },
    /// A company reads a row of another's outbox.
    Replicate { from: usize, to: usize, row: usize },
    /// Something that only a seeded bug does.
    Misbehave { at: usize },
}

impl fmt::Debug for Action {
    /// Names of values mean nothing to a reader: [`crate::bookings::Bookings`] tells what they stand for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { slot } => write!(f, "start driver {slot}"),
            Self::End { slot, from } => write!(f, "start driver {slot} with the record of {from}"),
            Self::Lease { slot, answer } => write!(f, "lease for driver {slot}: {answer:?}"),
            Self::Arrive {
                message,
                claimed,
                lost,
            } => write!(
                f,
                "{:?} arrives at {}{}{}",
                message.entry,
                message.to,
                if *claimed { ", seat claimed" } else { "" },
                if *lost { ", answer lost" } else { "" }
            ),
            Self::Hear { slot, event } => write!(f, "driver {slot} hears {event:?}"),
            Self::Silence { message, not_sent } => {
                let what = if *not_sent { "not sent" } else { "no answer" };
                write!(f, "{what}: {:?} to {}", message.entry, message.to)
            }
            Self::Wake { slot, late } => {
                let late = if *late { " late" } else { "" };
                write!(f, "driver {slot} wakes{late}")
            }
            Self::Cancel { at, saga, part } => {
                let what = if *part { "first seat of " } else { "" };
                write!(f, "cancel {what}{saga} at {at}")
            }
            Self::Replicate { from, to, row } => write!(f, "{to} reads row {row} of {from}"),
            Self::Misbehave { at } => write!(f, "the bug strikes at {at}"),
        }
    }
}
