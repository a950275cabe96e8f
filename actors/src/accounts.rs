//! Register and log in. A login is unique over all companies through a register of its own: whoever gets the majority has it,
//! and the value is the whole user, so that any company can finish what another began.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::booking::{Shared, call};
use crate::desk::Desk;
use crate::domain::accounts::User;
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::UserId;
use crate::domain::register::{Acceptors, Ballot, Key, Progress, Proposer, Value};
use crate::domain::saga::{CompanyAnswer, Question};
use crate::messages::{Reply, Request};

/// Argon2id as OWASP's password storage cheat sheet has it (19 MiB, 2 passes, 1 lane).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Most that wait for their turn.
const HASHES_WAITING_MAX: usize = 256;
/// Ballots before a registration gives up: others register the same login at the same time.
const BALLOTS_MAX: u32 = 5;
/// Longest a registration may take.
const REGISTER_DEADLINE: Duration = Duration::from_secs(8);

/// Answer to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Created(UserId),
    Taken,
    /// No majority of companies could be asked.
    NoMajority,
    /// Too many passwords are being hashed.
    Overloaded,
}

/// Answer to a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedIn {
    Welcome(UserId),
    /// Unknown login or wrong password; takes the same time.
    Denied,
    Overloaded,
    /// This node's database is away.
    Unavailable,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    shared: Arc<Shared>,
    desk: Desk,
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified when the login is unknown, so that it takes as long.
    nobody: Arc<str>,
}

impl Accounts {
    /// `hashes_at_once`: each takes a core and 19 MiB.
    pub fn new(shared: Arc<Shared>, desk: Desk, hashes_at_once: usize) -> Self {
        let nobody = hash_password(&Uuid::new_v4().to_string());
        Self {
            shared,
            desk,
            hashing: Arc::new(Semaphore::new(hashes_at_once)),
            waiting: Arc::new(Semaphore::new(HASHES_WAITING_MAX)),
            nobody: nobody.into(),
        }
    }

    pub async fn register(&self, login: &str, password: &str) -> Registered {
        let login = normalise(login);
        if self.find(&login).await.ok().flatten().is_some() {
            return Registered::Taken;
        }
        let password = password.to_owned();
        let Some(password_hash) = self.hash(move || hash_password(&password)).await else {
            return Registered::Overloaded;
        };
        let user = User {
            id: UserId(Uuid::new_v4()),
            login,
            password_hash,
            version: 1,
        };
        let agreed = tokio::time::timeout(REGISTER_DEADLINE, self.agree(&user)).await;
        agreed.unwrap_or(Registered::NoMajority)
    }

    pub async fn log_in(&self, login: &str, password: &str) -> LoggedIn {
        let user = match self.find(&normalise(login)).await {
            Ok(user) => user,
            Err(()) => return LoggedIn::Unavailable,
        };
        let known: Arc<str> = match &user {
            Some(user) => user.password_hash.as_str().into(),
            None => self.nobody.clone(),
        };
        let password = password.to_owned();
        let matches = self.hash(move || verify_password(&password, &known)).await;
        match (matches, user) {
            (None, _) => LoggedIn::Overloaded,
            (Some(true), Some(user)) => LoggedIn::Welcome(user.id),
            (Some(_), _) => LoggedIn::Denied,
        }
    }

    /// Here, else at a peer: a replica may be behind. `Err` if our own database is away.
    async fn find(&self, login: &str) -> Result<Option<User>, ()> {
        let archive = &self.shared.service.archive;
        let own = archive.user(login.to_owned()).await.map_err(drop)?;
        if own.is_some() {
            return Ok(own);
        }
        let login = login.to_owned();
        let replies = self.desk.ask_peers(Request::FindUser { login }).await;
        Ok(replies.into_iter().find_map(|(_, reply)| match reply {
            Reply::User(user) => user,
            _ => None,
        }))
    }

    /// Runs ballots until a majority has chosen who has this login.
    async fn agree(&self, user: &User) -> Registered {
        let mut above = 0;
        for _ in 0..BALLOTS_MAX {
            match self.ballot(user, above).await {
                Ballots::Chosen(Value::Account(chosen)) => return self.enrol(user, chosen).await,
                Ballots::Chosen(_) | Ballots::NoMajority => return Registered::NoMajority,
                Ballots::Preempted(round) => above = round,
            }
            let pause = Duration::from_millis(fastrand::u64(10..200));
            tokio::time::sleep(pause).await;
        }
        Registered::NoMajority
    }

