//! What hyper answers by itself, made a problem with an id: to a head that is no HTTP, or beyond its bounds, it sends a bare
//! status before anybody of ours is asked.
//!
//! hyper lets nobody say what such an answer has in it, so it is exchanged while it is written. It is told from ours by what
//! it is: short, whole, the last of its connection, without a body, and without the id that each of ours has.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::error::{Kind, Problem};
use crate::language::Language;
use crate::request_id::{RequestId, X_REQUEST_ID};

/// Of an answer of hyper's own: a status and three lines.
const BARE_LEN_MAX: usize = 256;

/// A connection on which hyper answers.
pub(crate) struct Unasked<S> {
    stream: S,
    /// What is written in place of hyper's own answer.
    instead: Vec<u8>,
    written: usize,
}

impl<S: AsyncWrite + Unpin> Unasked<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            instead: Vec::new(),
            written: 0,
        }
    }

    /// Takes it for written, if it is an answer of hyper's own.
    fn exchange(&mut self, bytes: &[u8]) -> bool {
        let Some(problem) = bare(bytes) else {
            return false;
        };
        self.instead = answer(problem);
        self.written = 0;
        true
    }

    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.instead.get(self.written..).filter(|r| !r.is_empty()) {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unasked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unasked<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.exchange(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [bytes] = slices
            && self.exchange(bytes)
        {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What an answer of hyper's own means, if these bytes are one.
fn bare(bytes: &[u8]) -> Option<Problem> {
    let is_whole = bytes.len() <= BARE_LEN_MAX && bytes.ends_with(b"\r\n\r\n");
    let text = str::from_utf8(bytes).ok().filter(|_| is_whole)?;
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let mut lines = text.split("\r\n").map(str::to_ascii_lowercase);
    let is_last = text.contains("\r\nconnection: close\r\n");
    if !is_last || lines.any(|line| line.starts_with(X_REQUEST_ID.as_str())) {
        return None;
    }
    match status {
        "400" => Some(Problem::invalid(
            "A requisição não segue o HTTP/1.1",
            "The request is not HTTP/1.1",
        )),
        "414" => Some(Kind::TargetTooLong.into()),
        "431" => Some(Kind::HeadTooLarge.into()),
        _ => None,
    }
}

/// The head could not be read, and with it what language is wanted.
fn answer(problem: Problem) -> Vec<u8> {
    let (status, body) = problem.told(Language::Portuguese);
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n\
         content-language: {}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         {X_REQUEST_ID}: {}\r\ncontent-length: {}\r\n\r\n",
        Language::Portuguese.tag(),
        RequestId::minted(),
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hyper_is_exchanged() {
        let own = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert!(bare(own.as_bytes()).is_some());
        let ours = own.replace("content-length", "X-Request-Id: 7\r\ncontent-length");
        let more = format!("{own}x");
        let goes_on = own.replace("close", "keep-alive");
        let sound = own.replace("400 Bad Request", "200 OK");
        for other in [ours, more, goes_on, sound] {
            assert!(bare(other.as_bytes()).is_none(), "{other}");
        }
    }
}
