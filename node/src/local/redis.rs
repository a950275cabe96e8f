//! One Redis for the leases of all companies: no persistence, because a lease that is lost costs time and nothing else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::folder::private_folder;
use super::ports;
use super::process::{Process, Spec};
use super::servers::Setting;

const START_LIMIT: Duration = Duration::from_secs(10);
const STOP_PATIENCE: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Starts it and returns it with its URL once it answers.
pub async fn start(setting: &Setting, port: u16) -> anyhow::Result<(Process, String)> {
    let home = home(setting);
    private_folder(&home)?;
    if let Some(user) = &setting.user {
        user.own(&home)?;
    }
    let mut process = launch(setting, port)?;
    let deadline = Instant::now() + START_LIMIT;
    while process.ended().is_none() && Instant::now() < deadline {
        if answers(port).await {
            return Ok((process, format!("redis://127.0.0.1:{port}")));
        }
        sleep(LOOK_AGAIN).await;
    }
    bail!("{}", process.failure())
}

/// Starts one that was started before, without waiting for it; it has forgotten everything.
pub fn launch(setting: &Setting, port: u16) -> anyhow::Result<Process> {
    spec(setting, &home(setting), port).start(&setting.passcom)
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

async fn answers(port: u16) -> bool {
    const PONG: &[u8] = b"+PONG\r\n";
    let ping = async {
        let mut stream = TcpStream::connect(ports::local(port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; PONG.len()];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer == PONG)
    };
    matches!(timeout(PING_LIMIT, ping).await, Ok(Ok(true)))
}
