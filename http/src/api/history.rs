//! What happened to a booking, over all companies.

use passcom_actors::domain::ids::SagaId;

use super::Client;
use super::bookings::not_shown;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::Kind;
use crate::router::{Endpoint, get};
use crate::wire;

pub(super) const ENDPOINTS: &[Endpoint<Client>] =
    &[get("/reservas/{uuid}/historia", |client, call| {
        Box::pin(history(client, call))
    })];

async fn history(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let saga = SagaId(call.uuid(0).ok_or(Kind::UnknownBooking)?);
    let history = client.desk.history(user, saga).await;
    let history = history.map_err(|why| not_shown(why, Kind::UnknownBooking))?;
    Ok(Answer::json(&wire::History::from(&history)))
}
