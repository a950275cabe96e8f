//! Servers of a cluster as a tester reaches them: directly, not through a node.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

use super::RunningCompany;

/// Of connecting, and of one statement: also one that reads all legs of a long run.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const STATEMENT_LIMIT: &str = "set statement_timeout = '60s'";
const REDIS_LIMIT: Duration = Duration::from_secs(5);

/// A connection to a company's database.
pub async fn connect(company: &RunningCompany) -> anyhow::Result<Client> {
    let unreachable = || format!("cannot reach the database of {}", company.company);
    let connecting = tokio_postgres::connect(&company.postgres, NoTls);
    let (client, connection) = timeout(CONNECT_LIMIT, connecting)
        .await
        .with_context(unreachable)?
        .with_context(unreachable)?;
    // its end is the client's next error
    tokio::spawn(connection);
    client
        .batch_execute(STATEMENT_LIMIT)
        .await
        .with_context(unreachable)?;
    Ok(client)
}

/// One command of one word, and the first line or so of its answer.
pub(super) async fn ask_redis(redis: SocketAddr, command: &str) -> anyhow::Result<String> {
    let asked = async {
        let mut stream = TcpStream::connect(redis).await?;
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await?;
        let mut answer = [0; 128];
        let count = stream.read(&mut answer).await?;
        ensure!(count > 0, "it closed the connection");
        anyhow::Ok(String::from_utf8_lossy(&answer[..count]).into_owned())
    };
    timeout(REDIS_LIMIT, asked)
        .await
        .with_context(|| format!("{command}: Redis does not answer"))?
        .with_context(|| format!("{command} to Redis"))
}