    async fn enrol(&self, user: &User, chosen: User) -> Registered {
        let ours = chosen.id == user.id;
        let enrolled = self.shared.service.ledger.post(Entry::Enrol(chosen)).await;
        match (enrolled, ours) {
            (Ok(_), true) => Registered::Created(user.id),
            (Ok(_), false) => Registered::Taken,
            // chosen, but not known here: a retry finds it taken by itself
            (Err(_), _) => Registered::NoMajority,
        }
    }

    async fn ballot(&self, user: &User, above: i64) -> Ballots {
        let service = &self.shared.service;
        let companies = &service.companies;
        let round = match service.ledger.post(Entry::NextRound { above }).await {
            Ok(Receipt::Round(round)) => round,
            _ => return Ballots::NoMajority,
        };
        let index = companies
            .binary_search(&service.me)
            .expect("a node is started for a company of the membership list only");
        let ballot = Ballot::new(round, index, companies.len());
        let acceptors = Acceptors(companies.to_vec());
        let key = Key::Login(user.login.clone());
        let mut proposer = Proposer::new(acceptors.clone(), ballot, Value::Account(user.clone()));
        let promise = Question::Promise {
            key: key.clone(),
            acceptors: acceptors.clone(),
            ballot,
        };
        let value = match self.ask_all(&mut proposer, &acceptors, promise).await {
            Progress::SendAccept(value) => value,
            progress => return ended(progress, companies.len()),
        };
        let accept = Question::Accept {
            key,
            acceptors: acceptors.clone(),
            ballot,
            value: Box::new(value),
        };
        let progress = self.ask_all(&mut proposer, &acceptors, accept).await;
        ended(progress, companies.len())
    }

    /// Asks every acceptor at once; ends with the first answer that leads on.
    async fn ask_all(
        &self,
        proposer: &mut Proposer,
        acceptors: &Acceptors,
        question: Question,
    ) -> Progress {
        let service = &self.shared.service;
        let mut answers: FuturesUnordered<_> = acceptors
            .0
            .iter()
            .map(|company| {
                let question = question.clone();
                async move {
                    let answer = if *company == service.me {
                        service.ask(question, None).await.ok()
                    } else {
                        call(self.shared.peers.as_ref(), *company, question)
                            .await
                            .ok()
                    };
                    (*company, answer)
                }
            })
            .collect();
        while let Some((from, answer)) = answers.next().await {
            let progress = match answer {
                Some(CompanyAnswer::Promise(promise)) => proposer.on_promise(from, promise),
                Some(CompanyAnswer::Accept(accept)) => proposer.on_accept(from, accept),
                _ => Progress::Waiting,
            };
            if progress != Progress::Waiting {
                return progress;
            }
        }
        Progress::Waiting
    }

    /// Runs on the blocking pool, few at a time. None when too many wait.
    async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let waiting = self.waiting.clone().try_acquire_owned().ok()?;
        let turn = self.hashing.clone().acquire_owned().await.ok()?;
        // the work keeps its place until it is done, also when nobody waits for it any more
        let work = move || {
            let _places = (waiting, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

enum Ballots {
    Chosen(Value),
    /// By this round.
    Preempted(i64),
    NoMajority,
}

fn ended(progress: Progress, companies: usize) -> Ballots {
    match progress {
        Progress::Chosen(_, value) => Ballots::Chosen(value),
        Progress::Preempted(ballot) => Ballots::Preempted(ballot.round(companies)),
        Progress::Waiting | Progress::SendAccept(_) => Ballots::NoMajority,
    }
}

/// NFKC and case-folded: two logins that people take for the same are the same.
pub fn normalise(login: &str) -> String {
    let folded = caseless::default_case_fold_str(&login.nfkc().collect::<String>());
    folded.nfkc().collect()
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_password(password: &str) -> String {
    let salt = SaltString::encode_b64(Uuid::new_v4().as_bytes()).expect("16 bytes are a salt");
    let hash = hasher().hash_password(password.as_bytes(), &salt);
    hash.expect("lengths are bounded by the endpoint")
        .to_string()
}

fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_look_alike_are_alike() {
        assert_eq!(normalise("JOSÉ"), normalise("jose\u{301}"));
        assert_eq!(normalise("Straße"), normalise("STRASSE"));
        assert_ne!(normalise("ana"), normalise("anna"));
    }

    #[test]
    fn a_password_is_verified_against_its_hash_only() {
        let hash = hash_password("senha-muito-boa");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("senha-muito-boa", &hash));
        assert!(!verify_password("senha-muito-ruim", &hash));
        assert!(!verify_password("senha-muito-boa", "not a hash"));
    }
}
