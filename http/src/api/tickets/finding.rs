//! A booking by its six letters and a surname, for who has no login at hand.
//!
//! What is looked for travels in the body, so that no log and no history of a browser has it. Whatever is not found is answered alike, whether
//! it is the letters, the surname or the day that nobody has.

use std::num::NonZeroU32;

use jiff::civil::Date;
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::ticket::Ticket;

use super::super::{Client, too_many};
use super::view::shown;
use crate::answer::{Answer, Answered};
use crate::api::accounts::present;
use crate::call::Call;
use crate::clock;
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, post};
use crate::wire;
use crate::wire::field::{LOCATOR, SURNAME};
use crate::wire::query::DATE;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] =
    &[post("/passagens/procurar", |client, call| {
        Box::pin(find(client, call))
    })];

/// Of one address: who mistypes has a few, and who guesses a common surname needs weeks for a booking.
pub(in crate::api) const TRIES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Longest surname, in characters, as of a whole name.
const SURNAME_LEN_MAX: usize = 120;

/// What is looked for.
#[derive(Debug, PartialEq)]
struct Wanted {
    /// None: six letters that no booking has.
    locator: Option<Locator>,
    surname: String,
    /// Of the first flight, by the clock of where it leaves.
    date: Option<Date>,
}

async fn find(client: &Client, call: Call) -> Answered {
    if let Some(from) = &call.from {
        let check = client.finders.check(from);
        check.map_err(too_many)?;
    }
    let wanted = wanted(&call)?;
    let locator = wanted.locator.ok_or(Kind::BookingNotFound)?;
    let mut found = client.desk.find(locator, &wanted.surname).await?;
    found.retain(|ticket| wanted.date.is_none_or(|date| begins(ticket) == Some(date)));
    match &found[..] {
        [ticket] => {
            let shown = shown(client, ticket, call.language);
            Ok(Answer::json(&shown))
        }
        // two bookings that share letters, surname and day are told to nobody
        _ => Err(Kind::BookingNotFound.into()),
    }
}

fn wanted(call: &Call) -> Result<Wanted, Problem> {
    let body: wire::FindBody = call.json()?;
    let locator = present(LOCATOR, body.locator)?;
    let surname = present(SURNAME, body.surname)?;
    if surname.chars().count() > SURNAME_LEN_MAX {
        return Err(Problem::invalid(
            format!("{SURNAME} deve ter no máximo {SURNAME_LEN_MAX} caracteres"),
            format!("{SURNAME} must have {SURNAME_LEN_MAX} characters at most"),
        ));
    }
    let date = body.date.filter(|date| !date.is_empty());
    let date = date.map(|date| date.parse()).transpose();
    Ok(Wanted {
        locator: locator.parse().ok(),
        surname,
        date: date.map_err(|_| {
            Problem::invalid(
                format!("{DATE} deve ser uma data, AAAA-MM-DD"),
                format!("{DATE} must be a date, YYYY-MM-DD"),
            )
        })?,
    })
}

/// The day on which the trip begins, as it was sold.
fn begins(ticket: &Ticket) -> Option<Date> {
    let legs = ticket.order.legs.iter();
    let first = legs.min_by_key(|leg| leg.departs)?;
    let told = first.offsets.map(|told| told.departs);
    let local = clock::local(first.departs, &first.origin_iata, told);
    local.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;
    use crate::language::Language;
    use crate::ticket::travellers::tests::{leg, ticket};

    fn asked(body: &str) -> Result<Wanted, String> {
        let headers = [("content-type", "application/json")];
        let wanted = wanted(&call("/passagens/procurar", &headers, body.as_bytes()));
        wanted.map_err(|problem| problem.detail(Language::English).to_owned())
    }

    #[test]
    fn letters_and_surname_are_required_and_a_day_may_be_said() {
        let both = asked(r#"{"localizador":"abc-def","sobrenome":"Souza"}"#).unwrap();
        assert_eq!(both.locator.unwrap().to_string(), "ABCDEF");
        assert_eq!((both.surname, both.date), ("Souza".to_owned(), None));
        let body = r#"{"localizador":"ABCDEF","sobrenome":"Souza","data":"2026-11-27"}"#;
        let day = asked(body).unwrap().date.unwrap();
        assert_eq!(day.to_string(), "2026-11-27");
        for (body, expected) in [
            (r#"{"sobrenome":"Souza"}"#, "localizador is required"),
            (r#"{"localizador":"ABCDEF"}"#, "sobrenome is required"),
            (
                r#"{"localizador":"ABCDEF","sobrenome":"Souza","data":"27/11"}"#,
                "data must be a date, YYYY-MM-DD",
            ),
        ] {
            assert_eq!(asked(body), Err(expected.to_owned()));
        }
        // what is no locator is not told from one that nobody has
        let none = asked(r#"{"localizador":"IIIIII","sobrenome":"Souza"}"#).unwrap();
        assert_eq!(none.locator, None);
    }

    #[test]
    fn a_trip_begins_on_the_day_of_its_first_flight_by_the_clock_there() {
        let trip = ticket(vec![leg("a", 30, 7, None), leg("a", 1, 7, None)]);
        let first = trip.order.legs[1].departs;
        let local = clock::local(first, "GRU", None);
        assert_eq!(begins(&trip).unwrap().to_string(), local[..10]);
    }
}
