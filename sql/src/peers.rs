//! The databases of the other companies, as this one met them first. One that comes back with another incarnation has lost what
//! it promised, and must not take part under its old name until an operator has deleted its row here.

use std::collections::HashMap;

use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::Mark;
use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_actors::fail_point::{self, Write};
use uuid::Uuid;

use crate::Database;
use crate::decode;

/// A company's database, as far as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub incarnation: Incarnation,
    /// How far its log was seen.
    pub seen: Option<Mark>,
}

pub async fn known(database: &Database) -> anyhow::Result<HashMap<CompanyId, Known>> {
    let rows = database
        .client()
        .await?
        .query(
            "select company, incarnation, seen_run, seen_seq from peer",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let company = decode::company("peer", row.try_get("company")?)?;
            let incarnation = Incarnation(row.try_get("incarnation")?);
            let seen = (row.try_get("seen_run")?, row.try_get("seen_seq")?);
            let seen = match seen {
                (Some(run), Some(seq)) => Some(Mark {
                    incarnation,
                    run,
                    seq: Seq(seq),
                }),
                _ => None,
            };
            Ok((company, Known { incarnation, seen }))
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

/// Keeps how far logs were seen, of the databases that are known. A company whose row an operator has deleted stays
/// unknown.
/// Answers with how many were kept.
pub async fn keep_seen(database: &Database, seen: &[(CompanyId, Mark)]) -> anyhow::Result<u64> {
    let companies: Vec<&str> = seen.iter().map(|(company, _)| company.as_str()).collect();
    let lives: Vec<Uuid> = seen.iter().map(|(_, mark)| mark.incarnation.0).collect();
    let runs: Vec<Uuid> = seen.iter().map(|(_, mark)| mark.run).collect();
    let seqs: Vec<i64> = seen.iter().map(|(_, mark)| mark.seq.0).collect();
    let update = "
        update peer set seen_run = seen.run, seen_seq = seen.seq
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[]) as seen (company, incarnation, run, seq)
        where peer.company = seen.company and peer.incarnation = seen.incarnation
            and seen.seq >= coalesce(peer.seen_seq, 0)";
    let client = database.client().await?;
    fail_point::before(&Write::SeenLogs);
    let kept = client
        .execute(update, &[&companies, &lives, &runs, &seqs])
        .await?;
    fail_point::after(&Write::SeenLogs);
    Ok(kept)
}
