//! The folder of a local cluster: whose it is, where its servers keep their data, and that only one start at a time uses it.
//!
//! ```text
//! DIR/passcom-demo.json     the mark: this folder is ours, and for which companies it was made
//! DIR/demo.lock             held while a start runs
//! DIR/cluster.toml  cluster.json  users.json  redis.url  certs/
//! DIR/<company>/            node.log, admin.token, database.url, owner.url, postgres.password, owner.password, node.password
//! DIR/servers/<company>/    PostgreSQL: data/, postgres.log      DIR/servers/redis/
//! ```
//!
//! Where servers run as a user who cannot reach DIR, `servers` lies under [`ELSEWHERE`] instead.
//!
//! Invariants: nothing is ever removed from a folder without the mark; nothing is written to a folder that was not empty or marked.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};
use passcom_actors::domain::ids::CompanyId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::process;
use super::user::User;

const MARK: &str = "passcom-demo.json";
const LOCK: &str = "demo.lock";
const CERTIFICATES: &str = "certs";
const SERVERS: &str = "servers";
/// Of the cluster that runs: what is there without one is stale.
const RUN_FILE: &str = "cluster.json";
/// For data that must survive a restart of the machine.
const ELSEWHERE: &str = "/var/tmp";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    companies: Vec<CompanyId>,
}

/// A folder that is ours alone until this is dropped.
pub struct Folder {
    root: PathBuf,
    servers: PathBuf,
    _lock: Flock<File>,
}

/// A folder that is locked and in which nothing runs, before anything else is written to it.
pub struct Claim {
    root: PathBuf,
    lock: Flock<File>,
}

impl Claim {
    /// Makes the folder if need be. Processes that an earlier start left running there are stopped.
    pub async fn new(root: &Path) -> anyhow::Result<Self> {
        refuse_strangers(root)?;
        let shown = root.display();
        fs::create_dir_all(root).with_context(|| format!("cannot make the folder {shown}"))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot find the folder {shown}"))?;
        let lock = lock(&root)?;
        let leftovers = process::stop_leftovers(&root).await?;
        if leftovers > 0 {
            eprintln!("stopped {leftovers} processes that an earlier start left running");
        }
        Ok(Self { root, lock })
    }

    /// `fresh` removes what earlier starts left.
    pub fn prepare(
        self,
        companies: &[CompanyId],
        user: Option<&User>,
        fresh: bool,
    ) -> anyhow::Result<Folder> {
        if let Some(code) = companies
            .iter()
            .find(|code| [CERTIFICATES, SERVERS].contains(&code.as_str()))
        {
            bail!("a demo cannot have a company {code}: its own folder has that name");
        }
        let mark = read_mark(&self.root)?;
        // without a mark the user has removed the folder: what lay elsewhere for it is nobody's
        if fresh || mark.is_none() {
            wipe(&self.root)?;
        } else if mark.is_some_and(|mark| mark.companies != companies) {
            let root = self.root.display();
            bail!(
                "{root} was made for other companies: choose another folder with --dir, or wipe this one with --fresh"
            );
        }
        remove(&self.root.join(RUN_FILE)).context("remove the run file of an earlier start")?;
        let mark = Mark {
            companies: companies.to_vec(),
        };
        write_atomically(&self.root.join(MARK), &serde_json::to_vec(&mark)?)?;
        let servers = servers_folder(&self.root, user)?;
        let folder = Folder {
            root: self.root,
            servers,
            _lock: self.lock,
        };
        for company in companies {
            private_folder(&folder.of(*company))?;
        }
        Ok(folder)
    }
}

impl Folder {
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where servers keep their data; belongs to the user they run as.
    pub fn servers(&self) -> &Path {
        &self.servers
    }

    pub fn servers_are_elsewhere(&self) -> bool {
        !self.servers.starts_with(&self.root)
    }

    pub fn of(&self, company: CompanyId) -> PathBuf {
        self.root.join(company.as_str())
    }

    pub fn certificates(&self) -> PathBuf {
        self.root.join(CERTIFICATES)
    }

    pub fn config(&self) -> PathBuf {
        self.root.join("cluster.toml")
    }

    pub fn run_file(&self) -> PathBuf {
        self.root.join(RUN_FILE)
    }

    /// Says that nothing runs any more.
    pub fn remove_run_file(&self) -> anyhow::Result<()> {
        remove(&self.run_file()).context("remove the run file")
    }

    /// With the nodes' password.
    pub fn redis_url(&self) -> PathBuf {
        self.root.join("redis.url")
    }

    pub fn users(&self) -> PathBuf {
        self.root.join("users.json")
    }
}

fn refuse_strangers(root: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => bail!("{} cannot be used as a folder: {error}", root.display()),
    };
    // a lock without a mark is a start that ended before it wrote anything else
    let strange = entries.flatten().any(|entry| entry.file_name() != LOCK);
    if strange && !root.join(MARK).exists() {
        bail!(
            "{} holds other things (it has no {MARK}): choose another folder with --dir",
            root.display()
        );
    }
    Ok(())
}

