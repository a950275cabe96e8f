//! Names on a ticket that were misspelt, corrected by its owner: a few letters, and never another person.

use passcom_actors::domain::corrections::{Corrected, LETTERS_MAX};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::desk::NotCorrected;

use super::super::passengers::spelt;
use super::super::{Client, RETRY};
use super::cancellation::is_seat;
use super::view::{named_wholly, shown};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, post};
use crate::wire;
use crate::wire::field::NAMES;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] =
    &[post("/passagens/{uuid}/nomes", |client, call| {
        Box::pin(correct(client, call))
    })];

async fn correct(client: &Client, call: Call) -> Answered {
    let ticket = named_wholly(client, &call).await?;
    let body: wire::NamesBody = call.json()?;
    let names = wanted(&ticket, &body.names.unwrap_or_default())?;
    let (_, caller) = client.with_proof(&call).await?;
    let corrected = client.desk.correct(&ticket, &names, &caller).await;
    let ticket = corrected.map_err(refused)?;
    Ok(Answer::json(&shown(client, &ticket, call.language)))
}

/// At least one seat of the ticket, each once, with the name as it is kept.
fn wanted(ticket: &Ticket, given: &[wire::SeatName]) -> Result<Vec<(SeatRef, String)>, Problem> {
    let mut names: Vec<(SeatRef, String)> = Vec::with_capacity(given.len());
    for (index, one) in given.iter().enumerate() {
        let name = spelt(NAMES, index, one.name.as_deref().unwrap_or_default())?;
        let mut seats = ticket.order.legs.iter().map(|leg| leg.seat);
        let company = one.company.parse().ok();
        let seat = seats.find(|seat| company.is_some() && is_seat(*seat, company, one.seat));
        let seat = seat.filter(|seat| names.iter().all(|(known, _)| known != seat));
        names.push((seat.ok_or_else(|| no_seat(index))?, name));
    }
    if names.is_empty() {
        return Err(Problem::invalid(
            format!("{NAMES} deve ter ao menos um assento"),
            format!("{NAMES} must have a seat at least"),
        ));
    }
    Ok(names)
}

fn no_seat(index: usize) -> Problem {
    Problem::invalid(
        format!("{NAMES}[{index}] não é um assento desta passagem, ou aparece duas vezes"),
        format!("{NAMES}[{index}] is no seat of this ticket, or is there twice"),
    )
}

fn refused(why: NotCorrected) -> Problem {
    let NotCorrected::Not(why) = why else {
        return Problem::from(Kind::OutcomeUnknown).retry_after(RETRY);
    };
    let (portuguese, english, seat) = match why {
        Corrected::Another(seat) => (
            format!(
                "o nome pode mudar em até {LETTERS_MAX} letras, contadas a partir do nome comprado"
            ),
            format!(
                "a name may change by up to {LETTERS_MAX} letters, counted from the name that was booked"
            ),
            seat,
        ),
        Corrected::NoSeat(seat) => (
            "este assento está cancelado".to_owned(),
            "this seat is cancelled".to_owned(),
            seat,
        ),
        Corrected::Nobody(seat) => (
            "este assento foi comprado sem nome".to_owned(),
            "this seat was booked without a name".to_owned(),
            seat,
        ),
        Corrected::Left(seat) => (
            "este voo já partiu".to_owned(),
            "this flight has left".to_owned(),
            seat,
        ),
        // none is a refusal
        Corrected::Done | Corrected::NotHere | Corrected::Withheld(_) => {
            return Kind::OutcomeUnknown.into();
        }
    };
    Problem::from(Kind::NotCorrectable)
        .detailed(Text::new(portuguese, english))
        .about(seat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::ticket::travellers::tests::{leg, ticket};

    fn name(company: &str, seat: u64, name: &str) -> wire::SeatName {
        wire::SeatName {
            company: company.to_owned(),
            seat,
            name: Some(name.to_owned()),
        }
    }

    #[test]
    fn a_name_is_of_a_seat_of_the_ticket_and_is_normalised() {
        let one = ticket(vec![leg("b", 2, 7, Some("Ana"))]);
        let seat = one.order.legs[0].seat;
        let id = seat.route.seat(seat.number).get();
        let decomposed = name("b", id, " Ana  Conceic\u{327}a\u{303}o ");
        let names = wanted(&one, &[decomposed]).unwrap();
        assert_eq!(names, [(seat, "Ana Conceição".to_owned())]);
        let wrong = [
            vec![],
            vec![name("a", id, "Ana")],
            vec![name("", id, "Ana")],
            vec![name("b", id + 1, "Ana")],
            vec![name("b", id, "")],
            vec![name("b", id, "Ana"), name("b", id, "Ana")],
        ];
        for given in wrong {
            let kind = wanted(&one, &given).map_err(|problem| problem.kind());
            assert_eq!(kind, Err(Kind::InvalidRequest));
        }
    }

    #[test]
    fn every_refusal_is_told_with_its_seat() {
        let seat = ticket(vec![leg("b", 2, 7, None)]).order.legs[0].seat;
        let problem = |why| refused(NotCorrected::Not(why));
        let another = problem(Corrected::Another(seat));
        assert_eq!(another.kind(), Kind::NotCorrectable);
        assert!(
            another
                .detail(Language::English)
                .contains("up to 3 letters")
        );
        for why in [
            Corrected::NoSeat(seat),
            Corrected::Nobody(seat),
            Corrected::Left(seat),
        ] {
            assert_eq!(problem(why).kind(), Kind::NotCorrectable);
        }
        let unknown = refused(NotCorrected::NotKnownInTime);
        assert_eq!(unknown.kind(), Kind::OutcomeUnknown);
    }
}
