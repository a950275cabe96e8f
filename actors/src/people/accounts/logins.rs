//! Who has which login. It is unique over all companies through a register of its own: whoever gets the majority has
//! it, and the value is the whole user, so that any company can finish what another began.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::company::Company;
use crate::company::credential::{self, UserKey};
use crate::company::guesses::Guesses;
use crate::company::refused::Reason;
use crate::domain::accounts::{Renewal, User};
use crate::domain::ballot::{Acceptors, Ballot, Key, Value};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::{CompanyId, UserId};
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::register::{Progress, Proposer};
use crate::mesh::companies::Companies;
use crate::mesh::messages::{Reply, Request, Whom};

/// Ballots before a claim is given up: others claim the same login at the same time.
const BALLOTS_MAX: u32 = 5;
/// Longest a claim may take.
const CLAIM_DEADLINE: Duration = Duration::from_secs(8);

/// Whose a login is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    Ours,
    Taken,
    /// No majority of companies could be asked.
    NoMajority,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    company: Arc<Company>,
    companies: Companies,
}

impl Logins {
    pub fn new(company: Arc<Company>, companies: Companies) -> Self {
        Self { company, companies }
    }

    pub fn me(&self) -> CompanyId {
        self.company.me
    }

    /// How often passwords may be guessed.
    pub(super) fn guesses(&self) -> &Guesses {
        &self.company.guesses
    }

    /// Here, else at a peer: a replica may be behind. `Err` if our own database is away, or if nobody here knows the
    /// login and too few others could be asked: whoever has a login has it at a majority, sooner or later.
    pub async fn find(&self, login: &str) -> Result<Option<User>, ()> {
        let archive = &self.company.archive;
        let own = archive.user(login.to_owned()).await.map_err(drop)?;
        if own.is_some() {
            return Ok(own);
        }
        match self.look_up(login).await? {
            (None, false) => Err(()),
            (user, _) => Ok(user),
        }
    }

    /// The newest version that any company knows, and whether a majority was asked. Asks the same of the same, and waits for the
    /// same, whether or not anybody has the login. `Err` if our own database is away.
    pub async fn look_up(&self, login: &str) -> Result<(Option<User>, bool), ()> {
        let login = login.to_owned();
        let own = self.company.archive.user(login.clone());
        let others = self
            .companies
            .ask_others(Request::FindUser(Whom::Login(login)));
        let (own, replies) = join(own, others).await;
        Ok(self.newest(own.map_err(drop)?, replies))
    }

    /// The newest version that is to be believed; and whether a majority was asked, and nobody says otherwise.
    fn newest(&self, own: Option<User>, replies: Vec<(CompanyId, Reply)>) -> (Option<User>, bool) {
        let told = replies.into_iter().filter_map(|(from, reply)| match reply {
            Reply::User(user) => Some((from, user)),
            _ => None,
        });
        let told: Vec<(CompanyId, Option<User>)> = told.collect();
        let is_majority = told.len() + 1 > self.companies.all().len() / 2;
        let told = told
            .into_iter()
            .filter_map(|(from, user)| Some((from, user?)));
        let mut told: Vec<(CompanyId, User)> = told.collect();
        told.retain(|(from, user)| {
            let checked = credential::check(own.as_slice(), user, *from);
            let note = |reason: &Reason| self.company.refused.note(*from, "find_user", *reason);
            checked.inspect_err(note).is_ok()
        });
        let mut users: Vec<User> = told.into_iter().map(|(_, user)| user).collect();
        let told = users.len();
        if own.is_none() {
            users = agreed(users);
        }
        let is_certain = is_majority && (own.is_some() || users.len() == told);
        let newest = own.into_iter().chain(users).max_by_key(|user| user.version);
        (newest, is_certain)
    }

    /// Has the companies agree on who has this user's login.
    pub async fn claim(&self, user: &User) -> Claimed {
        let agreed = tokio::time::timeout(CLAIM_DEADLINE, self.agree(user)).await;
        agreed.unwrap_or(Claimed::NoMajority)
    }

    /// By id: here, if it is of this version at least, else the newest that any company knows. `Err` as in [`Logins::find`].
    pub async fn find_of(&self, id: UserId, version: i64) -> Result<Option<User>, ()> {
        let own = self.find_by_id(id).await?;
        if own.as_ref().is_some_and(|own| own.version >= version) {
            return Ok(own);
        }
        let replies = self
            .companies
            .ask_others(Request::FindUser(Whom::Id(id)))
            .await;
        match self.newest(own, replies) {
            (None, false) => Err(()),
            (user, _) => Ok(user.filter(|user| user.id == id)),
        }
    }

    /// By id, as far as it is known here.
    pub async fn find_by_id(&self, id: UserId) -> Result<Option<User>, ()> {
        let found = self.company.archive.user_by_id(id).await;
        found.map_err(drop)
    }

