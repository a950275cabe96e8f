//! TCP proxies between the parts of a cluster, and the weather on them.
//!
//! * [`Proxy`]: one listener before one address; every connection sees the present [`Weather`], and its changes while it lasts;
//! * [`pump`]: one direction of a connection;
//! * [`lies`]: the one before Redis, which can also answer itself;
//! * [`resp`]: where a message of Redis begins and ends; [`tls`]: as Redis speaks it.
//!
//! Losing, repeating or reordering single bytes is not among the weathers: TLS turns each into a cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub mod lies;
mod pump;
mod resp;
pub mod tls;

use pump::pump;

/// Until a listener that has run out of files accepts again.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Longest wait for the address behind.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From whoever dialled to whoever was dialled.
    Out,
    Back,
}

/// What a proxy does to all its connections, old and new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Connections are closed, new ones too.
    Cut,
    /// Nothing goes this way any more, or either way. What was under way waits and arrives when the weather changes.
    Silent(Option<Way>),
    /// Everything takes this much longer, and up to `jitter` more.
    Delay {
        least: Duration,
        jitter: Duration,
    },
    /// Bytes per second and direction.
    Throttle(u32),
    /// A connection carries this many bytes a way, and ends within a message.
    Truncate(usize),
    /// Connections are accepted and what they send is thrown away; nothing ever comes back.
    HalfOpen,
}

impl Weather {
    fn silences(self, way: Way) -> bool {
        matches!(self, Self::Silent(which) if which.is_none_or(|which| which == way))
    }
}

/// Runs until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    /// The listener, which owns its connections.
    _task: JoinSet<()>,
}

impl Proxy {
    /// Accepts at once; `target` need not listen yet.
    pub async fn start(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("listen for a proxy")?;
        let address = listener.local_addr().context("look up a proxy's port")?;
        let weather = watch::Sender::new(Weather::Fair);
        let mut task = JoinSet::new();
        task.spawn(accept(listener, target, weather.subscribe()));
        Ok(Self {
            address,
            weather,
            _task: task,
        })
    }

    /// Where to dial instead of the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((client, _)) => connections.spawn(connect(client, target, weather.clone())),
            Err(_) => {
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {} // those that have ended
    }
}

/// Ends when either side does, or the weather cuts it. Both sides see that.
async fn connect(client: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let now = *weather.borrow();
    match now {
        Weather::Cut => return,
        Weather::HalfOpen => return swallow(client, weather.clone()).await,
        _ => {}
    }
    let Ok(Ok(server)) = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(target)).await
    else {
        return; // as if it had been dialled itself
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true)); // only slower without
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    let (seen, seen_too) = (weather.clone(), weather.clone());
    tokio::select! {
        () = pump(client_in, server_out, Way::Out, seen) => {}
        () = pump(server_in, client_out, Way::Back, seen_too) => {}
        _ = weather.wait_for(|weather| *weather == Weather::Cut) => {}
    }
}

/// A peer whose host is there and whose program is not.
async fn swallow(client: TcpStream, mut weather: watch::Receiver<Weather>) {
    // whoever dialled has long given up when it ends: its bytes are lost
    let _ = weather
        .wait_for(|weather| *weather != Weather::HalfOpen)
        .await;
    drop(client);
}

#[cfg(test)]
mod tests;
