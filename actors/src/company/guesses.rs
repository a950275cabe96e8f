//! How often passwords may be guessed.
//!
//! Three budgets, each of *failures*: who types the right password spends nothing.
//!
//! * of one address at one login: a few at once, then a delay that doubles with each;
//! * of one address at any login, against lists of stolen passwords;
//! * of one login from any address, against guessing from many, at this company and at the others, which tell of it
//!   (`people::accounts::telling`): it does not count where the login was opened lately, so that nobody can lock its owner out of
//!   where the owner is at home.
//!
//! Invariants:
//! * a try is paid for before it is made, so that many at once are no more than one after another;
//! * an unknown login is counted as a known one;
//! * whatever a company tells, it brings a login no further than its whole budget does, and the delay of a login runs from
//!   the last try that was made here: a company that lies has nobody wait for longer than the longest delay, a minute;
//! * memory is bounded, of each company that tells, too.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::failures::{
    Budget, Failures, check, check_with, count, make_room, number, raise, take_back,
};
use crate::domain::ids::CompanyId;
use crate::turns::fair::Whence;

/// Of one address and of one login, so many times as many as of an address at a login.
const OF_ADDRESS: u32 = 10;
const OF_LOGIN: u32 = 20;

#[derive(Debug, Clone, Copy)]
struct Budgets {
    pair: Budget,
    address: Budget,
    login: Budget,
}

impl Budgets {
    fn new(free: u32) -> Self {
        let pair = Budget {
            free,
            delay_least: Duration::from_secs(1),
            delay_most: Duration::from_secs(15 * 60),
            forgotten_after: Duration::from_secs(60 * 60),
        };
        let of_many = |free| Budget {
            free,
            delay_least: Duration::from_secs(2),
            delay_most: Duration::from_secs(60),
            ..pair
        };
        Self {
            pair,
            address: of_many(free * OF_ADDRESS),
            login: of_many(free * OF_LOGIN),
        }
    }
}

/// How long an address is known as one where the login was opened.
const AT_HOME_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most logins that one message tells of: more than a node can hash passwords for in the second between two of them.
pub const TOLD_MAX: usize = 256;
/// Most logins that wait to be told of; of others, whatever comes next is told.
const UNTOLD_MAX: usize = 16 * TOLD_MAX;
/// Namespace of hashed logins (UUIDv5), fixed for ever.
const LOGIN_NAMESPACE: Uuid = Uuid::from_u128(0x37d0_2a4e_91c6_4f0b_8d15_6be0_c2f7_9a83);

/// A login as companies tell each other of it: what is typed there by mistake, a password perhaps, is not to be read, and
/// all of them have one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoginHash(Uuid);

impl LoginHash {
    /// Of a login's key.
    pub fn of(login: &str) -> Self {
        Self(Uuid::new_v5(&LOGIN_NAMESPACE, login.as_bytes()))
    }
}

/// How many wrong passwords of a login count at the company that tells of it: all of them, so that it does not matter if
/// that comes twice or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongPasswords {
    pub login: LoginHash,
    pub failures: u32,
}

pub struct Guesses {
    budgets: Budgets,
    books: Mutex<Books>,
    /// There is something to tell.
    failed: Notify,
}

#[derive(Default)]
struct Books {
    pairs: HashMap<(String, Whence), Failures>,
    addresses: HashMap<IpAddr, Failures>,
    logins: HashMap<LoginHash, Failures>,
    /// Of logins, at each of the other companies, as they say.
    told: BTreeMap<CompanyId, HashMap<LoginHash, Failures>>,
    /// Logins of which others are to be told.
    untold: HashSet<LoginHash>,
    /// When the login was opened there.
    at_home: HashMap<(String, Whence), Instant>,
}

impl Guesses {
    /// `free`: failures of one address at one login before the first delay.
    pub fn new(free: u32) -> Self {
        Self {
            budgets: Budgets::new(free),
            books: Mutex::default(),
            failed: Notify::new(),
        }
    }

    /// Counts a try at this login (by its key) as a failure, until it is known to be none. `Err`: not now, but after so
    /// long.
    pub fn begin(&self, login: &str, from: Whence) -> Result<(), Duration> {
        let now = Instant::now();
        let of = &self.budgets;
        let mut books = self.lock();
        let (pair, login) = ((login.to_owned(), from), LoginHash::of(login));
        let at_home = books.at_home.get(&pair);
        let at_home = at_home.is_some_and(|opened| now.duration_since(*opened) < AT_HOME_FOR);
        check(&books.pairs, &pair, &of.pair, now)?;
        if !at_home {
            let elsewhere = books.told_of(login, &of.login, now);
            check_with(elsewhere, &books.logins, &login, &of.login, now)?;
            if let Some(address) = &from {
                check(&books.addresses, address, &of.address, now)?;
            }
        }
        count(&mut books.pairs, pair, &of.pair, now);
        count(&mut books.logins, login, &of.login, now);
        if let Some(address) = from {
            count(&mut books.addresses, address, &of.address, now);
        }
        Ok(())
    }

