//! Our own routes: read into the catalogue at start, and again what an import has changed since.

use std::time::Duration;

use tracing::{info, warn};

use crate::catalogue::{Catalogue, Published};
use crate::company::archive::Archive;
use crate::company::store::ReadError;

/// How often an import is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads every route; answers with the version of the table that this shows.
pub async fn load(archive: &Archive, catalogue: &Catalogue) -> Result<i64, ReadError> {
    load_since(archive, catalogue, -1).await
}

/// Follows imports, for ever.
pub async fn watch(archive: Archive, catalogue: Catalogue, mut known: i64) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match archive.catalogue_version().await {
            Ok(version) if version > known => match load_since(&archive, &catalogue, known).await {
                Ok(version) => known = version,
                Err(error) => warn!(%error, "cannot read the routes of an import"),
            },
            // the ledger says that the database is away
            Ok(_) | Err(_) => {}
        }
    }
}

async fn load_since(
    archive: &Archive,
    catalogue: &Catalogue,
    since: i64,
) -> Result<i64, ReadError> {
    let version = archive.catalogue_version().await?;
    let mut routes = 0;
    let mut load = |page: Vec<Published>| {
        routes += page.len();
        catalogue.load_own(page);
    };
    archive.routes(since, &mut load).await?;
    catalogue.own_is_complete();
    info!(routes, version, "routes read");
    Ok(version)
}
