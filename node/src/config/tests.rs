//! What a person reads who wrote something wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

const GOOD: &str = r#"
[cluster]
ca = "certs/ca.pem"
cookie_file = "certs/cookie"
redis = "redis://127.0.0.1:6379"

[[company]]
code = "b"
name = "Beta"
mesh = "node-b:7001"
mesh_listen = "0.0.0.0:7001"
http = "0.0.0.0:8082"
admin = "127.0.0.1:9082"
database_url_file = "/run/b/database.url"
certificate = "certs/b.pem"
key = "certs/b.key"
token_key = "certs/b.token.key"
token_public_key = "certs/b.token.pem"
admin_token_file = "b/admin.token"

[[company]]
code = "a"
name = "Alfa"
mesh = "node-a:7001"
mesh_listen = "0.0.0.0:7001"
http = "0.0.0.0:8081"
admin = "127.0.0.1:9081"
database_url = "postgres://db-a/passcom"
certificate = "certs/a.pem"
key = "certs/a.key"
token_key = "certs/a.token.key"
token_public_key = "certs/a.token.pem"
admin_token_file = "a/admin.token"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, "/etc/passcom/cluster.toml".into())
}

/// The complaint about [`GOOD`] with `from` replaced by `to`.
fn complaint(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "nothing to replace: {from}");
    parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn companies_ascend_and_relative_paths_start_at_the_file() {
    let config = parse(GOOD).unwrap();
    let codes: Vec<_> = config.members().map(|code| code.to_string()).collect();
    assert_eq!(codes, ["a", "b"]);
    assert_eq!(config.cluster.ca, Path::new("/etc/passcom/certs/ca.pem"));
    let b = config.company("b".parse().unwrap()).unwrap();
    assert_eq!(
        b.database_url_file.as_deref(),
        Some(Path::new("/run/b/database.url"))
    );
    assert_eq!(b.admin_token_file, Path::new("/etc/passcom/b/admin.token"));
}

#[test]
fn the_documented_example_holds_and_names_the_defaults() {
    let example = parse(include_str!("../../../cluster.toml")).unwrap();
    assert_eq!(example.companies().len(), 3);
    assert_eq!(
        (example.limits, example.timeouts, example.connections),
        (
            Limits::default(),
            Timeouts::default(),
            Connections::default()
        )
    );
    assert_eq!(example.retention, Retention::default());
}

#[test]
fn what_is_written_reads_back_the_same() {
    let config = parse(GOOD).unwrap();
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
}

#[test]
fn membership_hash_covers_the_codes_and_nothing_else() {
    let hash = parse(GOOD).unwrap().membership_hash();
    assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(b"a\nb\n")));
    let elsewhere = parse(&GOOD.replace("node-b:7001", "far-away:7001")).unwrap();
    assert_eq!(elsewhere.membership_hash(), hash);
    let renamed = parse(&GOOD.replace("code = \"b\"", "code = \"c\"")).unwrap();
    assert_ne!(renamed.membership_hash(), hash);
}

