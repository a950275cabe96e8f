//! Connections: accepted, bounded, and ended.
//!
//! warp's own server sets no timer on connections and waits for ever for the idle ones when it is told to stop, so its
//! service is driven by hyper here. Invariants: at most `connections_max` at a time, the others wait in the kernel's
//! queue; a connection without a whole request head within `head_timeout` is closed, also an idle one; `run` returns at
//! most `shutdown_timeout` after it was told to stop. A client that reads its answer slowly keeps its connection, and the
//! one answer that is buffered for it, but no place among the requests under way; one that reads nothing loses it.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};
use warp::Reply;
use warp::filters::BoxedFilter;
use warp::http::Uri;
use warp::hyper::Request;
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1;
use warp::hyper::service::{Service, service_fn};

use crate::events::StreamLimits;

/// How long to leave the kernel alone after it could not give us a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client may leave what was sent to it unread, or be out of reach, before its connection is closed.
const UNREAD_MAX: Duration = Duration::from_secs(30);
/// Most header lines of a request.
const HEADERS_MAX: usize = 64;
/// Most bytes of a request head, and of what is read ahead of a handler.
const BUFFER_MAX: usize = 64 * 1024;

/// Bounds of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub connections_max: usize,
    /// Requests under way; the next one hears 503.
    pub requests_max: usize,
    /// For a whole request head, from the last answer on.
    pub head_timeout: Duration,
    pub body_timeout: Duration,
    /// Above the 10 s within which a booking is answered: a net below the handlers' own deadlines.
    pub request_timeout: Duration,
    /// For requests under way to end after the shutdown signal.
    pub shutdown_timeout: Duration,
    pub streams: StreamLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            requests_max: 2048,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(12),
            streams: StreamLimits {
                at_once: 1024,
                per_address: 256,
            },
        }
    }
}

/// Whom a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub IpAddr);

/// Serves until `shutdown`, then lets what is under way end within its bound.
pub(crate) async fn run(
    listener: TcpListener,
    filter: BoxedFilter<(impl Reply + 'static,)>,
    options: &Options,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(options.connections_max));
    tokio::pin!(shutdown);
    loop {
        let next = accept(&listener, &places);
        let (stream, address, place) = tokio::select! {
            () = &mut shutdown => break,
            accepted = next => match accepted {
                Ok(accepted) => accepted,
                Err(cause) => {
                    endure(cause).await;
                    continue;
                }
            },
        };
        let (filter, watcher, head_timeout) =
            (filter.clone(), graceful.watcher(), options.head_timeout);
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            converse(stream, address, filter, head_timeout, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    finish(graceful, connections, options.shutdown_timeout).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = places
        .clone()
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let (stream, address) = listener.accept().await?;
    Ok((stream, address.ip(), place))
}

/// A client that is already gone costs nothing; a kernel that has nothing to give us needs time.
async fn endure(cause: io::Error) {
    match cause.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => {
            debug!(%cause, "client gone before it was accepted");
        }
        _ => {
            warn!(%cause, "accept failed");
            sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// One connection, until either side ends it.
async fn converse(
    stream: TcpStream,
    address: IpAddr,
    filter: BoxedFilter<(impl Reply + 'static,)>,
    head_timeout: Duration,
    watcher: Watcher,
) {
    let patience = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_MAX));
    if let Err(cause) = stream.set_nodelay(true).and(patience) {
        debug!(%address, %cause, "client gone before it asked");
        return;
    }
    let service = TowerToHyperService::new(warp::service(filter));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(address));
        // CONNECT names no path, and warp's path filters panic on that
        if request.uri().path_and_query().is_none() {
            *request.uri_mut() = Uri::from_static("*");
        }
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(cause) = watcher.watch(connection).await {
        debug!(%address, %cause, "connection ended");
    }
}

/// Ends idle connections now, the others after their answer, and what is left at the limit in any case.
async fn finish(graceful: GracefulShutdown, mut connections: JoinSet<()>, limit: Duration) {
    let open = graceful.count();
    if timeout(limit, graceful.shutdown()).await.is_ok() {
        info!(open, "all connections ended");
    } else {
        warn!(open, ?limit, "connections cut at shutdown");
    }
    connections.shutdown().await;
}
