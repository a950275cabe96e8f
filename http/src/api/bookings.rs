//! Booking seats, and asking what became of it.

mod follow;

use passcom_actors::domain::entry::Idempotency;
use passcom_actors::domain::ids::{CompanyId, SagaId, SeatId, UserId};
use passcom_actors::domain::order::{LEGS_MAX, Price, SeatRef};
use passcom_actors::domain::vote::{Refusal, RefusalReason};
use passcom_actors::people::desk::{BookAnswer, BookRequest, Lack, Outcome, Wait, WantedSeat};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::follow::Followed;
use super::contact::contact;
use super::passengers::seated;
use super::{Client, RETRY, RETRY_COMPANY, RETRY_HOLDS};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::events;
use crate::language::{Language, Text};
use crate::router::{Endpoint, get, post};
use crate::wire;
use crate::wire::field::{PASSENGERS, ROUTE, SEAT, SEATS};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    post("/reservar", |client, call| Box::pin(book(client, call))),
    get("/reservas/{uuid}", |client, call| {
        Box::pin(booking(client, call))
    }),
    get("/reservas/{uuid}/eventos", |client, call| {
        Box::pin(follow(client, call))
    }),
];

/// A preference: answer as soon as the booking is begun.
const RESPOND_ASYNC: &str = "respond-async";
const BOOKED: Text = Text::fixed("Reserva efetuada com sucesso", "Booked");

async fn book(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let body: wire::BookBody = call.json()?;
    check_user(body.user_uuid.as_deref(), user)?;
    let seats = wanted(
        &body.seats.unwrap_or_default(),
        &body.passengers.unwrap_or_default(),
        client.desk.clock().wall_seconds(),
    )?;
    let request = BookRequest {
        user,
        seats,
        idempotency: idempotency(&call)?,
        hold_seconds: None,
        exchange: None,
        contact: contact(body.contact.as_ref())?,
    };
    answer(client.desk.book(request, wait(&call)).await, call.language)
}

async fn booking(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let saga = SagaId(call.uuid(0).ok_or(Kind::UnknownBooking)?);
    let look = client.look(user)?;
    let status = client.desk.booking(user, saga).await;
    let status = client.shown(look, status, Kind::UnknownBooking)?;
    let now = client.desk.clock().wall_ms();
    Ok(Answer::json(&wire::Booking::new(&status, now)))
}

async fn follow(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let saga = SagaId(call.uuid(0).ok_or(Kind::UnknownBooking)?);
    let seen = events::last_seen(&call)?.and_then(|id| id.parse().ok());
    let look = client.look(user)?;
    let followed = Followed::new(&client.desk, user, saga, seen.unwrap_or(0)).await;
    let followed = client.shown(look, followed, Kind::UnknownBooking)?;
    Ok(Answer::events(followed.events()))
}

/// What the client prefers to wait for (RFC 7240).
pub(super) fn wait(call: &Call) -> Wait {
    if call.prefers(RESPOND_ASYNC) {
        Wait::UntilBegun
    } else {
        Wait::ForAnswer
    }
}

/// Old clients name the user in the body; it can only be the token's.
fn check_user(named: Option<&str>, user: UserId) -> Result<(), Problem> {
    match named.map(Uuid::try_parse) {
        None => Ok(()),
        Some(Ok(named)) if named == user.0 => Ok(()),
        Some(_) => Err(Kind::NotYourUser.into()),
    }
}

/// The seats asked for, with who is to sit there and what each is expected to cost. `now`: in seconds since 1970.
pub(super) fn wanted(
    given: &[wire::WantedSeat],
    passengers: &[wire::Passenger],
    now: i64,
) -> Result<Vec<WantedSeat>, Problem> {
    let mut wanted = seated(&seats(given)?, passengers, now)?;
    for (seat, given) in wanted.iter_mut().zip(given) {
        seat.expected = given.price.as_ref().map(|price| Price {
            minor: price.minor,
            currency: price.currency.clone(),
        });
    }
    Ok(wanted)
}

/// The seats asked for: 1 to [`LEGS_MAX`], each once, each of the leg it is said to be of.
fn seats(wanted: &[wire::WantedSeat]) -> Result<Vec<SeatRef>, Problem> {
    if wanted.is_empty() {
        return Err(Problem::invalid(
            format!("{SEATS} não pode ser vazio"),
            format!("{SEATS} must not be empty"),
        ));
    }
    if wanted.len() > LEGS_MAX {
        return Err(Problem::invalid(
            format!("{SEATS} passa de {LEGS_MAX} assentos"),
            format!("{SEATS} has more than {LEGS_MAX} seats"),
        ));
    }
    let mut seats = Vec::with_capacity(wanted.len());
    for (index, wanted) in wanted.iter().enumerate() {
        let seat = seat(index, wanted)?;
        if seats.contains(&seat) {
            return Err(Problem::invalid(
                format!("{SEATS}[{index}]: assento repetido"),
                format!("{SEATS}[{index}]: the seat is named twice"),
            )
            .about(seat));
        }
        seats.push(seat);
    }
    Ok(seats)
}

