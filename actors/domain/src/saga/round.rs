//! One round of the same question to several companies: who was asked, who has not answered, when to ask again.

use std::collections::BTreeMap;

use super::Effect;
use crate::ids::CompanyId;
use crate::question::Question;
use crate::time::{Millis, Timestamp};

/// First and longest wait before asking again.
const BACKOFF_MIN: Millis = Millis(100);
const BACKOFF_MAX: Millis = Millis(2_000);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Round {
    /// Answers to other rounds are not for this one.
    tag: u32,
    waiting: BTreeMap<CompanyId, Ask>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ask {
    question: Question,
    tries: u32,
    /// When to ask again; none while a call is under way.
    again_at: Option<Timestamp>,
}

impl Round {
    pub fn new(tag: u32) -> Self {
        Self {
            tag,
            waiting: BTreeMap::new(),
        }
    }

    pub fn tag(&self) -> u32 {
        self.tag
    }

    pub fn ask(&mut self, to: CompanyId, question: Question, effects: &mut Vec<Effect>) {
        effects.push(Effect::Send {
            to,
            tag: self.tag,
            question: question.clone(),
        });
        self.waiting.insert(
            to,
            Ask {
                question,
                tries: 1,
                again_at: None,
            },
        );
    }

    /// The company answered. False if it was not asked, or has answered before.
    pub fn answered(&mut self, from: CompanyId) -> bool {
        self.waiting.remove(&from).is_some()
    }

    pub fn is_answered_by_all(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn missing(&self) -> impl Iterator<Item = CompanyId> + '_ {
        self.waiting.keys().copied()
    }

    /// No call is under way: every company that was asked has answered, or will not answer until it is asked again.
    pub fn is_put_off(&self) -> bool {
        self.waiting.values().all(|ask| ask.again_at.is_some())
    }

    /// No answer, or "not now": ask again later.
    pub fn put_off(&mut self, from: CompanyId, now: Timestamp) {
        if let Some(ask) = self.waiting.get_mut(&from) {
            let wait = BACKOFF_MIN.0 << ask.tries.min(8).saturating_sub(1);
            ask.again_at = Some(now + Millis(wait.min(BACKOFF_MAX.0)));
        }
    }

    /// Asks those companies again whose time has come.
    pub fn on_wake(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for (to, ask) in &mut self.waiting {
            if ask.again_at.is_some_and(|at| at <= now) {
                ask.again_at = None;
                ask.tries += 1;
                effects.push(Effect::Send {
                    to: *to,
                    tag: self.tag,
                    question: ask.question.clone(),
                });
            }
        }
    }

    pub fn next_wake(&self) -> Option<Timestamp> {
        self.waiting.values().filter_map(|ask| ask.again_at).min()
    }
}
