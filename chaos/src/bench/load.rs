//! The load: clients that send their next request when the last one is answered, on one thread of their own.
//!
//! One thread, because a client costs so little: the machine is the nodes' and their databases'.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::unistd::gettid;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::requests::Requests;

/// Longer than a node takes to say that it does not know yet.
const LIMIT: Duration = Duration::from_secs(12);
/// After a connection was lost.
const CONNECT_AGAIN: Duration = Duration::from_millis(20);

/// What clients are to do.
#[derive(Debug, Clone)]
pub enum Work {
    /// Books one seat at the company of the node that is asked.
    Own,
    /// Books one seat at every company.
    All,
    /// Holds one seat at every company and confirms the hold.
    Hold,
    /// Sends one of these requests, which change nothing, after the other.
    Read(Arc<[Vec<u8>]>),
}

/// What is counted while the load runs. Clients add to it, whoever measures reads it.
#[derive(Debug)]
pub struct Tally {
    /// Successes of each node, since the load began.
    done: Vec<AtomicU64>,
    recording: AtomicBool,
    stop: AtomicBool,
    /// The thread of the load; 0 until it runs.
    thread: AtomicI32,
}

impl Tally {
    fn new(nodes: usize) -> Self {
        Self {
            done: (0..nodes).map(|_| AtomicU64::new(0)).collect(),
            recording: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            thread: AtomicI32::new(0),
        }
    }

    /// Successes so far, by the node that was asked.
    pub fn done(&self) -> Vec<u64> {
        self.done
            .iter()
            .map(|done| done.load(Ordering::Relaxed))
            .collect()
    }
}

/// What became of the requests of a measurement.
#[derive(Debug, Default)]
pub struct Record {
    /// Microseconds of each success, ascending.
    pub took_us: Vec<u32>,
    /// Other answers by their status; 0: none came.
    pub failed: BTreeMap<u16, usize>,
}

impl Record {
    pub fn all(records: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::default();
        for Self { took_us, failed } in records {
            whole.took_us.extend(took_us);
            for (status, count) in failed {
                *whole.failed.entry(status).or_default() += count;
            }
        }
        whole.took_us.sort_unstable();
        whole
    }
}

/// Clients at work.
pub struct Load {
    pub tally: Arc<Tally>,
    thread: Option<JoinHandle<anyhow::Result<Record>>>,
}

impl Load {
    /// Client n asks node n modulo the number of nodes.
    pub fn start(requests: Arc<Requests>, work: Work, clients: usize) -> anyhow::Result<Self> {
        let tally = Arc::new(Tally::new(requests.nodes.len()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start the runtime of the load")?;
        let shared = tally.clone();
        let thread = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || runtime.block_on(run(shared, requests, work, clients)))
            .context("start the thread of the load")?;
        Ok(Self {
            tally,
            thread: Some(thread),
        })
    }

    /// From now on, or until now, answers are recorded.
    pub fn record(&self, recording: bool) {
        self.tally.recording.store(recording, Ordering::Relaxed);
    }

    /// CPU time of the load's thread, which does nothing else.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let thread = self.tally.thread.load(Ordering::Relaxed);
        let path = format!("/proc/self/task/{thread}/schedstat");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
        let nanos = nanos.with_context(|| format!("{path} does not begin with a time"))?;
        Ok(Duration::from_nanos(nanos))
    }

    /// Lets everybody finish the request under way.
    pub async fn stop(mut self) -> anyhow::Result<Record> {
        self.tally.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            bail!("the load was stopped twice");
        };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await?;
        match joined {
            Ok(record) => record,
            Err(_) => bail!("a client panicked"),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tally.stop.store(true, Ordering::Relaxed);
    }
}

async fn run(
    tally: Arc<Tally>,
    requests: Arc<Requests>,
    work: Work,
    clients: usize,
) -> anyhow::Result<Record> {
    tally.thread.store(gettid().as_raw(), Ordering::Relaxed);
    let mut at_work = JoinSet::new();
    for number in 0..clients {
        let client = Client::new(number, tally.clone(), requests.clone(), work.clone());
        at_work.spawn(client.run());
    }
    let mut records = Vec::with_capacity(clients);
    while let Some(ended) = at_work.join_next().await {
        records.push(ended.context("a client panicked")??);
    }
    Ok(Record::all(records))
}

struct Client {
    number: usize,
    node: usize,
    tally: Arc<Tally>,
    requests: Arc<Requests>,
    work: Work,
    count: u64,
    /// Of the request that is made next.
    bytes: Vec<u8>,
    record: Record,
}

impl Client {
    fn new(number: usize, tally: Arc<Tally>, requests: Arc<Requests>, work: Work) -> Self {
        Self {
            number,
            node: number % requests.nodes.len(),
            tally,
            requests,
            work,
            count: 0,
            bytes: Vec::with_capacity(2048),
            record: Record::default(),
        }
    }

    async fn run(mut self) -> anyhow::Result<Record> {
        let address: SocketAddr = self.requests.nodes[self.node];
        let mut kept = None;
        while !self.tally.stop.load(Ordering::Relaxed) {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => match Connection::open(address).await {
                    Ok(connection) => connection,
                    Err(_) => {
                        // the node is down: somebody else measures for how long
                        self.note(Instant::now(), 0);
                        sleep(CONNECT_AGAIN).await;
                        continue;
                    }
                },
            };
            self.prepare()?;
            let begun = Instant::now();
            match timeout(LIMIT, self.act(&mut connection)).await {
                Ok(Ok(status)) => {
                    kept = Some(connection);
                    self.note(begun, status);
                }
                Ok(Err(_)) | Err(_) => self.note(begun, 0),
            }
        }
        Ok(self.record)
    }

    /// What is the client's own time, and nobody's answer waits for.
    fn prepare(&mut self) -> anyhow::Result<()> {
        self.count += 1;
        let (number, count) = (self.number, self.count);
        match &self.work {
            Work::Own => {
                self.requests
                    .book(&mut self.bytes, number, count, self.node..self.node + 1)
            }
            Work::All => {
                self.requests
                    .book(&mut self.bytes, number, count, 0..self.requests.nodes.len())
            }
            Work::Hold => self.requests.hold(&mut self.bytes, number, count),
            Work::Read(requests) => {
                let drawn = (number + count as usize * 7) % requests.len();
                self.bytes.clear();
                self.bytes.extend_from_slice(&requests[drawn]);
                Ok(())
            }
        }
    }

    /// The status of the last answer.
    async fn act(&mut self, connection: &mut Connection) -> anyhow::Result<u16> {
        let answer = connection.ask(&self.bytes).await?;
        if !matches!(self.work, Work::Hold) || answer.status != 201 {
            return Ok(answer.status);
        }
        self.requests
            .confirm(&mut self.bytes, self.number, answer.body)?;
        Ok(connection.ask(&self.bytes).await?.status)
    }

    fn note(&mut self, begun: Instant, status: u16) {
        let succeeded = (200..300).contains(&status);
        if succeeded {
            self.tally.done[self.node].fetch_add(1, Ordering::Relaxed);
        }
        if !self.tally.recording.load(Ordering::Relaxed) {
            return;
        }
        if succeeded {
            // an answer takes seconds, not hours
            self.record.took_us.push(begun.elapsed().as_micros() as u32);
        } else {
            *self.record.failed.entry(status).or_default() += 1;
        }
    }
}
