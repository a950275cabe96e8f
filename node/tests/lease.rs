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
use passcom_node::lease::{CALL_TIMEOUT, Lease, PERMISSIONS, RETRY_AFTER};
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
        Self::spawn_with(folder, &["--port", "0"])
    }

    fn spawn_with(folder: &Path, arguments: &[&str]) -> Child {
        let mut command = Command::new("redis-server");
        command
            .args(arguments)
            .args(["--save", "", "--unixsocket", "redis.sock"])
            .current_dir(folder)
            .stdout(Stdio::null());
        let server = command.spawn();
        server.expect("redis-server, from the package of that name")
    }

    fn lease(&self) -> Lease {
        Lease::new(&self.url(), None, 1).unwrap()
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
        self.command("FLUSHALL").await;
    }

    /// As anybody could give who reaches it.
    async fn command(&self, words: &str) -> redis::Value {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| _ = command.arg(word));
        let done: redis::RedisResult<redis::Value> = command.query_async(&mut connection).await;
        done.unwrap()
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
async fn a_lease_is_given_back_once_redis_answers_again() {
    let redis = Redis::start();
    let lease = redis.lease();
    granted(&lease, saga(), &[7]).await;
    let owner = saga();
    granted(&lease, owner, &[1, 2]).await;
    redis.signal(Signal::SIGSTOP);
    let meanwhile = lease.acquire(saga(), &seats(&[3])).await;
    assert_eq!(meanwhile, LeaseAnswer::Away);
    redis.signal(Signal::SIGCONT);
    // not sent at once: Redis is known to be away
    lease.release(owner, &seats(&[1, 2])).await;
    granted(&lease, saga(), &[1, 2]).await;
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

#[tokio::test]
async fn what_somebody_else_wrote_is_no_lease() {
    let redis = Redis::start();
    let lease = redis.lease();
    granted(&lease, saga(), &[9]).await;
    let stranger = saga();
    for (number, command) in [
        (1, "SET lease:a/7/1 x".to_owned()),
        (2, "SET lease:a/7/2 x PX 20000".to_owned()),
        (3, format!("SET lease:a/7/3 {stranger}")),
        (4, format!("SET lease:a/7/4 {stranger} EX 3600")),
        (5, "LPUSH lease:a/7/5 x".to_owned()),
    ] {
        redis.command(&command).await;
        let (first, second) = (saga(), saga());
        let answer = lease.acquire(first, &seats(&[number])).await;
        assert!(
            matches!(answer, LeaseAnswer::Granted(_)),
            "{command}: {answer:?}"
        );
        let busy = LeaseAnswer::Busy(seats(&[number])[0]);
        assert_eq!(lease.acquire(second, &seats(&[number])).await, busy);
        lease.release(first, &seats(&[number])).await;
        granted(&lease, second, &[number]).await;
    }
}

/// Whatever is asked of a lease table, also of a Redis that has lost everything or has never seen the scripts, is something that its user
/// may do; what else there is in Redis is not.
#[tokio::test]
async fn the_user_of_a_node_may_do_what_leases_need_and_nothing_else() {
    let redis = Redis::start();
    granted(&redis.lease(), saga(), &[9]).await; // it answers
    redis
        .command(&format!("ACL SETUSER node on >a-password {PERMISSIONS}"))
        .await;
    redis.command("SCRIPT FLUSH").await;
    redis.flush().await;
    let url = format!("{}?user=node&pass=a-password", redis.url());
    let lease = Lease::new(&url, None, 1).unwrap();
    let (first, second) = (saga(), saga());
    granted(&lease, first, &[1, 2]).await;
    let busy = LeaseAnswer::Busy(seats(&[2])[0]);
    assert_eq!(lease.acquire(second, &seats(&[2, 3])).await, busy);
    let (leases, more) = lease.list(10).await.unwrap();
    assert_eq!((leases.len(), more), (2, false));
    lease.release(first, &seats(&[1, 2])).await;
    assert!(lease.list(10).await.unwrap().0.is_empty());
    lease.raise(FencingToken::new(9, 70)).await;
    assert!(granted(&lease, second, &[1]).await > FencingToken::new(9, 70));
    let refused = redis.command("ACL LOG").await;
    assert_eq!(refused, redis::Value::Array(Vec::new()));

    let client = redis::Client::open(url).unwrap();
    let mut node = client.get_multiplexed_async_connection().await.unwrap();
    for words in [
        "KEYS *",
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG GET dir",
        "EVAL return 0",
        "SCRIPT FLUSH",
        "ACL WHOAMI",
        "MONITOR",
        "SHUTDOWN NOSAVE",
        "SAVE",
        "REPLICAOF 127.0.0.1 1",
        "SUBSCRIBE lease",
        "PUBLISH lease x",
        "CLIENT KILL TYPE normal",
        "EXPIRE lease:a/7/1 1000000",
        "RENAME lease:a/7/1 lease:a/7/2",
        "GET other",
        "SET other x",
        "DEL other",
    ] {
        let mut command = redis::Cmd::new();
        words.split(' ').for_each(|word| _ = command.arg(word));
        let answer: redis::RedisResult<redis::Value> = command.query_async(&mut node).await;
        let error = answer.expect_err(words);
        assert_eq!(error.code(), Some("NOPERM"), "{words}: {error}");
    }
}

/// As a company runs it that trusts its network with nothing: TLS, a user with a password, and no command beyond what leases need.
#[tokio::test]
async fn redis_may_want_tls_and_a_user_with_a_password() {
    let folder = PathBuf::from(format!("/tmp/pl{}", Uuid::new_v4().simple()));
    std::fs::create_dir(&folder).unwrap();
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let name = rcgen::DnType::CommonName;
    parameters.distinguished_name.push(name, "authority");
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = parameters.self_signed(&authority).unwrap();
    let issuer = rcgen::Issuer::new(parameters, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &issuer).unwrap();
    for (name, pem) in [
        ("ca.pem", ca.pem()),
        ("own.pem", own.pem()),
        ("own.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), pem).unwrap();
    }
    // given back at once, for the server to have
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|held| held.local_addr())
        .unwrap()
        .port();
    let configuration = format!(
        "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file own.pem\ntls-key-file own.key\n\
         tls-ca-cert-file ca.pem\nuser default off\nuser passcom on >a-password {PERMISSIONS}\n"
    );
    std::fs::write(folder.join("redis.conf"), &configuration).unwrap();
    let server = Redis::spawn_with(&folder, &["redis.conf"]);
    let mut redis = Redis {
        folder: folder.clone(),
        server,
    };
    let ca = std::fs::read(folder.join("ca.pem")).unwrap();
    let lease = |who: &str, ca: Option<Vec<u8>>| {
        let url = format!("rediss://{who}localhost:{port}");
        Lease::new(&url, ca, 1).unwrap()
    };
    let right = lease("passcom:a-password@", Some(ca.clone()));
    granted(&right, saga(), &[1]).await;
    let wrong = lease("passcom:another@", Some(ca));
    let stranger = lease("passcom:a-password@", None);
    for refused in [&wrong, &stranger] {
        assert_eq!(
            refused.acquire(saga(), &seats(&[2])).await,
            LeaseAnswer::Away
        );
    }
    // and where it is the right one at last, nobody has to start anything again
    redis.server.kill().unwrap();
    redis.server.wait().unwrap();
    let configuration = configuration.replace("a-password", "another");
    std::fs::write(folder.join("redis.conf"), configuration).unwrap();
    redis.server = Redis::spawn_with(&folder, &["redis.conf"]);
    let heals = async {
        while wrong.acquire(saga(), &seats(&[3])).await == LeaseAnswer::Away {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let healed = tokio::time::timeout(Duration::from_secs(30), heals).await;
    assert!(healed.is_ok(), "it goes on with the refusal of before");
}
