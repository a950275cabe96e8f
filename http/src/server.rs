//! Connections: accepted, bounded, and ended.
//!
//! warp's own server sets no timer on connections and waits for ever for the idle ones when it is told to stop, so its
//! service is driven by hyper here. Invariants: at most `connections_max` at a time, and so many of one address
//! (`connections`): who is idle gives way, the others wait in the kernel's queue; a connection without a whole request head
//! within `head_timeout` is closed, also an idle one; `run` returns at most `shutdown_timeout` after it was told to stop. A
//! client that reads its answer slowly keeps its connection, and the one answer that is buffered for it (`unread`), but no
//! place among the requests under way; one that reads nothing loses it.
//!
//! Over TLS (`tls`) a client may speak HTTP/2, with many requests on one connection (`streams`); in the clear it is HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};
use warp::Reply;
use warp::filters::BoxedFilter;
use warp::http::header::HOST;
use warp::http::{HeaderValue, Uri, Version};
use warp::hyper::Request;
use warp::hyper::body::{Body, Bytes, Incoming};
use warp::hyper::server::conn::http1;
use warp::hyper::service::{Service, service_fn};
use warp::reply::Response;

use crate::connections::{Bounds, Connections, NoPlace, Place};
use crate::events::StreamLimits;
use crate::letter::{LINES_MAX, Origins};
use crate::limits::{Rate, network_of};
use crate::proxies::Proxies;
use crate::streams::{self, BODIES_AT_ONCE, Streams, Taken};
use crate::tls::{Tls, is_http2};
use crate::unasked::Unasked;
use crate::unread::UnreadLimits;

/// How long to leave the kernel alone after it could not give us a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client may leave what was sent to it unread, or be out of reach, before its connection is closed.
const UNREAD_MAX: Duration = Duration::from_secs(30);
/// Most header lines of a request that are read: of fewer, still too many, a problem can be told.
const HEADERS_MAX: usize = 2 * LINES_MAX;
/// Most bytes of a request head, and of what is read ahead of a handler.
const BUFFER_MAX: usize = 64 * 1024;
/// What the kernel keeps of answers for one connection; twice that with its own records. So much in a round trip.
const KERNEL_BUFFER: usize = 128 * 1024;

/// Bounds of one port.
#[derive(Debug, Clone)]
pub struct Options {
    /// None: in the clear, for a proxy that speaks TLS.
    pub tls: Option<Tls>,
    pub connections_max: usize,
    /// Of one address (of IPv6, one /64 network), unless it is a proxy's.
    pub connections_per_address: usize,
    /// Whose word counts for who asks.
    pub proxies: Proxies,
    /// Pages of other sites that may ask.
    pub origins: Origins,
    /// Refusals of one address; beyond, each comes later. None: all come at once.
    pub refusals: Option<Rate>,
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
    /// Of answers that clients have not taken yet.
    pub unread: UnreadLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: None,
            connections_max: 4096,
            connections_per_address: 1024,
            proxies: Proxies::default(),
            origins: Origins::default(),
            refusals: None,
            requests_max: 2048,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(12),
            streams: StreamLimits {
                at_once: 1024,
                per_address: 256,
            },
            unread: UnreadLimits {
                in_all: 128 * 1024 * 1024,
                per_address: 16 * 1024 * 1024,
            },
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a request says of itself by how it came.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// At the other end of its connection.
    pub peer: IpAddr,
    pub version: Version,
    /// Turns of those that have a body, on one connection.
    pub bodies: Option<Arc<Semaphore>>,
    /// Its address has as many requests under way as it may have.
    pub is_one_too_many: bool,
}

