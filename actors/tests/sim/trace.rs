//! What happened in a run, line by line: hashed always, printed on demand. Two runs of one seed have the same hash, or
//! something in them is left to chance.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use passcom_actors::domain::ballot::{Key, Value};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::question::Question;
use passcom_actors::domain::vote::Prepare;
use passcom_actors::mesh::messages::{Reply, Request};

pub struct Trace {
    hasher: DefaultHasher,
    print: bool,
}

impl Trace {
    pub fn new(print: bool) -> Self {
        Self {
            hasher: DefaultHasher::new(),
            print,
        }
    }

    /// `at` in milliseconds of the world's clock.
    pub fn line(&mut self, at: u64, who: &dyn fmt::Display, what: fmt::Arguments<'_>) {
        use fmt::Write;
        self.hasher.write_u64(at);
        let hashed = write!(Hashing(&mut self.hasher), "{who} {what}");
        hashed.expect("hashing does not fail");
        if self.print {
            println!("{:>3}.{:03} {who:>7} {what}", at / 1000, at % 1000);
        }
    }

    pub fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}

struct Hashing<'a>(&'a mut DefaultHasher);

impl fmt::Write for Hashing<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// A saga in a line: the beginning of its id.
pub struct Short(pub SagaId);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", (self.0.0.as_u128() >> 96) as u32)
    }
}

/// A message in a line.
pub struct Brief<'a, T>(pub &'a T);

impl fmt::Display for Brief<'_, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Request::Ask(question) => Brief(question).fmt(f),
            Request::Query { saga } => write!(f, "Query {}", Short(*saga)),
            Request::MergeTicket(ticket) => write!(f, "MergeTicket {}", Short(ticket.id)),
            Request::FindKey { key, .. } => write!(f, "FindKey {key}"),
            Request::FindUser(whom) => write!(f, "FindUser {whom:?}"),
            Request::FindTicket { ticket } => write!(f, "FindTicket {}", Short(*ticket)),
            Request::TicketsOf { .. } => f.write_str("TicketsOf"),
            Request::Pull { after, .. } => {
                write!(f, "Pull after {}", after.map_or(0, |cursor| cursor.seq))
            }
            Request::PullCatalogue { after, .. } => {
                let after = after.map_or(0, |cursor| cursor.seq);
                write!(f, "PullCatalogue after {after}")
            }
            Request::Describe => f.write_str("Describe"),
            Request::Digests(slice) => write!(f, "Digests {slice:?}"),
            Request::Copies { bucket, .. } => write!(f, "Copies {bucket:?}"),
            Request::Cursors => f.write_str("Cursors"),
            Request::Cancel {
                ticket, refunds, ..
            } => {
                write!(f, "Cancel {} seats of {}", refunds.len(), Short(ticket.id))
            }
            Request::Extend { saga, seconds } => write!(f, "Extend {} {seconds}", Short(*saga)),
            Request::HeldFor { .. } => f.write_str("HeldFor"),
            Request::History { saga } => write!(f, "History {}", Short(*saga)),
            Request::Vouch { .. } => f.write_str("Vouch"),
            Request::People { bookings, .. } => write!(f, "People of {}", bookings.len()),
            Request::Find { locator, .. } => write!(f, "Find {locator}"),
            Request::Correct { ticket, .. } => write!(f, "Correct {}", Short(*ticket)),
            Request::WrongPasswords(told) => write!(f, "WrongPasswords of {}", told.len()),
        }
    }
}

impl fmt::Display for Brief<'_, Question> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Question::Prepare(prepare) => write!(f, "Prepare {}", Brief(prepare.as_ref())),
            Question::Book(prepare) => write!(f, "Book {}", Brief(prepare.as_ref())),
            Question::Promise { key, ballot, .. } => {
                write!(f, "Promise {} {}", Brief(key), ballot.0)
            }
            Question::Accept {
                key, ballot, value, ..
            } => {
                let value = Brief(value.as_ref());
                write!(f, "Accept {} {} {value}", Brief(key), ballot.0)
            }
            Question::AllVoted { saga, .. } => write!(f, "AllVoted {}", Short(*saga)),
            Question::Commit { saga, hash, .. } => write!(f, "Commit {} {hash:?}", Short(*saga)),
            Question::Release { saga, reason, .. } => {
                write!(f, "Release {} {reason:?}", Short(*saga))
            }
        }
    }
}

impl fmt::Display for Brief<'_, Prepare> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Prepare {
            saga, hash, fence, ..
        } = self.0;
        write!(f, "{} {hash:?} fence {}", Short(*saga), fence.0)
    }
}

impl fmt::Display for Brief<'_, Key> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Key::Saga(saga) => Short(*saga).fmt(f),
            Key::Login(login) => f.write_str(login),
        }
    }
}

impl fmt::Display for Brief<'_, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Commit { hash, .. } => write!(f, "Commit {hash:?}"),
            Value::Abort => f.write_str("Abort"),
            Value::Account(user) => write!(f, "Account {}", user.id),
        }
    }
}

impl fmt::Display for Brief<'_, Reply> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use passcom_actors::domain::question::CompanyAnswer;
        use passcom_actors::domain::vote::Vote;
        match self.0 {
            Reply::Answer(CompanyAnswer::Vote(Vote::Mismatch { hash, .. })) => {
                write!(f, "Mismatch {hash:?}")
            }
            Reply::Answer(CompanyAnswer::Vote(vote)) => write!(f, "{vote:?}"),
            Reply::Answer(CompanyAnswer::Accept(accept)) => write!(f, "{accept:?}"),
            Reply::Answer(CompanyAnswer::Promise(_)) => f.write_str("a promise"),
            Reply::Answer(CompanyAnswer::Done) => f.write_str("done"),
            Reply::Rows { rows, .. } => write!(f, "{} rows", rows.len()),
            Reply::Catalogue(page) => write!(f, "{} routes", page.changes.len()),
            Reply::Key(known) => write!(f, "key {}", known.is_some()),
            Reply::User(user) => write!(f, "user {}", user.is_some()),
            Reply::Ticket(ticket) => write!(f, "ticket {}", ticket.is_some()),
            Reply::Tickets(tickets) => write!(f, "{} tickets", tickets.len()),
            Reply::Recorded(recorded) => write!(f, "{} legs", recorded.legs.len()),
            Reply::Merged => f.write_str("merged"),
            Reply::Description { .. } => f.write_str("a description"),
            Reply::Digests(digests) => write!(f, "{} digests", digests.len()),
            Reply::Copies(rows) => write!(f, "{} copies", rows.len()),
            Reply::Cursors(cursors) => write!(f, "{} cursors", cursors.len()),
            Reply::Extended(kept) => write!(f, "kept for {kept:?}"),
            Reply::Holds(holds) => write!(f, "{} holds", holds.len()),
            Reply::Cancelled(cancelled) => write!(f, "{cancelled:?}"),
            Reply::History(events) => write!(f, "{} events", events.len()),
            Reply::Vouched(voucher) => write!(f, "vouched {}", voucher.is_some()),
            Reply::Corrected(corrected) => write!(f, "{corrected:?}"),
            Reply::Named(tickets) => write!(f, "{} tickets with names", tickets.len()),
            Reply::Unavailable => f.write_str("unavailable"),
            Reply::Unknown => f.write_str("unknown"),
        }
    }
}
