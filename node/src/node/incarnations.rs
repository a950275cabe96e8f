//! Which database each company came with first, and how far its log was seen: one that lost its disk, or a part of what
//! it had, is kept out, also after our own restart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use passcom_actors::company::log::lineage::Mark;
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_sql::{Database, Identity, peers};
use tracing::warn;

use crate::cluster::Admit;

/// Pause between two tries to write a new one down.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is written down how far the logs of the others were seen. What was heard since then is lost with the
/// process.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// What is known of our own log and of the others'.
pub async fn witness(
    me: CompanyId,
    database: &Database,
    identity: &Identity,
) -> anyhow::Result<Arc<Witness>> {
    let known = peers::known(database).await?.into_iter();
    let seen = known.filter_map(|(company, known)| Some((company, known.seen?)));
    Ok(Witness::new(me, identity.lineage.clone(), seen.collect()))
}

pub async fn admit(database: Database) -> anyhow::Result<Admit> {
    let known = peers::known(&database).await?.into_iter();
    let known: HashMap<CompanyId, Incarnation> = known
        .map(|(company, known)| (company, known.incarnation))
        .collect();
    let known = Mutex::new(known);
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

/// Writes down how far the logs of the others were seen, where that has changed, for ever.
pub async fn keep_seen(database: Database, witness: Arc<Witness>) {
    let mut kept = Vec::new();
    loop {
        tokio::time::sleep(KEEP_EVERY).await;
        let seen: Vec<(CompanyId, Mark)> = witness.seen().into_iter().collect();
        if seen == kept {
            continue;
        }
        match peers::keep_seen(&database, &seen).await {
            // one that was met a moment ago may not be written down yet
            Ok(rows) if rows == seen.len() as u64 => kept = seen,
            Ok(_) => {}
            Err(error) => {
                warn!(%error, "cannot write down how far the logs of the others were seen")
            }
        }
    }
}
