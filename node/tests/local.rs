//! A local cluster's servers, for real: started, found again, and gone afterwards.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use passcom_actors::domain::ids::CompanyId;
use passcom_node::config::Config;
use passcom_node::local::cluster::{LocalCluster, Options};
use passcom_node::local::nodes::{Event, Node, Nodes, Place};
use passcom_node::local::ports;
use passcom_node::local::wiring::Wiring;

const PASSCOM: &str = env!("CARGO_BIN_EXE_passcom");
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A folder under the temporary one that goes when the test does.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("passcom-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        // the servers' user must get there
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn dir(&self) -> PathBuf {
        self.0.join("demo")
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // what is left in a temporary folder does no harm
    }
}

fn companies() -> Vec<CompanyId> {
    ["a", "b"]
        .iter()
        .map(|code| code.parse().unwrap())
        .collect()
}

async fn open(dir: &Path, fresh: bool) -> anyhow::Result<LocalCluster> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    open_with(dir, fresh, search).await
}

async fn open_with(dir: &Path, fresh: bool, search: OsString) -> anyhow::Result<LocalCluster> {
    LocalCluster::open(Options {
        dir: dir.to_owned(),
        http_port: ports::free(1)?[0],
        companies: companies(),
        fresh,
        passcom: PASSCOM.into(),
        search,
        wiring: Wiring::default(),
    })
    .await
}

/// Command lines of processes that mention a text.
fn processes(text: &str) -> Vec<String> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let lines = pids.filter_map(|pid| fs::read(pid.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(text)).collect()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

fn postmaster(dir: &Path, company: &str) -> PathBuf {
    dir.join("servers")
        .join(company)
        .join("data/postmaster.pid")
}

#[tokio::test]
async fn servers_start_stop_and_find_their_data_again() {
    let temp = Temp::new("restart");
    let dir = temp.dir();
    let mut cluster = open(&dir, false).await.unwrap();
    let first = cluster.start_servers().await.unwrap().clone();
    let a = first.company(companies()[0]).unwrap();
    assert!(
        first
            .database(a)
            .unwrap()
            .url
            .starts_with("postgres://passcom_node:")
    );
    assert_eq!(first.admin_token(a).unwrap().len(), 40);
    assert!(postmaster(&dir, "b").exists());

    let second = open(&dir, false).await.err().unwrap().to_string();
    assert!(second.contains("another demo"), "{second}");

    cluster.stop().await.unwrap();
    drop(cluster);
    assert_eq!(processes(dir.to_str().unwrap()), [""; 0]);

    let version = dir.join("servers/a/data/PG_VERSION");
    let made = fs::metadata(&version).unwrap().modified().unwrap();
    let mut cluster = open(&dir, false).await.unwrap();
    let again = cluster.start_servers().await.unwrap().clone();
    cluster.stop().await.unwrap();
    drop(cluster);
    assert_eq!(
        fs::metadata(&version).unwrap().modified().unwrap(),
        made,
        "the data is the same"
    );
    assert_eq!(again.admin_token(a).unwrap(), first.admin_token(a).unwrap());

    fs::remove_file(&version).unwrap();
    let mut cluster = open(&dir, false).await.unwrap();
    let half = cluster
        .start_servers()
        .await
        .err()
        .map(|error| format!("{error:#}"))
        .unwrap();
    cluster.stop().await.unwrap();
    assert!(
        half.contains("half initialised") && half.contains("--fresh"),
        "{half}"
    );
    assert_eq!(
        processes(dir.to_str().unwrap()),
        [""; 0],
        "nothing is left of a failed start"
    );
}

#[tokio::test]
async fn what_a_killed_start_left_is_stopped_by_the_next() {
    let temp = Temp::new("leftover");
    let dir = temp.dir();
    let mut cluster = open(&dir, false).await.unwrap();
    cluster.start_servers().await.unwrap();
    let old = fs::read_to_string(postmaster(&dir, "a")).unwrap();
    drop(cluster); // as if killed: nothing is stopped, the lock is free

    let mut cluster = open(&dir, false).await.unwrap();
    assert_eq!(processes(dir.to_str().unwrap()), [""; 0]);
    cluster.start_servers().await.unwrap();
    let new = fs::read_to_string(postmaster(&dir, "a")).unwrap();
    cluster.stop().await.unwrap();
    assert_ne!(old.lines().next(), new.lines().next());
}

/// What somebody is answered who says hello to the demo's Redis without TLS.
fn say_hello_to_redis(config: &Config) -> String {
    let url = config.redis_url().unwrap();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(ports::local(port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"PING\r\nQUIT\r\n").unwrap();
    let mut answer = Vec::new();
    // that the connection is cut is an answer, too
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn redis_speaks_tls_to_nodes_and_nothing_else_or_if_it_cannot_the_demo_does_without() {
    let temp = Temp::new("redis-tls");
    let mut cluster = open(&temp.dir(), false).await.unwrap();
    let config = cluster.start_servers().await.unwrap().clone();
    let url = config.redis_url().unwrap();
    assert!(url.starts_with("rediss://passcom:"), "{url}");
    assert!(config.redis_ca().unwrap().is_some());
    let answer = say_hello_to_redis(&config);
    assert!(
        !answer.contains("PONG") && !answer.contains("NOAUTH"),
        "{answer}"
    );
    cluster.stop().await.unwrap();
    drop(cluster);

    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("redis-server"));
    let real = real.into_iter().find(|real| real.is_file()).unwrap();
    let (plain, real) = (temp.0.join("redis-server"), real.display());
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--tls-port*) echo 'Bad directive'; exit 1;; esac\nexec {real} \"$@\"\n"
    );
    fs::write(&plain, script).unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o755)).unwrap();
    let search = temp.0.clone().into_os_string();
    let mut cluster = open_with(&temp.dir(), false, search).await.unwrap();
    let config = cluster.start_servers().await.unwrap().clone();
    let url = config.redis_url().unwrap();
    assert!(url.starts_with("redis://passcom:"), "{url}");
    assert!(config.redis_ca().unwrap().is_none());
    let answer = say_hello_to_redis(&config);
    assert!(answer.contains("NOAUTH"), "{answer}");
    cluster.stop().await.unwrap();
}

