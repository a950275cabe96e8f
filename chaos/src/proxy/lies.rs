//! A Redis in a mood: a proxy that passes everything on, is late while it is told to be, or answers requests for leases itself.
//!
//! What a request for leases looks like, and its answer, is in the node's lease table: a script over `fence:epoch`, `fence:counter` and the
//! seats, answered by (word, epoch, counter or index).

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::resp::{message, words};
use super::tls::{Ends, Stream};

const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
const EPOCH: &[u8] = b"fence:epoch";
const COUNTER: &[u8] = b"fence:counter";
/// Epochs and counters of old tokens are below this.
const OLD_MAX: i64 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Everybody gets every lease, and the same token.
    SameToken { epoch: i64 },
    /// Everybody gets every lease, and tokens from long ago.
    OldTokens,
    /// Everybody gets every lease, and tokens that no Redis ever gave.
    AbsurdTokens,
    /// Somebody else has every lease.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Honest,
    /// Every answer is up to so late.
    Slow(Duration),
    Lying(Lie),
}

/// Runs until it is dropped.
pub struct Liar {
    address: SocketAddr,
    mood: watch::Sender<Mood>,
    _task: JoinSet<()>,
}

impl Liar {
    /// Accepts at once; the `redis` of that demo need not listen yet.
    pub async fn start(redis: SocketAddr, demo: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("listen in front of Redis")?;
        let address = listener.local_addr().context("look up a proxy's port")?;
        let mood = watch::Sender::new(Mood::Honest);
        let mut task = JoinSet::new();
        task.spawn(accept(listener, redis, demo.to_owned(), mood.subscribe()));
        Ok(Self {
            address,
            mood,
            _task: task,
        })
    }

    /// Where to dial instead of Redis.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

async fn accept(
    listener: TcpListener,
    redis: SocketAddr,
    demo: PathBuf,
    mood: watch::Receiver<Mood>,
) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((client, _)) => match Ends::of(&demo) {
                Ok(ends) => connections.spawn(connect(client, redis, ends, mood.clone())),
                Err(error) => {
                    eprintln!("nobody comes through to Redis: {error:#}");
                    continue;
                }
            },
            Err(_) => {
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {} // those that have ended
    }
}

async fn connect(client: TcpStream, redis: SocketAddr, ends: Ends, mood: watch::Receiver<Mood>) {
    let both = async {
        let server = ends.dial.connect(redis).await?;
        io::Result::Ok((ends.accept(client).await?, server))
    };
    let Ok(Ok((client, server))) = timeout(CONNECT_LIMIT, both).await else {
        return; // as if it had been dialled itself
    };
    // its end closes both sides, which says all there is to say
    let _ = converse(client, server, mood).await;
}

/// One command after the other, so that answers stay in order whoever gives them.
async fn converse(
    client: Box<dyn Stream>,
    server: Box<dyn Stream>,
    mood: watch::Receiver<Mood>,
) -> io::Result<()> {
    let (client_in, mut client_out) = split(client);
    let (server_in, mut server_out) = split(server);
    let (mut client_in, mut server_in) = (BufReader::new(client_in), BufReader::new(server_in));
    loop {
        // whose bytes, without taking them: a Redis that dies is noticed although nobody asks it
        let asked = tokio::select! {
            bytes = client_in.fill_buf() => bytes.map(|bytes| (!bytes.is_empty()).then_some(true)),
            bytes = server_in.fill_buf() => bytes.map(|bytes| (!bytes.is_empty()).then_some(false)),
        };
        let Some(asked) = asked? else {
            return Ok(());
        };
        if !asked {
            pass_on(&mut server_in, &mut client_out).await?;
            continue;
        }
        let Some(command) = message(&mut client_in).await? else {
            return Ok(());
        };
        let now = *mood.borrow();
        match now {
            Mood::Lying(lie) if asks_for_leases(&command) => {
                say(&mut client_out, lie.answer().as_bytes()).await?;
                continue;
            }
            Mood::Slow(most) => sleep(most.mul_f64(fastrand::f64())).await,
            Mood::Lying(_) | Mood::Honest => {}
        }
        say(&mut server_out, &command).await?;
        pass_on(&mut server_in, &mut client_out).await?;
    }
}

async fn pass_on(
    from: &mut BufReader<impl AsyncRead + Unpin>,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    match message(from).await? {
        Some(message) => say(to, &message).await,
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn say(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

fn asks_for_leases(command: &[u8]) -> bool {
    // EVALSHA, script, number of keys, keys
    let words = words(command);
    words.get(3..6).is_some_and(|keys| {
        keys[0] == EPOCH && keys[1] == COUNTER && keys[2].starts_with(b"lease:")
    })
}

impl Lie {
    fn answer(self) -> String {
        let granted =
            |epoch: i64, counter: i64| format!("*3\r\n$7\r\ngranted\r\n:{epoch}\r\n:{counter}\r\n");
        match self {
            Self::SameToken { epoch } => granted(epoch, 1),
            Self::OldTokens => granted(fastrand::i64(1..OLD_MAX), fastrand::i64(1..OLD_MAX)),
            Self::AbsurdTokens => {
                let any = || *fastrand::choice(&[i64::MIN, -1, 0, 1 << 23, i64::MAX]).unwrap_or(&0);
                granted(any(), any())
            }
            Self::Nothing => "*3\r\n$4\r\nbusy\r\n:0\r\n:0\r\n".to_owned(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::SameToken { .. } => "same token for all",
            Self::OldTokens => "old tokens for all",
            Self::AbsurdTokens => "absurd tokens for all",
            Self::Nothing => "nothing for anybody",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Vec<u8> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        text.into_bytes()
    }

    #[test]
    fn only_requests_for_leases_are_answered_with_lies() {
        let keys = [
            "EVALSHA",
            "abc",
            "3",
            "fence:epoch",
            "fence:counter",
            "lease:a/7/1",
            "saga",
        ];
        assert!(asks_for_leases(&command(&keys)));
        assert!(!asks_for_leases(&command(&keys[..5])));
        assert!(!asks_for_leases(&command(&[
            "EVALSHA",
            "abc",
            "1",
            "lease:a/7/1",
            "saga"
        ])));
        assert!(!asks_for_leases(&command(&["SCRIPT", "LOAD", "x"])));
    }
}