fn seat(index: usize, wanted: &wire::WantedSeat) -> Result<SeatRef, Problem> {
    let company: CompanyId = wanted.company.parse().map_err(|_| Kind::UnknownCompany)?;
    match SeatId::new(wanted.seat) {
        Ok(seat) if seat.route().0 == wanted.route => Ok(SeatRef {
            company,
            route: seat.route(),
            number: seat.number(),
        }),
        _ => Err(Problem::invalid(
            format!("{SEATS}[{index}]: {SEAT} não pertence a {ROUTE}"),
            format!("{SEATS}[{index}]: {SEAT} is not a seat of {ROUTE}"),
        )),
    }
}

pub(super) fn idempotency(call: &Call) -> Result<Option<Idempotency>, Problem> {
    let key = call.idempotency_key()?;
    Ok(key.map(|key| Idempotency {
        key: key.to_owned(),
        fingerprint: fingerprint(call),
    }))
}

/// Neither a method nor a path has a line break, so no two requests are written the same.
fn fingerprint(call: &Call) -> [u8; 32] {
    Sha256::new()
        .chain_update(call.method.as_str())
        .chain_update("\n")
        .chain_update(&call.path)
        .chain_update("\n")
        .chain_update(&call.body)
        .finalize()
        .into()
}

pub(super) fn answer(answer: BookAnswer, language: Language) -> Answered {
    Err(match answer {
        BookAnswer::Definite(Outcome::Booked { ticket }) => return Ok(booked(ticket, language)),
        BookAnswer::Begun(saga) => return Ok(begun(saga)),
        // only a hold is answered so, and that is another endpoint's
        BookAnswer::Definite(Outcome::Held { hold }) => not_known_in_time(hold),
        BookAnswer::Definite(Outcome::Refused(refusal)) => refused(refusal),
        BookAnswer::SeatBusy(busy) if busy.route.is_claim() => {
            Problem::from(Kind::TicketChanged).retry_after(RETRY)
        }
        BookAnswer::SeatBusy(busy) => Problem::from(Kind::SeatBusy).about(busy).retry_after(RETRY),
        BookAnswer::StillRunning(saga) => Problem::from(Kind::StillRunning)
            .about(saga)
            .retry_after(RETRY),
        BookAnswer::KeyReused => Kind::KeyReused.into(),
        BookAnswer::UnknownCompany(unknown) => Problem::from(Kind::UnknownCompany).about(unknown),
        BookAnswer::UnknownSeat(unknown) => Problem::from(Kind::UnknownSeat).about(unknown),
        BookAnswer::CompanyDown(down) => company_down(down),
        BookAnswer::NotKnownInTime(saga) => not_known_in_time(saga),
        BookAnswer::Overloaded => Problem::from(Kind::Overloaded).retry_after(RETRY),
        BookAnswer::PriceChanged(seat, price) => {
            Problem::from(Kind::PriceChanged).about(seat).priced(price)
        }
        BookAnswer::TooManyHolds => Problem::from(Kind::TooManyHolds).retry_after(RETRY_HOLDS),
        BookAnswer::ToBePaid => Problem::from(Kind::PaymentRequired).detailed(Text::fixed(
            "retenha os assentos (POST /retencoes), pague e confirme",
            "hold the seats (POST /retencoes), pay, and confirm",
        )),
        BookAnswer::Lacking(lacks) => lacking(&lacks),
    })
}

/// Names what is missing, of whom, and who asks for it.
fn lacking(lacks: &[Lack]) -> Problem {
    let each = |words: [&str; 3]| {
        let lack = |lack: &Lack| {
            let what = match (lack.what.document, lack.what.birth) {
                (true, false) => words[0],
                (false, true) => words[1],
                _ => words[2],
            };
            let Lack {
                traveller, company, ..
            } = lack;
            format!("{PASSENGERS}[{traveller}]: {what} ({company})")
        };
        lacks.iter().map(lack).collect::<Vec<_>>().join("; ")
    };
    let detail = Text::new(
        each([
            "falta o documento",
            "falta a data de nascimento",
            "faltam documento e data de nascimento",
        ]),
        each([
            "the document is missing",
            "the birth date is missing",
            "document and birth date are missing",
        ]),
    );
    Problem::from(Kind::PassengerDataRequired)
        .detailed(detail)
        .missing(lacks.iter().map(wire::Missing::from).collect())
}

