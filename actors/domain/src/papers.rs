//! What the companies of a trip know of its people beside their names: documents, birth dates, and how to reach who booked.
//!
//! It is no part of an order, which every company that decides and every copy of a ticket has: it travels beside the order, with the request for
//! a vote, to companies with a leg of the trip and to no other, and stays in their own row of the booking. So it is in no hash of an order: an order
//! with papers and without is the same order. (That a retry with other papers is another request is told by the client's key, whose
//! fingerprint covers the whole request.)

use serde::{Deserialize, Serialize};

use super::birth::Birth;
use super::document::{Document, Kind};
use super::ids::CompanyId;
use super::order::{Leg, Order, Passenger, SeatRef};

/// What is told of one person beside the name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    pub document: Option<Document>,
    pub birth: Option<Birth>,
}

/// How to reach who booked. Its `Debug` does not say.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Contact {
    pub email: Option<String>,
    /// As [`super::phone::e164`] has it.
    pub phone: Option<String>,
}

/// Who has this seat of the order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seated {
    pub seat: SeatRef,
    pub person: Person,
}

/// All that was told beside an order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Papers {
    /// Of seats of whose passengers something was told, in the order's order.
    pub people: Vec<Seated>,
    pub contact: Contact,
}

/// What a company asks to be told of whoever it carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requires {
    /// One whose number can be checked.
    pub document: bool,
    pub birth: bool,
}

/// What of a person a company asks for, and was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    pub document: bool,
    pub birth: bool,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact")
    }
}

impl Contact {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Requires {
    /// None: it has all.
    pub fn lacking(self, person: &Person) -> Option<Lacking> {
        let told = person.document.as_ref();
        let told = told.is_some_and(|document| document.kind() != Kind::Unspecified);
        let lacking = Lacking {
            document: self.document && !told,
            birth: self.birth && person.birth.is_none(),
        };
        (lacking.document || lacking.birth).then_some(lacking)
    }
}

impl Papers {
    /// None where nothing was told.
    pub fn new(people: Vec<Seated>, contact: Contact) -> Option<Self> {
        let told = |seated: &Seated| seated.person != Person::default();
        let people: Vec<Seated> = people.into_iter().filter(told).collect();
        (!people.is_empty() || !contact.is_empty()).then_some(Self { people, contact })
    }

    pub fn of(&self, seat: &SeatRef) -> Option<&Person> {
        let found = self.people.iter().find(|seated| seated.seat == *seat);
        found.map(|seated| &seated.person)
    }
}

/// Whether a company may have the papers of this order: it carries somebody. One that is only asked because seats of its own are
/// exchanged does not.
pub fn is_for(order: &Order, company: CompanyId) -> bool {
    order.legs.iter().any(|leg| leg.seat.company == company)
}

/// The first seat of this company of whose passenger it is not told what it asks for, or not even the name.
pub fn first_lacking(
    order: &Order,
    papers: Option<&Papers>,
    company: CompanyId,
    requires: Requires,
) -> Option<SeatRef> {
    let own = order.legs.iter().filter(|leg| leg.seat.company == company);
    let nobody = Person::default();
    let lacks = |leg: &&Leg| {
        let person = papers.and_then(|papers| papers.of(&leg.seat));
        let passenger = leg.passenger.as_ref();
        passenger.is_some_and(Passenger::is_withheld)
            || requires.lacking(person.unwrap_or(&nobody)).is_some()
    };
    own.filter(lacks).map(|leg| leg.seat).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{company, order, seat};

    const DOCUMENT: Requires = Requires {
        document: true,
        birth: false,
    };

    fn person(document: &str) -> Person {
        Person {
            document: Some(Document::of_text(document)),
            birth: None,
        }
    }

    fn papers(of: &[(SeatRef, &str)]) -> Option<Papers> {
        let people = of.iter().map(|(seat, document)| Seated {
            seat: *seat,
            person: person(document),
        });
        Papers::new(people.collect(), Contact::default())
    }

    #[test]
    fn nothing_told_is_no_papers() {
        let nobody = Seated {
            seat: seat("a", 1),
            person: Person::default(),
        };
        assert_eq!(Papers::new(vec![nobody], Contact::default()), None);
        let contact = Contact {
            phone: Some("+5511912345678".to_owned()),
            ..Contact::default()
        };
        let papers = Papers::new(Vec::new(), contact).unwrap();
        assert!(!format!("{papers:?}").contains("91234"));
    }

    #[test]
    fn a_company_is_told_what_it_asks_for_of_its_own_seats() {
        let (ours, theirs) = (seat("a", 1), seat("b", 1));
        let order = order(&[ours, theirs]);
        let lacks = |papers: Option<&Papers>, code, requires| {
            first_lacking(&order, papers, company(code), requires)
        };
        assert_eq!(lacks(None, "a", Requires::default()), None);
        assert_eq!(lacks(None, "a", DOCUMENT), Some(ours));
        let told = papers(&[(ours, "123.456.789-09")]);
        assert_eq!(lacks(told.as_ref(), "a", DOCUMENT), None);
        assert_eq!(lacks(told.as_ref(), "b", DOCUMENT), Some(theirs));
        assert_eq!(
            lacks(told.as_ref(), "c", DOCUMENT),
            None,
            "it carries nobody"
        );
        let birth = Requires {
            birth: true,
            ..Requires::default()
        };
        assert_eq!(lacks(told.as_ref(), "a", birth), Some(ours));
        // what cannot be checked is no document for who asks for one
        let unchecked = papers(&[(ours, "anything")]);
        assert_eq!(lacks(unchecked.as_ref(), "a", DOCUMENT), Some(ours));
    }

    #[test]
    fn papers_are_for_who_carries_somebody() {
        let order = order(&[seat("a", 1), seat("b", 1)]);
        assert!(is_for(&order, company("a")) && is_for(&order, company("b")));
        assert!(!is_for(&order, company("c")));
    }
}
