//! One Redis for the leases of all companies: no persistence, because a lease that is lost costs time and nothing else.
//!
//! It lets in two users, by passwords that are made anew at each start: the nodes' may do what leases need, and no more.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::cluster::random_text;
use super::folder::{private_folder, write_atomically};
use super::ports;
use super::process::{Process, Spec};
use super::servers::Setting;
use crate::lease::PERMISSIONS;

const START_LIMIT: Duration = Duration::from_secs(10);
const STOP_PATIENCE: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const NODE: &str = "passcom";
const TESTER: &str = "tester";
/// Characters of a generated password.
const PASSWORD_LEN: usize = 40;
/// Users, with hashes of their passwords.
const USERS: &str = "users.acl";

/// Where it is, by who asks.
pub struct Urls {
    /// The nodes.
    pub node: String,
    /// Whoever looks at everything, and breaks it.
    pub tester: String,
}

/// Starts it and returns it with its URLs once it answers.
pub async fn start(setting: &Setting, port: u16) -> anyhow::Result<(Process, Urls)> {
    let home = home(setting);
    private_folder(&home)?;
    if let Some(user) = &setting.user {
        user.own(&home)?;
    }
    let (node, tester) = (random_text(PASSWORD_LEN), random_text(PASSWORD_LEN));
    write_users(setting, &home, &node, &tester)?;
    let mut process = launch(setting, port)?;
    let deadline = Instant::now() + START_LIMIT;
    while process.ended().is_none() && Instant::now() < deadline {
        if answers(port, &tester).await {
            let here = format!("redis://{}", ports::local(port));
            // nodes may be told to go through somebody who listens in
            let wired = setting.wiring.redis.as_ref();
            let of_nodes = wired.map_or(&here, |wired| &wired.url);
            let urls = Urls {
                node: as_user(NODE, &node, of_nodes),
                tester: as_user(TESTER, &tester, &here),
            };
            return Ok((process, urls));
        }
        sleep(LOOK_AGAIN).await;
    }
    bail!("{}", process.failure())
}

/// Starts one that was started before, without waiting for it; it has forgotten everything.
pub fn launch(setting: &Setting, port: u16) -> anyhow::Result<Process> {
    spec(setting, &home(setting), port).start(&setting.passcom)
}

/// A URL with who asks.
fn as_user(name: &str, password: &str, url: &str) -> String {
    url.replacen("://", &format!("://{name}:{password}@"), 1)
}

fn write_users(setting: &Setting, home: &Path, node: &str, tester: &str) -> anyhow::Result<()> {
    let mut users = "user default off\n".to_owned();
    for (name, password, permissions) in [(NODE, node, PERMISSIONS), (TESTER, tester, "~* +@all")] {
        write!(users, "user {name} reset on #").expect("a String takes everything");
        for byte in Sha256::digest(password) {
            write!(users, "{byte:02x}").expect("a String takes everything");
        }
        writeln!(users, " {permissions}").expect("a String takes everything");
    }
    let path = home.join(USERS);
    write_atomically(&path, users.as_bytes())?;
    match &setting.user {
        Some(user) => user.own(&path),
        None => Ok(()),
    }
}

fn home(setting: &Setting) -> PathBuf {
    setting.folder.servers().join("redis")
}

fn spec(setting: &Setting, home: &Path, port: u16) -> Spec {
    let options = [
        "--bind",
        "127.0.0.1",
        "--daemonize",
        "no",
        "--appendonly",
        "no",
        "--save",
        "",
    ];
    let mut arguments: Vec<OsString> = options.into_iter().map(OsString::from).collect();
    arguments.extend([
        "--port".into(),
        port.to_string().into(),
        "--dir".into(),
        home.into(),
        "--aclfile".into(),
        home.join(USERS).into(),
    ]);
    Spec {
        name: "redis".to_owned(),
        program: setting.programs.redis.clone(),
        arguments,
        user: setting.user.clone(),
        patience: STOP_PATIENCE,
        log: setting.folder.root().join("redis.log"),
    }
}

async fn answers(port: u16, tester: &str) -> bool {
    const ANSWERS: &[u8] = b"+OK\r\n+PONG\r\n";
    let ping = async {
        let mut stream = TcpStream::connect(ports::local(port)).await?;
        let asked = format!("AUTH {TESTER} {tester}\r\nPING\r\n");
        stream.write_all(asked.as_bytes()).await?;
        let mut answers = [0; ANSWERS.len()];
        stream.read_exact(&mut answers).await?;
        std::io::Result::Ok(answers == ANSWERS)
    };
    matches!(timeout(PING_LIMIT, ping).await, Ok(Ok(true)))
}
