//! Clients, and the drivers that work for them: what the desk and the booking actor do.

use super::*;

impl World {
    /// A client asks some node; a retry asks another one, which sees another time on its clock: another order.
    pub(super) fn on_request(&mut self, saga: SagaId, tries: u32) {
        let index = self.random.usize(0..self.companies.len());
        if !self.companies[index].up || self.is_driven(saga, index) {
            if tries < TRIES_MAX {
                self.at_random(
                    1_000,
                    Happening::Request {
                        saga,
                        tries: tries + 1,
                    },
                );
            }
            return;
        }
        let order = order(self.now, &self.seats[&saga]);
        let companies: Vec<CompanyId> = self.companies.iter().map(|company| company.id).collect();
        let acceptors = acceptors_of(saga, &order, &companies);
        let unfinished = Unfinished {
            saga,
            hash: order_hash(&order, &acceptors),
            order,
            acceptors,
            driver: node_of(companies[index]),
        };
        self.checker.on_request(saga);
        self.drive(index, unfinished, Origin::Client);
        if self.chance(30) && tries < TRIES_MAX {
            self.at_random(
                6_000,
                Happening::Request {
                    saga,
                    tries: tries + 1,
                },
            );
        }
    }

    pub(super) fn on_cancel(&mut self, saga: SagaId) {
        let index = self.random.usize(0..self.companies.len());
        let company = &self.companies[index];
        if !company.up || read(company.store.ticket(saga)).is_none() {
            if self.faulty {
                self.at_random(2_000, Happening::Cancel(saga));
            }
            return;
        }
        let mut seats = self.seats[&saga].clone();
        if seats.len() > 1 && self.random.bool() {
            seats.truncate(1);
        }
        self.checker.on_cancel(saga, &seats);
        let cancel = Entry::Cancel {
            ticket: saga,
            seats,
        };
        let receipt = self.post(index, &cancel);
        assert_eq!(receipt, Receipt::Cancelled(true));
    }

    pub(super) fn is_driven(&self, saga: SagaId, index: usize) -> bool {
        let mut drivers = self.drivers.values();
        drivers.any(|running| running.at == index && running.driver.saga() == saga)
    }

    pub(super) fn drive(&mut self, index: usize, saga: Unfinished, origin: Origin) {
        let waited_for = origin == Origin::Client;
        let start = Start {
            me: self.companies[index].id,
            node: saga.driver,
            companies: self.companies.iter().map(|company| company.id).collect(),
            saga: saga.saga,
            order: saga.order,
            hash: saga.hash,
            acceptors: saga.acceptors,
            idempotency: waited_for.then(|| key(saga.saga)),
            origin,
            seed: self.random.u64(..),
        };
        let id = self.id();
        let running = Running {
            driver: Driver::new(start),
            at: index,
            waited_for,
            wake: None,
        };
        self.drivers.insert(id, running);
        self.feed(id, Event::Started);
    }

    pub(super) fn feed(&mut self, id: u64, event: Event) {
        let Some(running) = self.drivers.get_mut(&id) else {
            return; // it crashed or stopped
        };
        for effect in running.driver.step(Timestamp(self.now), event) {
            self.perform(id, effect);
        }
        let Some(running) = self.drivers.get_mut(&id) else {
            return;
        };
        let wake = running.driver.next_wake();
        if wake != running.wake {
            running.wake = wake;
            if let Some(at) = wake {
                let time = at.0.max(self.now);
                self.at(time, Happening::Wake { driver: id, at });
            }
        }
        if self.chance(5) {
            // one that was under way when the timer was set anew
            let event = Event::Wake;
            self.at_random(1_000, Happening::Event { driver: id, event });
        }
    }

    fn perform(&mut self, id: u64, effect: Effect) {
        let saga = self.drivers[&id].driver.saga();
        match effect {
            Effect::AcquireLease(seats) => self.lease(id, saga, &seats),
            Effect::RaiseFence(fence) => {
                self.leases.raise(fence);
                let seats = self.drivers[&id].driver.seats();
                self.lease(id, saga, &seats);
            }
            Effect::ReleaseLease(_) => self.leases.release(saga),
            Effect::Send { to, tag, question } => self.send(id, to, tag, question),
            Effect::Post { tag, entry } => {
                self.at_random(
                    5,
                    Happening::Post {
                        driver: id,
                        tag,
                        entry,
                    },
                );
            }
            Effect::Answer(answer) => {
                let running = self.drivers.get_mut(&id).expect("it has just stepped");
                if std::mem::take(&mut running.waited_for) {
                    self.checker.on_answer(saga, answer);
                }
            }
            Effect::Stop => {
                self.drivers.remove(&id);
            }
        }
    }

    fn lease(&mut self, driver: u64, saga: SagaId, seats: &[SeatRef]) {
        let event = Event::Leased(self.leases.acquire(saga, seats));
        self.at_random(10, Happening::Event { driver, event });
    }

    fn send(&mut self, driver: u64, to: CompanyId, tag: u32, question: Question) {
        let to = self.companies.iter().position(|company| company.id == to);
        let to = to.expect("a company of the membership list");
        let id = self.id();
        let call = Call {
            id,
            driver,
            to,
            tag,
        };
        self.calls.insert(id);
        if self.drivers[&driver].at == to {
            self.at_random(5, Happening::Ask { call, question });
            return;
        }
        if !self.companies[to].up {
            let answer = Err(NoAnswer::NotSent);
            self.at_random(5, Happening::Answer { call, answer });
            return;
        }
        let mut times = arrivals(&mut self.random, self.faulty, self.now);
        if matches!(question, Question::Book(_)) {
            // "not now" proves that a Book was not executed only over a transport that repeats nothing, as TCP does
            times.truncate(1);
        }
        for time in times {
            let question = question.clone();
            self.at(time, Happening::Ask { call, question });
        }
        let answer = Err(NoAnswer::Silence);
        self.after(PATIENCE, Happening::Answer { call, answer });
    }

    /// The first answer closes the call. A later one may slip through all the same; "no answer" does not.
    pub(super) fn on_answer(&mut self, call: Call, answer: Result<CompanyAnswer, NoAnswer>) {
        let first = self.calls.remove(&call.id);
        let Call {
            driver, to, tag, ..
        } = call;
        if first || answer.is_ok() && self.chance(30) {
            let from = self.companies[to].id;
            self.feed(driver, Event::Answered { from, tag, answer });
        }
    }

    pub(super) fn on_post(&mut self, driver: u64, tag: u32, entry: &Entry) {
        if !self.drivers.contains_key(&driver) {
            return; // it crashed before its node's ledger had the entry
        }
        let index = self.drivers[&driver].at;
        let written = !self.chance(3);
        let receipt = written.then(|| self.post(index, entry));
        let receipt = receipt.filter(|_| !self.chance(3));
        let event = Event::Posted { tag, receipt };
        self.at_random(5, Happening::Event { driver, event });
    }
}