fn demo(dir: &Path, port: u16, path: Option<&Path>) -> Command {
    let mut command = Command::new(PASSCOM);
    command
        .args([
            "demo",
            "--companies",
            "a,b",
            "--http-port",
            &port.to_string(),
            "--dir",
        ])
        .arg(dir);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    text
}

#[test]
fn a_busy_port_and_a_missing_program_are_one_sentence_each() {
    let temp = Temp::new("refusals");
    let port = ports::free(1).unwrap()[0];
    let held = TcpListener::bind(ports::local(port + 1001)).unwrap();
    let busy = sentence(&demo(&temp.dir(), port, None).output().unwrap());
    drop(held);
    assert!(
        busy.contains(&format!("port {} (admin of b)", port + 1001)),
        "{busy}"
    );

    // PostgreSQL may still be found in the distribution's folder, Redis is looked for on PATH only
    let missing = sentence(&demo(&temp.dir(), port, Some(&temp.0)).output().unwrap());
    assert!(missing.contains("install it"), "{missing}");
    assert_eq!(processes(temp.0.to_str().unwrap()), [""; 0]);
}

/// Waits until its servers run.
fn started(mut demo: Command, dir: &Path) -> Child {
    let child = demo.spawn().unwrap();
    let servers = || {
        processes(dir.to_str().unwrap())
            .iter()
            .filter(|line| line.contains("postgres -D"))
            .count()
    };
    wait_until("two servers", || servers() == 2);
    child
}

#[test]
fn a_demo_that_is_killed_takes_its_servers_along() {
    let temp = Temp::new("killed");
    let mut child = started(
        demo(&temp.dir(), ports::free(1).unwrap()[0], None),
        &temp.dir(),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("no process", || {
        processes(temp.0.to_str().unwrap()).is_empty()
    });
}

/// A program that is our executable, except that its nodes do nothing for ten minutes.
fn idle_nodes(temp: &Temp) -> PathBuf {
    let script = temp.0.join("passcom");
    let text = format!("#!/bin/sh\n[ \"$1\" = node ] && exec sleep 600\nexec {PASSCOM} \"$@\"\n");
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

fn kill(pid: i32) {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Nodes that do nothing, for every company of the example.
fn start_idle(temp: &Temp) -> Nodes {
    let example = Config::load(Path::new("../cluster.toml")).unwrap();
    let place = |company: CompanyId| Place {
        config: example.path().to_owned(),
        log: temp.0.join(format!("{company}.log")),
        run_with: Vec::new(),
    };
    Nodes::start(&idle_nodes(temp), &example, place).unwrap()
}

#[tokio::test]
async fn a_node_that_is_held_stays_down_until_it_is_started() {
    let temp = Temp::new("held");
    let mut nodes = start_idle(&temp);
    let b = companies()[1];
    let first = nodes.iter().map(Node::pid).nth(1).unwrap();
    nodes.hold(b).unwrap();
    kill(first);
    let ended = nodes.next(true).await.unwrap();
    assert!(
        matches!(ended, Event::Ended { company, again_in: None, .. } if company == b),
        "{ended:?}"
    );
    nodes.start_again(b).unwrap();
    let second = nodes.iter().map(Node::pid).nth(1).unwrap();
    assert_ne!(first, second);
    kill(second);
    let ended = nodes.next(true).await.unwrap();
    assert!(
        matches!(
            ended,
            Event::Ended {
                again_in: Some(_),
                ..
            }
        ),
        "nothing holds it any more: {ended:?}"
    );
    assert!(nodes.hold("z".parse().unwrap()).is_err());
    nodes.stop().await;
}

#[tokio::test]
async fn a_node_that_dies_starts_again_each_time_later() {
    let temp = Temp::new("nodes");
    let mut nodes = start_idle(&temp);
    let pids = |nodes: &Nodes| nodes.iter().map(Node::pid).collect::<Vec<_>>();
    let first = pids(&nodes);

    let mut pauses = Vec::new();
    for _ in 0..2 {
        kill(pids(&nodes)[1]);
        match nodes.next(true).await.unwrap() {
            Event::Ended {
                company,
                again_in: Some(pause),
                ..
            } if company.as_str() == "b" => pauses.push(pause.as_millis()),
            other => panic!("b was killed: {other:?}"),
        }
        let started = nodes.next(true).await.unwrap();
        assert!(
            matches!(started, Event::Started { company } if company.as_str() == "b"),
            "{started:?}"
        );
    }
    assert_eq!(pauses, [200, 400]);
    let last = pids(&nodes);
    assert_eq!((first[0], first[2]), (last[0], last[2]));
    assert_ne!(first[1], last[1]);

    kill(last[0]);
    let left_alone = nodes.next(false).await.unwrap();
    assert!(
        matches!(left_alone, Event::Ended { again_in: None, .. }),
        "{left_alone:?}"
    );
    nodes.stop().await;
    assert!(
        last.iter()
            .all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    );
}
