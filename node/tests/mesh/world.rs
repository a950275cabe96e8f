//! Certificates, addresses and processes of a mesh of three; everything ends with the test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use passcom_node::certs;

use crate::child::{CONFIG_VARIABLE, Config, MARK};

pub const COMPANIES: [&str; 3] = ["alpha", "beta", "gamma"];
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

pub struct World {
    pub folder: PathBuf,
    addresses: HashMap<&'static str, SocketAddr>,
}

/// How a node starts, where it matters.
pub struct Start {
    pub company: &'static str,
    pub membership: u8,
    pub incarnation: u128,
    /// Runs, each with the end of the log when it began; the last is this one.
    pub starts: Vec<(u128, i64)>,
    pub log_end: i64,
    pub cookie: Option<&'static str>,
    /// Dials a company there.
    pub dials: Option<(&'static str, SocketAddr)>,
}

pub struct Node {
    company: &'static str,
    process: Child,
    commands: Mutex<(ChildStdin, u64)>,
    waiting: Waiting,
}

type Waiting = Arc<Mutex<HashMap<u64, Sender<String>>>>;

impl Start {
    pub fn of(company: &'static str) -> Self {
        Self {
            company,
            membership: 0,
            incarnation: 1,
            starts: vec![(uuid::Uuid::new_v4().as_u128(), 0)],
            log_end: 0,
            cookie: None,
            dials: None,
        }
    }
}

impl World {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("passcom-mesh-{}", uuid::Uuid::new_v4()));
        let companies = COMPANIES.map(|company| company.parse().unwrap());
        certs::generate(&folder, &companies).unwrap();
        // held together, so that all are different
        let ports = COMPANIES.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = COMPANIES.into_iter().zip(&ports);
        Self {
            folder,
            addresses: addresses
                .map(|(company, port)| (company, port.local_addr().unwrap()))
                .collect(),
        }
    }

    pub fn address(&self, company: &str) -> SocketAddr {
        self.addresses[company]
    }

    pub fn start_all(&self) -> (Node, Node, Node) {
        let [alpha, beta, gamma] = COMPANIES.map(|company| self.start(company));
        eventually(ANSWER_LIMIT, "every node sees the two others", || {
            [&alpha, &beta, &gamma]
                .iter()
                .all(|node| COMPANIES.iter().all(|c| *c == node.company || node.sees(c)))
        });
        (alpha, beta, gamma)
    }

    pub fn start(&self, company: &'static str) -> Node {
        self.start_as(&Start::of(company))
    }

    pub fn start_as(&self, start: &Start) -> Node {
        let config = Config {
            company: start.company.to_owned(),
            folder: self.folder.clone(),
            listen: self.address(start.company),
            peers: self
                .addresses
                .iter()
                .filter(|(company, _)| **company != start.company)
                .map(|(company, address)| (*company, *address))
                .chain(start.dials)
                .map(|(company, address)| (company.to_owned(), address.to_string()))
                .collect(),
            membership: start.membership,
            incarnation: start.incarnation,
            starts: start.starts.clone(),
            log_end: start.log_end,
            cookie: start.cookie.map(str::to_owned),
        };
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::node", "--ignored", "--nocapture"])
            .env(CONFIG_VARIABLE, serde_json::to_string(&config).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let waiting = Waiting::default();
        let stdout = process.stdout.take().unwrap();
        std::thread::spawn({
            let waiting = waiting.clone();
            move || hand_out_answers(stdout, &waiting)
        });
        let node = Node {
            company: start.company,
            commands: Mutex::new((process.stdin.take().unwrap(), 0)),
            process,
            waiting,
        };
        assert_eq!(node.ask("ready"), "ok");
        node
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // a folder that stays behind in the system's temporary folder fails no test
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Node {
    pub fn company(&self) -> &'static str {
        self.company
    }

    /// `ok <company that answered>`, `not-sent <reason>`, `busy` or `unknown <reason>`.
    pub fn call(&self, to: &str, login: &str, timeout_ms: u64) -> String {
        self.ask(&format!("call {to} {login} {timeout_ms}"))
    }

    /// How many requests it has begun to serve.
    pub fn served(&self) -> u64 {
        self.ask("served").parse().unwrap()
    }

    /// Why it must not serve; empty where it may.
    pub fn lost(&self) -> String {
        self.ask("lost")
    }

    pub fn sees(&self, company: &str) -> bool {
        self.ask(&format!("up {company}")) == "true"
    }

    pub fn obstacle(&self, company: &str) -> String {
        self.ask(&format!("obstacle {company}"))
    }

    /// How much it refused of this company, and how much of that no honest node says.
    pub fn refused(&self, company: &str) -> String {
        self.ask(&format!("refused {company}"))
    }

    pub fn ask(&self, command: &str) -> String {
        self.send(command)
            .recv_timeout(ANSWER_LIMIT)
            .unwrap_or_else(|error| panic!("{}: {command}: {error}", self.company))
    }

    pub fn send(&self, command: &str) -> Receiver<String> {
        let (sender, receiver) = channel();
        let mut commands = self.commands.lock().unwrap();
        let (stdin, last) = &mut *commands;
        *last += 1;
        self.waiting.lock().unwrap().insert(*last, sender);
        writeln!(stdin, "{last} {command}").unwrap();
        receiver
    }

    pub fn leave(&self) {
        // answered by the end of the process
        drop(self.send("leave"));
    }

    /// Every thread of it has stopped on return: the signal alone only asks for that.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        let tasks = format!("/proc/{}/task", self.process.id());
        eventually(ANSWER_LIMIT, "every thread has stopped", || {
            let mut tasks = std::fs::read_dir(&tasks).unwrap();
            tasks.all(|task| is_stopped(&task.unwrap().path().join("stat")))
        });
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn ended(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // both fail only where it has ended already
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn hand_out_answers(stdout: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        // the test program prints words of its own
        let Some((_, answer)) = line.split_once(MARK) else {
            continue;
        };
        let (id, answer) = answer.split_once(' ').expect("an id and an answer");
        if let Some(sender) = waiting.lock().unwrap().remove(&id.parse().unwrap()) {
            // nobody may wait for it any more
            let _ = sender.send(answer.to_owned());
        }
    }
    waiting.lock().unwrap().clear();
}

/// The state is the first field after the name, which stands in brackets (proc(5)).
fn is_stopped(stat: &std::path::Path) -> bool {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| rest.starts_with('T'))
}

/// Waits for the condition; says how long it took at most.
pub fn eventually(limit: Duration, what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
