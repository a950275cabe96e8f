//! What a node answers to companies, its own included: votes, acceptors' answers, what is recorded, what is copied.
//!
//! Every answer that says something is durable leaves after the commit, and tells names of passengers to who may know them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::company::Company;
use crate::company::cancellation;
use crate::company::credential::{self, Consent};
use crate::company::finding::{carries, with_locator};
use crate::company::ledger::PostError;
use crate::company::naming;
use crate::company::store::{KnownKey, ReadError, SagaRecord, Which};
use crate::company::tokens::Voucher;
use crate::domain::entry::{Entry, Idempotency, Receipt};

use crate::company::refused::Reason;
use crate::domain::corrections::Corrected;
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::order::SeatRef;
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::rows::{OutboxCursor, Replicated, SeatKey};
use crate::domain::ticket::Ticket;
use crate::domain::vote::Vote;
use crate::mesh::envelope::fitting;
use crate::mesh::messages::{Reply, Request, ShownUser, Whom};
use crate::mesh::peer::Serve;
use crate::mesh::standing::{self, Members};

/// Most outbox rows of one reply; fewer where they do not fit a message.
const OUTBOX_ROWS_MAX: usize = 200;
/// Longest that a reader may have us wait for news.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Most open holds of a user told to a peer.
pub const HOLDS_MAX: usize = 32;
/// Most bookings whose names a peer asks for at a time.
pub const PEOPLE_MAX: usize = 200;
/// Bookings that one peer looks for by locator and surname.
const FINDS_PER_MINUTE: u32 = 120;
/// How long our word is good that a company was shown a token of ours.
const VOUCHED_SECONDS: i64 = 60;
/// Most tickets told to a peer about a user it has none of.
const TICKETS_MAX: usize = 50;

/// Cheap to clone.
#[derive(Clone)]
pub struct Service {
    company: Arc<Company>,
    finds: Arc<Finds>,
}

/// What each peer has looked for in this minute: who guesses surnames needs very long.
#[derive(Default)]
struct Finds(Mutex<BTreeMap<CompanyId, (i64, u32)>>);

impl Finds {
    fn may(&self, peer: CompanyId, now_seconds: i64) -> bool {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now_seconds.div_euclid(60);
        let of_peer = peers.entry(peer).or_default();
        if of_peer.0 != minute {
            *of_peer = (minute, 0);
        }
        of_peer.1 = of_peer.1.saturating_add(1);
        of_peer.1 <= FINDS_PER_MINUTE
    }
}

impl Serve for Service {
    fn serve(&self, from: CompanyId, request: Request) -> BoxFuture<'static, Reply> {
        let this = self.clone();
        let members = Members {
            me: this.company.me,
            all: &this.company.companies,
            now: this.company.clock.wall_seconds(),
        };
        if let Err(reason) = standing::check(members, from, &request) {
            return this.refuse(from, &request, reason);
        }
        if matches!(request, Request::Find { .. }) && !this.finds.may(from, members.now) {
            return this.refuse(from, &request, Reason::TooMany);
        }
        match request.told_by(from) {
            Request::WrongPasswords(told) => {
                this.company.guesses.on_told(from, &told);
                std::future::ready(Reply::Merged).boxed()
            }
            Request::Vouch { token } => {
                async move { or_unavailable(this.vouch(from, &token).await) }.boxed()
            }
            Request::People { shown, bookings } => {
                async move { or_unavailable(this.people(from, &shown, &bookings).await) }.boxed()
            }
            Request::Correct {
                shown,
                ticket,
                names,
            } => async move { this.correct(from, &shown, ticket, &names).await }.boxed(),
            // apart, so that what is asked most does not carry the state of all the rest
            Request::Ask(question) => {
                async move { this.ask_for(from, question).await.for_company(from) }.boxed()
            }
            request => async move { this.reply(request).await.for_company(from) }.boxed(),
        }
    }
}

impl Service {
    pub fn new(company: Arc<Company>) -> Self {
        Self {
            company,
            finds: Arc::default(),
        }
    }

