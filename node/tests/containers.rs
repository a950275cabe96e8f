//! What the containers of `compose.yml` run, without an engine: the script that makes their secrets, a database set up by what it made, and
//! the script that says whether a node is well.

#[allow(dead_code, reason = "one server is all that is needed of it")]
#[path = "../../sql/tests/support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use passcom_node::lease::PERMISSIONS;
use support::Cluster;

const PASSCOM: &str = env!("CARGO_BIN_EXE_passcom");
const NODE: u32 = 10_001;
const POSTGRES: u32 = 999;
const REDIS: u32 = 999;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("passcom-containers-{}", uuid::Uuid::new_v4());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // what stays behind in the system's temporary folder fails no test
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

/// The files of a folder, each with its owner and mode.
fn listed(folder: &Path) -> Vec<(String, u32, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            let name = entry.file_name().into_string().unwrap();
            (name, metadata.uid(), mode)
        })
        .collect();
    files.sort();
    files
}

fn passcom(arguments: &[&str], config: &Path) -> Output {
    let mut command = Command::new(PASSCOM);
    let command = command.args(arguments).args(["--company", "a", "--config"]);
    command.arg(config).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_container_gets_its_own_and_that_is_enough() {
    let folder = Folder::new();
    if fs::metadata(&folder.0).unwrap().uid() != 0 {
        eprintln!("only root gives files away: not tested");
        return;
    }
    for place in ["nodes", "owners", "databases"] {
        for company in ["a", "b", "c"] {
            fs::create_dir_all(folder.path(place).join(company)).unwrap();
        }
    }
    fs::create_dir(folder.path("authority")).unwrap();
    fs::create_dir(folder.path("redis")).unwrap();
    let programs = folder.write(
        "bin/passcom",
        &format!("#!/bin/sh\nexec '{PASSCOM}' \"$@\"\n"),
    );
    fs::set_permissions(&programs, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let init = || {
        let made = Command::new("sh")
            .arg(repository().join("docker/init.sh"))
            .env("PATH", format!("{}:{path}", folder.path("bin").display()))
            .env("ROOT", &folder.0)
            .env("SHARE", repository().join("sql"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    init();
    let secret = fs::read(folder.path("nodes/a/database.url")).unwrap();
    init();
    let kept = fs::read(folder.path("nodes/a/database.url")).unwrap();
    assert_eq!(secret, kept, "what is there is kept");
    let files = |names: &[&str], owner| -> Vec<_> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), owner, 0o400))
            .collect()
    };
    let node = [
        "admin.token",
        "ca.pem",
        "a.key",
        "a.pem",
        "a.token.key",
        "a.token.pem",
        "b.token.pem",
        "c.token.pem",
        "cookie",
        "database.url",
        "redis.url",
        "servers-ca.pem",
    ];
    let mut node = files(&node, NODE);
    node.sort();
    assert_eq!(listed(&folder.path("nodes/a")), node);
    let owner = ["database.url", "owner.url", "servers-ca.pem"];
    assert_eq!(listed(&folder.path("owners/a")), files(&owner, NODE));
    let database = ["password", "roles.sql", "server.key", "server.pem"];
    assert_eq!(
        listed(&folder.path("databases/a")),
        files(&database, POSTGRES)
    );

    let redis = ["server.key", "server.pem", "users.acl"];
    assert_eq!(listed(&folder.path("redis")), files(&redis, REDIS));
    let users = fs::read_to_string(folder.path("redis/users.acl")).unwrap();
    let users: Vec<_> = users.lines().collect();
    assert_eq!((users[0], users.len()), ("user default off", 4));
    for (line, company) in users[1..].iter().zip(["a", "b", "c"]) {
        let user = format!("user passcom-{company} reset on #");
        assert!(
            line.starts_with(&user) && line.ends_with(PERMISSIONS),
            "{line}"
        );
    }

    // a server as compose.yml starts it, with what its container has
    let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
    let (certificate, key) = (
        read("databases/a/server.pem"),
        read("databases/a/server.key"),
    );
    let server = Cluster::over_tcp(
        "ssl = on\nssl_cert_file = '../server.pem'\nssl_key_file = '../server.key'\nssl_min_protocol_version = 'TLSv1.3'",
        &[("server.pem", &certificate), ("server.key", &key)],
    );
    let superuser = support::connect(&server.tcp_url("localhost")).await;
    superuser
        .batch_execute(&read("databases/a/roles.sql"))
        .await
        .unwrap();

    let example = fs::read_to_string(repository().join("cluster.toml")).unwrap();
    let here = format!("postgres-a:{}/postgres?hostaddr=127.0.0.1", server.port());
    let configuration = |place: &str| {
        for url in ["database.url", "owner.url"] {
            if let Ok(text) = fs::read_to_string(folder.path(place).join(url)) {
                let found = text.replace("postgres-a:5432/passcom", &here);
                fs::write(folder.path(place).join(url), found).unwrap();
            }
        }
        let files = folder.path(place);
        let text = example.replace("/run/passcom", files.to_str().unwrap());
        folder.write(&format!("{}.toml", place.replace('/', "-")), &text)
    };
    let (owners, nodes) = (configuration("owners/a"), configuration("nodes/a"));
    let early = passcom(&["import", "--sample", "--days", "2", "--json"], &nodes);
    assert!(!early.status.success(), "a node makes no tables");
    let said = String::from_utf8(early.stderr).unwrap();
    assert!(said.contains("run `passcom migrate`"), "{said}");
    let migrated = passcom(&["migrate"], &owners);
    assert!(migrated.status.success(), "{migrated:?}");
    let lines = String::from_utf8(migrated.stderr).unwrap();
    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert!(
        lines.lines().count() > 5 && lines.lines().all(is_json),
        "{lines}"
    );
    let imported = passcom(&["import", "--sample", "--days", "2", "--json"], &nodes);
    assert!(imported.status.success(), "{imported:?}");
    // and what has ended is told in the same form
    let refused = passcom(&["migrate"], &nodes);
    let lines = String::from_utf8(refused.stderr).unwrap();
    assert!(
        lines.contains("owner.url") && lines.lines().all(is_json),
        "{lines}"
    );
}

fn spawn(arguments: &[&str]) -> Child {
    Command::new(arguments[0])
        .args(&arguments[1..])
        .spawn()
        .unwrap()
}

#[test]
fn a_node_that_hangs_is_killed_and_one_that_waits_is_not() {
    let folder = Folder::new();
    let answers = "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\ngrep -qx \"$1\" \"$ANSWERS\"\n";
    let asked = folder.write("bin/passcom", answers);
    fs::set_permissions(&asked, fs::Permissions::from_mode(0o755)).unwrap();
    let mut node = spawn(&["sleep", "600"]);
    let mut other = spawn(&["sleep", "600"]);
    folder.write(
        &format!("proc/{}/cmdline", node.id()),
        "passcom\0node\0--config\0x\0",
    );
    folder.write(
        &format!("proc/{}/cmdline", other.id()),
        "passcom\0admin\0ready\0",
    );
    let path = std::env::var("PATH").unwrap();
    let look = |answers: &str| {
        let status = Command::new("sh")
            .arg(repository().join("docker/health.sh"))
            .env("PATH", format!("{}:{path}", folder.path("bin").display()))
            .env("ANSWERS", folder.write("answers", answers))
            .env("COMPANY", "a")
            .env("HEALTH_PROC", folder.path("proc"))
            .env("HEALTH_COUNT", folder.path("silent"))
            .stdout(Stdio::null())
            .status();
        status.unwrap().success()
    };
    assert!(look("ready\nalive\n"));
    for _ in 0..10 {
        assert!(!look("alive\n"), "it waits for others");
    }
    for _ in 0..5 {
        assert!(!look(""));
    }
    assert!(look("ready\n"), "it was busy");
    for _ in 0..5 {
        assert!(!look(""));
    }
    assert!(
        node.try_wait().unwrap().is_none(),
        "it has been silent for a moment"
    );
    assert!(!look(""));
    assert!(!node.wait().unwrap().success());
    assert!(
        other.try_wait().unwrap().is_none(),
        "no other process is touched"
    );
    other.kill().unwrap();
    other.wait().unwrap();
}
