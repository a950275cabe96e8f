//! HTTP/1.1 over one connection that is kept, as little of it as a load generator needs: what is measured is the node, not its client.
//!
//! Requests are bytes that the caller has made; of an answer the status, its length and `Retry-After` are read, and the body is left as it came.

use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest answer: a page of legs with all their seats.
const ANSWER_MAX: usize = 64 * 1024 * 1024;
const BUFFER: usize = 16 * 1024;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// One answer, which has arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: u16,
    /// It says when to come back.
    pub retry_after: bool,
    pub body: &'a [u8],
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    retry_after: bool,
    body: Range<usize>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
        })
    }

    /// Sends one request and waits for its answer. After an error the connection is of no more use.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        let mut head = None;
        loop {
            if self.filled == self.buffer.len() {
                ensure!(self.filled < ANSWER_MAX, "an answer without end");
                self.buffer.resize(self.filled * 2, 0);
            }
            let count = self.stream.read(&mut self.buffer[self.filled..]).await?;
            ensure!(count > 0, "the node closed the connection");
            self.filled += count;
            if head.is_none() {
                head = parse(&self.buffer[..self.filled])?;
            }
            if let Some(head) = &head
                && head.body.end <= self.filled
            {
                return Ok(Answer {
                    status: head.status,
                    retry_after: head.retry_after,
                    body: &self.buffer[head.body.clone()],
                });
            }
        }
    }
}

/// None while the head is not whole.
fn parse(bytes: &[u8]) -> anyhow::Result<Option<Head>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).context("a head that is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.context("an answer without a status")?;
    let (mut length, mut retry_after) = (None, false);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            bail!("a line of a head without a colon");
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("retry-after") {
            retry_after = true;
        }
    }
    let start = end + END.len();
    let length = length.context("an answer that does not say its length")?;
    ensure!(length <= ANSWER_MAX, "an answer of {length} bytes");
    Ok(Some(Head {
        status,
        retry_after,
        body: start..start + length,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer =
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(parse(&answer[..40]).unwrap(), None);
        let head = parse(answer).unwrap().unwrap();
        assert_eq!((head.status, head.retry_after), (503, true));
        assert_eq!(&answer[head.body], b"{}");
        let endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert!(parse(endless).is_err(), "we would not know its end");
    }

    #[tokio::test]
    async fn a_connection_is_kept_and_its_answers_come_in_pieces() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4];
            for body in ["long", "x"] {
                stream.read_exact(&mut request).await.unwrap();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                for piece in [
                    &head.as_bytes()[..20],
                    &head.as_bytes()[20..],
                    body.as_bytes(),
                ] {
                    stream.write_all(piece).await.unwrap();
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        for body in [&b"long"[..], b"x"] {
            let answer = connection.ask(b"GET ").await.unwrap();
            assert_eq!((answer.status, answer.body), (200, body));
        }
        server.await.unwrap();
        assert!(connection.ask(b"GET ").await.is_err(), "it has been closed");
    }
}
