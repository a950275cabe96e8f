//! Sends what the company owes its customers' mailboxes: one task, away from bookings, a few letters at a time. A server that
//! is slow, refuses or is away holds up other letters, and nothing else.

mod smtp;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use metrics::{counter, gauge};
use passcom_actors::company::Company;
use passcom_actors::copies::names;
use passcom_actors::domain::accounts::Mailbox;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::mesh::companies::Companies;
use passcom_actors::turns::Turns;
use passcom_http::mail::{Letter, LetterError, Letters};
use passcom_sql::mail::{Mail, Occasion, Outcome, Owed};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use self::smtp::{NotSent, Smtp};
use crate::config;
use crate::pause::doubling;

/// Pause where nothing is due, and after the database was away.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Letters that are looked up at a time.
const PAGE: i64 = 20;
/// Letters that are under way at a time: a server that hangs costs a page of them a fourth of what it would.
const AT_ONCE: usize = 4;
/// Pause after the first try of a letter; each one after that is twice as long, up to the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// Tries of a letter, over some nine hours.
const TRIES_MAX: i32 = 18;
/// How often what nobody asks for any more is removed, and what waits is told.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// What the task works with.
pub struct Post {
    pub mail: Mail,
    pub letters: Letters,
    pub company: Arc<Company>,
    pub companies: Companies,
    smtp: Smtp,
    /// An e-ticket takes a core for a while.
    printing: Turns,
}

/// Why there is nothing to send.
enum NotWritten {
    /// The ticket is cancelled, or is not there.
    NotWanted,
    /// The database is away.
    Unread,
    Failed(LetterError),
}

