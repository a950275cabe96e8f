//! The servers of a local cluster: one PostgreSQL per company and one Redis, started together, stopped together.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use futures_util::FutureExt;
use futures_util::future::{join, join_all, select_all, try_join, try_join_all};
use passcom_actors::domain::ids::CompanyId;

use super::folder::Folder;
use super::ports;
use super::postgres::{Postgres, Urls};
use super::process::Process;
use super::programs::Programs;
use super::redis;
use super::user::User;
use super::wiring::Wiring;

/// What servers are started from.
pub struct Setting {
    pub folder: Folder,
    pub programs: Programs,
    /// Whom they run as; `None`: as we are.
    pub user: Option<User>,
    /// Our own executable, which tethers them to us.
    pub passcom: PathBuf,
    pub wiring: Wiring,
}

pub struct Servers {
    /// In the order of the companies.
    pub postgres: Vec<Server<Urls>>,
    pub redis: Server<redis::Urls>,
}

pub struct Server<U> {
    process: Process,
    /// Where it is to be looked for.
    pub url: U,
    port: u16,
    /// Its end was reported.
    ended: bool,
}

impl Servers {
    /// Returns when all of them answer. Dropped or failed half-way it leaves processes to [`super::process::stop_leftovers`].
    pub async fn start(setting: &Setting, companies: &[CompanyId]) -> anyhow::Result<Self> {
        // all at once: whoever asks twice may be given one that nobody has taken yet
        let ports = ports::free(companies.len() + 2)?;
        let tester_port = ports[companies.len() + 1];
        let wired = setting.wiring.redis.as_ref();
        let redis_port = wired.map_or(ports[companies.len()], |redis| redis.port);
        let postgres = companies.iter().zip(&ports).map(async |(company, port)| {
            let postgres = Postgres {
                company: *company,
                setting,
            };
            let started = postgres.start(*port).await?;
            anyhow::Ok(Server::new(started, *port))
        });
        let redis = redis::start(setting, redis_port, tester_port);
        let (postgres, redis) = try_join(try_join_all(postgres), redis).await?;
        Ok(Self {
            postgres,
            redis: Server::new(redis, redis_port),
        })
    }

    /// Starts a company's PostgreSQL, which has ended, on the data it left.
    pub fn start_postgres(
        &mut self,
        setting: &Setting,
        companies: &[CompanyId],
        company: CompanyId,
    ) -> anyhow::Result<()> {
        let found = companies.iter().position(|code| *code == company);
        let index = found.with_context(|| format!("there is no PostgreSQL of {company}"))?;
        let postgres = Postgres { company, setting };
        self.postgres[index].start_again(|port, _| postgres.launch(port))
    }

    /// Starts Redis, which has ended, empty.
    pub fn start_redis(&mut self, setting: &Setting) -> anyhow::Result<()> {
        self.redis
            .start_again(|port, urls| redis::launch(setting, port, urls))
    }

    pub async fn stop(&mut self) {
        let postgres = join_all(self.postgres.iter_mut().map(|server| server.process.stop()));
        join(self.redis.process.stop(), postgres).await;
    }

    /// Waits until one of them ends by itself, and says how. Each is reported once. May be dropped and called again.
    pub async fn failure(&mut self) -> String {
        let postgres = self.postgres.iter_mut();
        let postgres = postgres.map(|server| server.failure().boxed());
        select_all(postgres.chain([self.redis.failure().boxed()]))
            .await
            .0
    }
}

impl<U> Server<U> {
    fn new((process, url): (Process, U), port: u16) -> Self {
        Self {
            process,
            url,
            port,
            ended: false,
        }
    }

    fn start_again(
        &mut self,
        launch: impl FnOnce(u16, &U) -> anyhow::Result<Process>,
    ) -> anyhow::Result<()> {
        ensure!(
            self.process.ended().is_some(),
            "{} still runs",
            self.process.name()
        );
        self.process = launch(self.port, &self.url)?;
        self.ended = false;
        Ok(())
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
