//! The lease table over a Redis of its own, which is also killed, frozen and emptied.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use passcom_actors::company::lease::LeaseTable;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;
use passcom_node::lease::{CALL_TIMEOUT, Lease, RETRY_AFTER};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// What a loaded machine may add to a bound.
const SLACK: Duration = Duration::from_millis(250);

/// A private redis-server at a Unix socket; killed when dropped.
struct Redis {
    folder: PathBuf,
    server: Child,
}

impl Redis {
    fn start() -> Self {
        let folder = PathBuf::from(format!("/tmp/pl{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        let server = Self::spawn(&folder);
        Self { folder, server }
    }

    fn spawn(folder: &Path) -> Child {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--unixsocket", "redis.sock"])
            .current_dir(folder)
            .stdout(Stdio::null());
        let server = command.spawn();
        server.expect("redis-server, from the package of that name")
    }

    fn lease(&self) -> Lease {
        Lease::new(&self.url(), 1).unwrap()
    }

    fn url(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.folder.display())
    }

    fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    fn restart(&mut self) {
        self.server = Self::spawn(&self.folder);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.server.id().cast_signed()), signal).unwrap();
    }

    async fn flush(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let flush = redis::cmd("FLUSHALL");
        let done: redis::RedisResult<()> = flush.query_async(&mut connection).await;
        done.unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // best effort: a test that failed half way may have killed it already
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn saga() -> SagaId {
    SagaId(Uuid::new_v4())
}

fn seats(numbers: &[u16]) -> Vec<SeatRef> {
    let seat = |number: &u16| SeatRef {
        company: "a".parse().unwrap(),
        route: RouteId(7),
        number: SeatNumber(*number),
    };
    numbers.iter().map(seat).collect()
}

/// Asks until Redis answers with a token.
async fn granted(lease: &Lease, saga: SagaId, numbers: &[u16]) -> FencingToken {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lease.acquire(saga, &seats(numbers)).await {
            LeaseAnswer::Granted(token) => return token,
            other => assert!(Instant::now() < deadline, "still {other:?}"),
        }
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn of_overlapping_sagas_one_gets_all_its_seats_and_the_other_none() {
    let redis = Redis::start();
    let (lease, other_node) = (redis.lease(), redis.lease());
    let (first, second) = (saga(), saga());
    let token = granted(&lease, first, &[1, 2]).await;
    granted(&other_node, saga(), &[9]).await;
    let busy = LeaseAnswer::Busy(seats(&[2])[0]);
    assert_eq!(other_node.acquire(second, &seats(&[2, 3])).await, busy);
    assert_eq!(lease.acquire(second, &seats(&[0, 2])).await, busy);
    // nothing of the refused booking stayed behind, and a saga shares its own lease
    granted(&lease, saga(), &[0, 3]).await;
    assert!(granted(&other_node, first, &[1, 2]).await > token);
}

#[tokio::test]
async fn only_the_owner_gives_a_lease_back() {
    let redis = Redis::start();
    let lease = redis.lease();
    let (owner, other) = (saga(), saga());
    granted(&lease, owner, &[1]).await;
    lease.release(other, &seats(&[1])).await;
    let answer = lease.acquire(other, &seats(&[1])).await;
    assert_eq!(answer, LeaseAnswer::Busy(seats(&[1])[0]));
    lease.release(owner, &seats(&[1])).await;
    let answer = lease.acquire(other, &seats(&[1])).await;
    assert!(matches!(answer, LeaseAnswer::Granted(_)), "{answer:?}");
}

#[tokio::test]
async fn a_lease_that_nobody_gives_back_ends() {
    let redis = Redis::start();
    let lease = redis.lease().with_ttl(Duration::from_millis(100));
    let first = granted(&lease, saga(), &[1]).await;
    assert!(granted(&lease, saga(), &[1]).await > first);
}

#[tokio::test]
async fn a_killed_redis_is_away_at_once_and_used_again_when_it_is_back() {
    let mut redis = Redis::start();
    let lease = redis.lease();
    granted(&lease, saga(), &[1]).await;
    redis.kill();
    let began = Instant::now();
    for _ in 0..1000 {
        assert_eq!(lease.acquire(saga(), &seats(&[2])).await, LeaseAnswer::Away);
    }
    assert!(began.elapsed() < 2 * CALL_TIMEOUT + RETRY_AFTER + SLACK);
    redis.restart();
    granted(&lease, saga(), &[1]).await;
}

#[tokio::test]
async fn a_start_does_not_wait_for_redis() {
    let mut redis = Redis::start();
    redis.kill();
    let began = Instant::now();
    let lease = redis.lease();
    assert_eq!(lease.acquire(saga(), &seats(&[1])).await, LeaseAnswer::Away);
    assert!(began.elapsed() < CALL_TIMEOUT + SLACK);
    redis.restart();
    granted(&lease, saga(), &[1]).await;
}

#[tokio::test]
async fn a_frozen_redis_is_away_within_the_bound() {
    let redis = Redis::start();
    let lease = redis.lease();
    granted(&lease, saga(), &[1]).await;
    redis.signal(Signal::SIGSTOP);
    let began = Instant::now();
    assert_eq!(lease.acquire(saga(), &seats(&[2])).await, LeaseAnswer::Away);
    assert!(began.elapsed() < CALL_TIMEOUT + SLACK);
    redis.signal(Signal::SIGCONT);
    granted(&lease, saga(), &[3]).await;
}

#[tokio::test]
async fn tokens_rise_over_a_flush_and_over_a_fence() {
    let redis = Redis::start();
    let lease = redis.lease();
    granted(&lease, saga(), &[1]).await;
    let old = granted(&lease, saga(), &[2]).await;
    redis.flush().await;
    assert!(granted(&lease, saga(), &[1]).await > old);

    // a node that knows of no higher epoch is told the fence of a seat
    let fence = FencingToken::new(9, 70);
    redis.flush().await;
    let newcomer = redis.lease();
    assert!(granted(&newcomer, saga(), &[2]).await < fence);
    newcomer.raise(fence).await;
    let raised = granted(&newcomer, saga(), &[3]).await;
    assert!(raised > fence);
    newcomer.raise(FencingToken::new(8, 99)).await;
    assert_eq!(granted(&newcomer, saga(), &[4]).await.epoch(), 9);
    redis.flush().await;
    assert!(granted(&newcomer, saga(), &[5]).await > raised);
}
