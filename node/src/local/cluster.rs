//! Starts a local cluster step by step, keeps it running, and stops it in the opposite order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use futures_util::future::try_join_all;
use passcom_actors::domain::ids::CompanyId;

use super::airlines::{self, Airline};
use super::control::{Control, Order};
use super::folder::{Claim, Folder, write_atomically};
use super::nodes::{Event, Nodes, Place};
use super::postgres::Urls;
use super::programs::Programs;
use super::run_file::{RunFile, RunningCompany};
use super::servers::{Servers, Setting};
use super::user::User;
use super::wiring::Wiring;
use super::{ports, process};
use crate::config::{Cluster, Company, Config, ProxyHeader, Requires};
use crate::migration;

/// The admin port of a company lies this far above its http port.
const ADMIN_OFFSET: u16 = 1000;
/// Characters of a generated admin token.
const TOKEN_LEN: usize = 40;

#[derive(Debug, Clone)]
pub struct Options {
    pub dir: PathBuf,
    /// Of the first company; the others follow.
    pub http_port: u16,
    /// Ascending.
    pub companies: Vec<CompanyId>,
    pub fresh: bool,
    /// Our own executable.
    pub passcom: PathBuf,
    /// A value of PATH, where servers are looked for.
    pub search: OsString,
    pub wiring: Wiring,
}

/// A cluster whose folder is ours; what runs of it is added step by step.
pub struct LocalCluster {
    setting: Setting,
    companies: Vec<CompanyId>,
    http_port: u16,
    running: Option<Running>,
}

struct Running {
    config: Config,
    servers: Servers,
    nodes: Option<Nodes>,
}

impl LocalCluster {
    /// Checks all that can be checked before anything is written or started.
    pub async fn open(options: Options) -> anyhow::Result<Self> {
        let Options {
            dir,
            http_port,
            companies,
            fresh,
            passcom,
            search,
            wiring,
        } = options;
        let programs = Programs::find(&search)?;
        let user = User::for_servers()?;
        let claim = Claim::new(&dir).await?;
        check_ports(http_port, &companies)?;
        let folder = claim.prepare(&companies, user.as_ref(), fresh)?;
        let setting = Setting {
            folder,
            programs,
            user,
            passcom,
            wiring,
        };
        Ok(Self {
            setting,
            companies,
            http_port,
            running: None,
        })
    }

    pub fn folder(&self) -> &Folder {
        &self.setting.folder
    }

    pub fn user(&self) -> Option<&User> {
        self.setting.user.as_ref()
    }

    /// Starts the servers, writes the configuration of the cluster and makes its tables. The certificates that it names are the caller's to make.
    pub async fn start_servers(&mut self) -> anyhow::Result<&Config> {
        let servers = Servers::start(&self.setting, &self.companies).await?;
        let mesh = ports::free(self.companies.len())?;
        let folder = &self.setting.folder;
        let mut companies = Vec::with_capacity(self.companies.len());
        for (index, code) in self.companies.iter().enumerate() {
            write_secrets(folder, *code, &servers.postgres[index].url)?;
            let http = self.http_port + u16::try_from(index).context("too many companies")?;
            let wired = self.setting.wiring.company(*code);
            let mesh = wired
                .and_then(|wired| wired.mesh_port)
                .unwrap_or(mesh[index]);
            companies.push(company(folder, *code, http, mesh));
        }
        write_atomically(&folder.redis_url(), servers.redis.url.node.as_bytes())?;
        let common = Cluster {
            ca: folder.certificates().join("ca.pem"),
            cookie_file: folder.certificates().join("cookie"),
            redis: None,
            redis_file: Some(folder.redis_url()),
            redis_ca: servers.redis.url.ca.clone(),
            revoked: Vec::new(),
        };
        let (timeouts, limits) = (self.setting.wiring.timeouts(), self.setting.wiring.limits());
        let config = Config::new(folder.config(), common, timeouts, limits, companies)?;
        write_config(&config)?;
        let migrations = config.companies().iter();
        try_join_all(migrations.map(|company| migration::migrate(&config, company))).await?;
        Ok(&self
            .running
            .insert(Running {
                config,
                servers,
                nodes: None,
            })
            .config)
    }

