//! Which database each company came with first: one that lost its disk is kept out, also after our own restart.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_sql::{Database, peers};
use tracing::warn;

use crate::cluster::Admit;

/// Pause between two tries to write a new one down.
const RETRY: Duration = Duration::from_secs(1);

pub async fn admit(database: Database) -> anyhow::Result<Admit> {
    let known = Mutex::new(peers::known(&database).await?);
    Ok(Arc::new(move |company, incarnation| {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.entry(company) {
            Entry::Occupied(kept) if *kept.get() == incarnation => Ok(()),
            Entry::Occupied(kept) => Err(format!(
                "{company} came back with another database, {incarnation} instead of {}: see \"A lost disk\" in docs/operations.md",
                kept.get()
            )),
            Entry::Vacant(new) => {
                new.insert(incarnation);
                tokio::spawn(write(database.clone(), company, incarnation));
                Ok(())
            }
        }
    }))
}

async fn write(database: Database, company: CompanyId, incarnation: Incarnation) {
    while let Err(error) = peers::remember(&database, company, incarnation).await {
        warn!(%company, %error, "cannot write down which database a company has");
        tokio::time::sleep(RETRY).await;
    }
}
