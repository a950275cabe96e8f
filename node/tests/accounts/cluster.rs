//! A local cluster of three companies, and what a customer asks its nodes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use passcom_actors::domain::ids::CompanyId;
use passcom_node::certs;
use passcom_node::local::cluster::{LocalCluster, Options};
use passcom_node::local::ports;
use passcom_node::local::wiring::Wiring;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const PASSCOM: &str = env!("CARGO_BIN_EXE_passcom");
/// For what takes a second on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Longest a node may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// An admin port is so far above its node's client port.
const ADMIN_OFFSET: u16 = 1000;

pub const COMPANIES: [&str; 3] = ["a", "b", "c"];

/// Goes with the test, and all of its processes with it.
pub struct Cluster {
    /// None only while one ends and the next begins.
    local: Option<LocalCluster>,
    http: reqwest::Client,
    port: u16,
    /// What the first company has in the configuration beside what every one has.
    first: Option<toml::Table>,
    /// The second company asks for a document of whoever it carries.
    asks: bool,
    /// Flights are put on sale once: later they are as somebody has changed them.
    imported: bool,
    folder: Folder,
}

/// A folder under the temporary one that goes when the test does.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // what is left in a temporary folder does no harm
    }
}

/// What a node said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The last part of a problem's type.
    pub fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.rsplit('/').next().unwrap_or_default()
    }

    pub fn token(&self) -> String {
        let token = self.body["access_token"].as_str();
        token
            .unwrap_or_else(|| panic!("no token: {self:?}"))
            .to_owned()
    }
}

fn companies() -> Vec<CompanyId> {
    COMPANIES.map(|code| code.parse().unwrap()).to_vec()
}

impl Cluster {
    pub async fn start(name: &str) -> Self {
        Self::start_where(name, None, false).await
    }

    /// The second company asks for a document of whoever it carries.
    pub async fn start_asking(name: &str, mail_port: u16) -> Self {
        Self::start_where(name, Some(mail(mail_port)), true).await
    }

    /// The first company sends mail through this port, and sells the sample as the others do.
    pub async fn start_with_mail(name: &str, mail_port: u16) -> Self {
        Self::start_where(name, Some(mail(mail_port)), false).await
    }

    /// The first company is paid like this, and sells the sample as the others do.
    pub async fn start_with_payment(name: &str, payment: toml::Table) -> Self {
        let first = [("payment".to_owned(), payment.into())];
        Self::start_where(name, Some(first.into_iter().collect()), false).await
    }

    /// The first company has this in the configuration beside what every one has.
    pub async fn start_with(name: &str, first: toml::Table) -> Self {
        Self::start_where(name, Some(first), false).await
    }

    /// Where customers of this company ask.
    pub fn client_port(&self, company: usize) -> u16 {
        self.port + u16::try_from(company).unwrap()
    }

