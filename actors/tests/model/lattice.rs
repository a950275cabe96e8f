//! L0: every state of a company meets every message that some confused peer might send.

use passcom_actors::domain::ballot::{Ballot, Key, Value};
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::question::Question;
use passcom_actors::domain::vote::RefusalReason;

use crate::audit::Breach;
use crate::bookings::Bookings;
use crate::company::Company;
use crate::config::COMPANIES;
use crate::intern::Id;

impl Bookings {
    /// L0: after any message, sent or not, a leg has moved along its arrows only.
    pub fn keeps_the_lattice(&self, id: Id<Company>) -> bool {
        self.whatever.get(id, || {
            let company = self.companies.get(id);
            self.conceivable(&company).iter().all(|entry| {
                let (after, _) = self.rules.post(&company, entry);
                let fresh = after.audit.breaches.difference(&company.audit.breaches);
                fresh
                    .into_iter()
                    .all(|breach| matches!(breach, Breach::Alarm(_)))
            })
        })
    }

    /// Entries that some confused peer might have us post.
    fn conceivable(&self, company: &Company) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (index, saga) in self.cast.sagas.iter().enumerate() {
            let saga = *saga;
            for known in &self.cast.orders[index] {
                let seats = known.order.seats();
                let of_us = known.order.companies().contains(&company.me);
                if of_us {
                    let prepare = Box::new(self.cast.prepare(index, known));
                    entries.push(Question::Prepare(prepare.clone()).into());
                    if known.acceptors.0.len() == 1 && !self.config.holds {
                        entries.push(Question::Book(prepare).into());
                    }
                }
                if self.config.holds {
                    let prepare = Box::new(self.cast.prepare(index, known));
                    entries.push(Entry::RequestConfirm(prepare));
                    entries.push(Entry::EndHold { saga, seconds: 1 });
                    entries.push(Entry::Extend { saga, seconds: 1 });
                }
                entries.push(Entry::from(Question::Commit {
                    saga,
                    hash: known.hash,
                    exchanged: None,
                }));
                let reason = RefusalReason::Released;
                entries.push(Entry::from(Question::Release {
                    saga,
                    seats: seats.clone(),
                    reason,
                }));
                entries.push(Entry::Cancel {
                    ticket: saga,
                    seats,
                    agreed: false,
                    refunds: Vec::new(),
                });
                let commit = Value::Commit {
                    hash: known.hash,
                    order: known.order.clone(),
                };
                for ballot in [Ballot::ZERO, Ballot::new(1, 0, COMPANIES)] {
                    for value in [&commit, &Value::Abort] {
                        entries.push(Entry::from(Question::Accept {
                            key: Key::Saga(saga),
                            acceptors: known.acceptors.clone(),
                            ballot,
                            value: Box::new(value.clone()),
                        }));
                    }
                }
            }
        }
        entries
    }
}