fn booked(ticket: SagaId, language: Language) -> Answer {
    Answer::json(&wire::Booked {
        message: BOOKED.to(language),
        ticket: ticket.0,
    })
}

fn begun(saga: SagaId) -> Answer {
    Answer::json(&wire::Begun { uuid: saga.0 }).begun(&format!("/reservas/{saga}"))
}

fn refused(refusal: Refusal) -> Problem {
    if refusal.seat.route.is_claim() && refusal.reason != RefusalReason::NoVote {
        return Problem::from(Kind::TicketChanged).retry_after(RETRY);
    }
    let kind = kind_of(refusal.reason);
    let problem = Problem::from(kind).about(refusal.seat);
    match kind {
        Kind::SeatHeld => problem.retry_after(RETRY),
        Kind::TooManyHolds => problem
            .detailed(Text::fixed(
                "retenções demais neste trecho, suas ou de todos; reserve direto, ou tente mais tarde",
                "too much of this leg is held, by you or by all; book it, or try again later",
            ))
            .retry_after(RETRY_HOLDS),
        Kind::CompanySilent => {
            let company = refusal.seat.company;
            let detail = Text::new(
                format!("a companhia {company} não respondeu a tempo; nada foi reservado"),
                format!("company {company} did not answer in time; nothing was booked"),
            );
            problem.detailed(detail).retry_after(RETRY_COMPANY)
        }
        _ => problem,
    }
}

pub(crate) fn kind_of(reason: RefusalReason) -> Kind {
    match reason {
        RefusalReason::Sold
        | RefusalReason::Blocked
        | RefusalReason::Closed
        | RefusalReason::Released => Kind::SeatTaken,
        RefusalReason::Held => Kind::SeatHeld,
        RefusalReason::Unknown => Kind::UnknownSeat,
        RefusalReason::NoVote => Kind::CompanySilent,
        RefusalReason::Changed => Kind::TicketChanged,
        RefusalReason::Limit => Kind::TooManyHolds,
        RefusalReason::Papers => Kind::PassengerDataRequired,
    }
}

pub(crate) fn company_down(company: CompanyId) -> Problem {
    let detail = Text::new(
        format!("a companhia {company} está fora do ar"),
        format!("company {company} is down"),
    );
    Problem::from(Kind::CompanyDown)
        .detailed(detail)
        .about(company)
        .retry_after(RETRY_COMPANY)
}

