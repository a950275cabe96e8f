//! Redis as a tester reaches it: directly, as a user who may do everything.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Url;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(5);

/// Where it is, and who asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Redis {
    address: SocketAddr,
    /// User and password, if it wants any: builds of before it did are measured, too.
    who: Option<(String, String)>,
}

impl Redis {
    /// As the run file has it: `redis://user:password@127.0.0.1:port`.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let url = Url::parse(url).context("where Redis is")?;
        let host = url.host_str().context("Redis has a host")?.parse()?;
        let port = url.port().context("Redis has a port")?;
        Ok(Self {
            address: SocketAddr::new(host, port),
            who: url
                .password()
                .map(|password| (url.username().to_owned(), password.to_owned())),
        })
    }

    /// Whether it answers by now.
    pub async fn answers(&self) -> bool {
        self.ask("PING", "+PONG").await.is_ok()
    }

    /// It forgets everything.
    pub async fn flush(&self) -> anyhow::Result<()> {
        self.ask("FLUSHALL", "+OK").await
    }

    /// Whether nodes have come through to it: somebody was given a token.
    pub async fn has_given_tokens(&self) -> bool {
        self.ask("EXISTS fence:counter", ":1").await.is_ok()
    }

    /// Without an end, as no node writes.
    pub async fn set(&self, key: &str, value: &str) -> anyhow::Result<()> {
        self.ask(&format!("SET {key} {value}"), "+OK").await
    }

    /// One command, on a connection of its own, and the line that must answer it.
    async fn ask(&self, command: &str, wanted: &str) -> anyhow::Result<()> {
        let asked = async {
            let mut stream = BufReader::new(TcpStream::connect(self.address).await?);
            if let Some((user, password)) = &self.who {
                say(&mut stream, &format!("AUTH {user} {password}"), "+OK").await?;
            }
            say(&mut stream, command, wanted).await
        };
        timeout(LIMIT, asked)
            .await
            .with_context(|| format!("{command}: Redis does not answer"))?
            .with_context(|| format!("{command} to Redis"))
    }
}

async fn say(stream: &mut BufReader<TcpStream>, command: &str, wanted: &str) -> anyhow::Result<()> {
    let mut answer = String::new();
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    stream.read_line(&mut answer).await?;
    ensure!(answer.trim_end() == wanted, "it answered {answer:?}");
    Ok(())
}
