//! Every weather, on an echo.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::*;

const SOON: Duration = Duration::from_secs(2);
const NOT_YET: Duration = Duration::from_millis(100);

/// A proxy before a server that sends back what it gets.
async fn echo() -> (Proxy, JoinSet<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections.spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    (Proxy::start(target).await.unwrap(), server)
}

async fn dial(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

/// Bytes of an answer to `text`; as many as came before the connection ended.
async fn ask(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    // a connection that is closed has no more bytes, which the answer tells
    let _ = stream.write_all(text).await;
    let mut limited = stream.take(text.len() as u64);
    let _ = timeout(SOON, limited.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test]
async fn fair_weather_passes_everything_on() {
    let (proxy, _server) = echo().await;
    let text = vec![7; 1_000_000];
    let (mut from, mut to) = dial(&proxy).await.into_split();
    let sent = tokio::spawn({
        let text = text.clone();
        async move { to.write_all(&text).await.map(|()| to) }
    });
    let mut answer = vec![0; text.len()];
    timeout(SOON, from.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer == text);
    sent.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cut_ends_connections_and_refuses_new_ones() {
    let (proxy, _server) = echo().await;
    let mut stream = dial(&proxy).await;
    assert_eq!(ask(&mut stream, b"before").await, b"before");
    proxy.set(Weather::Cut);
    assert_eq!(ask(&mut stream, b"during").await, b"");
    assert_eq!(ask(&mut dial(&proxy).await, b"during").await, b"");
    proxy.set(Weather::Fair);
    assert_eq!(ask(&mut dial(&proxy).await, b"after").await, b"after");
}

#[tokio::test]
async fn what_a_silence_holds_back_arrives_later() {
    for way in [Some(Way::Out), Some(Way::Back), None] {
        let (proxy, _server) = echo().await;
        let mut stream = dial(&proxy).await;
        assert_eq!(ask(&mut stream, b"before").await, b"before");
        proxy.set(Weather::Silent(way));
        stream.write_all(b"during").await.unwrap();
        let mut answer = [0; 6];
        assert!(timeout(NOT_YET, stream.read(&mut answer)).await.is_err());
        proxy.set(Weather::Fair);
        timeout(SOON, stream.read_exact(&mut answer))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&answer, b"during");
    }
}

#[tokio::test]
async fn delays_and_throttles_take_their_time() {
    let (proxy, _server) = echo().await;
    let mut stream = dial(&proxy).await;
    let least = Duration::from_millis(60);
    proxy.set(Weather::Delay {
        least,
        jitter: least,
    });
    let start = Instant::now();
    assert_eq!(ask(&mut stream, b"slow").await, b"slow");
    assert!(start.elapsed() >= 2 * least, "{:?}", start.elapsed());

    proxy.set(Weather::Throttle(1000));
    let start = Instant::now();
    assert_eq!(ask(&mut stream, &[1; 200]).await.len(), 200);
    assert_eq!(ask(&mut stream, &[1; 1]).await.len(), 1);
    assert!(start.elapsed() >= 3 * NOT_YET / 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_truncated_connection_ends_within_a_message() {
    let (proxy, _server) = echo().await;
    proxy.set(Weather::Truncate(6));
    let mut stream = dial(&proxy).await;
    assert_eq!(ask(&mut stream, b"whole").await, b"whole");
    assert!(ask(&mut stream, b"not whole").await.len() <= 1);
    assert_eq!(ask(&mut stream, b"closed").await, b"");
}

#[tokio::test]
async fn half_open_connections_never_answer() {
    let (proxy, _server) = echo().await;
    let mut old = dial(&proxy).await;
    assert_eq!(ask(&mut old, b"before").await, b"before");
    proxy.set(Weather::HalfOpen);
    let mut new = dial(&proxy).await;
    for stream in [&mut old, &mut new] {
        stream.write_all(b"during").await.unwrap();
        let mut byte = [0];
        assert!(timeout(NOT_YET, stream.read(&mut byte)).await.is_err());
    }
}