    /// Starts the nodes, waits until they are ready and writes the run file.
    pub async fn start_nodes(&mut self, seen: impl Fn(CompanyId)) -> anyhow::Result<()> {
        let Some(Running { config, nodes, .. }) = &mut self.running else {
            bail!("nodes need their servers first");
        };
        let mut places = BTreeMap::new();
        for company in &self.companies {
            places.insert(*company, place(&self.setting, config, *company)?);
        }
        let place = |company| places[&company].clone();
        let nodes = nodes.insert(Nodes::start(&self.setting.passcom, config, place)?);
        nodes.wait_until_ready(config, seen).await?;
        self.write_run_file()
    }

    /// Runs until it is dropped, or whoever controls it is gone; a node that dies is started again if `restart`.
    pub async fn keep_running(
        &mut self,
        restart: bool,
        mut control: Option<Control>,
    ) -> anyhow::Result<()> {
        loop {
            let Some(Running {
                nodes: Some(nodes),
                servers,
                ..
            }) = &mut self.running
            else {
                bail!("nothing runs");
            };
            let event = tokio::select! {
                event = nodes.next(restart) => event?,
                // nodes go on without Redis, and say what they miss without PostgreSQL
                failure = servers.failure() => {
                    eprintln!("{failure}");
                    continue;
                }
                order = next_order(&mut control) => {
                    let Some(order) = order? else { return Ok(()) };
                    let outcome = order.and_then(|order| self.obey(order));
                    if let Some(control) = &mut control {
                        control.answer(outcome).await?;
                    }
                    continue;
                }
            };
            match event {
                Event::Ended {
                    company,
                    how,
                    again_in,
                } => {
                    let again = again_in
                        .map(|pause| format!("; starts again in {:.1} s", pause.as_secs_f32()));
                    eprintln!(
                        "node of {company} ended ({how}){}",
                        again.unwrap_or_default()
                    );
                }
                Event::Started { company } => {
                    eprintln!("node of {company} started again");
                    self.write_run_file()?;
                }
            }
        }
    }

    fn obey(&mut self, order: Order) -> anyhow::Result<()> {
        let Some(Running {
            nodes: Some(nodes),
            servers,
            ..
        }) = &mut self.running
        else {
            bail!("nothing runs");
        };
        match order {
            Order::HoldNode(company) => nodes.hold(company),
            Order::StartNode(company) => {
                nodes.start_again(company)?;
                self.write_run_file()
            }
            Order::StartPostgres(company) => {
                servers.start_postgres(&self.setting, &self.companies, company)
            }
            Order::StartRedis => servers.start_redis(&self.setting),
        }
    }

    /// Stops what runs: nodes, then servers, then whatever an interrupted start had begun.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let removed = self.setting.folder.remove_run_file();
        if let Some(mut running) = self.running.take() {
            if let Some(nodes) = &mut running.nodes {
                nodes.stop().await;
            }
            running.servers.stop().await;
        }
        process::stop_leftovers(self.setting.folder.root()).await?;
        removed
    }

    fn write_run_file(&self) -> anyhow::Result<()> {
        let Some(Running {
            config,
            servers,
            nodes: Some(nodes),
        }) = &self.running
        else {
            bail!("nothing runs");
        };
        let companies = config
            .companies()
            .iter()
            .zip(nodes.iter())
            .zip(&servers.postgres);
        let run_file = RunFile {
            companies: companies
                .map(|((company, node), postgres)| RunningCompany {
                    company: company.code,
                    http: format!("http://{}", company.http),
                    admin: format!("http://{}", company.admin),
                    admin_token_file: company.admin_token_file.clone(),
                    pid: node.pid(),
                    postgres: postgres.url.superuser.clone(),
                    log: node.log().to_owned(),
                })
                .collect(),
            redis: servers.redis.url.tester.clone(),
            config: config.path().to_owned(),
        };
        run_file.write(&self.setting.folder)
    }
}

