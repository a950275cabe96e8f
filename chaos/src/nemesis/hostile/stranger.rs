//! Somebody with an address of their own, who keeps to the rules of HTTP only as far as they like.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use reqwest::{Method, RequestBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Longer than a node keeps anybody waiting who has sent a whole request.
const LIMIT: Duration = Duration::from_secs(12);
/// A node that does not take a connection within this is full.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Of all that are made, each has another address of this machine.
pub struct Stranger {
    address: Ipv4Addr,
    http: reqwest::Client,
}

impl Stranger {
    pub fn new(number: u16) -> anyhow::Result<Self> {
        let [high, low] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 66, high, low.max(1));
        let http = reqwest::Client::builder()
            .local_address(Some(address.into()))
            .timeout(LIMIT)
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        Ok(Self { address, http })
    }

    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// How it was answered: the status, or that it was not.
    pub async fn send(request: RequestBuilder) -> String {
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16().to_string();
                match answer.bytes().await {
                    Ok(_) => status,
                    Err(_) => format!("{status}, cut off"),
                }
            }
            Err(error) if error.is_timeout() => "no answer".to_owned(),
            Err(_) => "no connection".to_owned(),
        }
    }

    /// A connection without a word; none if it was not taken.
    pub async fn connect(&self, to: SocketAddr) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind((self.address, 0).into()).ok()?;
        timeout(CONNECT_LIMIT, socket.connect(to)).await.ok()?.ok()
    }

    /// Says this on a connection of its own, and looks whether there is an answer, for so long.
    pub async fn say(&self, to: SocketAddr, bytes: &[u8], patience: Duration) -> String {
        let Some(mut stream) = self.connect(to).await else {
            return "no connection".to_owned();
        };
        let mut answer = [0; 64];
        let asked = async {
            stream.write_all(bytes).await?;
            stream.read(&mut answer).await
        };
        match timeout(patience, asked).await {
            Ok(Ok(0) | Err(_)) => "closed".to_owned(),
            Ok(Ok(count)) => {
                let text = String::from_utf8_lossy(&answer[..count]);
                let status = text
                    .strip_prefix("HTTP/1.1 ")
                    .and_then(|rest| rest.get(..3));
                status.unwrap_or("some bytes").to_owned()
            }
            Err(_) => "no answer".to_owned(),
        }
    }
}
