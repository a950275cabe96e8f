//! A customer's hold: seats kept at a fixed price until the customer confirms, gives them up, or the time is over.

use std::collections::BTreeMap;

use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, UserId};
use passcom_actors::domain::order::{Passenger, SeatRef};
use passcom_actors::people::desk::{
    BookAnswer, BookRequest, BookingStatus, ConfirmAnswer, ExtendAnswer, Outcome, ReleaseAnswer,
    Wait, WantedSeat,
};

use super::bookings::{self, company_down, not_known_in_time, not_shown, wait};
use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, delete, get, post};
use crate::wire;
use crate::wire::field::{DOCUMENT, NAME, PASSENGERS};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    post("/retencoes", |client, call| Box::pin(hold(client, call))),
    get("/retencoes", |client, call| Box::pin(list(client, call))),
    get("/retencoes/{uuid}", |client, call| {
        Box::pin(show(client, call))
    }),
    post("/retencoes/{uuid}/confirmar", |client, call| {
        Box::pin(confirm(client, call))
    }),
    post("/retencoes/{uuid}/estender", |client, call| {
        Box::pin(extend(client, call))
    }),
    delete("/retencoes/{uuid}", |client, call| {
        Box::pin(release(client, call))
    }),
];

const NAME_CHARS_MAX: usize = 120;
const DOCUMENT_CHARS_MAX: usize = 32;
const RELEASED: Text = Text::fixed("Retenção liberada", "The hold was released");

async fn hold(client: &Client, call: Call) -> Answered {
    let user = client.user(&call)?;
    let body: wire::HoldBody = call.json()?;
    let seats = bookings::seats(&body.seats.unwrap_or_default())?;
    let request = BookRequest {
        user,
        seats: seated(&seats, &body.passengers.unwrap_or_default())?,
        idempotency: bookings::idempotency(&call)?,
        hold_seconds: Some(client.desk.hold_seconds()),
    };
    match client.desk.book(request, Wait::ForAnswer).await {
        BookAnswer::Definite(Outcome::Held { hold }) => {
            let status = client.desk.booking(user, hold).await;
            // it is held; what its terms are is not known in time
            let status = status.map_err(|_| not_known_in_time(hold))?;
            Ok(view(client, &status)?.created(&format!("/retencoes/{hold}")))
        }
        answer => bookings::answer(answer, call.language),
    }
}

async fn list(client: &Client, call: Call) -> Answered {
    let user = client.user(&call)?;
    let holds = client.desk.holds(user).await;
    let now = client.desk.clock().wall_ms();
    let open = holds.open.iter();
    let open = open.filter_map(|status| wire::Hold::new(status, now));
    let shown = wire::Holds {
        holds: open.collect(),
    };
    Ok(Answer::json(&shown).without(&holds.unreachable))
}

async fn show(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call)?;
    let status = client.desk.hold(user, hold).await;
    let status = status.map_err(|why| not_shown(why, Kind::UnknownHold))?;
    view(client, &status)
}

async fn confirm(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call)?;
    match client.desk.confirm(user, hold, wait(&call)).await {
        ConfirmAnswer::NotFound => Err(Kind::UnknownHold.into()),
        ConfirmAnswer::Ended => Err(Kind::HoldExpired.into()),
        ConfirmAnswer::Answered(answer) => bookings::answer(answer, call.language),
    }
}

async fn extend(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call)?;
    match client.desk.extend(user, hold).await {
        ExtendAnswer::NotFound => Err(Kind::UnknownHold.into()),
        ExtendAnswer::Ended => Err(Kind::HoldExpired.into()),
        ExtendAnswer::Booked => Err(Problem::from(Kind::AlreadyBooked).about(hold)),
        ExtendAnswer::AtLimit => Err(Kind::HoldAtLimit.into()),
        ExtendAnswer::NotExtended(company) => Err(company_down(company)),
        ExtendAnswer::Extended(status) => view(client, &status),
    }
}

async fn release(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call)?;
    match client.desk.release(user, hold).await {
        ReleaseAnswer::Released => Ok(Answer::json(&wire::Message {
            message: RELEASED.to(call.language),
        })),
        ReleaseAnswer::NotFound => Err(Kind::UnknownHold.into()),
        ReleaseAnswer::Booked => Err(Problem::from(Kind::AlreadyBooked).about(hold)),
        ReleaseAnswer::StillRunning(hold) => Err(Problem::from(Kind::StillRunning)
            .about(hold)
            .retry_after(RETRY)),
        ReleaseAnswer::NotKnownInTime(hold) => Err(not_known_in_time(hold)),
    }
}

fn named(client: &Client, call: &Call) -> Result<(UserId, SagaId), Problem> {
    let user = client.user(call)?;
    let hold = call.uuid(0).ok_or(Kind::UnknownHold)?;
    Ok((user, SagaId(hold)))
}

fn view(client: &Client, status: &BookingStatus) -> Answered {
    let now = client.desk.clock().wall_ms();
    let hold = wire::Hold::new(status, now).ok_or(Kind::UnknownHold)?;
    Ok(Answer::json(&hold))
}

