//! Passengers that a user wants to find again at the next booking: at this company, for as long as the user wants.

use passcom_actors::people::saved::{SAVED_MAX, SavedPassenger};

use super::Client;
use super::passengers::passenger;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::Problem;
use crate::language::Text;
use crate::router::{Endpoint, delete, get, put};
use crate::wire;
use crate::wire::field::PASSENGERS;

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/conta/passageiros", |client, call| {
        Box::pin(show(client, call))
    }),
    put("/conta/passageiros", |client, call| {
        Box::pin(keep(client, call))
    }),
    delete("/conta/passageiros", |client, call| {
        Box::pin(forget(client, call))
    }),
];

const FORGOTTEN: Text = Text::fixed("Passageiros esquecidos", "Passengers forgotten");

async fn show(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let people = client.saved.of(user).await?;
    Ok(told(&people))
}

/// To send the list is to ask for it to be kept.
async fn keep(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let body: wire::SavedBody = call.json()?;
    let given = body.passengers;
    if given.len() > SAVED_MAX {
        return Err(Problem::invalid(
            format!("{PASSENGERS}: no máximo {SAVED_MAX}"),
            format!("{PASSENGERS}: {SAVED_MAX} at most"),
        ));
    }
    let now = client.desk.clock().wall_seconds();
    let mut people: Vec<SavedPassenger> = Vec::with_capacity(given.len());
    for (index, given) in given.iter().enumerate() {
        let (passenger, person) = passenger(index, given, now)?;
        people.push(SavedPassenger {
            name: passenger.name,
            person,
        });
    }
    let answer = told(&people);
    client.saved.keep(user, people).await?;
    Ok(answer)
}

async fn forget(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    client.saved.keep(user, Vec::new()).await?;
    Ok(Answer::json(&wire::Message {
        message: FORGOTTEN.to(call.language),
    }))
}

fn told(people: &[SavedPassenger]) -> Answer {
    Answer::json(&wire::Saved {
        passengers: people.iter().map(wire::SavedPerson::from).collect(),
    })
}
