//! Two users who can log in at once. Their passwords are made up on the first start and kept in the demo's folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::client::{Client, Session};
use crate::local::cluster::random_text;
use crate::local::folder::write_atomically;

const LOGINS: [&str; 2] = ["ana", "bruno"];
const PASSWORD_LEN: usize = 12;
/// A login is agreed upon by a majority of companies, whose nodes may have met only just now.
const REGISTER_LIMIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub login: String,
    pub password: String,
}

/// Reads them from the file, or makes them up.
pub fn load(path: &Path) -> anyhow::Result<Vec<User>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
            format!(
                "{} is damaged: remove it and start with --fresh",
                path.display()
            )
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let user = |login: &&str| User {
                login: (*login).to_owned(),
                password: random_text(PASSWORD_LEN),
            };
            let users: Vec<_> = LOGINS.iter().map(user).collect();
            write_atomically(path, &serde_json::to_vec_pretty(&users)?)?;
            Ok(users)
        }
        Err(error) => bail!("cannot read {}: {error}", path.display()),
    }
}

/// Logs in, registering first if nobody of that name is known.
pub async fn ready(client: &Client, user: &User) -> anyhow::Result<Session> {
    let deadline = Instant::now() + REGISTER_LIMIT;
    loop {
        if let Some(session) = client.login(&user.login, &user.password).await? {
            return Ok(session);
        }
        if let Some(why) = client.register(&user.login, &user.password).await? {
            if Instant::now() > deadline {
                bail!(
                    "user {} could not be registered at {}: {why} (its log says more)",
                    user.login,
                    client.base()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}
