//! What happened to a booking, over all companies.

use passcom_actors::domain::ids::SagaId;

use super::Client;
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
    let look = client.look(user)?;
    let history = client.desk.history(user, saga).await;
    let history = client.shown(look, history, Kind::UnknownBooking)?;
    Ok(Answer::json(&wire::History::from(&history)))
}
