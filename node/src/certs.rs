//! Keys and certificates for a cluster: an authority, per company a certificate and a pair of token keys, one cookie. For servers beside
//! the nodes, such as databases, certificates of another authority, which no member of the mesh believes.
//!
//! For development and small deployments; a real authority may issue the same files instead.
//!
//! Invariants:
//! - What exists is kept: running it again only adds what is missing, so a new company can join a running cluster. A
//!   certificate that ends soon is signed anew.
//! - No certificate is good for less than 90 days or more than two years: nobody has time to renew the ones, and nobody
//!   remembers how for the others.
//! - A key is never made anew beside the certificate or public key of a lost one: the two would not fit.
//! - Every secret is a file of mode 0600 from the instant it exists, and appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use passcom_actors::domain::ids::CompanyId;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, date_time_ymd,
};
use tokio_rustls::rustls::crypto::aws_lc_rs as tls_provider;

use crate::certificate::{Certificate, read_chain};
use crate::cluster::dns_name;

/// A clock may be behind by so many days.
const EARLIER_DAYS: i64 = 2;
/// What ends within so many days is signed anew, for the same key.
const RENEW_DAYS: i64 = 30;
const AUTHORITY_DAYS: i64 = 3_650;
/// Name of the authority. With its key it is all that is needed to issue another certificate later.
const AUTHORITY: &str = "PassCom development authority";
const SERVERS_AUTHORITY: &str = "PassCom development authority of servers";
const COOKIE_LEN: usize = 32;

/// Who a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Stays with whoever runs the authority; no node reads it.
    Authority,
    /// Every company's node.
    Everyone,
    /// This company's node and no other.
    Only(CompanyId),
    /// A server beside the nodes.
    Server,
}

/// One file of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub audience: Audience,
    pub secret: bool,
    pub what: &'static str,
    /// It was there before and was kept.
    pub kept: bool,
}

/// Paths of one company's files.
#[derive(Debug, Clone)]
pub struct Files {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Signs the tokens of the company's users; Ed25519, PKCS#8.
    pub token_key: PathBuf,
    pub token_public: PathBuf,
    pub cookie: PathBuf,
}

/// Where [`generate`] puts the files of a company.
pub fn files(dir: &Path, company: CompanyId) -> Files {
    Files {
        ca: dir.join("ca.pem"),
        cert: dir.join(format!("{company}.pem")),
        key: dir.join(format!("{company}.key")),
        token_key: dir.join(format!("{company}.token.key")),
        token_public: dir.join(format!("{company}.token.pem")),
        cookie: dir.join("cookie"),
    }
}

/// Paths of one server's files.
#[derive(Debug, Clone)]
pub struct ServerFiles {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Where [`generate_for_servers`] puts the files of a server.
pub fn server_files(dir: &Path, host: &str) -> ServerFiles {
    ServerFiles {
        ca: dir.join(format!("{}.pem", SERVERS.file)),
        cert: dir.join(format!("{host}.pem")),
        key: dir.join(format!("{host}.key")),
    }
}

/// For how long certificates are good, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity(u16);

impl Validity {
    pub const DAYS_MIN: u16 = 90;
    pub const DAYS_MAX: u16 = 730;
}

impl Default for Validity {
    fn default() -> Self {
        Self(365)
    }
}

impl std::str::FromStr for Validity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let days = text.parse().ok();
        let fits = |days: &u16| (Self::DAYS_MIN..=Self::DAYS_MAX).contains(days);
        days.filter(fits).map(Self).ok_or_else(|| {
            let (min, max) = (Self::DAYS_MIN, Self::DAYS_MAX);
            format!("a certificate is good for {min} to {max} days")
        })
    }
}

impl std::fmt::Display for Validity {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(to)
    }
}

/// As [`generate_valid`], for as long as is usual.
pub fn generate(dir: &Path, companies: &[CompanyId]) -> anyhow::Result<Vec<Written>> {
    generate_valid(dir, companies, Validity::default())
}

