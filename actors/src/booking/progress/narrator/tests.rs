use super::*;
use crate::domain::fixtures::{HASH, SAGA, company, prepare, seat};
use crate::domain::vote::Refusal;

const TAG: u32 = 1;

/// Company a books seats of a and b; what was told so far, as `company step` and reasons.
struct Story {
    narrator: Narrator,
    told: Vec<String>,
}

impl Story {
    fn begin() -> Self {
        let companies = vec![company("a"), company("b")];
        let mut story = Self {
            narrator: Narrator::new(company("a"), companies),
            told: Vec::new(),
        };
        story.hear(Event::Started);
        story
    }

    fn hear(&mut self, event: Event) {
        let heard = self.narrator.hear(&event);
        self.note(heard);
    }

    fn say(&mut self, effect: Effect) {
        let said = self.narrator.say(&effect);
        self.note(said);
    }

    fn note(&mut self, happened: impl IntoIterator<Item = Happened>) {
        for happened in happened {
            let company = happened.company.map_or("all".to_owned(), |c| c.to_string());
            let reason = happened.reason.map_or(String::new(), |r| format!(" {r:?}"));
            self.told
                .push(format!("{company} {:?}{reason}", happened.step));
        }
    }

    fn ask(&mut self, to: &str, question: Question) {
        let to = company(to);
        self.say(Effect::Send {
            to,
            tag: TAG,
            question,
        });
    }

    fn answer(&mut self, from: &str, answer: Result<CompanyAnswer, NoAnswer>) {
        let from = company(from);
        self.hear(Event::Answered {
            from,
            tag: TAG,
            answer,
        });
    }

    fn end(&mut self, outcome: Outcome) {
        self.say(Effect::Answer(ClientAnswer::Definite(outcome)));
    }
}

fn for_seats() -> Question {
    Question::Prepare(Box::new(prepare(&[seat("a", 1), seat("b", 1)])))
}

fn refusal(reason: RefusalReason) -> Refusal {
    Refusal {
        seat: seat("b", 1),
        reason,
    }
}

const YES: Result<CompanyAnswer, NoAnswer> = Ok(CompanyAnswer::Vote(Vote::Yes));
const DONE: Result<CompanyAnswer, NoAnswer> = Ok(CompanyAnswer::Done);
const BOOKED: Outcome = Outcome::Booked { ticket: SAGA };

#[test]
fn a_booking_is_told_company_by_company() {
    let mut story = Story::begin();
    story.ask("a", for_seats());
    story.ask("b", for_seats());
    story.answer("a", YES);
    story.answer("b", Err(NoAnswer::Silence));
    story.answer("b", Err(NoAnswer::NotSent));
    story.ask("b", for_seats());
    story.answer("b", YES);
    story.answer("b", YES);
    story.end(BOOKED);
    let confirm = Question::Commit {
        saga: SAGA,
        hash: HASH,
        exchanged: None,
    };
    story.ask("b", confirm.clone());
    story.answer("b", DONE);
    story.ask("b", confirm);
    story.answer("b", DONE);
    let told = [
        "all Begun",
        "a Asked",
        "b Asked",
        "a Yes",
        "b Silent",
        "b Yes",
        "all Decided",
        "a Confirmed",
        "b Confirmed",
    ];
    assert_eq!(story.told, told);
}

#[test]
fn a_refusal_says_whose_and_why_and_who_has_let_go() {
    let mut story = Story::begin();
    story.ask("a", for_seats());
    story.ask("b", for_seats());
    let no = Vote::No(refusal(RefusalReason::Sold));
    story.answer("b", Ok(CompanyAnswer::Vote(no)));
    story.end(Outcome::Refused(refusal(RefusalReason::Sold)));
    for company in ["a", "b"] {
        story.ask(
            company,
            Question::Release {
                saga: SAGA,
                seats: vec![seat(company, 1)],
                reason: RefusalReason::Sold,
            },
        );
        story.answer(company, DONE);
    }
    let told = [
        "all Begun",
        "a Asked",
        "b Asked",
        "b No Sold",
        "all Decided Sold",
        "a Released",
        "b Released",
    ];
    assert_eq!(story.told, told);
}

#[test]
fn an_only_company_sells_at_once() {
    let mut story = Story::begin();
    story.narrator = Narrator::new(company("a"), vec![company("b")]);
    story.ask("b", Question::Book(Box::new(prepare(&[seat("b", 1)]))));
    story.answer("b", Ok(CompanyAnswer::Vote(Vote::Yes)));
    story.end(BOOKED);
    let told = [
        "all Begun",
        "b Asked",
        "b Yes",
        "all Decided",
        "b Confirmed",
    ];
    assert_eq!(story.told, told);
}

#[test]
fn only_what_a_company_has_written_is_on_record() {
    let answered = |answer| {
        Narrator::is_durable(&Event::Answered {
            from: company("b"),
            tag: TAG,
            answer,
        })
    };
    assert!(answered(YES) && answered(DONE));
    assert!(!answered(Ok(CompanyAnswer::Vote(Vote::Later))));
    assert!(!answered(Err(NoAnswer::Silence)));
    assert!(!Narrator::is_durable(&Event::Started));
    let posted = |receipt| Narrator::is_durable(&Event::Posted { tag: TAG, receipt });
    assert!(posted(Some(crate::domain::entry::Receipt::Done)) && !posted(None));
}