    /// Answers with what says that nothing was done: an honest peer asks again, and finds what it lacked.
    fn refuse(
        &self,
        from: CompanyId,
        request: &Request,
        reason: Reason,
    ) -> BoxFuture<'static, Reply> {
        self.company.refused.note(from, request.kind(), reason);
        std::future::ready(Reply::Unavailable).boxed()
    }

    /// Answers a step of a saga that a peer asks for, if what is recorded here says that it may.
    async fn ask_for(&self, from: CompanyId, question: Question) -> Reply {
        if let Some(saga) = standing::rests_on(from, &question) {
            let Ok(recorded) = self.company.archive.recorded(saga).await else {
                return Reply::Unavailable;
            };
            if let Err(reason) =
                standing::check_against(self.company.me, &recorded, from, &question)
            {
                let is_outcome = !matches!(question, Question::AllVoted { .. });
                // what else is not ended here is asked about by its driver or by the watcher of sagas
                let is_open = recorded.held.is_some();
                if reason == Reason::Unproven && is_outcome && is_open {
                    self.company.refused.doubt(saga, from);
                }
                return self.refuse(from, &Request::Ask(question), reason).await;
            }
        }
        reply_to(self.ask(question, None).await)
    }

    /// Answers any request; "unavailable" where our database is away.
    pub async fn reply(&self, request: Request) -> Reply {
        let company = &self.company;
        let reply = match request {
            Request::Ask(question) => return reply_to(self.ask(question, None).await),
            Request::MergeTicket(ticket) => {
                let rows = vec![Replicated::Ticket(*ticket)];
                let entry = Entry::Merge { rows, cursor: None };
                return match company.ledger.post(entry).await {
                    Ok(_) => Reply::Merged,
                    Err(PostError::NotWritten) => Reply::Unavailable,
                    Err(PostError::Unknown) => Reply::Unknown,
                };
            }
            Request::Query { saga } => company.archive.recorded(saga).await.map(|recorded| {
                let running = company.running.contains(saga);
                Reply::Recorded(Box::new(SagaRecord {
                    running,
                    ..recorded
                }))
            }),
            Request::FindKey { user, key } => company.archive.key(user, key).await.map(|known| {
                Reply::Key(known.map(|known| {
                    let running = company.running.contains(known.saga);
                    KnownKey { running, ..known }
                }))
            }),
            Request::FindUser(Whom::Login(login)) => {
                company.archive.user(login).await.map(Reply::User)
            }
            Request::FindUser(Whom::Id(id)) => {
                company.archive.user_by_id(id).await.map(Reply::User)
            }
            Request::FindTicket { ticket } => {
                let found = company.archive.ticket(ticket).await;
                found.map(|ticket| Reply::Ticket(ticket.map(Box::new)))
            }
            Request::TicketsOf { user } => {
                let found = company
                    .archive
                    .tickets_of(user, Which::NotCancelled, None, TICKETS_MAX)
                    .await;
                found.map(|mut tickets| {
                    tickets.truncate(fitting(&tickets));
                    Reply::Tickets(tickets)
                })
            }
            Request::Pull { after, wait_ms } => self.pull(after, wait_ms).await,
            Request::PullCatalogue { after, wait_ms } => {
                let wait = WAIT_MAX.min(Duration::from_millis(wait_ms.into()));
                let page = company.catalogue.publish(after, wait).await;
                Ok(Reply::Catalogue(Box::new(page)))
            }
            Request::Describe => Ok(self.describe()),
            Request::Digests(slice) => company.archive.digests(slice).await.map(Reply::Digests),
            Request::Copies { bucket, after } => {
                let rows = company.archive.copies(bucket, after, OUTBOX_ROWS_MAX).await;
                rows.map(|mut rows| {
                    rows.truncate(fitting(&rows));
                    Reply::Copies(rows)
                })
            }
            Request::Cursors => company.archive.cursors().await.map(Reply::Cursors),
            Request::Extend { saga, seconds } => {
                return match company.ledger.post(Entry::Extend { saga, seconds }).await {
                    Ok(Receipt::Extended(kept)) => Reply::Extended(kept),
                    Ok(_) | Err(PostError::Unknown) => Reply::Unknown,
                    Err(PostError::NotWritten) => Reply::Unavailable,
                };
            }
            Request::HeldFor { user } => {
                let held = company.archive.held_for(user, HOLDS_MAX).await;
                held.map(Reply::Holds)
            }
            Request::Cancel {
                ticket,
                refunds,
                agreed,
            } => {
                return match cancellation::decide(company, &ticket, refunds, agreed).await {
                    Ok(cancelled) => Reply::Cancelled(cancelled),
                    Err(PostError::NotWritten) => Reply::Unavailable,
                    Err(PostError::Unknown) => Reply::Unknown,
                };
            }
            Request::History { saga } => company.archive.history(saga).await.map(Reply::History),
            // only others come to us with somebody's token
            Request::Vouch { .. } => Ok(Reply::Vouched(None)),
            Request::People { .. } => Ok(Reply::Named(Vec::new())),
            Request::Correct { .. } => Ok(Reply::Corrected(Corrected::NotHere)),
            Request::Find { locator, surname } => match locator.parse() {
                Ok(locator) => with_locator(company, locator).await.map(|mut found| {
                    found.retain(|ticket| carries(ticket, &surname));
                    named(found)
                }),
                Err(_) => Ok(Reply::Named(Vec::new())),
            },
            // what was tried here is counted
            Request::WrongPasswords(_) => Ok(Reply::Merged),
        };
        reply.unwrap_or(Reply::Unavailable)
    }

    /// Answers one step of a saga. The key is the client's, where this node drives the saga.
    pub async fn ask(
        &self,
        question: Question,
        idempotency: Option<Idempotency>,
    ) -> Result<CompanyAnswer, PostError> {
        let Some(prepare) = question.votes_on() else {
            return self.answer(question.into()).await;
        };
        if !self.company.is_ready() {
            return Ok(CompanyAnswer::Vote(Vote::Later));
        }
        let seats = prepare.order.claims_of(self.company.me).into_iter();
        let seats: Vec<SeatKey> = seats.map(|seat| (seat.route, seat.number)).collect();
        let (_claims, lost) = self.company.directory.claim(prepare.saga, &seats).await;
        let lost = lost.or_else(|| self.company.lacking(prepare));
        let answer = self
            .answer(Entry::asked(question, lost, idempotency))
            .await?;
        if matches!(answer, CompanyAnswer::Vote(Vote::No(_))) && lost.is_none() {
            self.company.directory.on_surprise(&seats);
        }
        Ok(answer)
    }

    async fn answer(&self, asked: Entry) -> Result<CompanyAnswer, PostError> {
        let receipt = self.company.ledger.post(asked).await?;
        receipt.answer().ok_or(PostError::Unknown)
    }

    /// Our word that this company was shown a token of ours.
    async fn vouch(&self, to: CompanyId, token: &str) -> Result<Reply, ReadError> {
        let now = self.company.clock.wall_seconds();
        let Some(tokens) = self.company.tokens.get() else {
            return Ok(Reply::Vouched(None));
        };
        let shown = tokens.read(token, now);
        let shown = shown.filter(|shown| shown.issuer == self.company.me);
        let voucher = shown.and_then(|shown| {
            tokens.vouch(&Voucher {
                user: shown.user,
                version: shown.version,
                to,
                until: now + VOUCHED_SECONDS,
            })
        });
        Ok(Reply::Vouched(voucher))
    }

    /// Whether the user has come to this company: it has the user's consent itself, or the word of one that has. Of users of before there were
    /// keys there is no consent, and nothing is told.
    async fn has_come(&self, to: CompanyId, shown: &ShownUser) -> Result<bool, ReadError> {
        let Some(user) = self.company.archive.user_by_id(shown.user).await? else {
            return Ok(false);
        };
        let (version, issuer) = (shown.version, shown.issuer);
        let consent = shown.consent.as_deref().and_then(Consent::of_text);
        let now = self.company.clock.wall_seconds();
        let tokens = self.company.tokens.get();
        let is_vouched = || {
            let voucher = shown.voucher.as_deref();
            let voucher = voucher.and_then(|voucher| tokens?.vouched(voucher));
            voucher.is_some_and(|(by, voucher)| {
                by == issuer
                    && (voucher.user, voucher.version, voucher.to) == (user.id, version, to)
                    && now <= voucher.until
            })
        };
        Ok(user.version == version
            && credential::home(&user.password_hash).is_some()
            && credential::consents(&user, version, issuer, consent.as_ref())
            && (issuer == to || is_vouched()))
    }

    /// Those of these bookings that are the user's, with who travels.
    async fn people(
        &self,
        to: CompanyId,
        shown: &ShownUser,
        bookings: &[SagaId],
    ) -> Result<Reply, ReadError> {
        let archive = &self.company.archive;
        if !self.has_come(to, shown).await? {
            return Ok(Reply::Named(Vec::new()));
        }
        let mut found = archive.tickets(bookings.to_vec()).await?;
        let is_told = |saga: &&SagaId| found.iter().any(|ticket| ticket.id == **saga);
        let held: Vec<SagaId> = bookings
            .iter()
            .filter(|saga| !is_told(saga))
            .copied()
            .collect();
        for saga in held.into_iter().take(HOLDS_MAX) {
            let recorded = archive.recorded(saga).await?;
            let order = recorded.order.map(|(order, ..)| order);
            found.extend(order.map(|order| Ticket::new(saga, order)));
        }
        found.retain(|ticket| ticket.order.user == shown.user && !ticket.order.is_withheld());
        Ok(named(found))
    }

    /// Corrects names for the user, where this company may know them.
    async fn correct(
        &self,
        from: CompanyId,
        shown: &ShownUser,
        id: SagaId,
        names: &[(SeatRef, String)],
    ) -> Reply {
        let ticket = match self.has_come(from, shown).await {
            Ok(true) => {
                let found = self.company.archive.ticket(id).await;
                found.map(|found| found.filter(|ticket| ticket.order.user == shown.user))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        let ticket = match ticket {
            Ok(Some(ticket)) => ticket,
            Ok(None) => return Reply::Corrected(Corrected::NotHere),
            Err(_) => return Reply::Unavailable,
        };
        let now = self.company.clock.wall_ms();
        match naming::write(&self.company.ledger, &ticket, names, now).await {
            Ok(corrected) => Reply::Corrected(corrected),
            Err(PostError::NotWritten) => Reply::Unavailable,
            Err(PostError::Unknown) => Reply::Unknown,
        }
    }

    async fn pull(&self, after: Option<OutboxCursor>, wait_ms: u32) -> Result<Reply, ReadError> {
        let incarnation = self.company.archive.incarnation();
        let after = after.filter(|cursor| cursor.incarnation == incarnation);
        let after = after.map_or(0, |cursor| cursor.seq);
        let news = self.company.outbox.notified();
        tokio::pin!(news);
        news.as_mut().enable(); // from here on no batch is missed
        let mut rows = self.company.archive.outbox(after, OUTBOX_ROWS_MAX).await?;
        if rows.is_empty() {
            let wait = WAIT_MAX.min(Duration::from_millis(wait_ms.into()));
            if tokio::time::timeout(wait, news).await.is_ok() {
                rows = self.company.archive.outbox(after, OUTBOX_ROWS_MAX).await?;
            }
        }
        rows.truncate(fitting(&rows));
        Ok(Reply::Rows {
            incarnation,
            rows,
            mark: self.company.witness.mark(),
        })
    }

    fn describe(&self) -> Reply {
        let companies = self.company.catalogue.companies().into_iter();
        let up = companies.filter_map(|(company, up)| up.then_some(company));
        Reply::Description {
            version: self.company.version.to_owned(),
            reaches: up.collect(),
        }
    }
}

fn or_unavailable(reply: Result<Reply, ReadError>) -> Reply {
    reply.unwrap_or(Reply::Unavailable)
}

/// Without documents, which orders of before papers have.
fn named(mut found: Vec<Ticket>) -> Reply {
    found.truncate(fitting(&found));
    let found = found.into_iter();
    Reply::Named(found.map(Ticket::without_documents).collect())
}

fn reply_to(answer: Result<CompanyAnswer, PostError>) -> Reply {
    match answer {
        Ok(answer) => Reply::Answer(answer),
        Err(PostError::NotWritten) => Reply::Unavailable,
        Err(PostError::Unknown) => Reply::Unknown,
    }
}
