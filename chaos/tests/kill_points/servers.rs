//! What a story needs of Redis and of the companies' databases.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use passcom_chaos::cluster::RunningCompany;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::NoTls;

const REDIS_LIMIT: Duration = Duration::from_secs(5);

/// As a Redis that comes back with an old snapshot: its tokens are older than those on the seats.
pub async fn forget_tokens(redis: SocketAddr) -> anyhow::Result<()> {
    const OK: &[u8] = b"+OK\r\n";
    let set = async {
        let mut stream = TcpStream::connect(redis).await?;
        stream.write_all(b"SET fence:counter 0\r\n").await?;
        let mut answer = [0; OK.len()];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(REDIS_LIMIT, set)
        .await
        .context("Redis does not answer")??;
    ensure!(
        answer == OK,
        "Redis answered {:?}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}

/// The company has never met the others, as an operator has it after one of them has lost its disk.
pub async fn forget_peers(company: &RunningCompany) -> anyhow::Result<()> {
    let database = connect(company).await?;
    match database.execute("delete from peer", &[]).await? {
        0 => bail!("company {} had met nobody", company.company),
        _ => Ok(()),
    }
}

/// Legs that wait for a decision.
pub async fn prepared(company: &RunningCompany) -> anyhow::Result<i64> {
    let database = connect(company).await?;
    let row = database
        .query_one("select count(*) from leg where state = 'prepared'", &[])
        .await?;
    Ok(row.try_get(0)?)
}

/// How many routes there are, and a sum over what they are.
pub async fn routes(company: &RunningCompany) -> anyhow::Result<(i64, i64)> {
    let database = connect(company).await?;
    let row = database
        .query_one(
            "select count(*), coalesce(sum(hashtext(route::text)), 0)::bigint from route",
            &[],
        )
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

async fn connect(company: &RunningCompany) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(&company.postgres, NoTls).await?;
    tokio::spawn(connection); // its end is the client's next error
    Ok(client)
}
