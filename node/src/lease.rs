//! [`LeaseTable`] over Redis (docs/protocol.md, leases).
//!
//! Keys: `lease:{company}/{route}/{number}` holds the saga that has the seat; `fence:epoch` and `fence:counter` make the
//! tokens. A Redis that lost its epoch refuses, until a node that remembers a higher one than it ever saw sets it anew.
//!
//! Invariants:
//! * every call ends within [`CALL_TIMEOUT`], but that to give a lease back, for which no booking waits; while Redis is away all but
//!   one in [`RETRY_AFTER`] end at once;
//! * a start does not wait for Redis, and nothing here is ever an error of a booking.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::BoxFuture;
use passcom_actors::company::lease::{LEASE_TTL, LeaseTable};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;
use passcom_actors::people::operations::Leased;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, IntoConnectionInfo, RedisError, RedisResult, Script, TlsCertificates};

pub mod reply;

/// The longest that a booking waits for a lease.
pub const CALL_TIMEOUT: Duration = Duration::from_millis(150);
/// After a failure, until Redis is asked again.
pub const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Before each further try to give a lease back: nobody waits for it, and until it ends by itself its seats are busy for everybody,
/// also for the customer who had them.
const RELEASE_AGAIN_AFTER: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

/// What the user of a node may do in Redis, as its access control lists have it (ACL), and all that it needs.
pub const PERMISSIONS: &str =
    "~lease:* ~fence:* -@all +get +set +del +incr +pttl +evalsha +script|load +scan";

const EPOCH: &str = "fence:epoch";
const COUNTER: &str = "fence:counter";

/// Keys that one step of a scan looks at, about.
const SCAN_COUNT: u32 = 500;
/// Most steps of one scan.
const SCAN_STEPS_MAX: usize = 200;

/// Keys: epoch, counter, seats. Arguments: saga, milliseconds.
///
/// What is no lease of ours is none: of no saga, of another type, without an end, or longer than a lease lives. It is written over.
static ACQUIRE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local epoch = redis.call('get', KEYS[1])
if not epoch then return {'no epoch', 0, 0} end
for i = 3, #KEYS do
    local owner = redis.pcall('get', KEYS[i])
    if type(owner) == 'string' and #owner == 36 and owner ~= ARGV[1] then
        local ms = redis.call('pttl', KEYS[i])
        if ms >= 0 and ms <= tonumber(ARGV[2]) then return {'busy', i - 3, 0} end
    end
end
for i = 3, #KEYS do redis.call('set', KEYS[i], ARGV[1], 'px', ARGV[2]) end
return {'granted', tonumber(epoch), redis.call('incr', KEYS[2])}",
    )
});

/// Keys: seats. Argument: saga.
static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
for i = 1, #KEYS do
    if redis.pcall('get', KEYS[i]) == ARGV[1] then redis.call('del', KEYS[i]) end
end",
    )
});

/// Keys: epoch, counter. Arguments: the least of each. A counter counts within its epoch.
static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local epoch = tonumber(redis.call('get', KEYS[1]) or '-1')
local counter = tonumber(redis.call('get', KEYS[2]) or '0')
local least = tonumber(ARGV[1])
if epoch < least then redis.call('set', KEYS[1], ARGV[1]) end
if epoch <= least and counter < tonumber(ARGV[2]) then redis.call('set', KEYS[2], ARGV[2]) end",
    )
});

/// The lease table of the cluster. One per node.
pub struct Lease {
    client: redis::Client,
    config: ConnectionManagerConfig,
    redis: Mutex<ConnectionManager>,
    /// The highest epoch that this node knows of.
    epoch: AtomicI64,
    breaker: Breaker,
    ttl: Duration,
}