    /// The password was right: whoever tried is at home there.
    pub fn was_right(&self, login: &str, from: Whence) {
        let now = Instant::now();
        let mut books = self.lock();
        let pair = (login.to_owned(), from);
        books.pairs.remove(&pair);
        books.give_back(login, from);
        make_room(&mut books.at_home, |opened| {
            now.duration_since(*opened) < AT_HOME_FOR
        });
        books.at_home.insert(pair, now);
    }

    /// It was not looked at.
    pub fn was_not_tried(&self, login: &str, from: Whence) {
        let mut books = self.lock();
        let pair = (login.to_owned(), from);
        take_back(&mut books.pairs, &pair);
        books.give_back(login, from);
    }

    /// The password was wrong: it stays counted, and others are to be told.
    pub fn was_wrong(&self, login: &str) {
        let mut books = self.lock();
        if books.untold.len() < UNTOLD_MAX {
            books.untold.insert(LoginHash::of(login));
        }
        self.failed.notify_one();
    }

    /// Waits until there is something that others were not told, and has it told: at most [`TOLD_MAX`] of it, the rest next time.
    pub async fn untold(&self) -> Vec<WrongPasswords> {
        loop {
            let told = self.take_untold();
            if !told.is_empty() {
                return told;
            }
            self.failed.notified().await;
        }
    }

    fn take_untold(&self) -> Vec<WrongPasswords> {
        let now = Instant::now();
        let mut books = self.lock();
        let logins: Vec<LoginHash> = books.untold.iter().take(TOLD_MAX).copied().collect();
        let told = logins.into_iter().map(|login| {
            books.untold.remove(&login);
            WrongPasswords {
                login,
                failures: number(&books.logins, &login, &self.budgets.login, now),
            }
        });
        told.filter(|told| told.failures > 0).collect()
    }

