//! How a state ends if every driver dies in it, the time of every hold is over and no fault happens any more: the
//! product's own recovery runs to its end at each living company.

use std::collections::VecDeque;

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::question::Question;
use passcom_actors::domain::rows::{Replicated, SagaRow};
use passcom_actors::domain::saga::{Driver, Effect, Event, NoAnswer};
use passcom_actors::domain::time::Timestamp;

use crate::arrival::answer_in;
use crate::bookings::Bookings;
use crate::world::Companies;

/// Sagas never wait for each other: a saga that one round of recoveries leaves open waits for a dead company.
const PASSES: usize = 2;
/// A recovery without faults takes a few dozen steps.
const STEPS_MAX: usize = 1_000;

impl Bookings {
    /// The companies that live.
    pub fn living(&self, dead: Option<usize>) -> impl Iterator<Item = usize> + Clone + use<> {
        (0..self.config.companies).filter(move |at| Some(*at) != dead)
    }

    /// Recoveries at all companies of all that is open there. False: one of them does not come to an end.
    pub fn recover_all(&self, companies: &mut Companies, dead: Option<usize>) -> bool {
        for _ in 0..PASSES {
            for at in self.living(dead) {
                for saga in &self.cast.sagas {
                    self.expire(companies, at, *saga);
                }
                let company = self.companies.get(companies[at]);
                let sagas = company.sagas.iter();
                let open: Vec<_> = sagas.filter(|(_, row)| self.is_open(at, row)).collect();
                for (saga, row) in open {
                    if !self.recover_one(companies, at, *saga, row, dead) {
                        return false;
                    }
                }
            }
        }
        self.replicate_all(companies, dead);
        true
    }

    fn recover_one(
        &self,
        companies: &mut Companies,
        at: usize,
        saga: SagaId,
        row: &SagaRow,
        dead: Option<usize>,
    ) -> bool {
        let start = self.rules.start(self.recovery(at, saga, row));
        let mut driver = Driver::new(start);
        let mut now = Timestamp(0);
        let mut events = VecDeque::from([Event::Started]);
        for _ in 0..STEPS_MAX {
            let event = events.pop_front().unwrap_or_else(|| {
                now = now.max(driver.next_wake().expect("a driver that lives wakes"));
                Event::Wake
            });
            for effect in self.rules.step(&mut driver, now, &event) {
                match effect {
                    Effect::Stop => return true,
                    Effect::Send { to, tag, question } => {
                        let from = to;
                        let to = self.cast.company(to);
                        let entry = question.into();
                        let receipt = (Some(to) != dead).then(|| self.post(companies, to, entry));
                        let answer = receipt.flatten().map(answer_in).ok_or(NoAnswer::NotSent);
                        events.push_back(Event::Answered { from, tag, answer });
                    }
                    Effect::Post { tag, entry } => {
                        let receipt = self.post(companies, at, *entry);
                        events.push_back(Event::Posted { tag, receipt });
                    }
                    // nobody waits for a recovery, and it takes no lease
                    Effect::Answer(_) | Effect::ReleaseLease(_) => {}
                    Effect::AcquireLease(_) | Effect::RaiseFence(_) => {}
                }
            }
        }
        false
    }

    /// Living companies read each other's outboxes; if a company is dead, they compare their copies instead.
    fn replicate_all(&self, companies: &mut Companies, dead: Option<usize>) {
        for from in self.living(dead) {
            let company = self.companies.get(companies[from]);
            let copies = company.tickets.values().cloned().map(Replicated::Ticket);
            let rows: Vec<Replicated> = match dead {
                None => company.outbox.clone(),
                Some(_) => copies.collect(),
            };
            for to in self.living(dead).filter(|to| *to != from) {
                for row in &rows {
                    let rows = vec![row.clone()];
                    self.post(companies, to, Entry::Merge { rows, cursor: None });
                }
            }
        }
    }

    /// Every vote that a client could ever have asked for, arriving after everything else.
    pub fn prepare_late(&self, companies: &mut Companies, dead: Option<usize>) {
        for (saga, orders) in self.cast.orders.iter().enumerate() {
            for known in orders {
                let prepare = Box::new(self.cast.prepare(saga, known));
                let alone = known.acceptors.0.len() == 1 && !self.config.holds;
                let of_order = known.order.companies();
                for at in self.living(dead) {
                    if of_order.contains(&self.cast.companies[at]) {
                        let prepare = prepare.clone();
                        let question = if alone {
                            Question::Book(prepare)
                        } else {
                            Question::Prepare(prepare)
                        };
                        self.post(companies, at, question.into());
                    }
                }
            }
        }
    }
}
