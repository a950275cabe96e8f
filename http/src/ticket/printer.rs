//! Prints e-tickets in turns, away from the threads that answer bookings: a document of sixteen travellers takes a core
//! for some tenth of a second. What was printed lately is kept, as long as its ticket stays as it was.
//!
//! Invariant: memory is bounded. At most [`WAITING_MAX`] documents are under way, [`OF_ONE_USER_MAX`] of them of one
//! user, and at most [`KEPT_MAX`] are kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::{Order, SeatRef};
use passcom_actors::domain::refund::Refunded;
use passcom_actors::domain::ticket::Correction;
use passcom_actors::turns::Turns;

use super::pdf::Form;
use crate::language::Language;

/// Documents that are printed or wait for it, at a node: the last one has its turn within the time of a request.
const WAITING_MAX: usize = 32;
/// Of these, of one user: nobody keeps all others from printing.
const OF_ONE_USER_MAX: usize = 4;
/// Documents that are kept, each of some 30 to 300 KB.
const KEPT_MAX: usize = 64;

/// What a document depends on. The instant at which its codes were issued is that of its printing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Subject {
    pub ticket: SagaId,
    pub cancelled: Vec<SeatRef>,
    /// Of its flights.
    pub changes: Vec<FlightChange>,
    pub refunds: Vec<Refunded>,
    /// Of its names.
    pub corrections: Vec<Correction>,
    /// With the documents that are shown: a node that could not look for them is asked again.
    pub order: Arc<Order>,
    /// What its seats were called when they were sold, as far as that is known.
    pub labels: Vec<Vec<Option<String>>>,
    pub form: Form,
    pub language: Language,
}

/// Why there is no document.
#[derive(Debug, PartialEq)]
pub(crate) enum NotPrinted<E> {
    /// Too many wait, of this user or of all.
    Busy,
    Failed(E),
}

pub(crate) struct Printer {
    turns: Turns,
    under_way: Arc<Mutex<HashMap<UserId, usize>>>,
    /// Oldest first.
    kept: Mutex<VecDeque<(Subject, Arc<[u8]>)>>,
}

/// A user's document that is under way.
struct OfUser {
    user: UserId,
    under_way: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Printer {
    /// `at_once`: documents that are printed at the same time, each on a core of its own.
    pub fn new(at_once: usize) -> Self {
        Self {
            turns: Turns::new(at_once, WAITING_MAX),
            under_way: Arc::default(),
            kept: Mutex::default(),
        }
    }

    /// The document of this subject for this user, who may have it: what is kept, else what the work makes.
    pub async fn print<E: Send + 'static>(
        &self,
        user: UserId,
        subject: Subject,
        work: impl FnOnce() -> Result<Vec<u8>, E> + Send + 'static,
    ) -> Result<Arc<[u8]>, NotPrinted<E>> {
        if let Some(kept) = self.kept(&subject) {
            return Ok(kept);
        }
        let place = OfUser::begin(&self.under_way, user).ok_or(NotPrinted::Busy)?;
        // the work keeps the place until it is done, also when nobody waits for it any more
        let work = move || {
            let _kept = place;
            work()
        };
        let made = self.turns.take(work).await.ok_or(NotPrinted::Busy)?;
        let document: Arc<[u8]> = made.map_err(NotPrinted::Failed)?.into();
        self.keep(subject, document.clone());
        Ok(document)
    }

    fn kept(&self, subject: &Subject) -> Option<Arc<[u8]>> {
        let kept = lock(&self.kept);
        let found = kept.iter().find(|(of, _)| of == subject);
        found.map(|(_, document)| document.clone())
    }

    fn keep(&self, subject: Subject, document: Arc<[u8]>) {
        let mut kept = lock(&self.kept);
        // another form of the same ticket is out of date
        let kind = |of: &Subject| (of.ticket, of.form, of.language);
        kept.retain(|(of, _)| kind(of) != kind(&subject));
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((subject, document));
    }
}

impl OfUser {
    /// None where the user has enough of them.
    fn begin(under_way: &Arc<Mutex<HashMap<UserId, usize>>>, user: UserId) -> Option<Self> {
        let mut users = lock(under_way);
        let of_user = users.entry(user).or_default();
        if *of_user >= OF_ONE_USER_MAX {
            return None;
        }
        *of_user += 1;
        Some(Self {
            user,
            under_way: under_way.clone(),
        })
    }
}

