//! What reads bytes of strangers here, for the fuzz targets in `chaos/fuzz`. Built for them, and with the tests, so that it keeps up.

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::accounts::Known;
use passcom_actors::people::desk::Checked;

pub use crate::api::fuzzing::{kept, readings};
use crate::ticket::code;
use crate::ticket::travellers::travellers;
use crate::{TokenIssuer, TokenVerifier};

/// A code that was opened.
#[derive(Debug, PartialEq)]
pub struct Opened {
    pub signer: CompanyId,
    /// What was signed, as JSON.
    pub content: String,
    /// Whether all its seats are on the ticket.
    pub is_of_ticket: bool,
    /// What a client is told of it, as JSON, first without the ticket.
    pub told: [String; 2],
}

/// The codes of a ticket's travellers, made at this second since 1970.
pub fn codes(issuer: &TokenIssuer, ticket: &Ticket, now: i64) -> Vec<String> {
    let travellers = travellers(ticket);
    let codes = travellers
        .iter()
        .map(|traveller| code::issue(issuer, ticket, traveller, &[], now));
    codes
        .map(|code| code.expect("the keys are sound"))
        .collect()
}

/// A text as the code of a ticket, held against this ticket at this millisecond since 1970; none if nobody signed it.
pub fn open_code(
    verifier: &TokenVerifier,
    text: &str,
    ticket: &Ticket,
    now_ms: i64,
) -> Option<Opened> {
    let (signer, content) = verifier.open::<code::Content>(text).ok()?;
    let checked = Checked {
        ticket: ticket.clone(),
        told_by: signer,
    };
    let told = [None, Some(&checked)].map(|checked| {
        let told = code::told(signer, &content, checked, &|_| None, now_ms);
        serde_json::to_string(&told).expect("what is told has an encoding")
    });
    Some(Opened {
        signer,
        is_of_ticket: content.is_of(&checked),
        content: serde_json::to_string(&content).expect("what was read has an encoding"),
        told,
    })
}

/// Who a token is of, at this second since 1970; none if it is no good.
pub fn known(verifier: &TokenVerifier, token: &str, now: i64) -> Option<Known> {
    Some(verifier.verify(token, now).ok()?.known)
}
