//! The import command on files and a real PostgreSQL.

#[path = "../../sql/tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser;
use passcom_node::cli::import;
use tokio_postgres::Client;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    import: import::Args,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schedules")
}

async fn run(url: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let config = Configuration::of(url);
    let always = ["import", "--from", "2026-10-26", "--config"];
    let always = always.into_iter().chain([config.path()]);
    let command = Command::try_parse_from(always.chain(arguments.iter().copied()))?;
    import::run(&command.import).await
}

/// Routes, routes on sale and seats.
async fn totals(client: &Client) -> (i64, i64, i64) {
    let sql = "select count(*), count(*) filter (where on_sale), coalesce(sum(seats), 0)::bigint from route";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn a_company_imports_its_own_file_of_a_folder_and_mends_it() {
    let cluster = support::Cluster::shared();
    let url = cluster.database().await;
    let client = support::connect(&url).await;
    let folder = fixtures().display().to_string();

    run(
        &url,
        &["--company", "XA", "--days", "7", "--dry-run", &folder],
    )
    .await
    .unwrap();
    assert_eq!(
        totals(&client).await,
        (0, 0, 0),
        "a dry run makes tables only"
    );
    run(&url, &["--company", "XA", "--days", "7", &folder])
        .await
        .unwrap();
    // five weekdays of one leg, seven days of three
    let week = (26, 26, 5 * 186 + 7 * (174 + 2 * 118));
    assert_eq!(totals(&client).await, week);

    // a file with one bad line, and so without one of the flights
    let text = std::fs::read_to_string(fixtures().join("XA.ssim")).unwrap();
    let bad = TemporaryFile::with("ssim", &text.replace("SDU09200920", "SDU09600960"));
    let bad_path = bad.0.display().to_string();
    let refused = run(&url, &["--company", "XA", "--days", "7", &bad_path])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(&format!(
            "{bad_path}:3: columns 62-65: expected a time HHMM, found \"0960\""
        )),
        "{refused}"
    );
    assert_eq!(totals(&client).await, week);
    let lenient = [
        "--company",
        "XA",
        "--days",
        "7",
        "--skip-bad",
        "--json",
        &bad_path,
    ];
    let refused = run(&url, &lenient).await.unwrap_err();
    let refused = format!("{refused:#}");
    assert!(
        refused.contains("5 of the 26 flights that are on sale on these dates would be withdrawn"),
        "{refused}"
    );
    assert_eq!(totals(&client).await, week);
    run(&url, &[&lenient[..], &["--merge"]].concat())
        .await
        .unwrap();
    assert_eq!(totals(&client).await, week);
    run(&url, &[&lenient[..], &["--force"]].concat())
        .await
        .unwrap();
    assert_eq!(totals(&client).await, (26, 21, week.2));

    // mended, for a shorter window: what lies beyond it stays as it is
    run(&url, &["--company", "XA", "--days", "2", &folder])
        .await
        .unwrap();
    assert_eq!(totals(&client).await, (26, 23, week.2));
}

#[tokio::test]
async fn the_sample_is_put_beside_nothing_else() {
    let cluster = support::Cluster::shared();
    let url = cluster.database().await;
    let client = support::connect(&url).await;
    let sample = [
        "--company",
        "XA",
        "--days",
        "2",
        "--from",
        "2050-01-01",
        "--sample",
    ];
    let config = Configuration::of(&url);
    let run_at = async |arguments: &[&str]| {
        let command = ["import", "--config", config.path()];
        let command = Command::try_parse_from(command.iter().chain(arguments)).unwrap();
        import::import(&command.import).await.unwrap()
    };
    assert!(matches!(run_at(&sample).await, import::Done::Imported(_)));
    let (routes, on_sale, _) = totals(&client).await;
    assert!(routes > 100 && routes == on_sale);
    // a node that starts again the next day
    let next = [
        "--company",
        "XA",
        "--days",
        "2",
        "--from",
        "2050-01-02",
        "--sample",
    ];
    assert!(matches!(run_at(&next).await, import::Done::Imported(_)));
    let before = totals(&client).await;
    assert_eq!(before.0, routes / 2 * 3);

    let text = "flight,origin,destination,date,departs,arrives,seats\n\
                XA7,GRU,LIS,2050-01-02,22:00,11:00,200\n";
    let file = TemporaryFile::with("csv", text);
    let path = file.0.display().to_string();
    let real = [
        "--company",
        "XA",
        "--days",
        "2",
        "--from",
        "2050-01-02",
        "--force",
        &path,
    ];
    assert!(matches!(run_at(&real).await, import::Done::Imported(_)));
    let before = totals(&client).await;
    assert!(matches!(run_at(&next).await, import::Done::LeftAlone(_)));
    assert_eq!(totals(&client).await, before);
}

#[tokio::test]
async fn what_cannot_be_imported_is_said_before_the_database_is_touched() {
    let folder = fixtures().display().to_string();
    let nowhere = "host=/nonexistent user=nobody";
    for (arguments, expected) in [
        (
            ["--company", "XC", "--days", "7"],
            "no schedule with the airline designator XC",
        ),
        (
            ["--company", "XA", "--days", "0"],
            "the number of days must be between 1 and 1000",
        ),
        (
            ["--company", "X/A", "--days", "7"],
            "a company code has letters",
        ),
        (
            ["--company", "XA", "--days", "7"],
            "the database of company XA",
        ),
    ] {
        let arguments = [&arguments[..], &[&folder]].concat();
        let error = run(nowhere, &arguments).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let late = ["--company", "XA", "--from", "2031-01-01", &folder];
    let config = Configuration::of(nowhere);
    let always = ["import", "--config", config.path()];
    let command = Command::try_parse_from(always.iter().chain(&late)).unwrap();
    let error = import::run(&command.import).await.unwrap_err().to_string();
    assert!(
        error.starts_with("no leg of these files is flown from 2031-01-01 to 2031-12-31"),
        "{error}"
    );
}

/// A cluster configuration whose companies have this database; goes with the test.
struct Configuration(TemporaryFile);

impl Configuration {
    fn of(url: &str) -> Self {
        let company = |(port, code)| {
            format!(
                "[[company]]\ncode = '{code}'\nname = '{code}'\nmesh = 'localhost:{port}'\n\
                 mesh_listen = '127.0.0.1:7001'\nhttp = '127.0.0.1:8001'\nadmin = '127.0.0.1:9001'\n\
                 database_url = '{url}'\ncertificate = 'a.pem'\nkey = 'a.key'\n\
                 token_key = 'a.token'\ntoken_public_key = 'a.token.pem'\nadmin_token_file = 'admin.token'\n"
            )
        };
        let cluster =
            "[cluster]\nca = 'ca.pem'\ncookie_file = 'cookie'\nredis = 'redis://127.0.0.1:1'\n";
        let companies: String = (7001..).zip(["XA", "XC"]).map(company).collect();
        Self(TemporaryFile::with(
            "toml",
            &(cluster.to_owned() + &companies),
        ))
    }

    fn path(&self) -> &str {
        self.0.0.to_str().expect("made of text")
    }
}

/// A file that goes with the test.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn with(ending: &str, text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("passcom-import-{}-{number}.{ending}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // a file that stays behind harms nobody
        let _ = std::fs::remove_file(&self.0);
    }
}
