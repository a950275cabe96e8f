//! A port as a client meets it: over TCP, with endpoints that do what real ones must never do.

use std::future::pending;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use futures_util::stream;
use warp::hyper::body::Bytes;

use super::*;
use crate::answer::Answer;
use crate::events::StreamLimits;
use crate::limits::Rate;
use crate::proxies::Proxies;
use crate::router::{Endpoint, get, post};
use crate::unread::UnreadLimits;
use crate::{server, wire};

mod tls;

/// Longer than any of these tests takes.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);
/// Of an answer, more than the kernel takes for who does not read it.
const LONG: usize = 16 * 1024 * 1024;

const ENDPOINTS: &[Endpoint<()>] = &[
    post("/echo", |_, call| {
        Box::pin(async move {
            call.json::<wire::Credentials>()
                .map(|body| Answer::text(&body.login.unwrap_or_default()))
        })
    }),
    get("/things/{id}", |_, call| {
        Box::pin(async move { Ok(Answer::text(&call.arguments[0])) })
    }),
    get("/panic", |_, _| {
        Box::pin(async { panic!("an internal secret") })
    }),
    get("/never", |_, _| Box::pin(pending())),
    get("/long", |_, _| {
        Box::pin(async { Ok(Answer::made("text/plain", vec![b'x'; LONG])) })
    }),
    get("/events", |_, _| {
        Box::pin(async {
            let first = stream::once(async { Bytes::from_static(b"data: 1\n\n") });
            Ok(Answer::events(Box::pin(first.chain(stream::pending()))))
        })
    }),
];

struct Port {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Port {
    async fn open(options: Options) -> Self {
        Self::limited(options, Limiter::new(None)).await
    }

    async fn limited(options: Options, addresses: Limiter<IpAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new(&[ENDPOINTS]);
        let (close, closing) = watch::channel(false);
        let edge = Edge::new("test", router, (), options.clone(), closing).limited(addresses);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let shutdown = async {
                drop(stopped.await);
                close.send_replace(true);
            };
            server::run("test", listener, edge.into_filter(), &options, shutdown).await;
        });
        Self {
            address,
            stop,
            task,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends this on a connection of its own and reads until the port closes it.
    async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        read_all(&mut stream).await
    }

    async fn get(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        self.exchange(request.as_bytes()).await
    }