fn lock(root: &Path) -> anyhow::Result<Flock<File>> {
    let path = root.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => {
            lock.set_len(0)?;
            write!(&*lock, "{}", std::process::id())?;
            Ok(lock)
        }
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            bail!(
                "another demo (process {holder}) is running on {}: stop it, or choose another folder with --dir",
                root.display()
            )
        }
        Err((_, error)) => bail!("cannot lock {}: {error}", path.display()),
    }
}

fn read_mark(root: &Path) -> anyhow::Result<Option<Mark>> {
    let path = root.join(MARK);
    match fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(mark) => Ok(Some(mark)),
            Err(error) => bail!(
                "{} is damaged ({error}): remove the folder, or choose another with --dir",
                path.display()
            ),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => bail!("cannot read {}: {error}", path.display()),
    }
}

/// Removes everything but the lock that we hold and, until the last, the mark.
fn wipe(root: &Path) -> anyhow::Result<()> {
    let elsewhere = elsewhere(root);
    let mut doomed: Vec<_> = fs::read_dir(root)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    doomed.retain(|path| !path.ends_with(LOCK) && !path.ends_with(MARK));
    doomed.push(elsewhere);
    doomed.push(root.join(MARK));
    for path in doomed {
        remove(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// A link is removed, never what it points to.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn servers_folder(root: &Path, user: Option<&User>) -> anyhow::Result<PathBuf> {
    let here = root.join(SERVERS);
    private_folder(&here)?;
    let Some(user) = user else {
        return Ok(here);
    };
    user.own(&here)?;
    if user.reaches(&here)? {
        return Ok(here);
    }
    let there = elsewhere(root);
    private_folder(&there)?;
    // anybody may make folders there: one that is not ours could be watched or exchanged
    let owner = fs::symlink_metadata(&there)?;
    if !owner.is_dir() || (owner.uid() != 0 && owner.uid() != user.uid.as_raw()) {
        bail!(
            "{} belongs to somebody else: remove it, or choose another folder with --dir",
            there.display()
        );
    }
    user.own(&there)?;
    if !user.reaches(&there)? {
        bail!(
            "user {} reaches neither {} nor {}: choose a folder with --dir that it can reach",
            user.name,
            here.display(),
            there.display()
        );
    }
    Ok(there)
}

/// The same for every start on this folder.
fn elsewhere(root: &Path) -> PathBuf {
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    let mut name = "passcom-".to_owned();
    for byte in &hash[..6] {
        write!(name, "{byte:02x}").expect("a String takes everything");
    }
    Path::new(ELSEWHERE).join(name)
}

pub(super) fn private_folder(path: &Path) -> anyhow::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
    .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file that only we may read. Readers see the old content or the new, never a part.
pub fn write_atomically(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_extension("new");
    let write = || {
        remove(&temporary)?;
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn companies(codes: &[&str]) -> Vec<CompanyId> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    async fn open(root: &Path, codes: &[&str], fresh: bool) -> Result<Folder, String> {
        let claim = Claim::new(root)
            .await
            .map_err(|error| format!("{error:#}"))?;
        claim
            .prepare(&companies(codes), None, fresh)
            .map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn a_folder_is_ours_alone_and_only_what_is_ours_is_wiped() {
        let root = std::env::temp_dir().join(format!("passcom-folder-{}", std::process::id()));
        let (ours, strange) = (root.join("ours"), root.join("strange"));
        fs::create_dir_all(&strange).unwrap();
        fs::write(strange.join("thesis.txt"), "years of work").unwrap();

        let stranger = open(&strange, &["a"], true).await.err().unwrap();
        let first = open(&ours, &["a", "b"], false).await.unwrap();
        fs::write(first.of(companies(&["a"])[0]).join("kept"), "").unwrap();
        let second = open(&ours, &["a", "b"], true).await.err().unwrap();
        drop(first);
        let others = open(&ours, &["a", "c"], false).await.err().unwrap();
        let again = open(&ours, &["a", "b"], false)
            .await
            .map(|_| ours.join("a/kept").exists());
        let fresh = open(&ours, &["a", "c"], true)
            .await
            .map(|_| ours.join("a/kept").exists());
        let thesis = fs::read_to_string(strange.join("thesis.txt"));
        fs::remove_dir_all(&root).unwrap();

        assert!(stranger.contains("holds other things"), "{stranger}");
        assert_eq!(thesis.unwrap(), "years of work");
        let holder = format!("another demo (process {}) is running", std::process::id());
        assert!(second.contains(&holder), "{second}");
        assert!(
            others.contains("other companies") && others.contains("--fresh"),
            "{others}"
        );
        assert_eq!((again, fresh), (Ok(true), Ok(false)));
    }
}