/// Makes what is missing for these companies, signs anew what ends soon, and lists every file.
pub fn generate_valid(
    dir: &Path,
    companies: &[CompanyId],
    validity: Validity,
) -> anyhow::Result<Vec<Written>> {
    check(companies)?;
    fs::create_dir_all(dir).with_context(|| format!("make folder {}", dir.display()))?;
    let mut set = Set {
        dir,
        validity,
        written: Vec::new(),
    };
    let authority = set.authority(MESH)?;
    for company in companies {
        set.certificate(*company, &authority)?;
        set.token_keys(*company)?;
    }
    set.cookie()?;
    Ok(set.written)
}

/// Makes what is missing for servers of these host names, and lists every file.
pub fn generate_for_servers(
    dir: &Path,
    hosts: &[String],
    validity: Validity,
) -> anyhow::Result<Vec<Written>> {
    let is_plain = |host: &&String| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
    };
    if let Some(odd) = hosts.iter().find(|host| !is_plain(host)) {
        bail!("{odd} is no name of a host");
    }
    let mut set = Set {
        dir,
        validity,
        written: Vec::new(),
    };
    let authority = set.authority(SERVERS)?;
    for host in hosts {
        set.server(host, &authority)?;
    }
    Ok(set.written)
}

fn check(companies: &[CompanyId]) -> anyhow::Result<()> {
    ensure!(!companies.is_empty(), "name at least one company");
    for (n, company) in companies.iter().enumerate() {
        ensure!(
            !companies[..n].contains(company),
            "company {company} is named twice"
        );
        let code = company.as_str();
        // files on a disk that knows no capitals would fall into one
        if let Some(like) = companies[..n]
            .iter()
            .find(|other| other.as_str().eq_ignore_ascii_case(code))
        {
            bail!(
                "companies {like} and {company} differ by capitals only: give them folders of their own (--dir)"
            );
        }
        crate::cluster::check_name(*company)?;
    }
    Ok(())
}

/// An authority: its files and its name.
#[derive(Clone, Copy)]
struct Authority {
    file: &'static str,
    name: &'static str,
}

const MESH: Authority = Authority {
    file: "ca",
    name: AUTHORITY,
};
const SERVERS: Authority = Authority {
    file: "servers-ca",
    name: SERVERS_AUTHORITY,
};

struct Set<'a> {
    dir: &'a Path,
    validity: Validity,
    written: Vec<Written>,
}

