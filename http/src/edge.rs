//! What every request of either port passes before and after its handler.
//!
//! In order: request id and language, the endpoint, the address's rate, the body, the letter of the standards, a place
//! among the requests under way, the handler with its deadline, room for an answer that is long. Each has one bound and one
//! problem of its own, and whatever comes out gets the same headers, one log line and one measurement. Who is refused too often
//! gets it later.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, Stream, StreamExt, pin_mut};
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tracing::{Instrument, debug, error, info_span, warn};
use warp::filters::BoxedFilter;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, EXPECT, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter};

use crate::answer::Answered;
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::events::Listeners;
use crate::gathered::Gathered;
use crate::language::{self, Language};
use crate::letter;
use crate::limits::{Limiter, network_of};
use crate::poll::Polls;
use crate::refusals::Refusals;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::router::{Found, Handler, Router};
use crate::server::{Arrival, Options};
use crate::unread::{Reader, Unread};

/// Longest body that is read.
pub(crate) const BODY_LEN_MAX: usize = 64 * 1024;
/// How much of a longer one is thrown away before it is refused: a client that is still sending would not read the answer.
const DISCARDED_MAX: usize = 4 * 1024 * 1024;
/// When to come back to a node that is full.
const OVERLOADED_RETRY: Duration = Duration::from_secs(1);
/// Whoever has been here over TLS comes back so, for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// Label of requests that lead to no endpoint.
const NOWHERE: &str = "none";

const REQUESTS: &str = "http_requests_total";
const SECONDS: &str = "http_request_seconds";

/// One port: its endpoints, what they act on, and its bounds.
pub(crate) struct Edge<S: 'static> {
    /// `client` or `admin`, in metrics and logs.
    port: &'static str,
    router: Router<S>,
    state: S,
    /// Operators are answered in English.
    only: Option<Language>,
    addresses: Limiter<IpAddr>,
    refusals: Refusals,
    places: Semaphore,
    listeners: Listeners,
    unread: Unread,
    polls: Arc<Polls>,
    /// In the log.
    failures: Gathered,
    options: Options,
}

/// The head of a request.
struct Head {
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    arrival: Option<Arrival>,
}

impl Head {
    fn version(&self) -> Version {
        let arrival = self.arrival.as_ref();
        arrival.map_or(Version::HTTP_11, |arrival| arrival.version)
    }
}