impl Lease {
    /// Connects in the background. `epoch` is the durable number of this node's start. `ca`: a certificate (PEM) that signs that of a
    /// Redis behind TLS (`rediss://`), beside the public authorities that the program knows.
    pub fn new(redis_url: &str, ca: Option<Vec<u8>>, epoch: i64) -> anyhow::Result<Self> {
        let client = client(redis_url, ca).context("the Redis URL is not valid")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CALL_TIMEOUT))
            .set_response_timeout(Some(CALL_TIMEOUT))
            // the breaker says when to try again; retries here would hide why it failed
            .set_number_of_retries(0)
            .set_max_delay(RETRY_AFTER);
        let redis = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())
            .context("cannot prepare the connection to Redis")?;
        Ok(Self {
            client,
            config,
            redis: Mutex::new(redis),
            epoch: AtomicI64::new(epoch),
            breaker: Breaker::default(),
            ttl: LEASE_TTL,
        })
    }

    /// With leases that last this long, for tests of their end.
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// At most `limit` leases in no order, and whether there are more. None while Redis is away.
    ///
    /// A scan goes through all keys of Redis in steps, so that it holds up nobody; after [`SCAN_STEPS_MAX`] it stops.
    pub async fn list(&self, limit: usize) -> Option<(Vec<Leased>, bool)> {
        let mut found = BTreeSet::new();
        let mut cursor = 0;
        let mut more = true;
        for _ in 0..SCAN_STEPS_MAX {
            let (next, keys) = self.ask(self.scan(cursor)).await?;
            found.extend(keys);
            cursor = next;
            more = cursor != 0;
            if !more || found.len() > limit {
                break;
            }
        }
        more |= found.len() > limit;
        let keys: Vec<String> = found.into_iter().take(limit).collect();
        if keys.is_empty() {
            return Some((Vec::new(), more));
        }
        let owners = self.ask(self.owners(&keys)).await?;
        let leases = keys.iter().zip(owners);
        let leases =
            leases.filter_map(|(key, (owner, ms))| reply::leased(key, &owner?, ms, self.ttl));
        Some((leases.collect(), more))
    }

    async fn scan(&self, cursor: u64) -> RedisResult<(u64, Vec<String>)> {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor);
        scan.arg("MATCH").arg(format!("{}*", reply::PREFIX));
        scan.arg("COUNT").arg(SCAN_COUNT);
        scan.query_async(&mut self.redis()).await
    }

    /// Who has each lease, and for how many milliseconds yet; one that has just ended has no owner.
    async fn owners(&self, keys: &[String]) -> RedisResult<Vec<(Option<String>, i64)>> {
        let mut pipe = redis::pipe();
        for key in keys {
            pipe.get(key).pttl(key);
        }
        let answers: Vec<redis::Value> = pipe.query_async(&mut self.redis()).await?;
        reply::owners(&answers)
    }

    /// Asks Redis, unless it is known to be away. None where there is no answer in time.
    async fn ask<T>(&self, question: impl Future<Output = RedisResult<T>>) -> Option<T> {
        if !self.breaker.lets_pass() {
            return None;
        }
        let answer = match tokio::time::timeout(CALL_TIMEOUT, question).await {
            Ok(answer) => answer,
            Err(_) => Err(RedisError::from((ErrorKind::Io, "no answer in time"))),
        };
        let fault = answer.as_ref().err();
        self.breaker.record(fault);
        if fault.is_some_and(|fault| !fault.is_io_error()) {
            self.begin_anew();
        }
        answer.ok()
    }

    fn redis(&self) -> ConnectionManager {
        let redis = self.redis.lock().unwrap_or_else(PoisonError::into_inner);
        redis.clone()
    }

    /// With another connection. By itself it is made anew after faults of input and output only: one whose login was refused would go on saying
    /// so, whatever the password is by then.
    fn begin_anew(&self) {
        let (client, config) = (self.client.clone(), self.config.clone());
        if let Ok(redis) = ConnectionManager::new_lazy_with_config(client, config) {
            *self.redis.lock().unwrap_or_else(PoisonError::into_inner) = redis;
        }
    }

    async fn acquire_or_found(&self, saga: SagaId, seats: &[SeatRef]) -> RedisResult<LeaseAnswer> {
        let answer = self.try_acquire(saga, seats).await?;
        if answer.0 != "no epoch" {
            return self.understand(seats, &answer);
        }
        self.found_epoch().await?;
        let answer = self.try_acquire(saga, seats).await?;
        self.understand(seats, &answer)
    }

    async fn try_acquire(
        &self,
        saga: SagaId,
        seats: &[SeatRef],
    ) -> RedisResult<(String, i64, i64)> {
        let mut call = ACQUIRE.key(EPOCH);
        call.key(COUNTER);
        for seat in seats {
            call.key(reply::key(seat));
        }
        let ttl_ms = self.ttl.as_millis() as u64;
        call.arg(saga.to_string()).arg(ttl_ms);
        call.invoke_async(&mut self.redis()).await
    }

    fn understand(
        &self,
        seats: &[SeatRef],
        answer: &(String, i64, i64),
    ) -> RedisResult<LeaseAnswer> {
        let unexpected = || RedisError::from((ErrorKind::UnexpectedReturnType, "lease script"));
        let known = self.epoch.load(Ordering::Relaxed);
        let understood = reply::acquired(answer, seats, known).ok_or_else(unexpected)?;
        if let LeaseAnswer::Granted(token) = understood {
            self.epoch.fetch_max(token.epoch(), Ordering::Relaxed);
        }
        Ok(understood)
    }

    /// Starts a new epoch on a Redis that has none. Of two nodes that try, one does.
    async fn found_epoch(&self) -> RedisResult<()> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::info!(epoch, "lease table has no epoch, starting one");
        let mut set = redis::cmd("SET");
        set.arg(EPOCH).arg(epoch).arg("NX");
        set.query_async(&mut self.redis()).await
    }
}

