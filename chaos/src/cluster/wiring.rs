//! What lies between the parts of a cluster and is ours: a proxy on every link between nodes, one before Redis, and, where a scenario asks
//! for them, clocks and small disks.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use super::clock::Clock;
use super::disk::SmallDisk;
use crate::proxy::lies::Liar;
use crate::proxy::{Proxy, Way, Weather};

/// Below the kernel's choices for outgoing connections, and apart from our and the demo's other choices.
const PORTS: std::ops::Range<u16> = 18_000..20_000;
const PORT_ATTEMPTS: usize = 200;

/// How a cluster differs from a plain one beyond proxies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    pub clocks: bool,
    /// Only after [`super::disk::own_mounts`].
    pub small_disks: bool,
    /// How long a customer's hold lasts, if not as long as everywhere.
    pub hold_seconds: Option<u32>,
    /// Nothing of ours lies between its parts: for measurements, which proxies would slow down.
    pub direct: bool,
    /// Nodes trust customers no more than in public, and each has an address of its own; otherwise all load may come from one.
    pub public: bool,
}

pub struct Wiring {
    /// By who dials and who is dialled.
    links: BTreeMap<(usize, usize), Proxy>,
    pub liar: Liar,
    pub redis: SocketAddr,
    mesh: Vec<u16>,
    /// By company; none where nobody asked for them.
    clocks: Vec<Clock>,
    disks: Vec<SmallDisk>,
    hold_seconds: Option<u32>,
    direct: bool,
    public: bool,
}

impl Wiring {
    pub async fn new(folder: &Path, companies: usize, needs: Needs) -> anyhow::Result<Self> {
        let mut mesh = free_ports(companies + 1)?;
        let redis = local(mesh.pop().context("a port for Redis")?);
        let mut links = BTreeMap::new();
        for from in 0..if needs.direct { 0 } else { companies } {
            for (to, port) in mesh.iter().enumerate().filter(|(to, _)| *to != from) {
                links.insert((from, to), Proxy::start(local(*port)).await?);
            }
        }
        let each = |wanted: bool| 0..if wanted { companies } else { 0 };
        let clock = |n| Clock::new(folder.join(format!("clock-{n}")));
        let disk = |n| SmallDisk::mount(&folder.join(format!("disk-{n}")));
        Ok(Self {
            links,
            liar: Liar::start(redis, &folder.join("demo")).await?,
            redis,
            mesh,
            clocks: each(needs.clocks).map(clock).collect::<Result<_, _>>()?,
            disks: each(needs.small_disks)
                .map(disk)
                .collect::<Result<_, _>>()?,
            hold_seconds: needs.hold_seconds,
            direct: needs.direct,
            public: needs.public,
        })
    }

    /// The weather between two companies, whoever of them dialled.
    pub fn set(&self, one: usize, other: usize, weather: Weather) {
        for (ends, weather) in [
            ((one, other), weather),
            ((other, one), seen_from_behind(weather)),
        ] {
            if let Some(proxy) = self.links.get(&ends) {
                proxy.set(weather);
            }
        }
    }

    /// Where a company's node listens for peers.
    pub fn mesh(&self, company: usize) -> SocketAddr {
        local(self.mesh[company])
    }

    pub fn clock(&self, company: usize) -> anyhow::Result<&Clock> {
        let clock = self.clocks.get(company);
        clock.context("this cluster was started without clocks of its own")
    }

    pub fn disk(&self, company: usize) -> anyhow::Result<&SmallDisk> {
        let disk = self.disks.get(company);
        disk.context("this cluster was started without small disks")
    }

    /// When nothing runs any more.
    pub fn unmount_disks(&mut self) -> anyhow::Result<()> {
        let disks = std::mem::take(&mut self.disks);
        disks.iter().try_for_each(SmallDisk::unmount)
    }

    /// The file that tells the demo.
    pub fn write(&self, path: &Path, codes: &[String]) -> anyhow::Result<()> {
        let company = |n: usize| Company {
            mesh_port: self.mesh[n],
            dials: self
                .links
                .iter()
                .filter(|((from, _), _)| *from == n)
                .map(|((_, to), proxy)| (codes[*to].as_str(), proxy.address().to_string()))
                .collect(),
            run_with: self.clocks.get(n).map_or_else(Vec::new, Clock::run_with),
            database: self.disks.get(n).map(SmallDisk::home),
        };
        let redis = if self.direct {
            self.redis
        } else {
            self.liar.address()
        };
        let file = File {
            redis: Redis {
                port: self.redis.port(),
                url: format!("redis://{redis}"),
            },
            hold_seconds: self.hold_seconds,
            limits: if self.public { "public" } else { "load" },
            companies: codes
                .iter()
                .enumerate()
                .map(|(n, code)| (code.as_str(), company(n)))
                .collect(),
        };
        let text = serde_json::to_vec_pretty(&file).context("encode the wiring")?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// `passcom demo --wiring`.
#[derive(Serialize)]
struct File<'a> {
    redis: Redis,
    hold_seconds: Option<u32>,
    limits: &'a str,
    companies: BTreeMap<&'a str, Company<'a>>,
}

#[derive(Serialize)]
struct Redis {
    port: u16,
    url: String,
}

#[derive(Serialize)]
struct Company<'a> {
    mesh_port: u16,
    dials: BTreeMap<&'a str, String>,
    run_with: Vec<String>,
    database: Option<PathBuf>,
}

/// The same weather on the proxy that the other one dials.
fn seen_from_behind(weather: Weather) -> Weather {
    match weather {
        Weather::Silent(Some(Way::Out)) => Weather::Silent(Some(Way::Back)),
        Weather::Silent(Some(Way::Back)) => Weather::Silent(Some(Way::Out)),
        same => same,
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let mut held = Vec::with_capacity(count);
    for _ in 0..PORT_ATTEMPTS {
        if held.len() == count {
            break;
        }
        // each is kept until all are found: none is found twice
        held.extend(TcpListener::bind(local(fastrand::u16(PORTS))));
    }
    if held.len() < count {
        bail!(
            "found no {count} free ports between {} and {}",
            PORTS.start,
            PORTS.end
        );
    }
    let ports = held.iter().map(|held| Ok(held.local_addr()?.port()));
    ports.collect()
}