impl Drop for OfUser {
    fn drop(&mut self) {
        let mut users = lock(&self.under_way);
        if let Some(of_user) = users.get_mut(&self.user) {
            *of_user -= 1;
            if *of_user == 0 {
                users.remove(&self.user);
            }
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // whoever panicked left all or nothing of an entry
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use futures_util::future::join_all;
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn subject(number: u128) -> Subject {
        Subject {
            ticket: SagaId(Uuid::from_u128(number)),
            cancelled: Vec::new(),
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
            order: crate::ticket::travellers::tests::ticket(Vec::new()).order,
            labels: Vec::new(),
            form: Form::EachTraveller,
            language: Language::English,
        }
    }

    fn made(number: u128) -> Result<Vec<u8>, ()> {
        Ok(number.to_be_bytes().to_vec())
    }

    /// On one thread, as every other test of tokio: were the work done on it, nothing could end the work.
    #[tokio::test]
    async fn what_is_printed_does_not_hold_up_the_runtime() {
        let printer = Printer::new(1);
        let (finish, finished) = mpsc::channel::<()>();
        let slow = printer.print(user(1), subject(1), move || {
            finished.recv().map(|()| Vec::new())
        });
        let meanwhile = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            finish.send(()).expect("it is being printed");
        };
        let (printed, ()) = tokio::join!(slow, meanwhile);
        assert!(printed.is_ok());
    }

    #[tokio::test]
    async fn a_user_waits_with_few_and_all_together_with_not_too_many() {
        let printer = Printer::new(1);
        let (finish, finished) = mpsc::channel::<()>();
        let first = printer.print(user(0), subject(0), move || {
            finished.recv().expect("it is told");
            made(0)
        });
        let of_one = (1..=OF_ONE_USER_MAX as u128)
            .map(|number| printer.print(user(0), subject(number), move || made(number)));
        let others = (100..100 + WAITING_MAX as u128)
            .map(|number| printer.print(user(number), subject(number), move || made(number)));
        let release = async {
            tokio::task::yield_now().await;
            finish.send(()).expect("it is being printed");
        };
        let (first, of_one, others, ()) =
            tokio::join!(biased; first, join_all(of_one), join_all(others), release);
        assert!(first.is_ok());
        let busy = |answers: &[Result<Arc<[u8]>, NotPrinted<()>>]| {
            let busy = answers.iter().filter(|one| **one == Err(NotPrinted::Busy));
            busy.count()
        };
        assert_eq!(busy(&of_one), 1, "one was under way before these");
        assert_eq!(busy(&others), OF_ONE_USER_MAX);
        assert!(lock(&printer.under_way).is_empty(), "all places are free");
    }

    #[tokio::test]
    async fn what_was_printed_is_kept_until_its_ticket_changes_and_not_too_much_of_it() {
        let printer = Printer::new(1);
        let print = async |subject: Subject, made: u8| {
            let work = move || Ok::<_, ()>(vec![made]);
            printer.print(user(1), subject, work).await.unwrap()[0]
        };
        assert_eq!(print(subject(1), 1).await, 1);
        assert_eq!(print(subject(1), 2).await, 1, "kept");
        let mut changed = subject(1);
        changed.labels = vec![vec![None]];
        assert_eq!(print(changed.clone(), 3).await, 3, "the ticket is another");
        assert_eq!(print(subject(1), 4).await, 4, "what is out of date is gone");
        for number in 2..=KEPT_MAX as u128 + 1 {
            print(subject(number), 5).await;
        }
        assert_eq!(lock(&printer.kept).len(), KEPT_MAX);
        assert_eq!(print(subject(1), 6).await, 6, "the oldest made room");
    }

    #[tokio::test]
    async fn what_failed_is_not_kept() {
        let printer = Printer::new(1);
        let failed = printer.print(user(1), subject(1), || Err("a reason"));
        assert_eq!(failed.await, Err(NotPrinted::Failed("a reason")));
        assert!(lock(&printer.kept).is_empty());
    }
}
