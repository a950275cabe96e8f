//! The servers of a local cluster: one PostgreSQL per company and one Redis, started together, stopped together.

use std::path::PathBuf;

use futures_util::future::{join, join_all, select_all, try_join, try_join_all};
use passcom_actors::domain::ids::CompanyId;

use super::folder::Folder;
use super::ports;
use super::postgres::Postgres;
use super::process::Process;
use super::programs::Programs;
use super::redis;
use super::user::User;

/// What servers are started from.
pub struct Setting {
    pub folder: Folder,
    pub programs: Programs,
    /// Whom they run as; `None`: as we are.
    pub user: Option<User>,
    /// Our own executable, which tethers them to us.
    pub passcom: PathBuf,
}

pub struct Servers {
    /// In the order of the companies.
    pub postgres: Vec<Server>,
    pub redis: Server,
}

pub struct Server {
    process: Process,
    pub url: String,
    /// Its end was reported.
    ended: bool,
}

impl Servers {
    /// Returns when all of them answer. Dropped or failed half-way it leaves processes to [`super::process::stop_leftovers`].
    pub async fn start(setting: &Setting, companies: &[CompanyId]) -> anyhow::Result<Self> {
        let ports = ports::free(companies.len() + 1)?;
        let postgres = companies.iter().zip(&ports).map(async |(company, port)| {
            let postgres = Postgres {
                company: *company,
                setting,
            };
            postgres.start(*port).await.map(Server::new)
        });
        let redis = redis::start(setting, ports[companies.len()]);
        let (postgres, redis) = try_join(try_join_all(postgres), redis).await?;
        Ok(Self {
            postgres,
            redis: Server::new(redis),
        })
    }

    pub async fn stop(&mut self) {
        let postgres = join_all(self.postgres.iter_mut().map(|server| server.process.stop()));
        join(self.redis.process.stop(), postgres).await;
    }

    /// Waits until one of them ends by itself, and says how. Each is reported once. May be dropped and called again.
    pub async fn failure(&mut self) -> String {
        let servers = self.postgres.iter_mut().chain([&mut self.redis]);
        let failures = servers.map(|server| Box::pin(server.failure()));
        select_all(failures).await.0
    }
}

impl Server {
    fn new((process, url): (Process, String)) -> Self {
        Self {
            process,
            url,
            ended: false,
        }
    }

    async fn failure(&mut self) -> String {
        if self.ended {
            return std::future::pending().await;
        }
        // an error means that there is nothing to wait for: it has ended
        let _ = self.process.wait().await;
        self.ended = true;
        self.process.failure()
    }
}
