//! What one company's node does: shell of the drivers, of the ledger, of the watcher and of the replica.

use super::*;

impl World {
    // ---- clients ------------------------------------------------------------------------------------------------

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

    // ---- drivers ------------------------------------------------------------------------------------------------

    fn is_driven(&self, saga: SagaId, index: usize) -> bool {
        let mut drivers = self.drivers.values();
        drivers.any(|running| running.at == index && running.driver.saga() == saga)
    }

    fn drive(&mut self, index: usize, saga: Unfinished, origin: Origin) {
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
        for time in arrivals(&mut self.random, self.faulty, self.now) {
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

    // ---- companies ----------------------------------------------------------------------------------------------

    pub(super) fn on_ask(&mut self, call: Call, question: Question) {
        let own = self
            .drivers
            .get(&call.driver)
            .is_some_and(|running| running.at == call.to);
        let company = &self.companies[call.to];
        if !company.up {
            return;
        }
        let answer = match &question {
            Question::Prepare(_) if !company.ready => Ok(CompanyAnswer::Vote(Vote::Later)),
            Question::Book(_) if !company.ready => Ok(CompanyAnswer::Booked(Booked::Later)),
            _ if self.chance(2) => Err(NoAnswer::NotSent),
            _ => Ok(self.execute(call.to, question, own)),
        };
        if own {
            self.at_random(5, Happening::Answer { call, answer });
            return;
        }
        for time in arrivals(&mut self.random, self.faulty, self.now) {
            let answer = answer.clone();
            self.at(time, Happening::Answer { call, answer });
        }
    }

    fn execute(&mut self, index: usize, question: Question, own: bool) -> CompanyAnswer {
        let receipt = self.post(index, &entry_of(question, own));
        match receipt {
            Receipt::Vote(vote) => CompanyAnswer::Vote(vote),
            Receipt::Booked(booked) => CompanyAnswer::Booked(booked),
            Receipt::Promise(promise) => CompanyAnswer::Promise(promise),
            Receipt::Accept(accept) => CompanyAnswer::Accept(accept),
            _ => CompanyAnswer::Done,
        }
    }

    /// One transaction. The tables refuse what the rules must not have allowed.
    fn post(&mut self, index: usize, entry: &Entry) -> Receipt {
        let company = &mut self.companies[index];
        company
            .store
            .pass(Duration::from_millis(self.now - company.passed));
        company.passed = self.now;
        let mut footprint = Footprint::default();
        entry.footprint(company.id, &mut footprint);
        let mut posted = None;
        let mut alarms = Vec::new();
        let mut decide = |rows: &mut Rows| {
            posted = Some(entry.post(rows));
            alarms = std::mem::take(&mut rows.alarms);
        };
        let written = company
            .store
            .transact(&footprint, &mut decide)
            .now_or_never();
        assert_eq!(written, Some(Ok::<(), WriteError>(())), "{entry:?}");
        assert_eq!(alarms, Vec::<String>::new(), "{entry:?}");
        let receipt = posted.expect("the store lets the entry decide");
        for saga in sagas_of(entry) {
            let recorded = read(company.store.recorded(saga));
            self.checker.on_commit(company.id, saga, entry, &recorded);
            self.checker.on_receipt(saga, &receipt);
        }
        receipt
    }

    pub(super) fn on_crash(&mut self, index: usize) {
        if !self.companies[index].up || !self.faulty {
            return;
        }
        self.companies[index].up = false;
        self.checker.seen.crashes += 1;
        self.drivers.retain(|_, running| running.at != index);
        self.at_random(6_000, Happening::Restart(index));
    }

    pub(super) fn on_restart(&mut self, index: usize) {
        let company = &mut self.companies[index];
        if company.up {
            return;
        }
        company.up = true;
        company.ready = false;
        self.recover(index, Duration::ZERO);
        self.at_random(1_000, Happening::Ready(index));
    }

    fn recover(&mut self, index: usize, age: Duration) {
        let company = &mut self.companies[index];
        company
            .store
            .pass(Duration::from_millis(self.now - company.passed));
        company.passed = self.now;
        for saga in read(company.store.unfinished(node_of(company.id), age, LIMIT)) {
            if !self.is_driven(saga.saga, index) {
                self.checker.seen.recoveries += 1;
                self.drive(index, saga, Origin::Recovery);
            }
        }
    }

    pub(super) fn on_look(&mut self, index: usize) {
        // the watcher leaves a saga alone for a while after each try
        if self.companies[index].up && self.random.bool() {
            self.recover(index, IN_DOUBT_AFTER);
        }
        self.after(LOOK_EVERY, Happening::Look(index));
    }

    pub(super) fn on_pull(&mut self, index: usize) {
        for peer in 0..self.companies.len() {
            let both_up = self.companies[index].up && self.companies[peer].up;
            if peer != index && both_up && !self.chance(30) {
                self.pull(index, peer);
            }
        }
        self.after(PULL_EVERY, Happening::Pull(index));
    }

    fn pull(&mut self, index: usize, peer: usize) {
        let from = &self.companies[peer];
        let cursors = read(self.companies[index].store.cursors());
        let after = cursors.get(&from.id).map_or(0, |cursor| cursor.seq);
        let (seqs, rows): (Vec<i64>, Vec<Replicated>) =
            read(from.store.outbox(after, LIMIT)).into_iter().unzip();
        let Some(seq) = seqs.last().copied() else {
            return;
        };
        let incarnation = from.store.incarnation();
        let cursor = Some((from.id, OutboxCursor { incarnation, seq }));
        self.post(index, &Entry::Merge { rows, cursor });
    }

    pub(super) fn on_heal(&mut self) {
        self.faulty = false;
        self.leases.away = false;
        self.leases.forget();
        for index in 0..self.companies.len() {
            self.on_restart(index);
        }
    }
}

fn entry_of(question: Question, own: bool) -> Entry {
    match question {
        Question::Prepare(prepare) => Entry::Prepare {
            idempotency: own.then(|| key(prepare.saga)),
            prepare,
            lost: None,
        },
        Question::Book(prepare) => Entry::Book {
            idempotency: own.then(|| key(prepare.saga)),
            prepare,
            lost: None,
        },
        Question::Promise {
            key,
            acceptors,
            ballot,
        } => Entry::Promise {
            key,
            acceptors,
            ballot,
        },
        Question::Accept {
            key,
            acceptors,
            ballot,
            value,
        } => Entry::Accept {
            key,
            acceptors,
            ballot,
            value,
        },
        Question::Confirm { saga, hash } => Entry::Confirm { saga, hash },
        Question::Release {
            saga,
            seats,
            reason,
        } => Entry::Release {
            saga,
            seats,
            reason,
        },
    }
}

/// The sagas of which this entry may change what is recorded.
fn sagas_of(entry: &Entry) -> Vec<SagaId> {
    match entry {
        Entry::Prepare { prepare, .. } | Entry::Book { prepare, .. } => vec![prepare.saga],
        Entry::Confirm { saga, .. } | Entry::Release { saga, .. } => vec![*saga],
        Entry::Promise {
            key: Key::Saga(saga),
            ..
        } => vec![*saga],
        Entry::Accept {
            key: Key::Saga(saga),
            ..
        } => vec![*saga],
        Entry::Settle(decision, _) => vec![decision.saga],
        Entry::Cancel { ticket, .. } => vec![*ticket],
        Entry::Merge { rows, .. } => {
            let ticket = |row: &Replicated| match row {
                Replicated::Ticket(ticket) => Some(ticket.id),
                Replicated::User(_) => None,
            };
            rows.iter().filter_map(ticket).collect()
        }
        _ => Vec::new(),
    }
}

fn key(saga: SagaId) -> Idempotency {
    Idempotency {
        key: saga.to_string(),
        fingerprint: [0; 32],
    }
}
