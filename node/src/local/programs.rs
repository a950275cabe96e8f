//! Finds the servers' programs: on PATH, or where distributions keep versioned PostgreSQL.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Folders with one folder per PostgreSQL version, and what lies between its name and the number.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];
/// Redis, and the fork of it that some distributions carry instead.
const REDIS: [&str; 2] = ["redis-server", "valkey-server"];

const INSTALL_POSTGRES: &str = "install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; \
    Arch: pacman -S postgresql) or use `docker compose up` instead";
const INSTALL_REDIS: &str = "install it (Debian, Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; \
    Arch: pacman -S valkey) or use `docker compose up` instead";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub postgres: PathBuf,
    pub initdb: PathBuf,
    pub redis: PathBuf,
}

impl Programs {
    /// `search` is a value of PATH.
    pub fn find(search: &OsStr) -> anyhow::Result<Self> {
        let folders: Vec<_> = std::env::split_paths(search).collect();
        let versioned = VERSIONED
            .iter()
            .flat_map(|(root, prefix)| versions(Path::new(root), prefix));
        Self::find_in(&folders, versioned.collect())
    }

    fn find_in(folders: &[PathBuf], versioned: Vec<PathBuf>) -> anyhow::Result<Self> {
        let bin = folders
            .iter()
            .chain(&versioned)
            .find(|bin| is_program(&bin.join("postgres")) && is_program(&bin.join("initdb")));
        let Some(bin) = bin else {
            bail!(
                "PostgreSQL's server (postgres, initdb) is neither on PATH nor under /usr/lib/postgresql: {INSTALL_POSTGRES}"
            );
        };
        let redis = REDIS
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let Some(redis) = redis.into_iter().find(|program| is_program(program)) else {
            bail!("redis-server (or valkey-server) is not on PATH: {INSTALL_REDIS}");
        };
        Ok(Self {
            postgres: bin.join("postgres"),
            initdb: bin.join("initdb"),
            redis,
        })
    }

    /// The major version of PostgreSQL, as its data folders name it.
    pub fn postgres_major(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.postgres).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {}", self.postgres.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // postgres (PostgreSQL) 15.18 (Debian …)
        text.split_whitespace()
            .nth(2)
            .and_then(|version| version.split(|c: char| !c.is_ascii_digit()).next())
            .filter(|major| !major.is_empty())
            .map(str::to_owned)
            .with_context(|| {
                format!(
                    "{} --version answered \"{}\"",
                    self.postgres.display(),
                    text.trim()
                )
            })
    }
}

/// `bin` folders of the versions under a root, newest first.
fn versions(root: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else {
        return Vec::new(); // another distribution's place
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, bin)| bin).collect()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn path_comes_first_then_the_newest_version_and_what_is_missing_is_named() {
        let root = std::env::temp_dir().join(format!("passcom-programs-{}", std::process::id()));
        let (path, lib) = (root.join("path"), root.join("lib"));
        fs::create_dir_all(&path).unwrap();
        for version in ["9", "15", "16"] {
            programs(&lib.join(version).join("bin"), &["postgres", "initdb"]);
        }
        programs(&lib.join("common").join("bin"), &["postgres", "initdb"]);
        let find = || Programs::find_in(std::slice::from_ref(&path), versions(&lib, ""));

        let no_redis = find().unwrap_err().to_string();
        programs(&path, &["redis-server"]);
        let newest = find().unwrap();
        programs(&path, &["postgres"]);
        let without_initdb = find().unwrap();
        programs(&path, &["initdb"]);
        let on_path = find().unwrap();
        let none = Programs::find_in(&[], Vec::new()).unwrap_err().to_string();
        fs::remove_dir_all(&root).unwrap();

        assert!(
            no_redis.contains("redis-server") && no_redis.contains("apt-get install redis-server"),
            "{no_redis}"
        );
        assert_eq!(newest.postgres, lib.join("16/bin/postgres"));
        assert_eq!(
            without_initdb, newest,
            "a server without initdb is of no use"
        );
        assert_eq!(on_path.initdb, path.join("initdb"));
        assert!(none.contains("apt-get install postgresql"), "{none}");
    }
}