/// Serves until `shutdown`, then lets what is under way end within its bound.
pub(crate) async fn run(
    port: &'static str,
    listener: TcpListener,
    filter: BoxedFilter<(impl Reply + 'static,)>,
    options: &Options,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let mut conversations = JoinSet::new();
    let bounds = Bounds {
        in_all: options.connections_max,
        per_address: options.connections_per_address,
    };
    let connections = Connections::new(port, bounds);
    tokio::pin!(shutdown);
    loop {
        let next = accept(&listener, &connections, &options.proxies);
        let (stream, address, place) = tokio::select! {
            () = &mut shutdown => break,
            accepted = next => match accepted {
                Ok(Some(accepted)) => accepted,
                Ok(None) => continue,
                Err(cause) => {
                    endure(cause).await;
                    continue;
                }
            },
        };
        let conversation = Conversation {
            address,
            place: Arc::new(place),
            filter: filter.clone(),
            head_timeout: options.head_timeout,
            watcher: graceful.watcher(),
        };
        while conversations.try_join_next().is_some() {}
        conversations.spawn(conversation.begin(stream, options.tls.clone()));
    }
    drop(listener);
    finish(graceful, conversations, options.shutdown_timeout).await;
}

/// The next connection with its place; none where its address has too many. Where all places are taken and nobody is idle
/// it waits, and the others wait behind it in the kernel's queue.
async fn accept(
    listener: &TcpListener,
    connections: &Connections,
    proxies: &Proxies,
) -> io::Result<Option<(TcpStream, IpAddr, Place)>> {
    let (stream, address) = listener.accept().await?;
    let address = address.ip();
    let (network, is_proxy) = (network_of(address), proxies.trusts(address));
    loop {
        match connections.enter(network, is_proxy) {
            Ok(place) => return Ok(Some((stream, address, place))),
            Err(NoPlace::OfAddress) => return Ok(None),
            Err(NoPlace::InAll) => connections.freed().await,
        }
    }
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
struct Conversation<R: Reply + 'static> {
    address: IpAddr,
    place: Arc<Place>,
    filter: BoxedFilter<(R,)>,
    head_timeout: Duration,
    watcher: Watcher,
}

impl<R: Reply + 'static> Conversation<R> {
    async fn begin(self, stream: TcpStream, tls: Option<Tls>) {
        let address = self.address;
        let socket = SockRef::from(&stream);
        let patience = socket.set_tcp_user_timeout(Some(UNREAD_MAX));
        let buffer = socket.set_send_buffer_size(KERNEL_BUFFER);
        if let Err(cause) = stream.set_nodelay(true).and(patience).and(buffer) {
            debug!(%address, %cause, "client gone before it asked");
            return;
        }
        let Some(tls) = tls else {
            return self.http1(stream).await;
        };
        let place = self.place.clone();
        let accepted = tokio::select! {
            accepted = tls.accept(stream) => accepted,
            () = place.cut() => return debug!(%address, "handshake gave way"),
        };
        match accepted {
            Ok(stream) if is_http2(&stream) => self.http2(stream).await,
            Ok(stream) => self.http1(stream).await,
            Err(cause) => debug!(%address, %cause, "no TLS"),
        }
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_headers(HEADERS_MAX)
            .max_buf_size(BUFFER_MAX)
            .serve_connection(TokioIo::new(Unasked::new(stream)), self.service(None));
        tokio::select! {
            ended = self.watcher.watch(connection) => tell(self.address, ended),
            () = self.place.cut() => debug!(address = %self.address, "idle connection gave way"),
        }
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let streams = Streams::new();
        let service = self.service(Some(streams.clone()));
        let connection = streams::builder().serve_connection(TokioIo::new(stream), service);
        let address = self.address;
        tokio::select! {
            ended = self.watcher.watch(connection) => tell(address, ended),
            () = self.place.cut() => debug!(%address, "idle connection gave way"),
            () = streams.neglected(&self.place, self.head_timeout, UNREAD_MAX) => {
                debug!(%address, "connection ended: nothing was asked, or an answer not taken");
            }
        }
    }

    fn service(
        &self,
        streams: Option<Streams>,
    ) -> impl Service<
        Request<Incoming>,
        Response = warp::http::Response<impl Body<Data = Bytes, Error: Into<Failure>> + use<R>>,
        Error = Infallible,
        Future: Send,
    > + use<R> {
        let (place, peer) = (self.place.clone(), self.address);
        let service = TowerToHyperService::new(warp::service(self.filter.clone()));
        let bodies = streams
            .is_some()
            .then(|| Arc::new(Semaphore::new(BODIES_AT_ONCE)));
        service_fn(move |mut request: Request<Incoming>| {
            let under_way = place.under_way();
            let has_body = !request.body().is_end_stream();
            let arrival = Arrival {
                peer,
                version: request.version(),
                bodies: bodies.clone().filter(|_| has_body),
                is_one_too_many: streams.is_some() && place.is_crowded(),
            };
            request.extensions_mut().insert(arrival);
            if streams.is_some() {
                name_host(&mut request);
            }
            // CONNECT names no path, and warp's path filters panic on that
            if request.uri().path_and_query().is_none() {
                *request.uri_mut() = Uri::from_static("*");
            }
            let (answer, streams) = (service.call(request), streams.clone());
            async move {
                let answer: Response = answer.await?;
                Ok(answer.map(|body| Taken::new(body, under_way, streams.as_ref())))
            }
        })
    }
}

/// What HTTP/1.1 calls `Host`, and takes the place of it (RFC 9113, 8.3.1).
fn name_host(request: &mut Request<Incoming>) {
    let authority = request.uri().authority();
    let host = authority.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

fn tell(address: IpAddr, ended: Result<(), warp::hyper::Error>) {
    if let Err(cause) = ended {
        debug!(%address, %cause, "connection ended");
    }
}

/// Ends idle connections now, the others after their answer, and what is left at the limit in any case.
async fn finish(graceful: GracefulShutdown, mut conversations: JoinSet<()>, limit: Duration) {
    let open = graceful.count();
    if timeout(limit, graceful.shutdown()).await.is_ok() {
        info!(open, "all connections ended");
    } else {
        warn!(open, ?limit, "connections cut at shutdown");
    }
    conversations.shutdown().await;
}
