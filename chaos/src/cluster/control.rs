//! Orders to the demo that runs a cluster: what it is to leave alone, and what to start again.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// The demo waits for nothing before it answers.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_MAX: u64 = 4096;

/// One order at a time.
pub struct Control(Mutex<BufReader<UnixStream>>);

impl Control {
    /// Our end, and the demo's, which is to be its standard input.
    pub fn pair() -> anyhow::Result<(Self, OwnedFd)> {
        let (ours, theirs) = StdStream::pair().context("make a pair of sockets")?;
        ours.set_nonblocking(true)?;
        let ours = BufReader::new(UnixStream::from_std(ours)?);
        Ok((Self(Mutex::new(ours)), theirs.into()))
    }

    pub async fn order(&self, order: &str) -> anyhow::Result<()> {
        let mut stream = self.0.lock().await;
        let answer = timeout(ANSWER_LIMIT, ask(&mut stream, order)).await;
        let answer = answer
            .with_context(|| format!("the demo did not answer \"{order}\""))?
            .with_context(|| format!("tell the demo to {order}"))?;
        match answer.as_str() {
            "ok" => Ok(()),
            refused => bail!("the demo was told to {order}: {refused}"),
        }
    }
}

async fn ask(stream: &mut BufReader<UnixStream>, order: &str) -> anyhow::Result<String> {
    stream.write_all(format!("{order}\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_MAX).read_line(&mut answer).await?;
    ensure!(answer.ends_with('\n'), "it is gone");
    Ok(answer.trim_end().to_owned())
}
