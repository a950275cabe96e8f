//! One private PostgreSQL server per company.
//!
//! Three roles: a superuser, who makes the others, and whose URL only testers get; the owner of the tables; the node's.
//!
//! It listens on 127.0.0.1 with SCRAM passwords and has no Unix sockets at all: their paths may have 107 bytes, which a folder of the user's
//! choice easily exceeds.
//!
//! Invariant: `data` appears only when initdb has finished, by a rename. A start that was killed in the middle leaves `data.new`, which the
//! next one discards; a `data` that lacks something was damaged by others, and is refused.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use passcom_actors::domain::ids::CompanyId;
use passcom_sql::{Address, roles};
use tokio::time::{Instant, sleep};

use super::folder::{private_folder, write_atomically};
use super::process::{Process, Spec};
use super::servers::Setting;

/// Who may do everything; initdb makes it.
const SUPERUSER: &str = "passcom";
const INITDB_LIMIT: Duration = Duration::from_secs(120);
/// Includes the recovery after a crash.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Characters of a generated password; 62 to choose from, so 190 bits.
const PASSWORD_LEN: usize = 32;

/// What a node refuses to run without, and what suits three servers on one machine.
const SETTINGS: [&str; 14] = [
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "max_connections=60",
    "shared_buffers=128MB",
    "max_wal_size=1GB",
    "checkpoint_completion_target=0.9",
    // rows of bookings change state several times in their first second
    "autovacuum_naptime=15s",
    "autovacuum_vacuum_scale_factor=0.05",
    "autovacuum_analyze_scale_factor=0.05",
    "timezone=UTC",
];

/// Where a server is reached, and as whom.
#[derive(Debug, Clone)]
pub struct Urls {
    pub superuser: String,
    /// Has the tables, and migrates.
    pub owner: String,
    pub node: String,
}

/// One company's server, which can be started.
pub struct Postgres<'a> {
    pub company: CompanyId,
    pub setting: &'a Setting,
}