impl LeaseTable for Lease {
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
        Box::pin(async move {
            let answer = self.ask(self.acquire_or_found(saga, seats)).await;
            answer.unwrap_or(LeaseAnswer::Away)
        })
    }

    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut call = RELEASE.prepare_invoke();
            for seat in seats {
                call.key(reply::key(seat));
            }
            call.arg(saga.to_string());
            for pause in RELEASE_AGAIN_AFTER {
                let mut redis = self.redis();
                let told: Option<()> = self.ask(call.invoke_async(&mut redis)).await;
                if told.is_some() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
            let mut redis = self.redis();
            // without an answer the lease ends by itself
            let _: Option<()> = self.ask(call.invoke_async(&mut redis)).await;
        })
    }

    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.epoch.fetch_max(fence.epoch(), Ordering::Relaxed);
            let mut call = RAISE.key(EPOCH);
            call.key(COUNTER).arg(fence.epoch()).arg(fence.counter());
            let mut redis = self.redis();
            // without an answer the next token is stale again, and raised again
            let _: Option<()> = self.ask(call.invoke_async(&mut redis)).await;
        })
    }
}

/// Connects when it is asked to. `ca`: see [`Lease::new`].
pub(crate) fn client(redis_url: &str, ca: Option<Vec<u8>>) -> RedisResult<redis::Client> {
    let redis = redis_url.into_connection_info()?;
    // its user needs no permission for that, then
    let settings = redis.redis_settings().clone().set_skip_set_lib_name();
    let redis = redis.set_redis_settings(settings);
    match ca {
        Some(root_cert) => {
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(root_cert),
            };
            redis::Client::build_with_tls(redis, certificates)
        }
        None => redis::Client::open(redis),
    }
}

/// Keeps a dead or hanging Redis from costing every booking a timeout.
#[derive(Default)]
struct Breaker {
    /// While away: when the next question may pass.
    retry_at: Mutex<Option<Instant>>,
}

impl Breaker {
    /// While Redis is away one question passes per [`RETRY_AFTER`].
    fn lets_pass(&self) -> bool {
        let mut retry_at = self.retry_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *retry_at {
            Some(at) if now < at => false,
            Some(_) => {
                *retry_at = Some(now + RETRY_AFTER);
                true
            }
            None => true,
        }
    }

    /// Tells the operator once per change.
    fn record(&self, error: Option<&RedisError>) {
        let mut retry_at = self.retry_at.lock().unwrap_or_else(PoisonError::into_inner);
        let was_away = retry_at.is_some();
        *retry_at = error.map(|_| Instant::now() + RETRY_AFTER);
        match error {
            Some(error) if !was_away => {
                metrics::gauge!("passcom_lease_table_away").set(1.0);
                tracing::warn!(%error, "lease table is away, bookings go on without leases");
            }
            None if was_away => {
                metrics::gauge!("passcom_lease_table_away").set(0.0);
                tracing::info!("lease table is back");
            }
            _ => {}
        }
    }
}
