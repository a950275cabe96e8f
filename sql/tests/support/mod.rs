//! A private PostgreSQL for tests: one cluster per test process, one database per test.
//!
//! Found on PATH or in the distribution's versioned folder; reached by a Unix socket only. As root it runs as `postgres`
//! (`nobody` where there is none), because PostgreSQL refuses root. It ends with the test process however that ends: a
//! shell waits at a pipe whose other end is here, and the kernel closes that one also for a killed process.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use passcom_sql::{Address, Options, migrate, roles};
use tokio_postgres::{Client, NoTls};

/// Durability is for databases that are kept.
const SETTINGS: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 100
";
/// Makes the cluster and runs the server until standard input ends, then stops it at once and removes the folder.
/// TERM ends also a server that does not handle signals yet; INT does not wait for its clients.
const WATCHDOG: &str = r#"
exec >"$2/log" 2>&1
"$1/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C -D "$2/data" </dev/null
printf '%s' "$3" >>"$2/data/postgresql.auto.conf"
"$1/postgres" -D "$2/data" -k "$2" </dev/null &
server=$!
read -r _ignored
kill -TERM "$server"
sleep 0.1
kill -INT "$server"
wait "$server"
rm -rf "$2"
"#;
const START_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// A running server. The last owner that drops it stops it and waits until its folder is gone.
pub struct Cluster {
    folder: PathBuf,
    watchdog: Child,
    /// Where it listens, if it does.
    port: u16,
    databases: AtomicU32,
    /// Roles are the server's: who makes them does it alone.
    roles: tokio::sync::Mutex<()>,
}

impl Cluster {
    /// The cluster of this process, started if none runs.
    pub fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        // a test that failed to start it says so itself
        let mut running = RUNNING
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(cluster) = running.upgrade() {
            return cluster;
        }
        let cluster = Arc::new(Self::start("listen_addresses = ''", &[]));
        *running = Arc::downgrade(&cluster);
        cluster
    }

    /// One that listens at localhost, with these settings more and these files in its folder.
    #[allow(dead_code, reason = "not every test needs one")]
    pub fn over_tcp(settings: &str, files: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let settings = format!("listen_addresses = 'localhost'\nport = {port}\n{settings}");
        let mut cluster = Self::start(&settings, files);
        cluster.port = port;
        cluster
    }

    fn start(settings: &str, files: &[(&str, &str)]) -> Self {
        let binaries = binaries()
            .expect("PostgreSQL's initdb and postgres, on PATH or in /usr/lib/postgresql/*/bin");
        let folder = PathBuf::from(format!("/tmp/pc{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&folder).expect("a new folder in /tmp");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("the folder's mode");
        let account = Account::for_server(&folder);
        account.own(&folder);
        for (name, content) in files {
            let file = folder.join(name);
            fs::write(&file, content).expect("a file in the new folder");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
            account.own(&file);
        }
        let mut watchdog = account.command("/bin/sh");
        watchdog
            .args(["-c", WATCHDOG, "sh"])
            .args([binaries.as_os_str(), folder.as_os_str()])
            .arg(format!("{SETTINGS}{settings}\n"));
        // out of the group that a terminal's Ctrl-C reaches, so that the watchdog lives to stop the server
        let watchdog = watchdog
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let cluster = Self {
            folder,
            watchdog,
            port: 0,
            databases: AtomicU32::new(0),
            roles: tokio::sync::Mutex::default(),
        };
        cluster.wait_for_socket();
        cluster
    }

    fn wait_for_socket(&self) {
        let deadline = Instant::now() + START_PATIENCE;
        while !self.accepts() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "PostgreSQL did not start:\n{}",
                log()
            );
            thread::sleep(POLL);
        }
    }

    /// The line that appears in the server's lock file when it is ready for connections.
    fn accepts(&self) -> bool {
        let status =
            fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        status
            .lines()
            .nth(7)
            .is_some_and(|line| line.trim() == "ready")
    }

    /// The URL of a new, empty database.
    pub async fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let admin = connect(&self.url("postgres")).await;
        admin
            .batch_execute(&format!("create database {name}"))
            .await
            .expect("create database");
        self.url(&name)
    }

    /// Makes the roles of a database and migrates it as its owner; where its node finds it.
    #[allow(dead_code, reason = "not every test needs them")]
    pub async fn with_roles(&self, url: &str) -> Address {
        let alone = self.roles.lock().await;
        let superuser = Address::from(url.to_owned());
        roles::make(&superuser, "owner's", "node's").await.unwrap();
        drop(alone);
        let as_role =
            |role: &str| Address::from(url.replace("user=postgres", &format!("user={role}")));
        let options = Options::new(as_role(roles::OWNER), "a".parse().unwrap());
        let owner = passcom_sql::connect(options).await.unwrap();
        migrate::migrate(&owner, Some(roles::NODE)).await.unwrap();
        as_role(roles::NODE)
    }

    #[allow(dead_code, reason = "not every test needs one")]
    pub fn port(&self) -> u16 {
        self.port
    }

    #[allow(dead_code, reason = "not every test needs one")]
    pub fn tcp_url(&self, host: &str) -> String {
        let port = self.port;
        format!("host={host} port={port} user=postgres dbname=postgres")
    }

    fn url(&self, database: &str) -> String {
        format!(
            "host={} user=postgres dbname={database}",
            self.folder.display()
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let deadline = Instant::now() + STOP_PATIENCE;
        while matches!(self.watchdog.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
    }
}

/// A connection whose task runs until the client is dropped.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
    // its end is the client's next error
    tokio::spawn(connection);
    client
}

/// Who runs the server.
struct Account {
    /// User and group, if not those of this process.
    ids: Option<(u32, u32)>,
}

impl Account {
    fn for_server(own_folder: &Path) -> Self {
        let we = fs::metadata(own_folder)
            .expect("the folder just made")
            .uid();
        let ids = (we == 0).then(|| {
            ["postgres", "nobody"]
                .iter()
                .find_map(|user| Some((id("-u", user)?, id("-g", user)?)))
                .expect("a user postgres or nobody, because PostgreSQL does not run as root")
        });
        Self { ids }
    }

    fn own(&self, folder: &Path) {
        if let Some((user, group)) = self.ids {
            chown(folder, Some(user), Some(group)).expect("root may give a folder away");
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }
}

fn id(which: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([which, user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The folder that has both binaries: on PATH, or the newest version of the distribution.
fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = env::split_paths(&path).find(complete) {
        return Some(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .max()
        .map(|(_, folder)| folder)
}