impl Postgres<'_> {
    /// Initialises it on the first start, starts it, and returns it with its URLs once it accepts connections.
    pub async fn start(&self, port: u16) -> anyhow::Result<(Process, Urls)> {
        if self.data().exists() {
            self.check_data()?;
        } else {
            self.initialise().await?;
        }
        let password =
            fs::read_to_string(self.password_file()).context("read the password of PostgreSQL")?;
        let mut process = self.launch(port)?;
        self.wait_until_ready(&mut process).await?;
        let (owner, node) = (self.password("owner")?, self.password("node")?);
        let url = |role, password: &str| {
            format!("postgres://{role}:{password}@127.0.0.1:{port}/postgres")
        };
        let urls = Urls {
            superuser: url(SUPERUSER, &password),
            owner: url(roles::OWNER, &owner),
            node: url(roles::NODE, &node),
        };
        // at every start: the data may be of a time when one role did everything
        roles::make(&Address::from(urls.superuser.clone()), &owner, &node)
            .await
            .with_context(|| format!("the roles of {}", self.company))?;
        Ok((process, urls))
    }

    /// Starts one that was started before, without waiting for it.
    pub fn launch(&self, port: u16) -> anyhow::Result<Process> {
        self.server(port).start(&self.setting.passcom)
    }

    fn home(&self) -> PathBuf {
        let wired = self.setting.wiring.company(self.company);
        match wired.and_then(|company| company.database.clone()) {
            Some(home) => home,
            None => self.setting.folder.servers().join(self.company.as_str()),
        }
    }

    fn data(&self) -> PathBuf {
        self.home().join("data")
    }

    fn password_file(&self) -> PathBuf {
        self.setting
            .folder
            .of(self.company)
            .join("postgres.password")
    }

    /// Of a role, made by the first start.
    fn password(&self, role: &str) -> anyhow::Result<String> {
        let path = self.setting.folder.of(self.company);
        let path = path.join(format!("{role}.password"));
        if !path.exists() {
            write_atomically(&path, secret().as_bytes())?;
        }
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    }

    fn check_data(&self) -> anyhow::Result<()> {
        let data = self.data();
        let half = |missing: &Path| {
            format!(
                "{} is half initialised ({} is missing): start again with --fresh to make it anew",
                data.display(),
                missing.display()
            )
        };
        let version = data.join("PG_VERSION");
        let version = fs::read_to_string(&version).with_context(|| half(&version))?;
        if !self.password_file().exists() {
            bail!(half(&self.password_file()));
        }
        let ours = self.setting.programs.postgres_major()?;
        if version.trim() != ours {
            let (data, theirs) = (data.display(), version.trim());
            bail!(
                "{data} was made by PostgreSQL {theirs}, and this is {ours}: start again with --fresh, or install PostgreSQL {theirs}"
            );
        }
        Ok(())
    }

    async fn initialise(&self) -> anyhow::Result<()> {
        let home = self.home();
        let (making, password) = (home.join("data.new"), home.join("password"));
        private_folder(&home)?;
        if making.exists() {
            fs::remove_dir_all(&making)
                .with_context(|| format!("cannot remove {}", making.display()))?;
        }
        let secret = secret();
        write_atomically(&self.password_file(), secret.as_bytes())?;
        write_atomically(&password, secret.as_bytes())?; // a copy that initdb's user may read
        if let Some(user) = &self.setting.user {
            user.own(&home)?;
            user.own(&password)?;
        }
        let made = self
            .initdb(&making, &password)
            .run(&self.setting.passcom, INITDB_LIMIT)
            .await;
        fs::remove_file(&password).context("remove the copy of a password")?;
        made?;
        fs::rename(&making, self.data()).context("put the new data folder in its place")
    }

    fn initdb(&self, data: &Path, password: &Path) -> Spec {
        let mut pgdata = OsString::from("--pgdata=");
        pgdata.push(data);
        let mut pwfile = OsString::from("--pwfile=");
        pwfile.push(password);
        let options = [
            "--encoding=UTF8",
            "--locale=C",
            "--auth=scram-sha-256",
            "--data-checksums",
        ];
        let mut arguments: Vec<OsString> = options.into_iter().map(OsString::from).collect();
        arguments.push(format!("--username={SUPERUSER}").into());
        arguments.extend([pgdata, pwfile]);
        Spec {
            name: format!("initdb of {}", self.company),
            program: self.setting.programs.initdb.clone(),
            arguments,
            log: self.setting.folder.of(self.company).join("initdb.log"),
            ..self.server(0)
        }
    }

    fn server(&self, port: u16) -> Spec {
        let mut arguments: Vec<OsString> = vec![
            "-D".into(),
            self.data().into(),
            "-p".into(),
            port.to_string().into(),
        ];
        arguments.extend(
            SETTINGS
                .iter()
                .flat_map(|setting| ["-c".into(), (*setting).into()]),
        );
        Spec {
            name: format!("postgres of {}", self.company),
            program: self.setting.programs.postgres.clone(),
            arguments,
            user: self.setting.user.clone(),
            patience: STOP_PATIENCE,
            log: self.setting.folder.of(self.company).join("postgres.log"),
        }
    }

    /// The server writes `ready` to the last line of its pid file, which is what `pg_ctl --wait` looks for, too.
    async fn wait_until_ready(&self, process: &mut Process) -> anyhow::Result<()> {
        let pid_file = self.data().join("postmaster.pid");
        let pid = process.pid().to_string();
        let deadline = Instant::now() + START_LIMIT;
        while process.ended().is_none() && Instant::now() < deadline {
            let status = fs::read_to_string(&pid_file).unwrap_or_default(); // it is not there at first
            let mut lines = status.lines();
            if lines.next() == Some(&pid) && lines.last().is_some_and(|last| last.trim() == "ready")
            {
                return Ok(());
            }
            sleep(LOOK_AGAIN).await;
        }
        bail!("{}", process.failure())
    }
}

fn secret() -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(PASSWORD_LEN)
        .collect()
}
