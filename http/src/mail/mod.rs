//! What customers get by mail: the letters, not how they are sent.
//!
//! * [`words`]: the texts, in the reader's language; [`reset_code`]: the code that brings another password.
//!
//! A letter is made when it is sent, of what is known by then.

use std::sync::Arc;

use passcom_actors::catalogue::Catalogue;
use passcom_actors::domain::accounts::Language;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::ticket::Ticket;
use uuid::Uuid;

use crate::airlines::Airlines;
use crate::ticket::masked::masked;
use crate::ticket::pdf::Form;
use crate::ticket::{calendar, e_ticket};
use crate::token::TokenIssuer;

pub(crate) mod reset_code;
mod words;

/// A letter without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text, lines end with `\n`.
    pub text: String,
    pub attachments: Vec<Attachment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// In ASCII.
    pub name: String,
    pub content_type: &'static str,
    pub content: Vec<u8>,
}

/// A fault of the program; the text is for its log.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("the document: {0}")]
    Document(String),
    #[error("the code: {0}")]
    Code(#[from] jsonwebtoken::errors::Error),
}

/// Writes letters for one company. Cheap to clone.
#[derive(Clone)]
pub struct Letters {
    pub issuer: Arc<TokenIssuer>,
    pub catalogue: Catalogue,
    /// The company's, as customers read it.
    pub name: String,
    pub airlines: Airlines,
    /// Where customers find its page.
    pub public_url: Option<String>,
}

impl Letters {
    /// That a trip is booked, with e-ticket and flights, at this second since 1970. Takes a core for a tenth of a second.
    pub fn booked(
        &self,
        ticket: &Ticket,
        language: Language,
        now: i64,
    ) -> Result<Letter, LetterError> {
        let ticket = &ticket.as_named();
        self.about_ticket(
            words::booked(&self.name, ticket, language),
            ticket,
            language,
            now,
        )
    }

    /// That flights of a ticket are others than when it was bought, with e-ticket and flights as they are now.
    pub fn flights_changed(
        &self,
        ticket: &Ticket,
        language: Language,
        now: i64,
    ) -> Result<Letter, LetterError> {
        let ticket = &ticket.as_named();
        let words = words::flights_changed(&self.name, ticket, language);
        self.about_ticket(words, ticket, language, now)
    }

    /// The code of this id, for whoever wants another password for this login. Where another company is the user's home, no code of ours
    /// is good: the letter says whom to ask.
    pub fn code(
        &self,
        id: Uuid,
        login: &str,
        home: Option<CompanyId>,
        language: Language,
    ) -> Result<Letter, LetterError> {
        let elsewhere = home.filter(|home| *home != self.issuer.company());
        let (subject, text) = match elsewhere {
            Some(home) => {
                let page = self.airlines.page(home);
                let home = self.airlines.name(&home);
                words::code_elsewhere(&self.name, home, login, page, language)
            }
            None => {
                let code = reset_code::shown(reset_code::of(&self.issuer, id)?);
                words::code(
                    &self.name,
                    login,
                    &code,
                    self.public_url.as_deref(),
                    language,
                )
            }
        };
        Ok(Letter {
            subject,
            text,
            attachments: Vec::new(),
        })
    }

    fn about_ticket(
        &self,
        (subject, text): (String, String),
        ticket: &Ticket,
        language: Language,
        now: i64,
    ) -> Result<Letter, LetterError> {
        let labels = |leg: &Leg| e_ticket::label(&self.catalogue, leg);
        // a letter passes through others' hands
        let ticket = &masked(ticket.clone(), None);
        let document = e_ticket::Printing {
            labels: e_ticket::labels(&self.catalogue, ticket),
            issuer: self.issuer.clone(),
            public_url: self.public_url.clone(),
            airlines: self.airlines.clone(),
            form: Form::EachTraveller,
            now,
            ticket: ticket.clone(),
            language,
        };
        let document = document.print();
        let document = document.map_err(|cause| LetterError::Document(cause.to_string()))?;
        let flights = calendar::render(ticket, &labels, language, now);
        let file = |ending: &str, content_type, content| Attachment {
            name: format!("passcom-{}.{ending}", ticket.id),
            content_type,
            content,
        };
        Ok(Letter {
            subject,
            text,
            attachments: vec![
                file("pdf", "application/pdf", document),
                file("ics", "text/calendar; charset=utf-8", flights.into_bytes()),
            ],
        })
    }
}
