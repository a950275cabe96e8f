//! People as clients tell and read them: documents, birth dates, how to reach who books, and passengers that are kept for the next booking.

use passcom_actors::domain::document::{Document, Kind};
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::papers::{Papers, Person};
use passcom_actors::people::desk::Lack;
use passcom_actors::people::saved::SavedPassenger;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Passenger {
    #[serde(rename = "nome")]
    pub name: Option<String>,
    #[serde(rename = "documento")]
    pub document: Option<GivenDocument>,
    #[serde(rename = "nascimento")]
    pub birth: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum GivenDocument {
    /// Of the old contract, which knows of no kinds.
    Text(String),
    Told {
        /// None of one that is told back as it was kept, and was given as a text.
        #[serde(rename = "tipo")]
        kind: Option<GivenKind>,
        #[serde(rename = "numero")]
        number: String,
        #[serde(rename = "pais")]
        country: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) enum GivenKind {
    #[serde(rename = "cpf")]
    Cpf,
    #[serde(rename = "passaporte")]
    Passport,
    #[serde(rename = "rg")]
    Identity,
}

impl From<GivenKind> for Kind {
    fn from(given: GivenKind) -> Self {
        match given {
            GivenKind::Cpf => Self::Cpf,
            GivenKind::Passport => Self::Passport,
            GivenKind::Identity => Self::Identity,
        }
    }
}

/// What a kind is called; none where a client has not said.
pub(super) fn kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Cpf => Some("cpf"),
        Kind::Passport => Some("passaporte"),
        Kind::Identity => Some("rg"),
        Kind::Unspecified => None,
    }
}

/// How to reach who books.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct GivenContact {
    pub email: Option<String>,
    #[serde(rename = "telefone")]
    pub phone: Option<String>,
}

/// Passengers to be kept in place of those that were. A body that does not name them has forgotten them: it forgets nobody.
#[derive(Deserialize)]
pub(crate) struct SavedBody {
    #[serde(rename = "passageiros")]
    pub passengers: Vec<Passenger>,
}

#[derive(Serialize)]
pub(crate) struct Saved<'a> {
    #[serde(rename = "passageiros")]
    pub passengers: Vec<SavedPerson<'a>>,
}

/// Whole: for its owner only.
#[derive(Serialize)]
pub(crate) struct SavedPerson<'a> {
    #[serde(rename = "nome")]
    name: &'a str,
    #[serde(flatten)]
    person: Told<'a>,
}

/// What was told of one person, whole.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "documento", skip_serializing_if = "Option::is_none")]
    document: Option<WholeDocument<'a>>,
    #[serde(rename = "nascimento", skip_serializing_if = "Option::is_none")]
    birth: Option<String>,
}

#[derive(Serialize)]
struct WholeDocument<'a> {
    #[serde(rename = "tipo", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "numero")]
    number: &'a str,
    #[serde(rename = "pais", skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
}

impl<'a> From<&'a SavedPassenger> for SavedPerson<'a> {
    fn from(saved: &'a SavedPassenger) -> Self {
        Self {
            name: &saved.name,
            person: Told::from(&saved.person),
        }
    }
}

impl<'a> From<&'a Person> for Told<'a> {
    fn from(person: &'a Person) -> Self {
        let document = |document: &'a Document| WholeDocument {
            kind: kind(document.kind()),
            number: document.number(),
            country: document.country(),
        };
        Self {
            document: person.document.as_ref().map(document),
            birth: person.birth.map(|birth| birth.to_string()),
        }
    }
}

/// What this company was told of the people of a ticket, whole: for its owner, who asks for everything.
#[derive(Serialize)]
pub(crate) struct TicketPapers<'a> {
    #[serde(rename = "uuid_passagem")]
    ticket: Uuid,
    #[serde(rename = "pessoas")]
    people: Vec<SeatPapers<'a>>,
    email: Option<&'a str>,
    #[serde(rename = "telefone")]
    phone: Option<&'a str>,
}

#[derive(Serialize)]
struct SeatPapers<'a> {
    company: CompanyId,
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(flatten)]
    person: Told<'a>,
}

impl<'a> TicketPapers<'a> {
    pub fn new(ticket: SagaId, papers: &'a Papers) -> Self {
        let people = papers.people.iter().map(|seated| SeatPapers {
            company: seated.seat.company,
            seat: seated.seat.route.seat(seated.seat.number).get(),
            person: Told::from(&seated.person),
        });
        Self {
            ticket: ticket.0,
            people: people.collect(),
            email: papers.contact.email.as_deref(),
            phone: papers.contact.phone.as_deref(),
        }
    }
}

/// What a company asks to be told of a passenger, and was not: an extension member of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// In the list of the request.
    #[serde(rename = "passageiro")]
    traveller: usize,
    company: CompanyId,
    #[serde(rename = "campos")]
    fields: Vec<&'static str>,
}

impl From<&Lack> for Missing {
    fn from(lack: &Lack) -> Self {
        let fields = [
            (lack.what.document, super::field::DOCUMENT),
            (lack.what.birth, super::field::BIRTH),
        ];
        let fields = fields.into_iter().filter(|(lacks, _)| *lacks);
        Self {
            traveller: lack.traveller,
            company: lack.company,
            fields: fields.map(|(_, field)| field).collect(),
        }
    }
}
