//! One Redis for the leases of all companies: no persistence, because a lease that is lost costs time and nothing else.
//!
//! It lets in two users, by passwords that are made anew at each start: the nodes' may do what leases need, and no more. Nodes come by TLS,
//! to a certificate that the authority of the servers has signed; a program that was built without TLS does without, which is said. Testers
//! have a port of their own without TLS, so that whatever speaks to Redis will do.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};

use super::cluster::random_text;
use super::folder::{private_folder, write_atomically};
use super::ports;
use super::process::{Process, Spec};
use super::servers::Setting;
use crate::certs::{self, Validity};
use crate::lease::{self, PERMISSIONS};

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

/// The host that its certificate names.
const HOST: &str = "127.0.0.1";
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server.key";

/// Where it is, by who asks.
pub struct Urls {
    /// The nodes.
    pub node: String,
    /// Whoever looks at everything, and breaks it: without TLS.
    pub tester: String,
    tester_port: u16,
    /// As a tester at the nodes' port.
    probe: String,
    /// The authority that signed its certificate; none where it does without TLS.
    pub ca: Option<PathBuf>,
}

/// Starts it and returns it with its URLs once it answers.
pub async fn start(
    setting: &Setting,
    port: u16,
    tester_port: u16,
) -> anyhow::Result<(Process, Urls)> {
    let home = home(setting);
    private_folder(&home)?;
    if let Some(user) = &setting.user {
        user.own(&home)?;
    }
    let passwords = [random_text(PASSWORD_LEN), random_text(PASSWORD_LEN)];
    write_users(setting, &home, &passwords)?;
    let ca = write_certificate(setting, &home)?;
    let urls = Urls::new(setting, (port, tester_port), &passwords, Some(ca));
    let mut process = launch(setting, port, &urls)?;
    if answers_in_time(&mut process, &urls).await? {
        return Ok((process, urls));
    }
    if process.ended().is_none() {
        bail!("{}", process.failure());
    }
    // it would say why, in as many ways as there are versions
    let urls = Urls::new(setting, (port, port), &passwords, None);
    process = launch(setting, port, &urls)?;
    if !answers_in_time(&mut process, &urls).await? {
        bail!("{}", process.failure());
    }
    eprintln!(
        "{} does not start with TLS (see {}): what nodes say to it is not encrypted, and does not leave this machine",
        setting.programs.redis.display(),
        process.log().display()
    );
    Ok((process, urls))
}

/// Starts one that was started before, without waiting for it; it has forgotten everything.
pub fn launch(setting: &Setting, port: u16, urls: &Urls) -> anyhow::Result<Process> {
    spec(setting, &home(setting), port, urls).start(&setting.passcom)
}

impl Urls {
    fn new(
        setting: &Setting,
        (port, tester_port): (u16, u16),
        [node, tester]: &[String; 2],
        ca: Option<PathBuf>,
    ) -> Self {
        let here = format!("redis://{}", ports::local(port));
        // nodes may be told to go through somebody who listens in
        let wired = setting.wiring.redis.as_ref();
        let of_nodes = wired.map_or(&here, |wired| &wired.url);
        let scheme = if ca.is_some() { "rediss" } else { "redis" };
        let as_user = |scheme, name, password, url: &str| {
            url.replacen("redis://", &format!("{scheme}://{name}:{password}@"), 1)
        };
        let apart = format!("redis://{}", ports::local(tester_port));
        Self {
            node: as_user(scheme, NODE, node, of_nodes),
            tester: as_user("redis", TESTER, tester, &apart),
            tester_port,
            probe: as_user(scheme, TESTER, tester, &here),
            ca,
        }
    }
}

fn write_users(setting: &Setting, home: &Path, [node, tester]: &[String; 2]) -> anyhow::Result<()> {
    let mut users = "user default off\n".to_owned();
    for (name, password, permissions) in [(NODE, node, PERMISSIONS), (TESTER, tester, "~* +@all")] {
        write!(users, "user {name} reset on #").expect("a String takes everything");
        for byte in Sha256::digest(password) {
            write!(users, "{byte:02x}").expect("a String takes everything");
        }
        writeln!(users, " {permissions}").expect("a String takes everything");
    }
    give(setting, &home.join(USERS), users.as_bytes())
}

/// Makes its certificate, unless there is a good one, and has it where its user can read it. Returns who signed it.
fn write_certificate(setting: &Setting, home: &Path) -> anyhow::Result<PathBuf> {
    let folder = setting.folder.certificates();
    private_folder(&folder)?;
    certs::generate_for_servers(&folder, &[HOST.to_owned()], Validity::default())
        .context("make the certificate of Redis")?;
    let files = certs::server_files(&folder, HOST);
    for (made, name) in [(files.cert, CERTIFICATE), (files.key, KEY)] {
        let content = fs::read(&made).with_context(|| format!("read {}", made.display()))?;
        give(setting, &home.join(name), &content)?;
    }
    Ok(files.ca)
}

/// Writes a file for the user that the server runs as.
fn give(setting: &Setting, path: &Path, content: &[u8]) -> anyhow::Result<()> {
    write_atomically(path, content)?;
    match &setting.user {
        Some(user) => user.own(path),
        None => Ok(()),
    }
}

fn home(setting: &Setting) -> PathBuf {
    setting.folder.servers().join("redis")
}

fn spec(setting: &Setting, home: &Path, port: u16, urls: &Urls) -> Spec {
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
    let (port, tester_port) = (port.to_string(), urls.tester_port.to_string());
    arguments.extend(["--port".into(), tester_port.into()]);
    if urls.ca.is_some() {
        arguments.extend([
            "--tls-port".into(),
            port.into(),
            "--tls-auth-clients".into(),
            "no".into(),
            "--tls-cert-file".into(),
            home.join(CERTIFICATE).into(),
            "--tls-key-file".into(),
            home.join(KEY).into(),
        ]);
    }
    arguments.extend([
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

/// Whether it answers before it ends, or its time is over.
async fn answers_in_time(process: &mut Process, urls: &Urls) -> anyhow::Result<bool> {
    let read = |path: &PathBuf| fs::read(path).with_context(|| format!("read {}", path.display()));
    let ca = urls.ca.as_ref().map(read).transpose()?;
    let client = lease::client(&urls.probe, ca).context("understand where Redis is")?;
    let deadline = Instant::now() + START_LIMIT;
    while process.ended().is_none() && Instant::now() < deadline {
        if answers(&client).await {
            return Ok(true);
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(false)
}

async fn answers(client: &redis::Client) -> bool {
    let ping = async {
        let mut redis = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut redis).await
    };
    timeout(PING_LIMIT, ping)
        .await
        .is_ok_and(|pong| pong.is_ok())
}
