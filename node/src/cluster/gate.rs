//! The stream under a session, behind a gate that opens when the handshake is over ([`super::first_frames`]), and that looks at what
//! passes then ([`super::speech`]).
//!
//! Invariants:
//! - Until the gate opens, the connection holds its place, is read one short frame at a time, and ends at its
//!   deadline. So strangers hold a bounded number of connections, for a bounded time, in bounded memory.
//! - Nothing passes an open gate in the name of another company than the one that the certificate proves.
//! - An open gate is not read while too much of what has passed waits for our gateway ([`super::backlog`]).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use passcom_actors::company::refused::{Reason, Refused};
use passcom_actors::domain::ids::CompanyId;
use ractor_cluster::{BoxRead, BoxWrite, ClusterBidiStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tracing::warn;

use super::backlog::Backlog;
use super::first_frames::{PREFIX_LEN, Stage, frame_len, invalid};
use super::speech::{self, Said};
use super::tls::node_name;

/// How long a peer that has shown its certificate may take to authenticate.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(3);
/// Read at a time while the gate is closed, and when it is open.
const CHUNK_LEN: usize = 512;
const OPEN_CHUNK_LEN: usize = 8 * 1024;
/// Most messages of a connection that nobody can read, so that nobody can tell when the gateway has looked at them: a node of another
/// protocol sends a few, until it hears so.
const UNREADABLE_MAX: u32 = 64;

/// A connection whose other end has proven, by certificate, to be a company.
pub(super) struct Proven<S> {
    pub stream: S,
    pub company: CompanyId,
    pub we_were_dialled: bool,
    /// Held until the handshake is over; none for connections that we dialled.
    pub place: Option<OwnedSemaphorePermit>,
    pub backlog: Arc<Backlog>,
    pub refused: Arc<Refused>,
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> ClusterBidiStream for Proven<S> {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        let (read, write) = tokio::io::split(self.stream);
        let gate = Gate {
            stream: read,
            stage: Stage::first(self.we_were_dialled),
            company: self.company,
            frame: Vec::new(),
            passed: None,
            deadline: Box::pin(sleep(HANDSHAKE_PATIENCE)),
            place: self.place,
            backlog: self.backlog,
            unreadable: 0,
            refused: self.refused,
        };
        (Box::new(gate), Box::new(write))
    }

    fn peer_label(&self) -> Option<String> {
        Some(self.company.to_string())
    }
}

struct Gate<R> {
    stream: R,
    stage: Stage,
    company: CompanyId,
    /// The frame that is being read, prefix included.
    frame: Vec<u8>,
    /// How much of a checked frame has been passed on; none while it is incomplete.
    passed: Option<usize>,
    deadline: Pin<Box<Sleep>>,
    place: Option<OwnedSemaphorePermit>,
    backlog: Arc<Backlog>,
    /// How many messages nobody could read.
    unreadable: u32,
    refused: Arc<Refused>,
}

impl<R: AsyncRead + Unpin> Gate<R> {
    /// How many bytes the frame lacks, as far as can be told.
    fn missing(&self) -> io::Result<usize> {
        match self.frame.first_chunk::<PREFIX_LEN>() {
            None => Ok(PREFIX_LEN - self.frame.len()),
            Some(prefix) => {
                let len = match self.stage {
                    Stage::Open => speech::frame_len(*prefix),
                    _ => frame_len(*prefix),
                };
                Ok(PREFIX_LEN + len? - self.frame.len())
            }
        }
    }

    /// Reads towards a whole frame; never a byte more, for what follows is not ours. Ready with `false` at the end of the
    /// stream.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            let missing = self.missing()?;
            if missing == 0 {
                return Poll::Ready(Ok(true));
            }
            let mut chunk = [0; OPEN_CHUNK_LEN];
            let most = match self.stage {
                Stage::Open => OPEN_CHUNK_LEN,
                _ => CHUNK_LEN,
            };
            let mut chunk = ReadBuf::new(&mut chunk[..missing.min(most)]);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.frame.extend_from_slice(chunk.filled());
        }
    }

    fn check_frame(&mut self) -> io::Result<()> {
        let frame = &self.frame[PREFIX_LEN..];
        if self.stage == Stage::Open {
            let said = speech::check(frame, self.company).inspect_err(|_| {
                self.refused
                    .note(self.company, "frame", Reason::AnothersName)
            })?;
            match said {
                Said::ToGateway(len) => self.backlog.sent(len),
                Said::Unreadable if self.unreadable == UNREADABLE_MAX => {
                    return Err(invalid("too much that nobody can read"));
                }
                Said::Unreadable => self.unreadable += 1,
                Said::ToSession => {}
            }
        } else {
            self.stage = self.stage.next(frame, &node_name(self.company))?;
            if self.stage == Stage::Open {
                self.backlog.begin();
            }
        }
        self.passed = Some(0);
        Ok(())
    }

    /// Passes checked bytes on. The place goes once the last of them have gone.
    fn pass(&mut self, from: usize, to: &mut ReadBuf<'_>) {
        let rest = &self.frame[from..];
        let len = rest.len().min(to.remaining());
        to.put_slice(&rest[..len]);
        self.passed = Some(from + len);
        if from + len == self.frame.len() {
            self.frame.clear();
            self.passed = None;
            if self.stage == Stage::Open {
                self.place = None;
            }
        }
    }

    fn refuse(&self, error: &io::Error) {
        warn!(company = %self.company, %error, "connection refused");
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Gate<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(from) = this.passed {
            this.pass(from, to);
            return Poll::Ready(Ok(()));
        }
        if this.stage != Stage::Open && this.deadline.as_mut().poll(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
            this.refuse(&error);
            return Poll::Ready(Err(error));
        }
        if this.stage == Stage::Open && this.frame.is_empty() {
            ready!(this.backlog.poll_room(cx));
        }
        if !ready!(this.poll_frame(cx)).inspect_err(|error| this.refuse(error))? {
            return Poll::Ready(Ok(()));
        }
        this.check_frame().inspect_err(|error| this.refuse(error))?;
        this.pass(0, to);
        Poll::Ready(Ok(()))
    }
}
