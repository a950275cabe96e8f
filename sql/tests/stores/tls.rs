//! A PostgreSQL with TLS: who asks for it has it, and who asks whose certificate it is hears so.

use passcom_sql::{Address, Options, SslMode};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::contract::company;
use crate::support::Cluster;

/// An authority, a certificate that it signed for this name, and its key.
fn authority(name: &str) -> [String; 3] {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &issuer).unwrap().pem();
    [ca, certificate, key.serialize_pem()]
}

/// Whether the session is encrypted, or why there is none.
async fn reach(address: Address) -> Result<bool, String> {
    let database = passcom_sql::connect(Options::new(address, company("a"))).await;
    let database = database.map_err(|error| format!("{error:#}"))?;
    let client = database.client().await.unwrap();
    let asked = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    Ok(client.query_one(asked, &[]).await.unwrap().get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_had_or_refused() {
    let [ca, certificate, key] = authority("localhost");
    let [stranger, ..] = authority("localhost");
    let cluster = Cluster::over_tcp(
        "ssl = on\nssl_cert_file = '../server.pem'\nssl_key_file = '../server.key'",
        &[("server.pem", &certificate), ("server.key", &key)],
    );
    let plain = Cluster::over_tcp("", &[]);
    let at = |cluster: &Cluster, host: &str, sslmode, ca: Option<&String>| Address {
        url: cluster.tcp_url(host),
        sslmode,
        ca: ca.map(|pem| pem.clone().into_bytes()),
    };
    let full = Some(SslMode::VerifyFull);
    let (require, prefer) = (Some(SslMode::Require), Some(SslMode::Prefer));

    assert_eq!(
        reach(at(&cluster, "localhost", full, Some(&ca))).await,
        Ok(true)
    );
    for mode in [require, prefer, None] {
        assert_eq!(
            reach(at(&cluster, "127.0.0.1", mode, None)).await,
            Ok(true),
            "{mode:?}"
        );
    }
    let disable = Some(SslMode::Disable);
    assert_eq!(
        reach(at(&cluster, "localhost", disable, None)).await,
        Ok(false)
    );
    // the right certificate of another host, and a host that somebody else vouches for
    let elsewhere = reach(at(&cluster, "127.0.0.1", full, Some(&ca))).await;
    assert!(
        elsewhere
            .as_ref()
            .is_err_and(|error| error.contains("not valid for name")),
        "{elsewhere:?}"
    );
    let unknown = reach(at(&cluster, "localhost", full, Some(&stranger))).await;
    assert!(
        unknown
            .as_ref()
            .is_err_and(|error| error.contains("invalid peer certificate")),
        "{unknown:?}"
    );

    for mode in [prefer, disable] {
        assert_eq!(
            reach(at(&plain, "localhost", mode, None)).await,
            Ok(false),
            "{mode:?}"
        );
    }
    for (mode, ca) in [(require, None), (full, Some(&ca))] {
        let refused = reach(at(&plain, "localhost", mode, ca)).await;
        assert!(
            refused.as_ref().is_err_and(|error| error.contains("TLS")),
            "{mode:?}: {refused:?}"
        );
    }
}