    async fn get_head(&self, path: &str) -> String {
        let request = format!("HEAD {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        self.exchange(request.as_bytes()).await
    }

    async fn post(&self, head: &str, body: &[u8]) -> String {
        let head = format!(
            "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{head}\r\n\r\n"
        );
        self.exchange(&[head.as_bytes(), body].concat()).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the port answers or closes")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

#[tokio::test]
async fn every_answer_has_its_id_and_language() {
    let port = Port::open(Options::default()).await;
    let request = "GET /things/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: mine-1\r\naccept-language: en\r\n\r\n";
    let answer = port.exchange(request.as_bytes()).await;
    assert_eq!(status(&answer), "200");
    for line in [
        "x-request-id: mine-1\r\n",
        "content-language: en\r\n",
        "cache-control: no-store\r\n",
    ] {
        assert!(answer.contains(line), "{line} is not in {answer}");
    }
    assert!(answer.ends_with("\r\n\r\n7"));
    let minted = port.get("/things/7").await;
    assert!(minted.contains("x-request-id: ") && minted.contains("content-language: pt-BR\r\n"));
}

#[tokio::test]
async fn what_leads_nowhere_is_a_problem_in_the_clients_language() {
    let port = Port::open(Options::default()).await;
    let nowhere = port.get("/nothing?like=this").await;
    assert_eq!(status(&nowhere), "404");
    assert!(nowhere.contains("content-type: application/problem+json\r\n"));
    assert!(
        nowhere
            .contains(r#""type":"/problems/unknown-path","title":"Não encontrado","status":404"#)
    );
    let method = port.get("/echo").await;
    assert_eq!(status(&method), "405");
    assert!(method.contains("allow: POST\r\n"));
}

#[tokio::test]
async fn every_form_of_request_is_answered() {
    let port = Port::open(Options::default()).await;
    for (line, expected) in [
        ("HEAD /things/7", "200"),
        ("GET http://elsewhere/things/7", "200"),
        ("GET /things/7?a=%zz&&=", "200"),
        ("OPTIONS *", "404"),
        ("CONNECT elsewhere:443", "404"),
        ("BREW /things/7", "405"),
        ("GET /things/%2e%2e%00", "200"),
        ("GET nowhere", "404"),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = port.exchange(request.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{line}");
        if line.starts_with("HEAD") {
            assert!(
                answer.ends_with("\r\n\r\n"),
                "an answer to HEAD has no body"
            );
        }
    }
}

#[tokio::test]
async fn a_body_is_bounded_with_and_without_a_length() {
    let port = Port::open(Options::default()).await;
    let body = |len: usize| {
        let text = "x".repeat(len - r#"{"login":""}"#.len());
        format!(r#"{{"login":"{text}"}}"#).into_bytes()
    };
    for (len, expected) in [
        (BODY_LEN_MAX, "200"),
        (BODY_LEN_MAX + 1, "413"),
        (300_000, "413"),
    ] {
        let sized = port
            .post(&format!("content-length: {len}"), &body(len))
            .await;
        assert_eq!(status(&sized), expected, "{len}");
        let chunk = [
            format!("{len:x}\r\n").as_bytes(),
            &body(len),
            b"\r\n0\r\n\r\n",
        ]
        .concat();
        let chunked = port.post("transfer-encoding: chunked", &chunk).await;
        assert_eq!(status(&chunked), expected, "{len} chunked");
    }
}

#[tokio::test]
async fn bad_bodies_are_problems() {
    let port = Port::open(Options::default()).await;
    for (body, expected) in [
        (&b"{not json"[..], "400"),
        (&[b'['; 20_000], "400"),
        (b"", "400"),
        (b"{}", "200"),
    ] {
        let answer = port
            .post(&format!("content-length: {}", body.len()), body)
            .await;
        assert_eq!(status(&answer), expected);
    }
    let broken_off = port.post("transfer-encoding: chunked", b"zz\r\n").await;
    assert_eq!(status(&broken_off), "400");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let options = Options {
        body_timeout: SHORT,
        ..Options::default()
    };
    let port = Port::open(options).await;
    let answer = port.post("content-length: 10", b"{").await;
    assert_eq!(status(&answer), "408");
}

#[tokio::test]
async fn a_panic_is_one_answer_and_says_nothing() {
    let port = Port::open(Options::default()).await;
    let answer = port.get("/panic").await;
    assert_eq!(status(&answer), "500");
    assert!(!answer.contains("secret"));
    assert_eq!(status(&port.get("/things/7").await), "200");
}

#[tokio::test]
async fn a_handler_has_a_deadline() {
    let port = Port::open(Options {
        request_timeout: SHORT,
        ..Options::default()
    })
    .await;
    let answer = port.get("/never").await;
    assert_eq!(status(&answer), "504");
    assert!(answer.contains("/problems/outcome-unknown"));
}

#[tokio::test]
async fn a_full_port_says_so_at_once() {
    let port = Port::open(Options {
        requests_max: 1,
        ..Options::default()
    })
    .await;
    let mut first = port.connect().await;
    first
        .write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let refused = async {
        loop {
            let answer = port.get("/things/7").await;
            if status(&answer) == "503" {
                return answer;
            }
        }
    };
    let answer = timeout(PATIENCE, refused)
        .await
        .expect("the only place is taken");
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains("/problems/overloaded"));
}

#[tokio::test]
async fn an_address_has_a_rate() {
    let one = NonZeroU32::MIN;
    let rate = Rate {
        per_second: one,
        burst: one,
    };
    let port = Port::limited(Options::default(), Limiter::new(Some(rate))).await;
    assert_eq!(status(&port.get("/things/7").await), "200");
    let answer = port.get("/things/7").await;
    assert_eq!(status(&answer), "429");
    assert!(answer.contains("retry-after: 1\r\n"));
}

/// Both ask with one address, at once; whoever asks for what is there does not wait for the other.
#[tokio::test]
async fn who_is_refused_again_and_again_hears_it_later_and_keeps_no_place() {
    let one = NonZeroU32::MIN;
    let rate = Rate {
        per_second: one,
        burst: one,
    };
    let port = Port::open(Options {
        refusals: Some(rate),
        requests_max: 1,
        ..Options::default()
    })
    .await;
    let refused = || port.post("content-length: 1", b"{");
    assert_eq!(status(&refused().await), "400");
    let mut late = pin!(refused());
    let answered = timeout(SHORT, &mut late).await;
    assert!(answered.is_err(), "it comes later: {answered:?}");
    assert_eq!(status(&port.get("/things/7").await), "200");
    assert_eq!(status(&timeout(PATIENCE, late).await.unwrap()), "400");
}

#[tokio::test]
async fn silence_is_not_listened_to() {
    let port = Port::open(Options {
        head_timeout: SHORT,
        ..Options::default()
    })
    .await;
    let mut half = port.connect().await;
    half.write_all(b"GET /things/7 HTTP/1.1\r\nhost:")
        .await
        .unwrap();
    read_all(&mut half).await;
    let mut idle = port.connect().await;
    idle.write_all(b"GET /things/7 HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(status(&read_all(&mut idle).await), "200");
    assert_eq!(read_all(&mut port.connect().await).await, "");
}

#[tokio::test]
async fn shutdown_lets_requests_end_and_waits_for_nobody_for_ever() {
    let port = Port::open(Options {
        shutdown_timeout: SHORT,
        ..Options::default()
    })
    .await;
    let idle = port.connect().await;
    let mut under_way = port.connect().await;
    under_way
        .write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut half = port.connect().await;
    half.write_all(b"GET /thi").await.unwrap();
    assert_eq!(status(&port.get("/things/7").await), "200");
    port.stop.send(()).unwrap();
    timeout(PATIENCE, port.task)
        .await
        .expect("it ends in time")
        .unwrap();
    assert!(
        TcpStream::connect(port.address).await.is_err(),
        "nobody listens any more"
    );
    for mut connection in [idle, under_way, half] {
        let rest = timeout(PATIENCE, connection.read_u8()).await;
        assert!(rest.expect("it is closed").is_err());
    }
}

/// A listener of `/events` that has heard the first one.
async fn listener(port: &Port) -> TcpStream {
    let mut stream = port.connect().await;
    let request = b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("data: 1\n\n") {
        let mut buffer = [0; 1024];
        let len = timeout(PATIENCE, stream.read(&mut buffer)).await;
        let len = len.expect("the port sends").unwrap();
        assert!(len > 0, "the stream goes on: {heard}");
        heard.push_str(std::str::from_utf8(&buffer[..len]).unwrap());
    }
    assert!(heard.contains("content-type: text/event-stream\r\n"));
    stream
}

#[tokio::test]
async fn listeners_need_no_place_and_end_with_the_port() {
    let port = Port::open(Options {
        requests_max: 1,
        streams: StreamLimits {
            at_once: 2,
            per_address: 2,
        },
        ..Options::default()
    })
    .await;
    let mut first = listener(&port).await;
    let second = listener(&port).await;
    assert_eq!(status(&port.get("/things/7").await), "200");
    assert_eq!(status(&port.get("/events").await), "503");
    drop(second);
    let freed = async { while status(&port.get_head("/events").await) != "200" {} };
    timeout(PATIENCE, freed)
        .await
        .expect("its place is free again");
    port.stop.send(()).unwrap();
    read_all(&mut first).await;
    timeout(PATIENCE, port.task)
        .await
        .expect("nobody who listens keeps the port")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let port = Port::open(Options::default()).await;
    let head = format!(
        "expect: 100-continue\r\ncontent-length: {}",
        BODY_LEN_MAX + 1
    );
    assert_eq!(status(&port.post(&head, b"").await), "413");
    let endless = format!("content-length: {}", DISCARDED_MAX + 1);
    assert_eq!(status(&port.post(&endless, b"{").await), "413");
}

#[tokio::test]
async fn answers_that_nobody_reads_are_not_piled_up() {
    let port = Port::open(Options {
        unread: UnreadLimits {
            in_all: 3 * LONG,
            per_address: 2 * LONG,
        },
        ..Options::default()
    })
    .await;
    let mut unread = Vec::new();
    for _ in 0..2 {
        let mut stream = port.connect().await;
        let request = b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let first = timeout(PATIENCE, stream.read_u8()).await;
        first.expect("it begins").unwrap();
        unread.push(stream);
    }
    let answer = port.get("/long").await;
    assert_eq!(status(&answer), "429");
    assert!(answer.contains("retry-after: 1\r\n"));
    assert_eq!(status(&port.get("/things/7").await), "200", "a short one");
    drop(unread.pop());
    let freed = async { while status(&port.get_head("/long").await) != "200" {} };
    timeout(PATIENCE, freed).await.expect("its bytes are gone");
}

#[tokio::test]
async fn an_address_that_opens_more_connections_loses_its_idle_ones() {
    let port = Port::open(Options {
        connections_per_address: 4,
        ..Options::default()
    })
    .await;
    let busy = listener(&port).await;
    let mut idle = port.connect().await;
    let third = port.connect().await;
    let fourth = port.connect().await;
    // until the oldest has been idle for long enough: who comes before that is not let in
    let asked = async {
        loop {
            let mut stream = port.connect().await;
            let request = b"GET /things/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            // it may be closed already
            let written = stream.write_all(request).await;
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer).await;
            if written.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 200") {
                return;
            }
        }
    };
    timeout(PATIENCE, asked).await.expect("somebody gives way");
    let ended = timeout(PATIENCE, idle.read_u8()).await;
    assert!(ended.expect("the longest idle one").is_err());
    drop((busy, third, fourth));
}

#[tokio::test]
async fn a_client_behind_a_proxy_of_ours_is_told_apart() {
    let one = NonZeroU32::MIN;
    let rate = Rate {
        per_second: one,
        burst: one,
    };
    let proxies = |trusted: &str| Options {
        proxies: Proxies {
            trusted: vec![trusted.parse().unwrap()],
            ..Proxies::default()
        },
        ..Options::default()
    };
    for (trusted, second) in [("127.0.0.0/8", "200"), ("10.0.0.0/8", "429")] {
        let port = Port::limited(proxies(trusted), Limiter::new(Some(rate))).await;
        let ask = async |client: &str| {
            let request = format!(
                "GET /things/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {client}\r\n\r\n"
            );
            let answer = port.exchange(request.as_bytes()).await;
            status(&answer).to_owned()
        };
        assert_eq!(ask("1.1.1.1").await, "200");
        assert_eq!(ask("2.2.2.2").await, second, "{trusted}");
    }
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let port = Port::open(Options::default()).await;
    for (head, expected) in [
        ("GET /things/7 HTTP/1.1\r\n", "400"),
        ("GET /things/7 HTTP/1.1\r\nhost: x\r\nhost: y\r\n", "400"),
        ("GET http://x/things/7 HTTP/1.1\r\n", "400"),
        ("GET /things/7 HTTP/1.1\r\nhost: x\r\n", "200"),
        ("GET /things/7 HTTP/1.0\r\n", "200"),
    ] {
        let request = format!("{head}connection: close\r\n\r\n");
        let answer = port.exchange(request.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{head}");
        assert!(answer.contains("x-request-id: "), "{head}");
    }
}

#[tokio::test]
async fn a_head_beyond_its_bounds_is_a_problem_that_can_be_found_again() {
    let port = Port::open(Options::default()).await;
    let long = port.get(&format!("/things/{}", "x".repeat(9_000))).await;
    assert_eq!(status(&long), "414");
    let lines = "x-line: 1\r\n".repeat(70);
    let request = format!("GET /things/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
    let many = port.exchange(request.as_bytes()).await;
    assert_eq!(status(&many), "431");
    // beyond these hyper has read nothing that it could pass on, and answers itself
    let lines = "x-line: 1\r\n".repeat(200);
    let request = format!("GET /things/7 HTTP/1.1\r\nhost: x\r\n{lines}\r\n");
    let countless = port.exchange(request.as_bytes()).await;
    assert_eq!(status(&countless), "431");
    let mut line = b"GET / HTTP/1.1\r\nhost: x\r\nx-line: ".to_vec();
    line.resize(64 * 1024, b'x'); // more than is read would have the connection reset
    let fat = port.exchange(&line).await;
    assert_eq!(status(&fat), "431");
    let nonsense = port
        .exchange(b"\x16\x03\x01\x02\x00 nonsense\r\n\r\n")
        .await;
    assert_eq!(status(&nonsense), "400");
    for answer in [long, many, countless, fat, nonsense] {
        assert!(answer.contains("application/problem+json") && answer.contains("x-request-id: "));
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"].to_string(), status(&answer), "{answer}");
    }
}

#[tokio::test]
async fn what_need_not_be_encoded_may_be() {
    let port = Port::open(Options::default()).await;
    let answer = port.get("/%74hings/a%2D7%20b").await;
    assert_eq!(status(&answer), "200");
    assert!(answer.ends_with("a-7%20b"), "{answer}");
}

#[tokio::test]
async fn an_encoded_body_is_not_read() {
    let port = Port::open(Options::default()).await;
    for (coding, expected) in [("gzip", "415"), ("identity", "200"), ("Identity", "200")] {
        let head = format!("content-encoding: {coding}\r\ncontent-length: 2");
        let answer = port.post(&head, b"{}").await;
        assert_eq!(status(&answer), expected, "{coding}");
        let offers = answer.contains("accept-encoding: identity\r\n");
        assert_eq!(offers, expected == "415");
    }
}

#[tokio::test]
async fn pages_of_named_sites_may_ask_and_no_others() {
    let origins = crate::Origins(vec!["https://site.example".to_owned()]);
    let port = Port::open(Options {
        origins,
        ..Options::default()
    })
    .await;
    let ask = async |method: &str, origin: &str| {
        let request = format!(
            "{method} /things/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\n\
             access-control-request-method: GET\r\n\r\n"
        );
        port.exchange(request.as_bytes()).await
    };
    const ALLOWED: &str = "access-control-allow-origin: https://site.example\r\n";
    let asked = ask("GET", "https://site.example").await;
    assert!(
        status(&asked) == "200" && asked.contains(ALLOWED),
        "{asked}"
    );
    let preflight = ask("OPTIONS", "https://site.example").await;
    assert_eq!(status(&preflight), "204");
    assert!(preflight.contains(ALLOWED) && preflight.contains("idempotency-key"));
    for other in ["https://other.example", "null", "https://site.example.evil"] {
        assert_eq!(status(&ask("OPTIONS", other).await), "405", "{other}");
        assert!(
            !ask("GET", other)
                .await
                .contains("access-control-allow-origin")
        );
    }
}

#[tokio::test]
async fn a_stream_asks_proxies_to_pass_it_on_at_once() {
    let port = Port::open(Options::default()).await;
    let head = port.get_head("/events").await;
    assert!(head.contains("x-accel-buffering: no\r\n"), "{head}");
}