/// Who sits where: one passenger per seat, or one per traveller, who has the same place in the row of each leg's seats.
fn seated(seats: &[SeatRef], passengers: &[wire::Passenger]) -> Result<Vec<WantedSeat>, Problem> {
    if passengers.is_empty() {
        return Ok(seats.iter().copied().map(WantedSeat::from).collect());
    }
    let passengers = passengers.iter().enumerate();
    let passengers = passengers.map(|(index, given)| passenger(index, given));
    let passengers: Vec<Passenger> = passengers.collect::<Result<_, _>>()?;
    let per_seat = passengers.len() == seats.len();
    let mut on_leg: BTreeMap<(CompanyId, RouteId), usize> = BTreeMap::new();
    let mut seated = Vec::with_capacity(seats.len());
    for (index, seat) in seats.iter().enumerate() {
        let place = on_leg.entry((seat.company, seat.route)).or_default();
        let traveller = if per_seat { index } else { *place };
        *place += 1;
        let passenger = passengers.get(traveller).cloned();
        seated.push(WantedSeat {
            seat: *seat,
            passenger: Some(passenger.ok_or_else(too_few)?),
        });
    }
    let travellers = on_leg.values().max().copied().unwrap_or_default();
    if per_seat || travellers == passengers.len() {
        Ok(seated)
    } else {
        Err(too_few())
    }
}

fn too_few() -> Problem {
    Problem::invalid(
        format!("{PASSENGERS}: informe um passageiro por assento, ou um por viajante"),
        format!("{PASSENGERS}: give one passenger per seat, or one per traveller"),
    )
}

fn passenger(index: usize, given: &wire::Passenger) -> Result<Passenger, Problem> {
    let name = given.name.as_deref().unwrap_or_default().trim();
    let name = bounded(index, NAME, name, NAME_CHARS_MAX)?;
    let document = given.document.as_deref().map(str::trim);
    let document = document.filter(|document| !document.is_empty());
    let document = document
        .map(|document| bounded(index, DOCUMENT, document, DOCUMENT_CHARS_MAX))
        .transpose()?;
    Ok(Passenger { name, document })
}

/// 1 to `max` characters, none of them a control character.
fn bounded(index: usize, field: &str, text: &str, max: usize) -> Result<String, Problem> {
    let fits = (1..=max).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(
        format!("{PASSENGERS}[{index}].{field} deve ter de 1 a {max} caracteres"),
        format!("{PASSENGERS}[{index}].{field} must have 1 to {max} characters"),
    ))
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::SeatNumber;

    use super::*;

    fn seat(route: u64, number: u16) -> SeatRef {
        SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(route),
            number: SeatNumber(number),
        }
    }

    fn people(names: &[&str]) -> Vec<wire::Passenger> {
        let person = |name: &&str| wire::Passenger {
            name: Some((*name).to_owned()),
            document: None,
        };
        names.iter().map(person).collect()
    }

    fn names(seats: &[SeatRef], given: &[&str]) -> Result<Vec<String>, Kind> {
        let seated = seated(seats, &people(given)).map_err(|problem| problem.kind())?;
        let name = |seat: WantedSeat| seat.passenger.map(|passenger| passenger.name);
        Ok(seated.into_iter().filter_map(name).collect())
    }

    #[test]
    fn a_passenger_is_per_seat_or_per_traveller() {
        let trip = [seat(1, 1), seat(1, 2), seat(2, 7), seat(2, 8)];
        let ok = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names(&trip, &[]), ok(&[]));
        assert_eq!(
            names(&trip, &["Ana", "Bia"]),
            ok(&["Ana", "Bia", "Ana", "Bia"])
        );
        assert_eq!(
            names(&trip, &["A", "B", "C", "D"]),
            ok(&["A", "B", "C", "D"])
        );
        assert_eq!(names(&trip[..1], &["Ana"]), ok(&["Ana"]));
        for wrong in [&["Ana"][..], &["A", "B", "C"], &["A"; 5]] {
            assert_eq!(names(&trip, wrong), Err(Kind::InvalidRequest));
        }
    }

    #[test]
    fn who_travels_out_and_back_is_named_once() {
        // out by a connection, back by another way and from elsewhere: legs need not connect
        let mut trip = Vec::new();
        for route in [4, 9, 2, 7] {
            trip.extend([seat(route, 11), seat(route, 12)]);
        }
        let both = ["Ana", "Bia"].repeat(4);
        let both: Vec<String> = both.into_iter().map(str::to_owned).collect();
        assert_eq!(names(&trip, &["Ana", "Bia"]), Ok(both));
    }

    #[test]
    fn a_name_has_its_bounds() {
        for wrong in ["", "  ", "a\nb", &"x".repeat(NAME_CHARS_MAX + 1)] {
            assert_eq!(
                names(&[seat(1, 1)], &[wrong]),
                Err(Kind::InvalidRequest),
                "{wrong}"
            );
        }
        assert!(names(&[seat(1, 1)], &[&"é".repeat(NAME_CHARS_MAX)]).is_ok());
    }
}