    /// Has what comes after this user here, signed by its key, and in time at every company. None: another version
    /// came meanwhile. `Err` if our own log or database is away; it may have come nevertheless.
    pub async fn renew(
        &self,
        user: &User,
        renewal: Renewal,
        key: Option<&UserKey>,
    ) -> Result<Option<User>, ()> {
        let now = self.company.clock.wall_seconds();
        let mut renewed = user.renewed(renewal, now, self.index());
        if let Some(key) = key {
            renewed = key.sign(renewed);
        }
        let entry = Entry::Enrol(renewed.clone());
        self.company.ledger.post(entry).await.map_err(drop)?;
        let login = renewed.login.clone();
        let known = self.company.archive.user(login).await.map_err(drop)?;
        Ok(known.filter(|known| *known == renewed))
    }

    /// Whether a token of this version of the user is good, as far as is known here; asks no database.
    pub fn is_current(&self, user: UserId, version: i64) -> bool {
        self.company.sessions.is_current(user, version)
    }

    /// Our own among the companies.
    fn index(&self) -> usize {
        let companies = self.companies.all();
        companies
            .binary_search(&self.company.me)
            .expect("a node is started for a company of the membership list only")
    }

    /// Has this user here, whose login's register is decided. It does not matter if that fails: it is tried again.
    pub(crate) async fn close(&self, user: User) {
        let _ = self.company.ledger.post(Entry::Enrol(user)).await;
    }

    /// Runs ballots until a majority has chosen who has this login.
    async fn agree(&self, user: &User) -> Claimed {
        let mut above = 0;
        for _ in 0..BALLOTS_MAX {
            match self.ballot(user, above).await {
                Ballots::Chosen(Value::Account(chosen)) => return self.enrol(user, chosen).await,
                Ballots::Chosen(_) | Ballots::NoMajority => return Claimed::NoMajority,
                Ballots::Preempted(round) => above = round,
            }
            let pause = Duration::from_millis(fastrand::u64(10..200));
            tokio::time::sleep(pause).await;
        }
        Claimed::NoMajority
    }

    async fn enrol(&self, user: &User, chosen: User) -> Claimed {
        let ours = chosen.id == user.id;
        let enrolled = self.company.ledger.post(Entry::Enrol(chosen)).await;
        match (enrolled, ours) {
            (Ok(_), true) => Claimed::Ours,
            (Ok(_), false) => Claimed::Taken,
            // chosen, but not known here: a retry finds it taken by itself
            (Err(_), _) => Claimed::NoMajority,
        }
    }

    async fn ballot(&self, user: &User, above: i64) -> Ballots {
        let companies = self.companies.all();
        let round = match self.company.ledger.post(Entry::NextRound { above }).await {
            Ok(Receipt::Round(round)) => round,
            _ => return Ballots::NoMajority,
        };
        let ballot = Ballot::new(round, self.index(), companies.len());
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
        let ask = |company: &CompanyId| {
            let (company, question) = (*company, question.clone());
            async move {
                let answer = self.companies.question(company, question, None).await;
                (company, answer.ok())
            }
        };
        let mut answers: FuturesUnordered<_> = acceptors.0.iter().map(ask).collect();
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
}

/// Of what companies tell of a user whom this one has never heard of: what most of them say, by the user's key. One that lies is not
/// believed against two.
fn agreed(told: Vec<User>) -> Vec<User> {
    let says = |one: &User| {
        let alike = told
            .iter()
            .filter(|other| credential::is_of_one_key(one, other));
        alike.count() * 2 > told.len()
    };
    told.iter().filter(|one| says(one)).cloned().collect()
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::accounts::FIRST_VERSION;

    fn ana(key: &UserKey) -> User {
        key.sign(User {
            id: UserId(Uuid::from_u128(1)),
            login: "ana".to_owned(),
            password_hash: key.lock("senha-muito-boa"),
            version: FIRST_VERSION,
            mailbox: None,
        })
    }

    #[test]
    fn of_somebody_unknown_most_are_believed_and_one_that_lies_is_not() {
        let key = || UserKey::generate("a".parse().unwrap());
        let (own, other) = (key(), key());
        let (true_one, lie) = (ana(&own), ana(&other));
        let newer = own.sign(true_one.renewed(Renewal::Nothing, 10, 0));
        let all = |told: &[&User]| agreed(told.iter().copied().cloned().collect());
        assert_eq!(all(&[]), []);
        assert_eq!(all(&[&true_one]), vec![true_one.clone()]);
        assert_eq!(all(&[&true_one, &newer]).len(), 2, "one key");
        assert_eq!(all(&[&true_one, &lie, &newer]), [true_one.clone(), newer]);
        assert_eq!(all(&[&true_one, &lie]), [], "nobody can tell");
    }
}
