//! What a driver hears and says, as steps that a customer understands. Pure.

use std::collections::BTreeMap;

use super::{Happened, Step};
use crate::domain::ids::CompanyId;
use crate::domain::outcome::Outcome;
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::saga::{ClientAnswer, Effect, Event, NoAnswer};
use crate::domain::vote::{RefusalReason, Vote};

/// What a company was asked last, as far as a customer cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// For its seats: kept until a decision, or (the only company) sold at once.
    Seats {
        at_once: bool,
    },
    /// For its seats, and it was silent.
    SeatsInVain {
        at_once: bool,
    },
    /// It has answered that.
    Answered {
        at_once: bool,
    },
    Confirm,
    Release,
    /// It has done what was decided.
    Done,
}

/// Follows one driver.
#[derive(Debug)]
pub struct Narrator {
    me: CompanyId,
    /// The companies whose seats are booked.
    companies: Vec<CompanyId>,
    asked: BTreeMap<CompanyId, Asked>,
}

impl Narrator {
    pub fn new(me: CompanyId, companies: Vec<CompanyId>) -> Self {
        Self {
            me,
            companies,
            asked: BTreeMap::new(),
        }
    }

    /// Whether some company has the booking on record when this is heard.
    pub fn is_durable(event: &Event) -> bool {
        match event {
            Event::Posted { receipt, .. } => receipt.is_some(),
            Event::Answered { answer, .. } => !matches!(
                answer,
                Err(_)
                    | Ok(CompanyAnswer::Vote(
                        Vote::Mismatch { .. } | Vote::Stale(_) | Vote::Later
                    ))
            ),
            Event::Started | Event::Leased(_) | Event::Wake => false,
        }
    }

    /// What an event means, before the driver takes it.
    pub fn hear(&mut self, event: &Event) -> Option<Happened> {
        match event {
            Event::Started => Some(of_all(Step::Begun, None)),
            Event::Answered { from, answer, .. } => self.hear_answer(*from, answer),
            Event::Leased(_) | Event::Posted { .. } | Event::Wake => None,
        }
    }

    fn hear_answer(
        &mut self,
        from: CompanyId,
        answer: &Result<CompanyAnswer, NoAnswer>,
    ) -> Option<Happened> {
        use Asked::{Answered, Confirm, Done, Release, Seats, SeatsInVain};
        let asked = self.asked.get_mut(&from)?;
        let (now, step, reason) = match (*asked, answer) {
            (Seats { at_once } | SeatsInVain { at_once }, Ok(answer)) => {
                let (step, reason) = word(answer)?;
                (Answered { at_once }, step, reason)
            }
            (Seats { at_once }, Err(_)) => (SeatsInVain { at_once }, Step::Silent, None),
            (Confirm, Ok(CompanyAnswer::Done)) => (Done, Step::Confirmed, None),
            (Release, Ok(CompanyAnswer::Done)) => (Done, Step::Released, None),
            _ => return None,
        };
        *asked = now;
        Some(of(from, step, reason))
    }

    /// What an effect of the driver means.
    pub fn say(&mut self, effect: &Effect) -> Vec<Happened> {
        match effect {
            Effect::Send { to, question, .. } => self.say_question(*to, question),
            Effect::Answer(ClientAnswer::Definite(Outcome::Booked { .. })) => self.say_booked(),
            Effect::Answer(ClientAnswer::Definite(Outcome::Refused(refusal))) => {
                vec![of_all(Step::Decided, Some(refusal.reason))]
            }
            _ => Vec::new(),
        }
    }

    fn say_question(&mut self, to: CompanyId, question: &Question) -> Vec<Happened> {
        let asked = match question {
            Question::Prepare(_) => Asked::Seats { at_once: false },
            Question::Book(_) => Asked::Seats { at_once: true },
            Question::Commit { .. } => Asked::Confirm,
            Question::Release { .. } => Asked::Release,
            Question::AllVoted { .. } | Question::Promise { .. } | Question::Accept { .. } => {
                return Vec::new();
            }
        };
        let again = self.asked.contains_key(&to);
        let for_seats = matches!(asked, Asked::Seats { .. });
        if for_seats && again {
            return Vec::new(); // the same question once more
        }
        // asked for its end again: what it has done stays done
        if self.asked.get(&to) != Some(&Asked::Done) {
            self.asked.insert(to, asked);
        }
        let first = for_seats.then(|| of(to, Step::Asked, None));
        first.into_iter().collect()
    }

    /// Our own seats are sold with the ticket, and those of an only company before it.
    fn say_booked(&mut self) -> Vec<Happened> {
        let mut said = vec![of_all(Step::Decided, None)];
        for company in self.companies.clone() {
            let sold_at_once = matches!(
                self.asked.get(&company),
                Some(
                    Asked::Seats { at_once: true }
                        | Asked::SeatsInVain { at_once: true }
                        | Asked::Answered { at_once: true }
                )
            );
            if company == self.me || sold_at_once {
                self.asked.insert(company, Asked::Done);
                said.push(of(company, Step::Confirmed, None));
            }
        }
        said
    }
}

/// What a company's answer to the question for its seats says, if it says it.
fn word(answer: &CompanyAnswer) -> Option<(Step, Option<RefusalReason>)> {
    match answer {
        CompanyAnswer::Vote(Vote::Yes) => Some((Step::Yes, None)),
        CompanyAnswer::Vote(Vote::No(refusal)) => Some((Step::No, Some(refusal.reason))),
        _ => None,
    }
}

fn of(company: CompanyId, step: Step, reason: Option<RefusalReason>) -> Happened {
    Happened {
        step,
        company: Some(company),
        reason,
    }
}

fn of_all(step: Step, reason: Option<RefusalReason>) -> Happened {
    Happened {
        step,
        company: None,
        reason,
    }
}

#[cfg(test)]
mod tests;