#[test]
fn a_complaint_names_the_field_and_what_to_do() {
    let cases = [
        (
            "mesh = \"node-b:7001\"",
            "mesh = \"node-b\"",
            "company b.mesh: \"node-b\" is not host:port",
        ),
        (
            "code = \"b\"",
            "code = \"A\"",
            "company a.code: another company has this code",
        ),
        (
            "mesh = \"node-b:7001\"",
            "mesh = \"node-a:7001\"",
            "company b.mesh: another company has node-a:7001 too",
        ),
        (
            "name = \"Beta\"",
            "name = \" \"",
            "company b.name: is empty",
        ),
        (
            "redis = \"redis://127.0.0.1:6379\"",
            "",
            "cluster.redis: write exactly one of redis and redis_file",
        ),
        (
            "[[company]]",
            "[limits]\nbookings_at_once = 0\n[[company]]",
            "limits.bookings_at_once: 0 is out of bounds; write 1 to 65536",
        ),
        (
            "name = \"Beta\"",
            "name = \"Beta\"\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "company b.trusted_proxies: \"10.0.0.0/33\" is no network",
        ),
        (
            "[[company]]",
            "[timeouts]\nlease_seconds = 5\n[[company]]",
            "timeouts.lease_seconds: is shorter than booking_seconds",
        ),
        (
            "[[company]]",
            "[retention]\nlog_days = 0\n[[company]]",
            "retention.log_days: 0 is out of bounds; write 1 to 3650",
        ),
        (
            "[[company]]",
            "[retention]\nrefused_days = 35\n[[company]]",
            "retention.refused_days: 35 is out of bounds; write 36 to 3650",
        ),
        (
            "[[company]]",
            "[retention]\nrefused_days = 400\nhistory_days = 400\n[[company]]",
            "retention.history_days: is not longer than refused_days",
        ),
        (
            "admin_token_file = \"b/admin.token\"",
            "admin_token_file = \"b/admin.token\"\noperator = [{ name = \"admin\", role = \"viewer\", token_file = \"x\" }]",
            "company b.operator: \"admin\" is a name twice, or that of whoever",
        ),
        (
            "admin_token_file = \"b/admin.token\"",
            "admin_token_file = \"b/admin.token\"\noperator = [{ name = \"a: b\", role = \"viewer\", token_file = \"x\" }]",
            "company b.operator: \"a: b\" is no name of an operator",
        ),
        (
            "database_url_file = \"/run/b/database.url\"",
            "database_url_file = \"/run/b/database.url\"\ndatabase_owner_url = \"x\"\ndatabase_owner_url_file = \"y\"",
            "company b.database_owner_url: write exactly one",
        ),
        (
            "database_url_file = \"/run/b/database.url\"",
            "database_url_file = \"/run/b/database.url\"\ndatabase_ca = \"ca.pem\"",
            "company b.database_ca: goes with database_sslmode",
        ),
        (
            "database_url_file = \"/run/b/database.url\"",
            "database_url_file = \"/run/b/database.url\"\ndatabase_sslmode = \"verify-full\"",
            "company b.database_ca: goes with database_sslmode",
        ),
        (
            "[[company]]",
            "[connections]\nlongest_minutes = 0\n[[company]]",
            "connections.longest_minutes: 0 is out of bounds; write 60 to 4320",
        ),
        (
            "[[company]]",
            "[connections.airports]\nGRU = 60\ngru = 60\n[[company]]",
            "connections.airports.gru: is not an IATA code",
        ),
        (
            "[[company]]",
            "[connections]\nlongest_minutes = 90\nairports = { GRU = 80 }\n[[company]]",
            "connections.airports.GRU: with company_change_minutes it is longer than longest_minutes",
        ),
        (
            "admin = \"127.0.0.1:9082\"",
            "admin = \"0.0.0.0:8082\"",
            "company b: mesh_listen, http and admin must be three",
        ),
    ];
    for (from, to, expected) in cases {
        let complaint = complaint(from, to);
        let expected = format!("/etc/passcom/cluster.toml: {expected}");
        assert!(
            complaint.starts_with(&expected),
            "{complaint}\nshould be\n{expected}"
        );
    }
}

#[test]
fn what_does_not_parse_is_shown_with_its_line() {
    let typo = complaint(
        "mesh_listen = \"0.0.0.0:7001\"",
        "mesh_lisen = \"0.0.0.0:7001\"",
    );
    assert!(
        typo.contains("line 11") && typo.contains("mesh_lisen"),
        "{typo}"
    );
    let address = complaint("http = \"0.0.0.0:8082\"", "http = \"8082\"");
    assert!(
        address.contains("line 12") && address.contains("socket address"),
        "{address}"
    );
    let code = complaint("code = \"b\"", "code = \"b_1\"");
    assert!(code.contains("letters, digits and hyphens only"), "{code}");
}

#[test]
fn an_unknown_company_is_answered_with_those_that_exist() {
    let error = parse(GOOD)
        .unwrap()
        .company("z".parse().unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("there is no company z; there are a, b"),
        "{error}"
    );
}

