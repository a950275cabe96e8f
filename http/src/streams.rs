//! The streams of one connection of HTTP/2, so that what holds for HTTP/1.1, with one request at a time on a connection,
//! holds for it as well.
//!
//! Invariants: [`STREAMS_MAX`] requests at once, heads of [`HEAD_MAX`] bytes, [`BODIES_AT_ONCE`] bodies that are being read;
//! a client that resets what it asks for, again and again, loses its connection, and so does one that leaves an answer
//! untaken, or asks nothing, for as long as it may over HTTP/1.1. How many requests one address has under way on all its
//! connections is for `connections` to say.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::sleep;
use warp::hyper::body::{Body, Bytes, Frame, SizeHint};
use warp::hyper::server::conn::http2;

use crate::connections::{Place, UnderWay};

/// Requests at once on one connection; RFC 9113 wants no fewer.
const STREAMS_MAX: u32 = 100;
/// Bytes of a request's head; a longer one is answered 431 by the library, without a problem's body.
const HEAD_MAX: u32 = 16 * 1024;
/// Bodies that are read at once, of one connection; the next ones wait.
pub(crate) const BODIES_AT_ONCE: usize = 4;
/// Bytes of bodies that a client may send before they are read, of one stream and of all.
const WINDOW: u32 = 64 * 1024;
const WINDOW_OF_ALL: u32 = 2 * WINDOW;
/// Bytes of an answer that wait in the library for the network.
const SENT_AHEAD: usize = 64 * 1024;
/// Of an answer, so much is handed on at a time: the next piece is asked for when the client takes this one.
const PIECE: usize = 16 * 1024;
/// Streams that were reset before they were looked at, and those that the library had to reset, until the connection ends.
const RESETS_MAX: usize = 20;
const ERRORS_MAX: usize = 64;
/// How often a connection is asked whether it is there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether an answer is left untaken.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const NOT_WAITING: u64 = u64::MAX;

pub(crate) fn builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(ERRORS_MAX)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW_OF_ALL)
        .max_send_buf_size(SENT_AHEAD)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE);
    builder
}

/// Those of one connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Streams {
    begun: Instant,
    answers: Arc<Mutex<Vec<Weak<Taking>>>>,
}

/// How a client takes one answer.
struct Taking {
    begun: Instant,
    /// Since when a piece waits for the client, in milliseconds since the connection began; [`NOT_WAITING`] while the client
    /// waits for us.
    since: AtomicU64,
}

impl Streams {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            answers: Arc::default(),
        }
    }

    /// Completes when the connection is of no use: nothing is under way for longer than this, or an answer waits for longer
    /// than that.
    pub async fn neglected(&self, place: &Place, idle_max: Duration, untaken_max: Duration) {
        loop {
            sleep(LOOK_EVERY.min(idle_max).min(untaken_max)).await;
            let idle = place.idle_for().is_some_and(|idle| idle > idle_max);
            if idle || self.is_untaken_for(untaken_max) {
                return;
            }
        }
    }

    fn is_untaken_for(&self, most: Duration) -> bool {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.begun.elapsed().as_millis();
        let mut untaken = false;
        answers.retain(|answer| match answer.upgrade() {
            None => false,
            Some(answer) => {
                let since = answer.since.load(Ordering::Relaxed);
                untaken |=
                    since != NOT_WAITING && now.saturating_sub(since.into()) > most.as_millis();
                true
            }
        });
        untaken
    }

    fn answer(&self) -> Arc<Taking> {
        let taking = Arc::new(Taking {
            begun: self.begun,
            since: AtomicU64::new(NOT_WAITING),
        });
        taking.client_is_to_take();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        // of those that ended some are left until somebody looks
        answers.push(Arc::downgrade(&taking));
        taking
    }
}

impl Taking {
    fn client_is_to_take(&self) {
        let now = self.begun.elapsed().as_millis() as u64;
        self.since.store(now, Ordering::Relaxed);
    }

    fn client_waits(&self) {
        self.since.store(NOT_WAITING, Ordering::Relaxed);
    }
}

/// An answer's body: its connection is not idle until the last of it is taken.
pub(crate) struct Taken<B> {
    body: B,
    /// What is left of a frame of the body; over HTTP/1.1 nothing is.
    rest: Bytes,
    /// Over HTTP/2 only.
    taking: Option<Arc<Taking>>,
    _under_way: UnderWay,
}

impl<B> Taken<B> {
    pub fn new(body: B, under_way: UnderWay, streams: Option<&Streams>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            taking: streams.map(Streams::answer),
            _under_way: under_way,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Taken<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let Some(taking) = &this.taking else {
            return Pin::new(&mut this.body).poll_frame(cx);
        };
        if this.rest.is_empty() {
            taking.client_waits();
            let frame = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                end => return Poll::Ready(end),
            };
            match frame.into_data() {
                Ok(data) => this.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        taking.client_is_to_take();
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let mut hint = self.body.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::IpAddr;

    use super::*;
    use crate::connections::{Bounds, Connections};

    /// Frames that come when they come.
    struct Frames(Vec<Poll<Bytes>>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop() {
                None => Poll::Ready(None),
                Some(Poll::Pending) => Poll::Pending,
                Some(Poll::Ready(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            }
        }
    }

    #[test]
    fn an_answer_is_handed_on_in_pieces_and_it_is_known_who_waits_for_whom() {
        let bounds = Bounds {
            in_all: 1,
            per_address: 1,
        };
        let place = Connections::new("test", bounds).enter(IpAddr::from([0; 4]), false);
        let place = place.ok().unwrap();
        let mut streams = Streams::new();
        let long = Bytes::from(vec![0; PIECE + 1]);
        let body = Frames(vec![Poll::Pending, Poll::Ready(long)]);
        let mut taken = Taken::new(body, place.under_way(), Some(&streams));
        let mut next = || match Pin::new(&mut taken)
            .poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
        {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap().len()),
            Poll::Pending => Some(0),
        };
        // as if what has happened so far had happened a minute ago
        let mut untaken = || {
            streams.begun -= Duration::from_secs(60);
            streams.is_untaken_for(Duration::from_secs(30))
        };
        assert!(untaken(), "nobody has asked for the beginning");
        assert_eq!((next(), next()), (Some(PIECE), Some(1)));
        assert!(untaken(), "nobody has asked for what comes next");
        assert_eq!(next(), Some(0));
        assert!(!untaken(), "it is for us to go on");
        drop(taken);
        assert!(!untaken());
        assert!(place.idle_for().is_some());
        assert!(streams.answers.lock().unwrap().is_empty());
    }
}