impl Set<'_> {
    fn authority(&mut self, of: Authority) -> anyhow::Result<Issuer<'static, KeyPair>> {
        let path = |suffix| self.dir.join(format!("{}{suffix}", of.file));
        let (key_path, cert_path) = (path(".key"), path(".pem"));
        let key = self.key_pair(
            &key_path,
            &cert_path,
            &PKCS_ECDSA_P256_SHA256,
            Audience::Authority,
            "key of the authority: signs certificates",
        )?;
        let params = authority_params(of.name)?;
        let what = "certificate of the authority";
        if !self.keep(&cert_path, Audience::Everyone, false, what) {
            let cert = params.self_signed(&key).context("sign the authority")?;
            self.write(&cert_path, &cert.pem(), Audience::Everyone, false, what)?;
        }
        Ok(Issuer::new(params, key))
    }

    fn certificate(
        &mut self,
        company: CompanyId,
        authority: &Issuer<'static, KeyPair>,
    ) -> anyhow::Result<()> {
        let paths = files(self.dir, company);
        let only = Audience::Only(company);
        let key = self.key_pair(
            &paths.key,
            &paths.cert,
            &PKCS_ECDSA_P256_SHA256,
            only,
            "key of the node's certificate",
        )?;
        let what = "certificate of the node";
        if !self.keep_good(&paths.cert, only, what)? {
            let cert = leaf_params(company, self.validity)?
                .signed_by(&key, authority)
                .with_context(|| format!("sign the certificate of {company}"))?;
            self.write(&paths.cert, &cert.pem(), only, false, what)?;
        }
        Ok(())
    }

    fn server(&mut self, host: &str, authority: &Issuer<'static, KeyPair>) -> anyhow::Result<()> {
        let paths = server_files(self.dir, host);
        let key = self.key_pair(
            &paths.key,
            &paths.cert,
            &PKCS_ECDSA_P256_SHA256,
            Audience::Server,
            "key of a server's certificate",
        )?;
        let what = "certificate of a server";
        if !self.keep_good(&paths.cert, Audience::Server, what)? {
            let mut params = CertificateParams::new(vec![host.to_owned()])
                .with_context(|| format!("name {host} in a certificate"))?;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.use_authority_key_identifier_extension = true;
            name_and_dates(&mut params, host, self.validity.0.into())?;
            let cert = params
                .signed_by(&key, authority)
                .with_context(|| format!("sign the certificate of {host}"))?;
            self.write(&paths.cert, &cert.pem(), Audience::Server, false, what)?;
        }
        Ok(())
    }

    fn token_keys(&mut self, company: CompanyId) -> anyhow::Result<()> {
        let paths = files(self.dir, company);
        let key = self.key_pair(
            &paths.token_key,
            &paths.token_public,
            &PKCS_ED25519,
            Audience::Only(company),
            "key that signs the tokens of the company's users",
        )?;
        let what = "public key that proves those tokens";
        if !self.keep(&paths.token_public, Audience::Everyone, false, what) {
            let pem = key.public_key_pem();
            self.write(&paths.token_public, &pem, Audience::Everyone, false, what)?;
        }
        Ok(())
    }

    fn cookie(&mut self) -> anyhow::Result<()> {
        let path = self.dir.join("cookie");
        let what = "cookie of the mesh: guards against wrong wiring";
        if self.keep(&path, Audience::Everyone, true, what) {
            return Ok(());
        }
        let mut bytes = [0; COOKIE_LEN];
        tls_provider::default_provider()
            .secure_random
            .fill(&mut bytes)
            .map_err(|_| anyhow!("the system has no randomness to give"))?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.write(&path, &hex, Audience::Everyone, true, what)
    }

    /// Reads the key, or makes it. `public` is the file that goes with it.
    fn key_pair(
        &mut self,
        path: &Path,
        public: &Path,
        algorithm: &'static rcgen::SignatureAlgorithm,
        audience: Audience,
        what: &'static str,
    ) -> anyhow::Result<KeyPair> {
        if self.keep(path, audience, true, what) {
            let pem =
                fs::read_to_string(path).with_context(|| format!("read key {}", path.display()))?;
            return KeyPair::from_pkcs8_pem_and_sign_algo(&pem, algorithm).with_context(|| {
                format!("{} is not a key of the kind needed here", path.display())
            });
        }
        ensure!(
            !public.exists(),
            "{} is there but its key {} is not: put the key back, or remove the file to begin anew",
            public.display(),
            path.display()
        );
        let key = KeyPair::generate_for(algorithm).context("make a key")?;
        self.write(path, &private_pem(&key)?, audience, true, what)?;
        Ok(key)
    }

    /// Keeps a certificate, unless it ends soon.
    fn keep_good(
        &mut self,
        path: &Path,
        audience: Audience,
        what: &'static str,
    ) -> anyhow::Result<bool> {
        if !path.exists() {
            return Ok(false);
        }
        let read = Certificate::of(&read_chain(path)?[0]);
        let read = read.with_context(|| format!("read certificate {}", path.display()))?;
        let soon = Timestamp::now().as_second() + RENEW_DAYS * 24 * 60 * 60;
        Ok(read.expires > soon && self.keep(path, audience, false, what))
    }

    fn keep(&mut self, path: &Path, audience: Audience, secret: bool, what: &'static str) -> bool {
        let kept = path.exists();
        if kept {
            self.list(path, audience, secret, what, true);
        }
        kept
    }

    fn write(
        &mut self,
        path: &Path,
        content: &str,
        audience: Audience,
        secret: bool,
        what: &'static str,
    ) -> anyhow::Result<()> {
        write_whole(path, content, if secret { 0o600 } else { 0o644 })
            .with_context(|| format!("write {}", path.display()))?;
        self.list(path, audience, secret, what, false);
        Ok(())
    }

    fn list(
        &mut self,
        path: &Path,
        audience: Audience,
        secret: bool,
        what: &'static str,
        kept: bool,
    ) {
        self.written.push(Written {
            path: path.to_owned(),
            audience,
            secret,
            what,
            kept,
        });
    }
}

/// Writes beside the target and renames, so that nobody ever reads half a key.
fn write_whole(path: &Path, content: &str, mode: u32) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