#[test]
fn a_secret_open_to_everybody_is_refused() {
    let dir = std::env::temp_dir().join(format!("passcom-config-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let file = dir.join("admin.token");
    fs::write(&file, "secret\n").unwrap();
    let config = parse(&GOOD.replace("b/admin.token", file.to_str().unwrap())).unwrap();
    let b = config.company("b".parse().unwrap()).unwrap();

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = config.admin_token(b).unwrap_err().to_string();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let closed = config.admin_token(b);
    fs::remove_dir_all(&dir).unwrap();

    assert!(
        open.contains("company b.admin_token_file") && open.contains("chmod 600"),
        "{open}"
    );
    assert_eq!(closed.unwrap(), "secret");
}

#[test]
fn who_is_revoked_is_a_member_or_a_fingerprint() {
    let revoked = |list: &str| {
        let redis = "redis = \"redis://127.0.0.1:6379\"";
        let config = parse(&GOOD.replace(redis, &format!("{redis}\nrevoked = [{list}]"))).unwrap();
        assert_eq!(parse(&config.to_toml()).unwrap(), config);
        config
            .revoked()
            .map(|all| all.len())
            .map_err(|error| error.to_string())
    };
    let fingerprint = "sha256:".to_owned() + &"0a".repeat(32);
    assert_eq!(revoked(&format!("\"b\", \"{fingerprint}\"")), Ok(2));
    for bad in ["z", "sha256:0a"] {
        let error = revoked(&format!("\"{bad}\"")).unwrap_err();
        assert!(
            error.contains("cluster.toml: cluster.revoked: ") && error.contains(bad),
            "{error}"
        );
    }
}

#[test]
fn ports_may_have_certificates() {
    let ports = "admin_token_file = \"b/admin.token\"\nhttp_tls = { certificate = \"h.pem\", key = \"h.key\" }\nadmin_tls = { certificate = \"x.pem\", key = \"x.key\", ca = \"ca.pem\", host = \"b.example\" }";
    let config = parse(&GOOD.replace("admin_token_file = \"b/admin.token\"", ports)).unwrap();
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
    let b = config.company("b".parse().unwrap()).unwrap();
    let (http, admin) = (b.http_tls.as_ref().unwrap(), b.admin_tls.as_ref().unwrap());
    assert_eq!(http.key, Path::new("/etc/passcom/h.key"));
    assert_eq!(admin.ca.as_deref(), Some(Path::new("/etc/passcom/ca.pem")));
}

#[test]
fn operators_have_tokens_of_their_own_that_cannot_be_guessed() {
    let dir = std::env::temp_dir().join(format!("passcom-operators-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, token: &str| {
        let file = dir.join(name);
        fs::write(&file, token).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let text = GOOD.replace(
        "admin_token_file = \"b/admin.token\"",
        "admin_token_file = \"admin\"\noperator = [{ name = \"rui\", role = \"viewer\", token_file = \"rui\" }]",
    );
    let config = Config::parse(&text, dir.join("cluster.toml")).unwrap();
    assert_eq!(
        Config::parse(&config.to_toml(), dir.join("cluster.toml")).unwrap(),
        config
    );
    let b = config.company("b".parse().unwrap()).unwrap();
    let operators = || {
        let all = config.operators(b);
        all.map(|all| all.into_iter().map(|one| one.name).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    let long = "0123456789abcdef01234567";
    write("admin", "secret");
    write("rui", long);
    let good = operators();
    write("rui", &long[1..]);
    let short = operators().unwrap_err();
    write("admin", long);
    write("rui", long);
    let same = operators().unwrap_err();
    fs::remove_dir_all(&dir).unwrap();

    assert_eq!(good, Ok(vec!["admin".to_owned(), "rui".to_owned()]));
    assert!(short.contains("company b.operator rui.token_file") && short.contains("fewer than 24"));
    assert!(same.contains("has the token of admin"), "{same}");
}
