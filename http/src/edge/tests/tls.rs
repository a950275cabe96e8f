//! A port that speaks TLS: HTTP/2 frame by frame, as a client sends them that means no good.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::Tls;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u8 = 11;

/// A certificate of its own, and who believes it.
fn certificate() -> (CertifiedKey, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = aws_lc_rs::default_provider();
    let key = CertifiedKey::from_der(vec![certificate.clone()], key, &provider).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    (key, roots)
}

async fn port(options: Options) -> (Port, Tls, RootCertStore) {
    let (key, roots) = certificate();
    let tls = Tls::new(key);
    let options = Options {
        tls: Some(tls.clone()),
        ..options
    };
    (Port::open(options).await, tls, roots)
}

async fn connect(
    port: &Port,
    roots: &RootCertStore,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    timeout(PATIENCE, connector.connect(name, port.connect().await))
        .await
        .expect("a handshake ends")
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&len[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// `GET path`, without compression; `more` are further lines.
fn get(stream: u32, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let len = u8::try_from(text.len()).unwrap();
        assert!(len < 127, "longer ones take more than one byte");
        [&[len], text.as_bytes()].concat()
    };
    // of the static table: 2 is `:method: GET`, 7 `:scheme: https`, 1 `:authority`, 4 `:path`
    let mut head = vec![0x82, 0x87];
    head.extend([&[0x01], &*text("localhost")].concat());
    head.extend([&[0x04], &*text(path)].concat());
    for (name, value) in more {
        head.extend([&[0x00], &*text(name), &text(value)].concat());
    }
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)
}

struct Http2(TlsStream<TcpStream>);

impl Http2 {
    async fn open(port: &Port, roots: &RootCertStore) -> Self {
        let mut stream = connect(port, roots, "h2").await.unwrap();
        let hello = [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(),
            &frame(SETTINGS, 0, 0, &[]),
        ];
        stream.write_all(&hello.concat()).await.unwrap();
        Self(stream)
    }

    async fn send(&mut self, frames: &[u8]) {
        self.0.write_all(frames).await.unwrap();
    }

    /// Kind, stream and payload; none at the end of the connection.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; len as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
            Some((head[3], stream, payload))
        };
        timeout(PATIENCE, read).await.expect("it goes on or ends")
    }

    /// The payload of the next one of this kind, on this stream.
    async fn wait_for(&mut self, kind: u8, stream: u32) -> Vec<u8> {
        loop {
            let (of, on, payload) = self.next().await.expect("the connection goes on");
            if (of, on) == (kind, stream) {
                return payload;
            }
        }
    }
}

#[tokio::test]
async fn clients_speak_the_version_that_they_like_and_are_told_to_come_back_by_tls() {
    let (port, _, roots) = port(Options::default()).await;
    let mut http1 = connect(&port, &roots, "http/1.1").await.unwrap();
    let request = b"GET /things/7 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    http1.write_all(request).await.unwrap();
    let mut answer = String::new();
    drop(http1.read_to_string(&mut answer).await); // the end may come without a goodbye
    assert_eq!(status(&answer), "200");
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"));

    let mut http2 = Http2::open(&port, &roots).await;
    http2
        .send(&[get(1, "/things/7", &[]), get(3, "/things/8", &[])].concat())
        .await;
    assert_eq!(http2.wait_for(DATA, 1).await, b"7");
    let mut again = Http2::open(&port, &roots).await;
    again.send(&get(1, "/things/9", &[])).await;
    assert_eq!(again.wait_for(HEADERS, 1).await[0], 0x88, "status 200");
}

#[tokio::test]
async fn in_the_clear_nobody_is_told_to_use_tls() {
    let port = Port::open(Options::default()).await;
    let answer = port.get("/things/7").await;
    assert!(!answer.contains("strict-transport-security"));
}

#[tokio::test]
async fn another_certificate_is_shown_from_now_on_and_connections_go_on() {
    let (port, tls, old) = port(Options::default()).await;
    let mut before = Http2::open(&port, &old).await;
    before.send(&get(1, "/things/1", &[])).await;
    assert_eq!(before.wait_for(DATA, 1).await, b"1");
    let (key, new) = certificate();
    tls.replace(key);
    assert!(connect(&port, &old, "h2").await.is_err());
    let mut after = Http2::open(&port, &new).await;
    after.send(&get(1, "/things/2", &[])).await;
    assert_eq!(after.wait_for(DATA, 1).await, b"2");
    before.send(&get(3, "/things/3", &[])).await;
    assert_eq!(before.wait_for(DATA, 3).await, b"3");
}

#[tokio::test]
async fn whoever_does_not_shake_hands_keeps_nobody_waiting() {
    let (port, _, roots) = port(Options {
        connections_per_address: 8,
        ..Options::default()
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(port.connect().await);
    }
    // of one address: they give way once they have had a moment
    loop {
        if connect(&port, &roots, "h2").await.is_ok() {
            break;
        }
    }
}

#[tokio::test]
async fn an_address_has_no_more_requests_at_once_than_it_may_have_connections() {
    let (port, _, roots) = port(Options {
        connections_per_address: 3,
        ..Options::default()
    })
    .await;
    let mut one = Http2::open(&port, &roots).await;
    let many: Vec<u8> = [1, 3, 5]
        .iter()
        .flat_map(|n| get(*n, "/never", &[]))
        .collect();
    one.send(&[many, get(7, "/things/7", &[])].concat()).await;
    let problem = String::from_utf8(one.wait_for(DATA, 7).await).unwrap();
    assert!(problem.contains("too-many-requests"), "{problem}");
    let reset = |stream| frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
    one.send(&[reset(1), reset(3)].concat()).await;
    // the reset has been seen when there is room again
    for stream in (9..).step_by(2) {
        one.send(&get(stream, "/things/7", &[])).await;
        if one.wait_for(DATA, stream).await == b"7" {
            break;
        }
    }
}

#[tokio::test]
async fn a_flood_of_requests_that_are_taken_back_ends_its_connection() {
    let (port, _, roots) = port(Options::default()).await;
    let mut flood = Http2::open(&port, &roots).await;
    let request = |n: u32| {
        let stream = 2 * n + 1;
        let reset = frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
        [get(stream, "/never", &[]), reset].concat()
    };
    let many: Vec<u8> = (0..2_000).flat_map(request).collect();
    // it may be over before all of it is sent
    drop(flood.0.write_all(&many).await);
    let goodbye = loop {
        match flood.next().await {
            Some((GOAWAY, 0, payload)) => break payload,
            Some(_) => {}
            None => panic!("the connection ended without a reason"),
        }
    };
    assert_eq!(goodbye[7], ENHANCE_YOUR_CALM);
}

#[tokio::test]
async fn a_head_is_bounded() {
    let (port, _, roots) = port(Options::default()).await;
    let mut client = Http2::open(&port, &roots).await;
    let value = "x".repeat(120);
    let lines = [("x-long", value.as_str()); 120];
    client.send(&get(1, "/things/7", &lines)).await;
    client.send(&get(3, "/things/7", &[])).await;
    assert_eq!(client.wait_for(DATA, 3).await, b"7");
    let mut few = Http2::open(&port, &roots).await;
    few.send(&get(1, "/things/7", &lines[..80])).await;
    let problem = String::from_utf8(few.wait_for(DATA, 1).await).unwrap();
    assert!(
        problem.contains("head-too-large"),
        "more lines than may be: {problem}"
    );
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let (port, _, roots) = port(Options {
        head_timeout: SHORT,
        ..Options::default()
    })
    .await;
    let mut idle = Http2::open(&port, &roots).await;
    while idle.next().await.is_some() {}
}