pub(super) fn not_known_in_time(saga: SagaId) -> Problem {
    let detail = Text::new(
        format!("consulte /reservas/{saga}"),
        format!("ask /reservas/{saga}"),
    );
    Problem::from(Kind::OutcomeUnknown)
        .detailed(detail)
        .about(saga)
        .retry_after(RETRY)
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::{RouteId, SeatNumber};

    use super::*;
    use crate::call::tests::call;

    const USER: UserId = UserId(Uuid::from_u128(7));
    const SAGA: SagaId = SagaId(Uuid::from_u128(8));

    fn seat_ref(number: u16) -> SeatRef {
        SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(3),
            number: SeatNumber(number),
        }
    }

    fn wanted(company: &str, route: u64, seat: u64) -> wire::WantedSeat {
        wire::WantedSeat {
            company: company.to_owned(),
            route,
            seat,
            price: None,
        }
    }

    fn price() -> Price {
        Price {
            minor: 45_990,
            currency: "BRL".to_owned(),
        }
    }

    #[test]
    fn a_seat_is_expected_to_cost_what_the_client_says() {
        let body = r#"[{"id_trecho":3,"id_assento":3074,"company":"a","preco":{"centavos":45990,"moeda":"BRL","casas":2}},
                       {"id_trecho":3,"id_assento":3073,"company":"a"}]"#;
        let given: Vec<wire::WantedSeat> = serde_json::from_str(body).unwrap();
        let seats = super::wanted(&given, &[], 0).unwrap();
        let expected: Vec<_> = seats.into_iter().map(|seat| seat.expected).collect();
        assert_eq!(expected, [Some(price()), None]);
    }

    fn refused_as(result: Result<Vec<SeatRef>, Problem>) -> Kind {
        result.unwrap_err().kind()
    }

    #[test]
    fn seats_are_taken_in_the_order_given() {
        let given = [wanted("a", 3, 3 * 1024 + 2), wanted("a", 3, 3 * 1024 + 1)];
        assert_eq!(seats(&given), Ok(vec![seat_ref(2), seat_ref(1)]));
    }

    #[test]
    fn legs_of_several_journeys_are_one_booking() {
        // out and back for two, each with a connection, and another stretch: in any order, connecting or not
        let routes = [4, 9, 2, 7, 5_000_000];
        let of_two = |route: u64| [1, 2].map(|seat| wanted("a", route, route * 1024 + seat));
        let given: Vec<_> = routes.into_iter().flat_map(of_two).collect();
        let taken = seats(&given).expect("ten seats");
        let routes_taken = taken.chunks(2).map(|two| two[1].route.0);
        assert_eq!(routes_taken.collect::<Vec<_>>(), routes);
    }

    #[test]
    fn bad_seats_are_refused_before_anything_begins() {
        let fine = wanted("a", 3, 3 * 1024 + 1);
        assert_eq!(refused_as(seats(&[])), Kind::InvalidRequest);
        assert_eq!(
            refused_as(seats(&[fine.clone(), fine.clone()])),
            Kind::InvalidRequest
        );
        for (route, seat) in [
            (3, 3 * 1024),
            (4, 3 * 1024 + 1),
            (0, 0),
            (0, 5),
            (3, u64::MAX),
        ] {
            assert_eq!(
                refused_as(seats(&[wanted("a", route, seat)])),
                Kind::InvalidRequest,
                "{route} {seat}"
            );
        }
        for company in ["", "no such", "seventeen-letters"] {
            assert_eq!(
                refused_as(seats(&[wanted(company, 3, 3 * 1024 + 1)])),
                Kind::UnknownCompany
            );
        }
        let many = |n| {
            (1..=n)
                .map(|i| wanted("a", 3, 3 * 1024 + i))
                .collect::<Vec<_>>()
        };
        assert!(seats(&many(LEGS_MAX as u64)).is_ok());
        assert_eq!(
            refused_as(seats(&many(LEGS_MAX as u64 + 1))),
            Kind::InvalidRequest
        );
    }

    #[test]
    fn the_user_of_the_body_is_the_tokens_or_nobody() {
        assert_eq!(check_user(None, USER), Ok(()));
        assert_eq!(check_user(Some(&USER.to_string()), USER), Ok(()));
        for other in ["", "nobody", &Uuid::from_u128(9).to_string()] {
            assert_eq!(check_user(Some(other), USER), Err(Kind::NotYourUser.into()));
        }
    }

    #[test]
    fn a_fingerprint_tells_requests_apart() {
        let of = |path: &str, body: &[u8]| fingerprint(&call(path, &[], body));
        let one = of("/reservar", b"{}");
        assert_eq!(one, of("/reservar", b"{}"));
        assert_ne!(one, of("/reservar", b"{ }"));
        assert_ne!(one, of("/retencoes", b"{}"));
    }

    #[test]
    fn every_answer_of_the_desk_has_its_problem() {
        let refusal = |reason| {
            BookAnswer::Definite(Outcome::Refused(Refusal {
                seat: seat_ref(1),
                reason,
            }))
        };
        for (given, kind) in [
            (refusal(RefusalReason::Sold), Kind::SeatTaken),
            (refusal(RefusalReason::Blocked), Kind::SeatTaken),
            (refusal(RefusalReason::Closed), Kind::SeatTaken),
            (refusal(RefusalReason::Released), Kind::SeatTaken),
            (refusal(RefusalReason::Held), Kind::SeatHeld),
            (refusal(RefusalReason::Unknown), Kind::UnknownSeat),
            (refusal(RefusalReason::NoVote), Kind::CompanySilent),
            (refusal(RefusalReason::Limit), Kind::TooManyHolds),
            (refusal(RefusalReason::Papers), Kind::PassengerDataRequired),
            (BookAnswer::SeatBusy(seat_ref(1)), Kind::SeatBusy),
            (BookAnswer::StillRunning(SAGA), Kind::StillRunning),
            (BookAnswer::KeyReused, Kind::KeyReused),
            (
                BookAnswer::UnknownCompany("z".parse().unwrap()),
                Kind::UnknownCompany,
            ),
            (BookAnswer::UnknownSeat(seat_ref(1)), Kind::UnknownSeat),
            (
                BookAnswer::CompanyDown("z".parse().unwrap()),
                Kind::CompanyDown,
            ),
            (BookAnswer::NotKnownInTime(SAGA), Kind::OutcomeUnknown),
            (BookAnswer::Overloaded, Kind::Overloaded),
            (BookAnswer::TooManyHolds, Kind::TooManyHolds),
            (BookAnswer::ToBePaid, Kind::PaymentRequired),
            (
                BookAnswer::PriceChanged(seat_ref(1), price()),
                Kind::PriceChanged,
            ),
        ] {
            assert_eq!(
                answer(given, Language::English).err().map(|p| p.kind()),
                Some(kind)
            );
        }
        let booked = BookAnswer::Definite(Outcome::Booked { ticket: SAGA });
        assert!(answer(booked, Language::English).is_ok());
    }
}
