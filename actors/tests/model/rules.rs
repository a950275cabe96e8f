//! The only door to the code under test: a ledger entry posted to a company, an event told to a driver, a saga taken
//! up.
//!
//! A seeded bug lives in these three doors and nowhere else. It changes what goes in or comes out as if the code had
//! the bug, so the product needs no switch for it.

use std::sync::atomic::{AtomicBool, Ordering};

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::saga::{Driver, Effect, Event, Start};
use passcom_actors::domain::time::Timestamp;

use crate::audit::{Breach, audited};
use crate::bugs::Bug;
use crate::company::Company;

pub struct Rules {
    pub bug: Option<Bug>,
    /// The bug has changed something.
    bitten: AtomicBool,
}

impl Rules {
    pub fn new(bug: Option<Bug>) -> Self {
        Self {
            bug,
            bitten: AtomicBool::new(false),
        }
    }

    pub fn has_bitten(&self) -> bool {
        self.bitten.load(Ordering::Relaxed)
    }

    /// One transaction, audited. No receipt: the database refused it.
    pub fn post(&self, company: &Company, entry: &Entry) -> (Company, Option<Receipt>) {
        let (mut found, mut posted) = (company.clone(), entry.clone());
        if let Some(bug) = self.bug {
            bug.before_post(&mut found, &mut posted);
            self.notice(found != *company || posted != *entry);
        }
        let Some((mut after, mut receipt, alarms)) = found.post(&posted) else {
            let mut after = company.clone();
            after.audit.breaches.insert(Breach::TwoOwners);
            return (after, None);
        };
        if let Some(bug) = self.bug {
            let (tables, told) = (after.clone(), receipt.clone());
            bug.after_post(company, entry, &mut after, &mut receipt);
            self.notice(after != tables || receipt != told);
        }
        let after = audited(company, after, entry, &receipt, alarms);
        (after, Some(receipt))
    }

    /// Tells a driver an event and collects its effects.
    pub fn step(&self, driver: &mut Driver, now: Timestamp, event: &Event) -> Vec<Effect> {
        let Some(bug) = self.bug else {
            return driver.step(now, event.clone());
        };
        let told = bug.told(event);
        self.notice(told.as_slice() != std::slice::from_ref(event));
        let before = driver.clone();
        let effects = told
            .into_iter()
            .flat_map(|event| driver.step(now, event))
            .collect::<Vec<_>>();
        let done = bug.done(&before, event, effects.clone());
        self.notice(done != effects);
        done
    }

    pub fn start(&self, start: Start) -> Start {
        let Some(bug) = self.bug else {
            return start;
        };
        let started = bug.start(start.clone());
        self.notice(started != start);
        started
    }

    /// What the bug does to a company without being asked.
    pub fn misbehave(&self, company: &Company) -> Option<Company> {
        let changed = self.bug?.misbehave(company)?;
        self.notice(true);
        Some(changed)
    }

    fn notice(&self, changed: bool) {
        if changed {
            self.bitten.store(true, Ordering::Relaxed);
        }
    }
}