impl<S: Send + Sync + 'static> Edge<S> {
    /// Answers that go on end when `closing` says so.
    pub fn new(
        port: &'static str,
        router: Router<S>,
        state: S,
        options: Options,
        closing: watch::Receiver<bool>,
    ) -> Self {
        describe_counter!(
            REQUESTS,
            "requests answered, by endpoint and class of status"
        );
        describe_histogram!(
            SECONDS,
            Unit::Seconds,
            "from the head of a request to its answer"
        );
        Self {
            port,
            router,
            state,
            only: None,
            addresses: Limiter::new(None),
            refusals: Refusals::new(port, options.refusals),
            places: Semaphore::new(options.requests_max),
            listeners: Listeners::new(port, options.streams, closing),
            unread: Unread::new(port, options.unread),
            polls: Arc::new(Polls::new()),
            failures: Gathered::new(),
            options,
        }
    }

    pub fn limited(self, addresses: Limiter<IpAddr>) -> Self {
        Self { addresses, ..self }
    }

    pub fn only_in(self, language: Language) -> Self {
        Self {
            only: Some(language),
            ..self
        }
    }

    /// How long its requests keep their threads.
    #[cfg(test)]
    pub fn polls(&self) -> Arc<Polls> {
        self.polls.clone()
    }

    /// Answers everything and rejects nothing.
    pub fn into_filter(self) -> BoxedFilter<(Response,)> {
        let edge = Arc::new(self);
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::ext::optional::<Arrival>())
            .and(warp::body::stream())
            .then(move |method, path, query, headers, arrival, body| {
                let edge = edge.clone();
                let head = Head {
                    method,
                    path,
                    query,
                    headers,
                    arrival,
                };
                async move { edge.serve(head, body).await }
            })
            .boxed()
    }

    async fn serve<B: Buf>(
        &self,
        head: Head,
        body: impl Stream<Item = Result<B, warp::Error>>,
    ) -> Response {
        let started = Instant::now();
        let id = RequestId::of(&head.headers);
        let language = self.only.unwrap_or_else(|| language::wanted(&head.headers));
        let method = known_name(&head.method);
        let path = letter::plain_path(head.path.as_str());
        let found = self.router.find(&head.method, &path);
        let endpoint = found.path().unwrap_or(NOWHERE);
        let trace = id.trace(&head.headers);
        let span = info_span!(
            "request",
            request_id = %id,
            traceparent = %trace,
            port = self.port,
            method,
            endpoint
        );
        let proxies = &self.options.proxies;
        let address = head
            .arrival
            .as_ref()
            .map(|arrival| network_of(proxies.client(arrival.peer, &head.headers)));
        let is_multiplexed = head.version() == Version::HTTP_2;
        let reader = Reader {
            address,
            is_multiplexed,
        };
        let origins = &self.options.origins;
        let origin = origins.of(&head.headers).cloned();
        let preflight = origins.preflight(&head.method, &head.headers);
        let path = path.into_owned();
        let work = async {
            let answered = match preflight {
                Some(allowed) => Ok(allowed),
                None => {
                    let answered = self.admit(found, head, path, body, language, address).await;
                    answered.and_then(|answer| {
                        answer.into_response(&self.listeners, &self.unread, reader)
                    })
                }
            };
            let mut response = finish(answered, language, id);
            if self.options.tls.is_some() {
                response
                    .headers_mut()
                    .insert(STRICT_TRANSPORT_SECURITY, HSTS);
            }
            origins.allow(origin, response.headers_mut());
            let status = response.status();
            self.observe(method, endpoint, status, started.elapsed());
            self.refusals.hold_back(address, status).await;
            response
        };
        let work = self.polls.measure(endpoint, work);
        trace.scope(work).instrument(span).await
    }

    /// Everything that can refuse a request before its handler sees it.
    ///
    /// The body is read first even where nobody wants it: a connection that closes with bytes unread is reset, and the
    /// client never sees its 404.
    async fn admit<B: Buf>(
        &self,
        found: Found<S>,
        head: Head,
        path: String,
        body: impl Stream<Item = Result<B, warp::Error>>,
        language: Language,
        address: Option<IpAddr>,
    ) -> Answered {
        let version = head.version();
        if head.arrival.as_ref().is_some_and(|one| one.is_one_too_many) {
            return Err(Problem::from(Kind::TooManyRequests).retry_after(OVERLOADED_RETRY));
        }
        let target_len = head.path.as_str().len() + head.query.len();
        let letter = letter::check(version, &head.headers, target_len);
        if let Some(address) = &address {
            let check = self.addresses.check(address);
            check.map_err(|wait| Problem::from(Kind::TooManyRequests).retry_after(wait))?;
        }
        let turns = head.arrival.as_ref().and_then(|one| one.bodies.clone());
        let body = async {
            // never closed, so that whoever waits has a turn
            let _turn = match &turns {
                Some(turns) => turns.acquire().await.ok(),
                None => None,
            };
            read(&head.headers, body).await
        };
        let body = match timeout(self.options.body_timeout, body).await {
            Ok(body) => body?,
            Err(_) => return Err(Kind::RequestTimeout.into()),
        };
        letter?;
        let (handler, arguments, cost) = match found {
            Found::Endpoint {
                handler,
                arguments,
                cost,
                ..
            } => (handler, arguments, cost),
            Found::OtherMethod { allow, .. } => return Err(Problem::method_not_allowed(allow)),
            Found::Nothing => return Err(Kind::UnknownPath.into()),
        };
        letter::check_encoding(&head.headers)?;
        let Ok(_place) = self.places.try_acquire() else {
            return Err(Problem::from(Kind::Overloaded).retry_after(OVERLOADED_RETRY));
        };
        let call = Call {
            method: head.method,
            path,
            query: head.query,
            arguments,
            headers: head.headers,
            body,
            language,
            from: address,
            cost,
            is_behind: self.unread.is_full(address),
        };
        self.handle(handler, call).await
    }

    async fn handle(&self, handler: Handler<S>, call: Call) -> Answered {
        // a handler keeps nothing between requests, so one that panics leaves nothing broken behind
        let answer = AssertUnwindSafe(handler(&self.state, call)).catch_unwind();
        match timeout(self.options.request_timeout, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_panic)) => {
                error!("handler panicked");
                Err(Kind::Internal.into())
            }
            Err(_) => {
                warn!(limit = ?self.options.request_timeout, "handler ran out of time");
                Err(Kind::OutcomeUnknown.into())
            }
        }
    }

    fn observe(
        &self,
        method: &'static str,
        endpoint: &'static str,
        status: StatusCode,
        took: Duration,
    ) {
        let class = match status.as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        counter!(REQUESTS, "port" => self.port, "method" => method, "endpoint" => endpoint, "class" => class)
            .increment(1);
        histogram!(SECONDS, "port" => self.port, "method" => method, "endpoint" => endpoint)
            .record(took.as_secs_f64());
        if status.is_server_error() {
            if let Some(left_out) = self.failures.next() {
                warn!(
                    status = status.as_u16(),
                    took_ms = took.as_millis(),
                    left_out,
                    "request failed"
                );
            }
        } else {
            debug!(
                status = status.as_u16(),
                took_ms = took.as_millis(),
                "request answered"
            );
        }
    }
}

