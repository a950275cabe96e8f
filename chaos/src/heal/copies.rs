//! Whether what a company had told the others when a fault ended has reached them: the end of its outbox against their cursors.

use tokio::time::sleep;
use tokio_postgres::Client;

use super::LOOK_AGAIN;
use crate::cluster::{RunningCompany, connect, follow};

const OUTBOX_END: &str = "select coalesce(max(seq), 0) from outbox";
const CURSOR: &str = "select coalesce(max(seq), 0) from repl_cursor where peer = $1";

/// Returns when every company has read what the outboxes of the others had at the first look.
pub(super) async fn arrive(companies: &[RunningCompany]) {
    let mut ends = Vec::with_capacity(companies.len());
    for from in companies {
        ends.push((
            from,
            ask(from, async |database| outbox_end(database).await).await,
        ));
    }
    for to in companies {
        for (from, end) in &ends {
            if from.company == to.company {
                continue;
            }
            while ask(to, async |database| cursor(database, from).await).await < *end {
                sleep(LOOK_AGAIN).await;
            }
        }
    }
}

/// The answer of a database, which is asked again while it does not give one.
async fn ask(
    company: &RunningCompany,
    question: impl AsyncFn(&Client) -> anyhow::Result<i64>,
) -> i64 {
    loop {
        if let Ok(database) = connect(company).await
            && let Ok(answer) = question(&database).await
        {
            return answer;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Of all that is in the log.
async fn outbox_end(database: &Client) -> anyhow::Result<i64> {
    follow(database).await??;
    Ok(database.query_one(OUTBOX_END, &[]).await?.try_get(0)?)
}

/// As the tables have it: a cursor never goes back, so an old one only makes wait.
async fn cursor(database: &Client, from: &RunningCompany) -> anyhow::Result<i64> {
    let row = database.query_one(CURSOR, &[&from.company]).await?;
    Ok(row.try_get(0)?)
}
