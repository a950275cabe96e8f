//! The lists of passengers that users have asked this company to keep for them.

use futures_util::future::BoxFuture;
use passcom_actors::domain::ids::UserId;
use passcom_actors::people::desk::Unavailable;
use passcom_actors::people::saved::{SavedPassenger, SavedPassengers};
use tokio_postgres::types::Json;
use tracing::warn;

use crate::Database;

const OF: &str = "select people from saved_passengers where user_id = $1";

const KEEP: &str = "
insert into saved_passengers (user_id, people) values ($1, $2)
on conflict (user_id) do update set people = excluded.people, saved_at = now()
";

const FORGET: &str = "delete from saved_passengers where user_id = $1";

/// Cheap to clone.
#[derive(Clone)]
pub struct Saved {
    database: Database,
}

impl Saved {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn read(&self, user: UserId) -> anyhow::Result<Vec<SavedPassenger>> {
        let client = self.database.client().await?;
        let row = client.query_opt(OF, &[&user.0]).await?;
        let people = row.map(|row| row.try_get("people")).transpose()?;
        Ok(people.map(|Json(people)| people).unwrap_or_default())
    }

    async fn write(&self, user: UserId, people: &[SavedPassenger]) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        match people {
            [] => client.execute(FORGET, &[&user.0]).await?,
            people => client.execute(KEEP, &[&user.0, &Json(people)]).await?,
        };
        Ok(())
    }
}

impl SavedPassengers for Saved {
    fn of(&self, user: UserId) -> BoxFuture<'_, Result<Vec<SavedPassenger>, Unavailable>> {
        Box::pin(async move { self.read(user).await.map_err(unavailable) })
    }

    fn keep(
        &self,
        user: UserId,
        people: Vec<SavedPassenger>,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async move { self.write(user, &people).await.map_err(unavailable) })
    }
}

/// A database says no values with its errors.
fn unavailable(error: anyhow::Error) -> Unavailable {
    warn!(%error, "saved passengers cannot be read or written");
    Unavailable
}
