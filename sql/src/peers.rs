//! The databases of the other companies, as this one met them first. One that comes back with another incarnation has lost what
//! it promised, and must not take part under its old name until an operator has deleted its row here.

use std::collections::HashMap;

use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_actors::fail_point::{self, Write};

use crate::Database;
use crate::decode;

pub async fn known(database: &Database) -> anyhow::Result<HashMap<CompanyId, Incarnation>> {
    let rows = database
        .client()
        .await?
        .query("select company, incarnation from peer", &[])
        .await?;
    rows.iter()
        .map(|row| {
            let company = decode::company("peer", row.try_get("company")?)?;
            Ok((company, Incarnation(row.try_get("incarnation")?)))
        })
        .collect()
}

/// Keeps the first one.
pub async fn remember(
    database: &Database,
    company: CompanyId,
    incarnation: Incarnation,
) -> anyhow::Result<()> {
    let insert = "insert into peer (company, incarnation) values ($1, $2) on conflict do nothing";
    let client = database.client().await?;
    fail_point::before(&Write::PeerIdentity);
    client
        .execute(insert, &[&company.as_str(), &incarnation.0])
        .await?;
    fail_point::after(&Write::PeerIdentity);
    Ok(())
}