    async fn start_where(name: &str, first: Option<toml::Table>, asks: bool) -> Self {
        let folder = std::env::temp_dir().join(format!("passcom-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // the servers' user must get there
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let folder = Folder(folder);
        let port = free_ports();
        let mut cluster = Self {
            local: Some(open(&folder.0, port).await),
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(ANSWER)
                .build()
                .unwrap(),
            port,
            first,
            asks,
            imported: false,
            folder,
        };
        cluster.run().await;
        cluster
    }

    async fn run(&mut self) {
        let local = self.local.as_mut().unwrap();
        let certificates = local.folder().certificates();
        local.start_servers().await.unwrap();
        certs::generate(&certificates, &companies()).unwrap();
        if let Some(first) = &self.first {
            set_up_first(&local.folder().config(), first);
            if self.asks {
                ask_for_documents(&local.folder().config());
            }
            if !std::mem::replace(&mut self.imported, true) {
                for company in COMPANIES {
                    import(&local.folder().config(), company);
                }
            }
        }
        local.start_nodes(|_| ()).await.unwrap();
    }

    /// Ends all processes, and begins anew with the same data.
    pub async fn restart(&mut self) {
        let mut old = self.local.take().unwrap();
        old.stop().await.unwrap();
        drop(old); // and with it the lock of the folder
        self.local = Some(open(&self.folder.0, self.port).await);
        self.run().await;
    }

    pub async fn stop(mut self) {
        self.local.take().unwrap().stop().await.unwrap();
    }

    /// Has the node of this company stand still, or go on.
    pub fn signal(&self, company: usize, signal: Signal) {
        let run_file = fs::read(self.local.as_ref().unwrap().folder().run_file()).unwrap();
        let run_file: Value = serde_json::from_slice(&run_file).unwrap();
        let pid = run_file["companies"][company]["pid"].as_i64().unwrap();
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
    }

    /// All that the database of this company has, as text.
    pub fn dump(&self, company: usize) -> String {
        let run_file = fs::read(self.local.as_ref().unwrap().folder().run_file()).unwrap();
        let run_file: Value = serde_json::from_slice(&run_file).unwrap();
        let url = run_file["companies"][company]["postgres"].as_str().unwrap();
        // rows of the log are bytes: their texts stand in them as they are
        let dumped = std::process::Command::new(pg_dump())
            .args(["--data-only", "--column-inserts", url])
            .output()
            .unwrap();
        assert!(dumped.status.success(), "{dumped:?}");
        String::from_utf8(dumped.stdout).unwrap()
    }

    /// What the node of this company has logged.
    pub fn logged(&self, company: usize) -> String {
        let run_file = fs::read(self.local.as_ref().unwrap().folder().run_file()).unwrap();
        let run_file: Value = serde_json::from_slice(&run_file).unwrap();
        fs::read_to_string(run_file["companies"][company]["log"].as_str().unwrap()).unwrap()
    }

    /// What `passcom flight` of this company says.
    pub fn flight(&self, company: usize, arguments: &[&str]) -> String {
        self.command("flight", company, arguments)
    }

    /// What `passcom admin --json` of this company says.
    pub fn admin(&self, company: usize, arguments: &[&str]) -> Value {
        let arguments = [&["--json"], arguments].concat();
        serde_json::from_str(&self.command("admin", company, &arguments)).unwrap()
    }

    /// Whether `passcom admin` of this company does that.
    pub fn try_admin(&self, company: usize, arguments: &[&str]) -> bool {
        self.run_command("admin", company, arguments)
            .status
            .success()
    }

    fn run_command(
        &self,
        command: &str,
        company: usize,
        arguments: &[&str],
    ) -> std::process::Output {
        let config = self.local.as_ref().unwrap().folder().config();
        std::process::Command::new(PASSCOM)
            .args([command, "--company", COMPANIES[company], "--config"])
            .arg(config)
            .args(arguments)
            .output()
            .unwrap()
    }

    fn command(&self, command: &str, company: usize, arguments: &[&str]) -> String {
        let ended = self.run_command(command, company, arguments);
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    }

    pub fn request(&self, company: usize, method: Method, path: &str) -> RequestBuilder {
        let port = self.port + u16::try_from(company).unwrap();
        self.http
            .request(method, format!("http://127.0.0.1:{port}{path}"))
    }

    /// In English.
    pub async fn post(&self, company: usize, path: &str, body: Value) -> Answer {
        self.post_in("en", company, path, body).await
    }

    pub async fn post_in(&self, language: &str, company: usize, path: &str, body: Value) -> Answer {
        let request = self.request(company, Method::POST, path);
        let request = request.header("Accept-Language", language);
        answer(request.json(&body)).await
    }

    /// With this token.
    pub async fn get(&self, company: usize, path: &str, token: &str) -> Answer {
        answer(self.request(company, Method::GET, path).bearer_auth(token)).await
    }

    pub async fn delete(
        &self,
        company: usize,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> Answer {
        let mut request = self.request(company, Method::DELETE, path).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    /// With this token.
    pub async fn post_as(&self, company: usize, path: &str, token: &str, body: Value) -> Answer {
        let request = self.request(company, Method::POST, path);
        let request = request.header("Accept-Language", "en");
        answer(request.bearer_auth(token).json(&body)).await
    }

    /// What is sent as it is, with these headers.
    pub async fn send(
        &self,
        company: usize,
        path: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Answer {
        let mut request = self.request(company, Method::POST, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        answer(request).await
    }

    /// A request for a free seat of each of these companies' first legs.
    pub async fn wish(&self, company: usize, token: &str, of: &[&str]) -> Value {
        let mut seats = Vec::new();
        for of in of {
            let path = format!("/all-trechos?limite=1&company={of}");
            until("there is something to book", async || {
                let legs = self.get(company, &path, token).await;
                legs.body[0]["id"].is_u64()
            })
            .await;
            let leg = &self.get(company, &path, token).await.body[0];
            let free = leg["assentos"].as_array().unwrap();
            let seat = &free[fastrand::usize(..free.len())]["id"];
            seats.push(json!({"id_trecho": leg["id"], "id_assento": seat, "company": of}));
        }
        json!({"trechos": seats, "passageiros": [{"nome": "Ana Souza"}]})
    }

    /// Books a seat of that company at the node of this one: the ticket.
    pub async fn book(&self, company: usize, token: &str, of: &str) -> String {
        let path = format!("/all-trechos?limite=1&company={of}");
        until("there is something to book", async || {
            let legs = self.get(company, &path, token).await;
            legs.body[0]["id"].is_u64()
        })
        .await;
        let legs = self.get(company, &path, token).await.body;
        let mut seats = legs[0]["assentos"].as_array().unwrap().iter();
        // what is free here may be sold a moment ago, or be about to be
        let booked = loop {
            let seat = &seats.next().unwrap()["id"];
            let seat = json!({"id_trecho": legs[0]["id"], "id_assento": seat, "company": of});
            let passenger = json!({"nome": "Ana Souza"});
            let body = json!({"trechos": [seat], "passageiros": [passenger]});
            let request = self.request(company, Method::POST, "/reservar");
            let booked = answer(request.bearer_auth(token).json(&body)).await;
            if !["seat-taken", "seat-busy"].contains(&booked.problem()) {
                break booked;
            }
        };
        let ticket = booked.body["uuid_passagem"].as_str();
        ticket
            .unwrap_or_else(|| panic!("not booked: {booked:?}"))
            .to_owned()
    }

    /// What the node of this company says to this token.
    pub async fn renew(&self, company: usize, token: &str) -> Answer {
        let request = self.request(company, Method::POST, "/renovar");
        answer(request.bearer_auth(token)).await
    }

    /// Registers where a majority has to meet first.
    pub async fn register(&self, company: usize, login: &str, password: &str) {
        let body = json!({"login": login, "password": password});
        until("a user is registered", async || {
            let answer = self.post(company, "/register-all", body.clone()).await;
            answer.status == 200 || answer.problem() == "login-taken"
        })
        .await;
    }

    pub async fn log_in(&self, company: usize, login: &str, password: &str) -> Answer {
        let body = json!({"login": login, "password": password});
        self.post(company, "/login", body).await
    }
}

/// What the first company has in the configuration to send mail through this port.
fn mail(port: u16) -> toml::Table {
    let mut mail = toml::toml! {
        server = "127.0.0.1"
        tls = "never"
        from = "Companhia A <reservas@a.example>"
    };
    mail.insert("port".to_owned(), i64::from(port).into());
    [("mail".to_owned(), mail.into())].into_iter().collect()
}

fn set_up_first(config: &Path, first: &toml::Table) {
    let text = fs::read_to_string(config).unwrap();
    let mut cluster: toml::Table = text.parse().unwrap();
    let company = cluster["company"][0].as_table_mut().unwrap();
    company.extend(first.clone());
    fs::write(config, cluster.to_string()).unwrap();
}

fn import(config: &Path, company: &str) {
    let import = std::process::Command::new(PASSCOM)
        .args(["import", "--sample", "--days", "3", "--company", company])
        .arg("--config")
        .arg(config)
        .output()
        .unwrap();
    assert!(import.status.success(), "{import:?}");
}

/// Beside the server that the cluster runs.
fn pg_dump() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let programs = versions.map(|version| version.unwrap().path().join("bin/pg_dump"));
    programs.filter(|program| program.exists()).max().unwrap()
}

/// The second company asks for a document.
fn ask_for_documents(config: &Path) {
    let text = fs::read_to_string(config).unwrap();
    let mut cluster: toml::Table = text.parse().unwrap();
    let asks = toml::toml! { document = true };
    let second = cluster["company"][1].as_table_mut().unwrap();
    second.insert("requires".to_owned(), asks.into());
    fs::write(config, cluster.to_string()).unwrap();
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.json().await.unwrap_or_default();
    Answer { status, body }
}

async fn open(folder: &Path, http_port: u16) -> LocalCluster {
    let options = Options {
        dir: folder.join("demo"),
        http_port,
        companies: companies(),
        fresh: false,
        passcom: PASSCOM.into(),
        search: std::env::var_os("PATH").unwrap_or_default(),
        wiring: Wiring::default(),
    };
    LocalCluster::open(options).await.unwrap()
}

/// The first of as many ports as there are companies, with room for the operators'.
fn free_ports() -> u16 {
    loop {
        let first = ports::free(1).unwrap()[0];
        let Some(last) = first.checked_add(ADMIN_OFFSET + 8) else {
            continue;
        };
        let count = u16::try_from(COMPANIES.len()).unwrap();
        let all = (first..first + count).chain(first + ADMIN_OFFSET..last);
        if all
            .into_iter()
            .all(|port| ports::check_free(port, "").is_ok())
        {
            return first;
        }
    }
}

pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(LOOK_AGAIN).await;
    }
}