/// Never, where nobody gives orders.
async fn next_order(
    control: &mut Option<Control>,
) -> anyhow::Result<Option<anyhow::Result<Order>>> {
    match control {
        Some(control) => control.next().await,
        None => std::future::pending().await,
    }
}

/// A node that dials others elsewhere than where they listen has a configuration of its own.
fn place(setting: &Setting, config: &Config, company: CompanyId) -> anyhow::Result<Place> {
    let home = setting.folder.of(company);
    let mut place = Place {
        config: config.path().to_owned(),
        log: home.join("node.log"),
        run_with: Vec::new(),
    };
    if let Some(wired) = setting.wiring.company(company) {
        place.run_with.clone_from(&wired.run_with);
        if !wired.dials.is_empty() {
            place.config = home.join("cluster.toml");
            let mut companies = config.companies().to_vec();
            for other in &mut companies {
                if let Some(address) = wired.dials.get(&other.code) {
                    other.mesh.clone_from(address);
                }
            }
            let own = Config::new(
                place.config.clone(),
                config.cluster.clone(),
                config.timeouts.clone(),
                config.limits.clone(),
                companies,
            )?;
            write_config(&own)?;
        }
    }
    Ok(place)
}

fn write_config(config: &Config) -> anyhow::Result<()> {
    let text = format!(
        "# Written by `passcom demo` at every start: changes are lost.\n\n{}",
        config.to_toml()
    );
    write_atomically(config.path(), text.as_bytes())
}

fn check_ports(http_port: u16, companies: &[CompanyId]) -> anyhow::Result<()> {
    let last = usize::from(http_port) + companies.len() + usize::from(ADMIN_OFFSET);
    if http_port == 0 || last > usize::from(u16::MAX) || companies.len() > usize::from(ADMIN_OFFSET)
    {
        bail!(
            "--http-port {http_port} leaves no room for {} companies and their admin ports",
            companies.len()
        );
    }
    for (port, company) in (http_port..).zip(companies) {
        ports::check_free(port, &format!("http of {company}"))?;
        ports::check_free(port + ADMIN_OFFSET, &format!("admin of {company}"))?;
    }
    Ok(())
}

/// The database's URLs change with its port; the admin token stays.
fn write_secrets(folder: &Folder, company: CompanyId, urls: &Urls) -> anyhow::Result<()> {
    let home = folder.of(company);
    write_atomically(&home.join("database.url"), urls.node.as_bytes())?;
    write_atomically(&home.join("owner.url"), urls.owner.as_bytes())?;
    let token = home.join("admin.token");
    if !token.exists() {
        write_atomically(&token, random_text(TOKEN_LEN).as_bytes())?;
    }
    Ok(())
}

/// Letters and digits; enough for the secrets of a development cluster.
pub fn random_text(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}

fn company(folder: &Folder, code: CompanyId, http: u16, mesh: u16) -> Company {
    let (home, certificates) = (folder.of(code), folder.certificates());
    let Airline { name, conditions } = airlines::of(code);
    let certificate =
        |suffix: &str| -> PathBuf { Path::new(&certificates).join(format!("{code}{suffix}")) };
    Company {
        code,
        name,
        mesh: ports::local(mesh).to_string(),
        mesh_listen: ports::local(mesh),
        http: ports::local(http),
        admin: ports::local(http + ADMIN_OFFSET),
        database_url: None,
        database_url_file: Some(home.join("database.url")),
        database_owner_url: None,
        database_owner_url_file: Some(home.join("owner.url")),
        database_sslmode: None,
        database_ca: None,
        certificate: certificate(".pem"),
        key: certificate(".key"),
        token_key: certificate(".token.key"),
        token_public_key: certificate(".token.pem"),
        admin_token_file: home.join("admin.token"),
        public_url: Some(format!("http://{}", ports::local(http))),
        cors_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        proxy_header: ProxyHeader::default(),
        mail: None,
        payment: None,
        conditions: Some(conditions),
        requires: Requires::default(),
        http_tls: None,
        admin_tls: None,
        operators: Vec::new(),
    }
}
