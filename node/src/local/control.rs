//! Orders to a running local cluster, for testers that kill its parts and want them to stay down, or back.
//!
//! They come over the stream socket that is the demo's standard input (`passcom demo --control`): one order a line, each answered by one
//! line, `ok` or what was wrong. Nothing is waited for: a server that was started need not answer yet.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;

use anyhow::{Context, bail, ensure};
use passcom_actors::domain::ids::CompanyId;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// Bytes of an order with its end of line.
const ORDER_MAX: u64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A node that ends is left alone from now on.
    HoldNode(CompanyId),
    /// It runs, and is started again when it ends.
    StartNode(CompanyId),
    StartPostgres(CompanyId),
    StartRedis,
}

pub struct Control {
    stream: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Control {
    pub fn on_stdin() -> anyhow::Result<Self> {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
        let stream = StdStream::from(stdin);
        stream
            .peer_addr()
            .context("--control needs a stream socket as standard input")?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: BufReader::new(UnixStream::from_std(stream)?),
            line: Vec::new(),
        })
    }

    /// The next order; none when whoever gives them is gone. May be dropped and called again.
    pub async fn next(&mut self) -> anyhow::Result<Option<anyhow::Result<Order>>> {
        // what an earlier, dropped call has read stays in `line`
        let room = ORDER_MAX.saturating_sub(self.line.len() as u64);
        let mut bounded = (&mut self.stream).take(room);
        bounded
            .read_until(b'\n', &mut self.line)
            .await
            .context("read an order")?;
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(None);
        }
        ensure!(line.ends_with(b"\n"), "an order ends in the middle");
        Ok(Some(parse(&line)))
    }

    pub async fn answer(&mut self, outcome: anyhow::Result<()>) -> anyhow::Result<()> {
        let answer = match outcome {
            Ok(()) => "ok\n".to_owned(),
            Err(error) => format!("{}\n", format!("{error:#}").replace('\n', " ")),
        };
        self.stream
            .write_all(answer.as_bytes())
            .await
            .context("answer an order")
    }
}

fn parse(line: &[u8]) -> anyhow::Result<Order> {
    let text = std::str::from_utf8(line).context("an order is text")?;
    let words: Vec<_> = text.split_whitespace().collect();
    let company = |code: &str| code.parse().with_context(|| format!("company {code}"));
    Ok(match words[..] {
        ["hold", "node", code] => Order::HoldNode(company(code)?),
        ["start", "node", code] => Order::StartNode(company(code)?),
        ["start", "postgres", code] => Order::StartPostgres(company(code)?),
        ["start", "redis"] => Order::StartRedis,
        _ => bail!(
            "no such order: {}; there are hold node X, start node X, start postgres X, start redis",
            text.trim()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_others_named() {
        let code = "b".parse().unwrap();
        assert_eq!(parse(b"hold node b\n").unwrap(), Order::HoldNode(code));
        assert_eq!(
            parse(b"start postgres b\n").unwrap(),
            Order::StartPostgres(code)
        );
        assert_eq!(parse(b"start redis\n").unwrap(), Order::StartRedis);
        let error = parse(b"stop the world\n").unwrap_err().to_string();
        assert!(error.contains("no such order: stop the world"), "{error}");
    }
}