impl Post {
    pub fn new(
        mail: Mail,
        letters: Letters,
        (company, companies): (Arc<Company>, Companies),
        server: &config::Mail,
        credentials: Option<(String, String)>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            mail,
            letters,
            company,
            companies,
            smtp: Smtp::new(server, credentials)?,
            printing: Turns::new(1, AT_ONCE),
        })
    }

    /// For ever.
    pub async fn run(self) {
        let mut tidied = None;
        loop {
            if tidied.is_none_or(|at: Instant| at.elapsed() > TIDY_EVERY) {
                tidied = Some(Instant::now());
                self.said("tidy up", self.tidy_up().await);
            }
            let due = self.said("look for mail", self.mail.due(PAGE).await);
            let due = due.unwrap_or_default();
            let idle = due.is_empty();
            let post = &self;
            let delivered = stream::iter(due).for_each_concurrent(AT_ONCE, |owed| async move {
                post.said("write down what became of a mail", post.deliver(owed).await);
            });
            delivered.await;
            if idle {
                sleep(LOOK_EVERY).await;
            }
        }
    }

    fn said<T>(&self, what: &str, done: anyhow::Result<T>) -> Option<T> {
        done.inspect_err(|error| {
            warn!(
                error = format!("{error:#}"),
                "cannot {what}; it will be tried again"
            )
        })
        .ok()
    }

    async fn tidy_up(&self) -> anyhow::Result<()> {
        let waiting = self.mail.waiting().await?;
        gauge!("passcom_mail_waiting").set(waiting.count as f64);
        gauge!("passcom_mail_oldest_waiting_seconds").set(waiting.oldest);
        let removed = self.mail.tidy_up().await?;
        debug!(removed, "mail of before is removed");
        Ok(())
    }

    async fn deliver(&self, owed: Owed) -> anyhow::Result<()> {
        let (id, tries) = (owed.id, owed.tries);
        let Some(to) = owed.to.filter(|_| !owed.late) else {
            return self.end(id, Outcome::NotWanted).await;
        };
        if tries >= TRIES_MAX {
            warn!(mail = id, "a letter is given up");
            return self.end(id, Outcome::GivenUp).await;
        }
        // before anything that may end the process
        self.mail.note_try(id, pause(tries)).await?;
        let letter = match self.written(&owed.occasion, &to).await {
            Ok(letter) => letter,
            Err(NotWritten::NotWanted) => return self.end(id, Outcome::NotWanted).await,
            Err(NotWritten::Unread) => return Ok(()),
            Err(NotWritten::Failed(cause)) => {
                warn!(mail = id, %cause, "a letter cannot be written");
                return self.end(id, Outcome::GivenUp).await;
            }
        };
        let name = match &owed.occasion {
            Occasion::Booked(ticket) => format!("booked.{ticket}"),
            Occasion::Changed { ticket, changes } => format!("changed.{changes}.{ticket}"),
            Occasion::Code { id, .. } => format!("code.{id}"),
        };
        match self.smtp.send(&name, &to.address, letter).await {
            Ok(()) => self.end(id, Outcome::Sent).await,
            Err(NotSent::Refused(cause)) => {
                warn!(mail = id, cause, "the mail server refuses a letter");
                self.end(id, Outcome::GivenUp).await
            }
            Err(NotSent::Later(cause)) => {
                counter!("passcom_mail_tries_failed_total").increment(1);
                warn!(
                    mail = id,
                    tries = tries + 1,
                    cause,
                    "a letter is not sent yet"
                );
                Ok(())
            }
        }
    }

    async fn end(&self, mail: i64, outcome: Outcome) -> anyhow::Result<()> {
        let label = match outcome {
            Outcome::Sent => "sent",
            Outcome::NotWanted => "not_wanted",
            Outcome::GivenUp => "given_up",
        };
        counter!("passcom_mail_ended_total", "outcome" => label).increment(1);
        self.mail.note_end(mail, outcome).await
    }

    async fn written(&self, occasion: &Occasion, to: &Mailbox) -> Result<Letter, NotWritten> {
        let language = to.language;
        match occasion {
            Occasion::Code { id, login, home } => {
                let letter = self.letters.code(*id, login, *home, language);
                letter.map_err(NotWritten::Failed)
            }
            Occasion::Booked(id) => {
                self.about(
                    *id,
                    |_| true,
                    move |letters, ticket, now| letters.booked(ticket, language, now),
                )
                .await
            }
            Occasion::Changed { ticket, changes } => {
                // of one that has changed again since, a newer letter is owed
                let is_news = |ticket: &Ticket| ticket.revision() == *changes;
                self.about(*ticket, is_news, move |letters, ticket, now| {
                    letters.flights_changed(ticket, language, now)
                })
                .await
            }
        }
    }

    /// A letter about a ticket that has seats left, if it is still wanted.
    async fn about(
        &self,
        ticket: SagaId,
        is_wanted: impl Fn(&Ticket) -> bool,
        write: impl FnOnce(&Letters, &Ticket, i64) -> Result<Letter, LetterError> + Send + 'static,
    ) -> Result<Letter, NotWritten> {
        let ticket = self.company.archive.ticket(ticket).await;
        let ticket = ticket.map_err(|_| NotWritten::Unread)?;
        let ticket = ticket.filter(|ticket| !ticket.is_cancelled() && is_wanted(ticket));
        let ticket = ticket.ok_or(NotWritten::NotWanted)?;
        let ticket = names::kept(&self.company, &self.companies, ticket).await;
        if ticket.order.is_withheld() {
            return Err(NotWritten::Unread); // whoever knows the names is away
        }
        let (letters, now) = (self.letters.clone(), self.company.clock.wall_seconds());
        let printed = self.printing.take(move || write(&letters, &ticket, now));
        // nobody else takes turns
        let printed = printed.await.ok_or(NotWritten::Unread)?;
        printed.map_err(NotWritten::Failed)
    }
}

/// After so many tries before this one.
fn pause(tries: i32) -> Duration {
    doubling(PAUSE_FIRST, PAUSE_MAX, tries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(0), PAUSE_FIRST);
        assert_eq!(pause(1), 2 * PAUSE_FIRST);
        assert_eq!((pause(20), pause(i32::MAX)), (PAUSE_MAX, PAUSE_MAX));
        let all: Duration = (0..TRIES_MAX).map(pause).sum();
        let hours = all.as_secs_f64() / 3600.0;
        assert!((8.0..10.0).contains(&hours), "{hours}");
    }
}
