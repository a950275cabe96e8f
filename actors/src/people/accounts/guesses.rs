//! How often passwords may be guessed.
//!
//! Three budgets, each of *failures*: who types the right password spends nothing.
//!
//! * of one address at one login: a few at once, then a delay that doubles with each;
//! * of one address at any login, against lists of stolen passwords;
//! * of one login from any address, against guessing from many: it does not count where the login was opened lately, so
//!   that nobody can lock its owner out of where the owner is at home.
//!
//! Invariants: a try is paid for before it is made, so that many at once are no more than one after another; an unknown
//! login is counted as a known one; memory is bounded. All of it is of one node: who asks all companies has as many
//! budgets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failures::{Budget, Failures, check, count, make_room, take_back};
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

pub struct Guesses {
    budgets: Budgets,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    pairs: HashMap<(String, Whence), Failures>,
    addresses: HashMap<IpAddr, Failures>,
    logins: HashMap<String, Failures>,
    /// When the login was opened there.
    at_home: HashMap<(String, Whence), Instant>,
}

impl Guesses {
    /// `free`: failures of one address at one login before the first delay.
    pub fn new(free: u32) -> Self {
        Self {
            budgets: Budgets::new(free),
            books: Mutex::default(),
        }
    }

    /// Counts a try at this login (by its key) as a failure, until it is known to be none. `Err`: not now, but after so
    /// long.
    pub fn begin(&self, login: &str, from: Whence) -> Result<(), Duration> {
        let now = Instant::now();
        let of = &self.budgets;
        let mut books = self.lock();
        let pair = (login.to_owned(), from);
        let at_home = books.at_home.get(&pair);
        let at_home = at_home.is_some_and(|opened| now.duration_since(*opened) < AT_HOME_FOR);
        check(&books.pairs, &pair, &of.pair, now)?;
        if !at_home {
            check(&books.logins, login, &of.login, now)?;
            if let Some(address) = &from {
                check(&books.addresses, address, &of.address, now)?;
            }
        }
        count(&mut books.pairs, pair, &of.pair, now);
        count(&mut books.logins, login.to_owned(), &of.login, now);
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

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn give_back(&mut self, login: &str, from: Whence) {
        take_back(&mut self.logins, login);
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
        }
        let books = guesses.lock();
        assert!(books.pairs.len() <= KEPT_MAX && books.addresses.len() <= KEPT_MAX);
    }
}
