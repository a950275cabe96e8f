//! Certificates and operators of a real node change while it runs, by SIGHUP.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::signal::Signal;
use passcom_node::certificate::{Certificate, Fingerprint, read_chain};
use passcom_node::certs;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::cluster::{Cluster, until};

/// Goes with the test.
struct Files(PathBuf);

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // what is left in a temporary folder does no harm
    }
}

impl Files {
    /// With a certificate for this machine, and the token of a viewer.
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("passcom-keys-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let files = Self(folder);
        files.make();
        files.write_token(&"v".repeat(24));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Another certificate and key, of the same authority.
    fn make(&self) -> Fingerprint {
        for name in ["localhost.pem", "localhost.key"] {
            drop(fs::remove_file(self.path(name))); // there is none at first
        }
        let hosts = ["localhost".to_owned()];
        certs::generate_for_servers(&self.0, &hosts, certs::Validity::default()).unwrap();
        let chain = read_chain(&self.path("localhost.pem")).unwrap();
        Certificate::of(&chain[0]).unwrap().fingerprint
    }

    fn write_token(&self, token: &str) {
        let file = self.path("rui.token");
        fs::write(&file, token).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn configuration(&self) -> toml::Table {
        let path = |name: &str| toml::Value::from(self.path(name).to_str().unwrap());
        let mut tls = toml::Table::new();
        tls.insert("certificate".to_owned(), path("localhost.pem"));
        tls.insert("key".to_owned(), path("localhost.key"));
        let mut rui = toml::toml! { name = "rui" role = "viewer" };
        rui.insert("token_file".to_owned(), path("rui.token"));
        let mut all = toml::Table::new();
        all.insert("http_tls".to_owned(), tls.into());
        all.insert("operator".to_owned(), vec![toml::Value::from(rui)].into());
        all
    }

    async fn connect(&self, port: u16) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        for authority in read_chain(&self.path("servers-ca.pem")).unwrap() {
            roots.add(authority).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        TlsConnector::from(Arc::new(config))
            .connect("localhost".try_into().unwrap(), stream)
            .await
            .unwrap()
    }
}

fn shown(stream: &TlsStream<TcpStream>) -> Fingerprint {
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    Certificate::of(&chain[0]).unwrap().fingerprint
}

/// The head of an answer on a connection that goes on.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"HEAD /companhias HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

/// Whether the viewer may look.
fn looks(cluster: &Cluster, token: &Path) -> bool {
    let token = token.to_str().unwrap();
    cluster.try_admin(0, &["--token-file", token, "audit"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_operators_change_without_a_restart_and_a_faulty_file_changes_nothing() {
    let files = Files::new();
    let cluster = Cluster::start_with("keys", files.configuration()).await;
    let port = cluster.client_port(0);
    let mut open = files.connect(port).await;
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 "));
    assert!(looks(&cluster, &files.path("rui.token")));
    let token = files.path("rui.token");
    let drain = [
        "--token-file",
        token.to_str().unwrap(),
        "drain",
        "--reason",
        "x",
    ];
    assert!(!cluster.try_admin(0, &drain), "a viewer");

    let second = files.make();
    let kept = files.path("old.token");
    fs::copy(&token, &kept).unwrap();
    files.write_token(&"w".repeat(24));
    cluster.signal(0, Signal::SIGHUP);
    until("the next certificate is shown", async || {
        shown(&files.connect(port).await) == second
    })
    .await;
    assert!(
        ask(&mut open).await.starts_with("HTTP/1.1 "),
        "on the same connection"
    );
    assert!(looks(&cluster, &token) && !looks(&cluster, &kept));

    fs::write(files.path("localhost.key"), "nothing").unwrap();
    files.write_token(&"x".repeat(24));
    cluster.signal(0, Signal::SIGHUP);
    until("the log says what is wrong", async || {
        let log = cluster.logged(0);
        log.contains("faulty") && log.contains("localhost.key")
    })
    .await;
    assert_eq!(shown(&files.connect(port).await), second);
    assert!(!looks(&cluster, &token), "nothing of it counts");
    assert!(!cluster.try_admin(0, &["renew", "--reason", "it is faulty"]));

    let told = cluster.admin(0, &["cluster"]);
    let certificates = told["certificates"].as_array().unwrap();
    let uses: Vec<_> = certificates.iter().map(|one| &one["use"]).collect();
    for wanted in ["mesh", "mesh-ca", "http", "peer"] {
        assert!(uses.contains(&&Value::from(wanted)), "{wanted}: {told}");
    }
    cluster.stop().await;
}