/// PKCS #8 as OpenSSL reads it: of Ed25519 it knows the first version only, in which the public key is left out.
fn private_pem(key: &KeyPair) -> anyhow::Result<String> {
    if !key.is_compatible(&PKCS_ED25519) {
        return Ok(key.serialize_pem());
    }
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key.serialize_der());
    let first_version = pair
        .map_err(|_| anyhow!("a new key cannot be read"))?
        .to_pkcs8v1();
    let der = first_version.map_err(|_| anyhow!("a new key cannot be written"))?;
    let text = BASE64_STANDARD.encode(der); // 64 characters, which is one line
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    ))
}

fn authority_params(name: &str) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    name_and_dates(&mut params, name, AUTHORITY_DAYS)?;
    Ok(params)
}

fn leaf_params(company: CompanyId, validity: Validity) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(vec![dns_name(company)])
        .with_context(|| format!("name company {company} in a certificate"))?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    name_and_dates(&mut params, company.as_str(), validity.0.into())?;
    Ok(params)
}

fn name_and_dates(
    params: &mut CertificateParams,
    common_name: &str,
    days: i64,
) -> anyhow::Result<()> {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let midnight = |days: i64| {
        let date = today.checked_add(days.days())?;
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        anyhow::Ok(date_time_ymd(date.year().into(), month, day))
    };
    params.not_before = midnight(-EARLIER_DAYS)?;
    params.not_after = midnight(days)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("passcom-certs-{}", uuid::Uuid::new_v4())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // a folder that stays behind in the system's temporary folder fails no test
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn ids(codes: &[&str]) -> Vec<CompanyId> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    #[test]
    fn a_second_run_keeps_every_file_and_a_new_company_joins() {
        let folder = Folder::new();
        let first = generate(&folder.0, &ids(&["a", "B"])).unwrap();
        assert!(first.iter().all(|file| !file.kept));
        let before: Vec<_> = first.iter().map(|f| fs::read(&f.path).unwrap()).collect();

        let second = generate(&folder.0, &ids(&["a", "B", "c"])).unwrap();
        let after: Vec<_> = first.iter().map(|f| fs::read(&f.path).unwrap()).collect();
        assert_eq!(before, after);
        assert_eq!(
            second.iter().filter(|file| !file.kept).count(),
            4,
            "those of c"
        );
    }

    #[test]
    fn a_server_is_of_another_authority_than_the_members() {
        let folder = Folder::new();
        generate(&folder.0, &ids(&["a"])).unwrap();
        let hosts = ["postgres-a".to_owned()];
        let first = generate_for_servers(&folder.0, &hosts, Validity::default()).unwrap();
        assert_eq!(first.iter().filter(|file| file.secret).count(), 2);
        let again = generate_for_servers(&folder.0, &hosts, Validity::default()).unwrap();
        assert!(again.iter().all(|file| file.kept));
        let read = |name: &str| fs::read(folder.0.join(name)).unwrap();
        assert_ne!(read("ca.pem"), read("servers-ca.pem"));
        assert_ne!(read("ca.key"), read("servers-ca.key"));
        assert!(
            generate_for_servers(&folder.0, &["../a".to_owned()], Validity::default()).is_err()
        );
    }

    #[test]
    fn a_certificate_is_good_for_as_long_as_was_said_and_is_signed_anew_before_it_ends() {
        for bad in ["89", "731", "0", "-1", "x"] {
            assert!(bad.parse::<Validity>().is_err(), "{bad}");
        }
        let folder = Folder::new();
        let validity = "90".parse().unwrap();
        generate_valid(&folder.0, &ids(&["a"]), validity).unwrap();
        let read = || Certificate::of(&read_chain(&folder.0.join("a.pem")).unwrap()[0]).unwrap();
        let days_left = || (read().expires - Timestamp::now().as_second()) / (24 * 60 * 60);
        assert!((89..=90).contains(&days_left()), "{}", days_left());
        let first = read();
        generate(&folder.0, &ids(&["a"])).unwrap();
        assert_eq!(read(), first, "it is kept");

        let key = fs::read_to_string(folder.0.join("a.key")).unwrap();
        let authority = fs::read_to_string(folder.0.join("ca.key")).unwrap();
        let issuer = Issuer::new(
            authority_params(AUTHORITY).unwrap(),
            KeyPair::from_pem(&authority).unwrap(),
        );
        let soon = leaf_params(ids(&["a"])[0], Validity(29)).unwrap();
        let soon = soon.signed_by(&KeyPair::from_pem(&key).unwrap(), &issuer);
        fs::write(folder.0.join("a.pem"), soon.unwrap().pem()).unwrap();
        generate(&folder.0, &ids(&["a"])).unwrap();
        assert!(days_left() >= 364, "{}", days_left());
        let kept = fs::read_to_string(folder.0.join("a.key")).unwrap();
        assert_eq!(kept, key, "its key is the same");
        let files = files(&folder.0, ids(&["a"])[0]);
        crate::certificate::read_pair(&files.cert, &files.key).unwrap();
    }

    #[test]
    fn openssl_reads_every_key_and_certificate() {
        let openssl = |arguments: &[&str], file: &Path| {
            let mut command = std::process::Command::new("openssl");
            command.args(arguments).arg("-noout").arg("-in").arg(file);
            command.output()
        };
        if openssl(&["version"], Path::new("/dev/null")).is_err() {
            return; // it is not on this machine
        }
        let folder = Folder::new();
        let written = generate(&folder.0, &ids(&["a"])).unwrap();
        let mut looked_at = 0;
        for file in written {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            let arguments: &[&str] = match name {
                "cookie" => continue,
                name if name.ends_with(".token.pem") => &["pkey", "-pubin"],
                name if name.ends_with(".pem") => &["x509"],
                _ => &["pkey"],
            };
            let read = openssl(arguments, &file.path).unwrap();
            assert!(read.status.success(), "{name}: {read:?}");
            looked_at += 1;
        }
        assert_eq!(looked_at, 6);
    }

    #[test]
    fn a_lost_key_is_not_made_anew_beside_what_it_signed() {
        let folder = Folder::new();
        generate(&folder.0, &ids(&["a"])).unwrap();
        for lost in ["ca.key", "a.key", "a.token.key"] {
            let (path, aside) = (folder.0.join(lost), folder.0.join("aside"));
            fs::rename(&path, &aside).unwrap();
            let error = generate(&folder.0, &ids(&["a"])).unwrap_err().to_string();
            assert!(error.contains(lost), "{error}");
            fs::rename(&aside, &path).unwrap();
        }
        assert!(generate(&folder.0, &ids(&["a"])).is_ok());
    }

    #[test]
    fn secrets_are_readable_by_their_owner_only() {
        let folder = Folder::new();
        let written = generate(&folder.0, &ids(&["a"])).unwrap();
        for file in &written {
            let mode = fs::metadata(&file.path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077 == 0, file.secret, "{}", file.path.display());
        }
        assert_eq!(written.iter().filter(|file| file.secret).count(), 4);
        let cookie = fs::read_to_string(folder.0.join("cookie")).unwrap();
        assert_eq!(cookie.len(), 2 * COOKIE_LEN);
    }

    #[test]
    fn the_token_keys_sign_and_prove_tokens() {
        let folder = Folder::new();
        generate(&folder.0, &ids(&["a"])).unwrap();
        let paths = files(&folder.0, ids(&["a"])[0]);
        let private = EncodingKey::from_ed_pem(&fs::read(paths.token_key).unwrap()).unwrap();
        let public = DecodingKey::from_ed_pem(&fs::read(paths.token_public).unwrap()).unwrap();
        let claims = serde_json::json!({ "sub": "ana", "exp": 4_000_000_000u64 });
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &private).unwrap();
        let proven =
            decode::<serde_json::Value>(&token, &public, &Validation::new(Algorithm::EdDSA));
        assert_eq!(proven.unwrap().claims, claims);
    }

    #[test]
    fn companies_that_cannot_stand_side_by_side_are_refused() {
        let folder = Folder::new();
        for codes in [&[][..], &["a", "a"], &["a", "A"], &["a-"]] {
            assert!(generate(&folder.0, &ids(codes)).is_err(), "{codes:?}");
        }
        assert!(!folder.0.exists(), "nothing was written");
    }
}
