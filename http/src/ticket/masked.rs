//! Documents as tickets show them: enough for their owner to know them again.

use std::sync::Arc;

use passcom_actors::domain::document::{Document, Kind};
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::papers::Papers;
use passcom_actors::domain::ticket::Ticket;

/// The ticket for paper: whoever has a seat, with a masked document where one is known. What an old order says of it is masked as well.
pub(crate) fn masked(ticket: Ticket, papers: Option<&Papers>) -> Ticket {
    let has_old = |leg: &Leg| {
        let passenger = leg.passenger.as_ref();
        passenger.is_some_and(|passenger| passenger.document.is_some())
    };
    if papers.is_none() && !ticket.order.legs.iter().any(has_old) {
        return ticket;
    }
    let mut order = (*ticket.order).clone();
    for leg in &mut order.legs {
        let shown = document(leg, papers).map(|document| line(&document));
        if let Some(passenger) = &mut leg.passenger {
            passenger.document = shown;
        }
    }
    Ticket {
        order: Arc::new(order),
        ..ticket
    }
}

/// Of whoever has this seat.
pub(crate) fn document(leg: &Leg, papers: Option<&Papers>) -> Option<Document> {
    let told = papers.and_then(|papers| papers.of(&leg.seat)?.document.clone());
    let old = leg.passenger.as_ref();
    told.or_else(|| old?.document.as_deref().map(Document::of_text))
}

/// In words that both languages have.
fn line(document: &Document) -> String {
    let masked = document.masked();
    match document.kind() {
        Kind::Cpf => format!("CPF {masked}"),
        Kind::Identity => format!("RG {masked}"),
        // the two letters say that it is a passport's
        Kind::Passport => format!("{} {masked}", document.country().unwrap_or_default()),
        Kind::Unspecified => masked,
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::papers::{Contact, Person, Seated};

    use super::super::travellers::tests::{leg, ticket};
    use super::*;

    #[test]
    fn no_whole_number_is_on_paper() {
        let ana = ticket(vec![leg("a", 1, 7, Some("Ana")), leg("b", 2, 7, None)]);
        let old = masked(ana.clone(), None);
        let shown = |ticket: &Ticket| ticket.order.legs[0].passenger.clone().unwrap().document;
        assert_eq!(shown(&old).as_deref(), Some("CPF ***.456.789-**"));
        let seat = ana.order.legs[0].seat;
        let passport = Document::new(Kind::Passport, "FX123456", Some("BR"));
        let person = Person {
            document: passport.ok(),
            birth: None,
        };
        let papers = Papers::new(vec![Seated { seat, person }], Contact::default());
        let told = masked(ana.clone(), papers.as_ref());
        assert_eq!(shown(&told).as_deref(), Some("BR *****456"));
        assert_eq!(told.order.legs[1], ana.order.legs[1]);
    }
}