    /// A company tells of wrong passwords there: they count as ours do, up to one whole budget of a login.
    pub fn on_told(&self, by: CompanyId, told: &[WrongPasswords]) {
        let now = Instant::now();
        let budget = &self.budgets.login;
        let mut books = self.lock();
        let of_company = books.told.entry(by).or_default();
        for WrongPasswords { login, failures } in told {
            let failures = (*failures).min(budget.free);
            raise(of_company, *login, failures, budget, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Failures of a login at all other companies together.
    fn told_of(&self, login: LoginHash, budget: &Budget, now: Instant) -> u32 {
        let of_companies = self.told.values();
        let numbers = of_companies.map(|told| number(told, &login, budget, now));
        numbers.fold(0, u32::saturating_add)
    }

    fn give_back(&mut self, login: &str, from: Whence) {
        take_back(&mut self.logins, &LoginHash::of(login));
        if let Some(address) = &from {
            take_back(&mut self.addresses, address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::failures::KEPT_MAX;
    use super::*;

    const FREE: u32 = 5;

    fn from(last: u8) -> Whence {
        Some([10, 0, 0, last].into())
    }

    /// So many tries at once, none of them right.
    fn fail(guesses: &Guesses, login: &str, from: Whence, tries: u32) -> u32 {
        let passed = (0..tries).filter(|_| guesses.begin(login, from).is_ok());
        passed.count() as u32
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_of_one_address_are_few_and_then_slower_and_slower() {
        let guesses = Guesses::new(FREE);
        assert_eq!(fail(&guesses, "ana", from(1), 300), FREE);
        let mut waited = Duration::ZERO;
        for _ in 0..10 {
            let wait = guesses.begin("ana", from(1)).unwrap_err();
            assert!(wait > waited);
            waited = wait;
            tokio::time::advance(wait).await;
            assert!(guesses.begin("ana", from(1)).is_ok());
        }
        assert!(waited > Duration::from_secs(500), "{waited:?}");
        assert!(guesses.begin("bia", from(1)).is_ok(), "another login");
        assert!(guesses.begin("ana", from(2)).is_ok(), "another address");
        tokio::time::advance(guesses.budgets.pair.forgotten_after + waited).await;
        assert_eq!(fail(&guesses, "ana", from(1), 300), FREE);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_tries_many_logins_is_slowed_down() {
        let guesses = Guesses::new(FREE);
        let passed = (0..1_000).filter(|n| guesses.begin(&format!("user{n}"), from(1)).is_ok());
        assert_eq!(passed.count() as u32, FREE * OF_ADDRESS);
        assert!(guesses.begin("user1", from(2)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_many_addresses_try_stays_open_to_its_owner() {
        let guesses = Guesses::new(FREE);
        let home = from(200);
        guesses.begin("ana", home).unwrap();
        guesses.was_right("ana", home);
        let passed = (0..100).map(|last| fail(&guesses, "ana", from(last), 300));
        assert_eq!(passed.sum::<u32>(), FREE * OF_LOGIN);
        assert!(guesses.begin("ana", from(150)).is_err());
        for _ in 0..100 {
            assert_eq!(guesses.begin("ana", home), Ok(()), "at home");
            guesses.was_right("ana", home);
        }
        assert_eq!(fail(&guesses, "ana", home, 300), FREE);
    }

    fn company(code: &str) -> CompanyId {
        code.parse().unwrap()
    }

    fn told(login: &str, failures: u32) -> [WrongPasswords; 1] {
        let login = LoginHash::of(login);
        [WrongPasswords { login, failures }]
    }

    #[tokio::test(start_paused = true)]
    async fn failures_at_other_companies_count_here() {
        let [here, there] = [Guesses::new(FREE), Guesses::new(FREE)];
        let most = FREE * OF_LOGIN;
        let passed = (0..100).map(|last| fail(&there, "ana", from(last), 300));
        assert_eq!(passed.sum::<u32>(), most);
        there.was_wrong("ana");
        let news = there.untold().await;
        assert_eq!(news, told("ana", most));
        here.on_told(company("b"), &news);
        here.on_told(company("b"), &news);
        let passed = (0..100).map(|last| fail(&here, "ana", from(last), 300));
        assert_eq!(
            passed.sum::<u32>(),
            1,
            "the first, after which there is a delay"
        );
        assert_eq!(fail(&here, "bia", from(200), 300), FREE, "another login");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_told_once_and_all_that_count() {
        let guesses = Guesses::new(FREE);
        for _ in 0..3 {
            guesses.begin("ana", from(1)).unwrap();
            guesses.was_wrong("ana");
        }
        guesses.begin("bia", from(1)).unwrap();
        guesses.was_right("bia", from(1));
        assert_eq!(guesses.untold().await, told("ana", 3));
        assert_eq!(guesses.take_untold(), []);
        guesses.begin("ana", from(2)).unwrap();
        guesses.was_wrong("ana");
        assert_eq!(guesses.untold().await, told("ana", 4));
        for n in 0..2 * UNTOLD_MAX as u32 {
            let (login, from) = (n.to_string(), Some(IpAddr::from(n.to_be_bytes())));
            guesses.begin(&login, from).unwrap();
            guesses.was_wrong(&login);
        }
        let messages =
            std::iter::from_fn(|| Some(guesses.take_untold()).filter(|told| !told.is_empty()));
        let lengths: Vec<usize> = messages.map(|told| told.len()).collect();
        assert_eq!(lengths, [TOLD_MAX; UNTOLD_MAX / TOLD_MAX]);
    }

    /// It says all the time that there are more, of a login that nobody tries.
    #[tokio::test(start_paused = true)]
    async fn a_company_that_lies_has_nobody_wait_for_longer_than_the_longest_delay() {
        let guesses = Guesses::new(FREE);
        let lie = |company: &CompanyId| guesses.on_told(*company, &told("ana", u32::MAX));
        let liars = ["b", "c", "d"].map(company);
        let home = from(200);
        liars.iter().for_each(lie);
        assert_eq!(guesses.begin("ana", home), Ok(()), "nobody has failed here");
        guesses.was_right("ana", home);
        for last in 0..20 {
            liars.iter().for_each(lie);
            assert_eq!(guesses.begin("ana", home), Ok(()), "at home");
            guesses.was_right("ana", home);
            let mut waited = Duration::ZERO;
            // each try is of its owner, at another place
            while let Err(wait) = guesses.begin("ana", from(last)) {
                let second = wait.min(Duration::from_secs(1));
                tokio::time::advance(second).await;
                waited += second;
                liars.iter().for_each(lie);
            }
            assert!(waited <= guesses.budgets.login.delay_most, "{waited:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_company_adds_no_more_than_a_whole_budget_and_it_is_forgotten() {
        let guesses = Guesses::new(FREE);
        let budget = guesses.budgets.login;
        for failures in [u32::MAX, 1, u32::MAX] {
            guesses.on_told(company("b"), &told("ana", failures));
        }
        let number = |guesses: &Guesses| {
            let now = Instant::now();
            guesses.lock().told_of(LoginHash::of("ana"), &budget, now)
        };
        assert_eq!(number(&guesses), budget.free);
        guesses.on_told(company("c"), &told("ana", 3));
        assert_eq!(number(&guesses), budget.free + 3);
        tokio::time::advance(budget.forgotten_after + Duration::from_secs(1)).await;
        assert_eq!(number(&guesses), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_right_or_not_looked_at_costs_nothing() {
        let guesses = Guesses::new(FREE);
        for _ in 0..1_000 {
            guesses.begin("ana", from(1)).unwrap();
            guesses.was_right("ana", from(1));
            guesses.begin("bia", from(1)).unwrap();
            guesses.was_not_tried("bia", from(1));
        }
        let books = guesses.lock();
        assert!(books.pairs.is_empty() && books.addresses.is_empty() && books.logins.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let guesses = Guesses::new(FREE);
        for n in 0..2 * KEPT_MAX as u32 {
            let from = Some(IpAddr::from(n.to_be_bytes()));
            assert_eq!(guesses.begin(&n.to_string(), from), Ok(()));
            guesses.on_told(company("b"), &told(&n.to_string(), 1));
        }
        let books = guesses.lock();
        assert!(books.pairs.len() <= KEPT_MAX && books.addresses.len() <= KEPT_MAX);
        assert!(books.told[&company("b")].len() <= KEPT_MAX);
    }
}
