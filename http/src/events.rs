//! Answers that go on: server-sent events (HTML Living Standard, 9.2).
//!
//! An event is encoded once, whoever listens: what is streamed are shared bytes. Invariants: at most so many listeners at a
//! node and of one address; a listener that goes frees its place; a stream is never silent for longer than [`HEARTBEAT`],
//! so that neither side keeps a dead connection; every stream ends as soon as the port closes. A listener occupies no place
//! among the requests under way.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use metrics::{describe_gauge, gauge};
use serde::Serialize;
use sync_wrapper::SyncStream;
use tokio::sync::watch;
use tokio::time::sleep;
use warp::http::HeaderName;
use warp::hyper::body::Bytes;

use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::wire::query;

/// Longest silence of a stream.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A comment: clients skip it.
const HEARTBEAT_LINE: Bytes = Bytes::from_static(b":\n\n");
/// How long a client waits before it connects again.
pub(crate) const RETRY_LINE: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// When to come back to a node with as many listeners as it may have.
const FULL_RETRY: Duration = Duration::from_secs(5);
/// Longest id that is looked at.
const ID_LEN_MAX: usize = 64;

const LISTENERS: &str = "http_listeners";

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Encoded events, to be sent as they come.
pub(crate) type Events = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// One event. JSON without line breaks is one line of data.
pub(crate) fn encode(name: &str, id: Option<&str>, data: &impl Serialize) -> Bytes {
    let mut text = format!("event: {name}\n").into_bytes();
    if let Some(id) = id {
        text.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    text.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut text, data).expect("wire types serialize, and a Vec takes it all");
    text.extend_from_slice(b"\n\n");
    text.into()
}

/// The last event that this client has seen, as a browser says when it comes back; a program may say it in the query.
pub(crate) fn last_seen(call: &Call) -> Result<Option<String>, Problem> {
    let header = call.headers.get(LAST_EVENT_ID);
    let seen = match header.and_then(|value| value.to_str().ok()) {
        Some(id) => Some(id.to_owned()),
        None => call.parameter(query::LAST_SEEN)?,
    };
    Ok(seen.filter(|id| !id.is_empty() && id.len() <= ID_LEN_MAX))
}

/// Bounds of the listeners at one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    pub at_once: usize,
    pub per_address: usize,
}

/// Who listens at one port. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Listeners {
    limits: StreamLimits,
    counts: Arc<Mutex<Counts>>,
    closing: watch::Receiver<bool>,
}

struct Counts {
    /// In metrics.
    port: &'static str,
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Counts {
    fn show(&self) {
        gauge!(LISTENERS, "port" => self.port).set(self.all as f64);
    }
}

/// A place among the listeners, free again when it is dropped.
struct Place {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
}

impl Listeners {
    /// Streams end when `closing` says so.
    pub fn new(port: &'static str, limits: StreamLimits, closing: watch::Receiver<bool>) -> Self {
        describe_gauge!(LISTENERS, "streams of events that are open");
        let counts = Counts {
            port,
            all: 0,
            by_address: HashMap::new(),
        };
        Self {
            limits,
            counts: Arc::new(Mutex::new(counts)),
            closing,
        }
    }

    /// The events as this listener gets them, if there is a place for it.
    pub fn admit(
        &self,
        events: Events,
        address: Option<IpAddr>,
    ) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync + use<>, Problem> {
        let place = self.place(address)?;
        let listening = (events, self.closing.clone(), place);
        // warp asks for Sync, and polls from one place at a time as everybody does
        Ok(SyncStream::new(stream::unfold(
            listening,
            |mut listening| async move {
                let (events, closing, _place) = &mut listening;
                let next = tokio::select! {
                    biased;
                    () = closed(closing) => None,
                    event = events.next() => event,
                    () = sleep(HEARTBEAT) => Some(HEARTBEAT_LINE),
                };
                next.map(|bytes| (Ok(bytes), listening))
            },
        )))
    }

    fn place(&self, address: Option<IpAddr>) -> Result<Place, Problem> {
        let mut counts = lock(&self.counts);
        if counts.all >= self.limits.at_once {
            return Err(Problem::from(Kind::Overloaded).retry_after(FULL_RETRY));
        }
        if let Some(address) = address {
            let of_address = counts.by_address.entry(address).or_default();
            if *of_address >= self.limits.per_address {
                return Err(Problem::from(Kind::TooManyRequests).retry_after(FULL_RETRY));
            }
            *of_address += 1;
        }
        counts.all += 1;
        counts.show();
        Ok(Place {
            counts: self.counts.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.all -= 1;
        counts.show();
        if let Some(Entry::Occupied(mut of_address)) =
            self.address.map(|address| counts.by_address.entry(address))
        {
            *of_address.get_mut() -= 1;
            if *of_address.get() == 0 {
                of_address.remove();
            }
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> std::sync::MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // whoever would say it is gone only when the port is
    let _ = closing.wait_for(|closing| *closing).await;
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::call::tests::call;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    const AWAY: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::BROADCAST));

    fn listeners(at_once: usize, per_address: usize) -> (watch::Sender<bool>, Listeners) {
        let (close, closing) = watch::channel(false);
        let limits = StreamLimits {
            at_once,
            per_address,
        };
        (close, Listeners::new("test", limits, closing))
    }

    fn endless() -> Events {
        Box::pin(stream::pending())
    }

    #[test]
    fn an_event_is_its_name_id_and_data() {
        let data = serde_json::json!({"text": "two\nlines"});
        assert_eq!(
            encode("seats", Some("a.1"), &data),
            "event: seats\nid: a.1\ndata: {\"text\":\"two\\nlines\"}\n\n"
        );
        assert_eq!(encode("up", None, &1), "event: up\ndata: 1\n\n");
    }

    #[test]
    fn the_last_event_is_told_by_header_or_query() {
        let seen = |path: &str, headers: &[(&'static str, &str)]| {
            last_seen(&call(path, headers, b"")).unwrap()
        };
        assert_eq!(seen("/x", &[]), None);
        assert_eq!(seen("/x?ultimo=a.1", &[]), Some("a.1".to_owned()));
        let header = [("last-event-id", "a.2")];
        assert_eq!(seen("/x?ultimo=a.1", &header), Some("a.2".to_owned()));
        assert_eq!(seen(&format!("/x?ultimo={}", "9".repeat(65)), &[]), None);
    }

    #[test]
    fn there_is_a_place_for_so_many_and_it_is_free_again() {
        let (_close, listeners) = listeners(3, 2);
        let first = listeners.admit(endless(), HOME).unwrap();
        let _second = listeners.admit(endless(), HOME).unwrap();
        let refused = |address| listeners.admit(endless(), address).err().unwrap().kind();
        assert_eq!(refused(HOME), Kind::TooManyRequests);
        let _third = listeners.admit(endless(), AWAY).unwrap();
        assert_eq!(refused(AWAY), Kind::Overloaded);
        drop(first);
        assert!(listeners.admit(endless(), HOME).is_ok());
        assert_eq!(lock(&listeners.counts).by_address.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_has_a_heartbeat_and_ends_with_the_port() {
        let (close, listeners) = listeners(1, 1);
        let mut stream = Box::pin(listeners.admit(endless(), HOME).unwrap());
        assert_eq!(stream.next().await, Some(Ok(HEARTBEAT_LINE)));
        assert_eq!(stream.next().await, Some(Ok(HEARTBEAT_LINE)));
        close.send_replace(true);
        assert_eq!(stream.next().await, None);
        drop(stream);
        assert_eq!(lock(&listeners.counts).all, 0);
    }
}