impl<S> Found<S> {
    fn path(&self) -> Option<&'static str> {
        match self {
            Self::Endpoint { path, .. } | Self::OtherMethod { path, .. } => Some(path),
            Self::Nothing => None,
        }
    }
}

/// Reads a whole body of bounded length, whether or not its length was announced.
async fn read<B: Buf>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Vec<u8>, Problem> {
    let announced = announced(headers);
    let asks_first = headers.contains_key(EXPECT);
    if announced > DISCARDED_MAX || (announced > BODY_LEN_MAX && asks_first) {
        return Err(Kind::BodyTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(announced.min(BODY_LEN_MAX));
    let mut received = 0;
    pin_mut!(body);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|cause| {
            debug!(%cause, "body broke off");
            Problem::invalid(
                "O corpo não chegou inteiro",
                "The body did not arrive whole",
            )
        })?;
        received += chunk.remaining();
        if received > DISCARDED_MAX {
            break;
        }
        if received <= BODY_LEN_MAX {
            append(&mut bytes, chunk);
        }
    }
    if received > BODY_LEN_MAX {
        return Err(Kind::BodyTooLarge.into());
    }
    Ok(bytes)
}

fn append(bytes: &mut Vec<u8>, mut chunk: impl Buf) {
    while chunk.has_remaining() {
        let part = chunk.chunk();
        bytes.extend_from_slice(part);
        let taken = part.len();
        chunk.advance(taken);
    }
}

/// What `Content-Length` says; hyper holds the body to it.
fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    length.and_then(|v| v.parse().ok()).unwrap_or(0)
}

fn finish(answered: Result<Response, Problem>, language: Language, id: RequestId) -> Response {
    let mut response = answered.unwrap_or_else(|problem| problem.into_response(language));
    let headers = response.headers_mut();
    // a document may be in the language that its address asks for
    headers
        .entry(CONTENT_LANGUAGE)
        .or_insert(HeaderValue::from_static(language.tag()));
    headers.append(
        VARY,
        HeaderValue::from_static("accept-language, authorization, cookie"),
    );
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_REQUEST_ID, id.header());
    response
}

/// A method as a label: anybody can make up new ones.
fn known_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
