//! A customer's hold: seats kept at a fixed price until the customer confirms, gives them up, or the time is over.

use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::people::desk::{
    BookAnswer, BookRequest, BookingStatus, ConfirmAnswer, ExtendAnswer, Outcome, ReleaseAnswer,
    Wait,
};

use super::bookings::{self, company_down, not_known_in_time, wait};
use super::contact::contact;
use super::payments::unpaid;
use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, delete, get, post};
use crate::wire;

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

const RELEASED: Text = Text::fixed("Retenção liberada", "The hold was released");

async fn hold(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let body: wire::HoldBody = call.json()?;
    let seats = bookings::wanted(
        &body.seats.unwrap_or_default(),
        &body.passengers.unwrap_or_default(),
        client.desk.clock().wall_seconds(),
    )?;
    let request = BookRequest {
        user,
        seats,
        idempotency: bookings::idempotency(&call)?,
        hold_seconds: Some(client.desk.hold_seconds()),
        exchange: None,
        contact: contact(body.contact.as_ref())?,
    };
    match client.desk.book(request, Wait::ForAnswer).await {
        BookAnswer::Definite(Outcome::Held { hold }) => {
            let status = client.desk.booking(user, hold).await;
            // it is held; what its terms are is not known in time
            let status = status.map_err(|_| not_known_in_time(hold))?;
            Ok(view(client, &call, &status)?.created(&format!("/retencoes/{hold}")))
        }
        answer => bookings::answer(answer, call.language),
    }
}

async fn list(client: &Client, call: Call) -> Answered {
    let (user, caller) = client.with_proof(&call).await?;
    let teller = client.teller(call.language);
    let mut holds = client.desk.holds(user).await;
    client.desk.with_names_in(&caller, &mut holds.open).await;
    let now = client.desk.clock().wall_ms();
    let open = holds.open.iter();
    let open = open.filter_map(|status| wire::Hold::new(status, now, teller));
    let shown = wire::Holds {
        holds: open.collect(),
    };
    Ok(Answer::json(&shown).without(&holds.unreachable))
}

async fn show(client: &Client, call: Call) -> Answered {
    let (user, caller) = client.with_proof(&call).await?;
    let hold = SagaId(call.uuid(0).ok_or(Kind::UnknownHold)?);
    let look = client.look(user)?;
    let status = client.desk.hold(user, hold).await;
    let mut status = client.shown(look, status, Kind::UnknownHold)?;
    let one = std::slice::from_mut(&mut status);
    client.desk.with_names_in(&caller, one).await;
    view(client, &call, &status)
}

async fn confirm(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call).await?;
    let look = client.look(user)?;
    match client.desk.confirm(user, hold, wait(&call)).await {
        ConfirmAnswer::NotFound => {
            look.missed();
            Err(Kind::UnknownHold.into())
        }
        ConfirmAnswer::Ended => Err(Kind::HoldExpired.into()),
        ConfirmAnswer::Unpaid(why) => Err(unpaid(why)),
        ConfirmAnswer::Answered(answer) => bookings::answer(answer, call.language),
    }
}

async fn extend(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call).await?;
    let look = client.look(user)?;
    match client.desk.extend(user, hold).await {
        ExtendAnswer::NotFound => {
            look.missed();
            Err(Kind::UnknownHold.into())
        }
        ExtendAnswer::Ended => Err(Kind::HoldExpired.into()),
        ExtendAnswer::Booked => Err(Problem::from(Kind::AlreadyBooked).about(hold)),
        ExtendAnswer::AtLimit => Err(Kind::HoldAtLimit.into()),
        ExtendAnswer::NotExtended(company) => Err(company_down(company)),
        ExtendAnswer::Extended(status) => view(client, &call, &status),
    }
}

async fn release(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call).await?;
    let look = client.look(user)?;
    match client.desk.release(user, hold).await {
        ReleaseAnswer::Released => Ok(Answer::json(&wire::Message {
            message: RELEASED.to(call.language),
        })),
        ReleaseAnswer::NotFound => {
            look.missed();
            Err(Kind::UnknownHold.into())
        }
        ReleaseAnswer::Booked => Err(Problem::from(Kind::AlreadyBooked).about(hold)),
        ReleaseAnswer::StillRunning(hold) => Err(Problem::from(Kind::StillRunning)
            .about(hold)
            .retry_after(RETRY)),
        ReleaseAnswer::NotKnownInTime(hold) => Err(not_known_in_time(hold)),
    }
}

async fn named(client: &Client, call: &Call) -> Result<(UserId, SagaId), Problem> {
    let user = client.user(call).await?;
    let hold = call.uuid(0).ok_or(Kind::UnknownHold)?;
    Ok((user, SagaId(hold)))
}

fn view(client: &Client, call: &Call, status: &BookingStatus) -> Answered {
    let now = client.desk.clock().wall_ms();
    let teller = client.teller(call.language);
    let hold = wire::Hold::new(status, now, teller).ok_or(Kind::UnknownHold)?;
    Ok(Answer::json(&hold))
}
