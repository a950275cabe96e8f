//! What one company's node does: answers questions through its ledger, recovers, watches, replicates, dies.

use std::time::Duration;

use super::*;

impl World {
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
    pub(super) fn post(&mut self, index: usize, entry: &Entry) -> Receipt {
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
        let driven = self.driven_by(index);
        self.recover(index, driven);
        self.at_random(1_000, Happening::Ready(index));
    }

    fn driven_by(&mut self, index: usize) -> Vec<Unfinished> {
        let company = &mut self.companies[index];
        company
            .store
            .pass(Duration::from_millis(self.now - company.passed));
        company.passed = self.now;
        read(company.store.unfinished(node_of(company.id), LIMIT))
    }

    fn recover(&mut self, index: usize, sagas: Vec<Unfinished>) {
        for saga in sagas {
            if !self.is_driven(saga.saga, index) {
                self.checker.seen.recoveries += 1;
                self.drive(index, saga, Origin::Recovery);
            }
        }
    }

    pub(super) fn on_look(&mut self, index: usize) {
        // the watcher leaves a saga alone for a while after each try
        if self.companies[index].up && self.random.bool() {
            let driven = self.driven_by(index);
            self.recover(index, driven);
            let store = &self.companies[index].store;
            let undecided = read(store.undecided(LIMIT));
            self.recover(index, undecided);
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
