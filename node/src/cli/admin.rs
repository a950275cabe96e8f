//! `passcom admin`: what operators ask of a running node, as tables, or as the JSON it answered.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use comfy_table::Table;
use hyper::Method;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use passcom_actors::domain::ids::CompanyId;
use serde_json::{Value, json};
use uuid::Uuid;

use self::port::Port;
use crate::config::{Config, read_token};

mod port;

/// What is told of a certificate.
const CERTIFICATE: [&str; 5] = ["use", "company", "expires", "days_left", "renew"];
/// How often a verification that runs is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(300);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration of the cluster.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Whose node to ask.
    #[arg(long, value_name = "CODE")]
    company: CompanyId,
    /// The token of an operator [default: that of `admin_token_file`]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print the answer as it came.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    /// Does it serve? Exit code 1 if not.
    Ready,
    /// Whether it answers at all: one that does not hangs, and is to be killed.
    Alive,
    /// The companies, who is up, and who sees whom.
    Cluster,
    /// The links to the other companies.
    Peers,
    /// Bookings by what became of them, newest first.
    Sagas {
        /// begun, held, committed or aborted.
        #[arg(long)]
        state: Option<String>,
        /// Only those begun this many seconds ago or longer.
        #[arg(long, value_name = "SECONDS")]
        older_than: Option<u32>,
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// One booking.
    Saga { id: Uuid },
    /// The routes in use, those used last first.
    Routes {
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// The leases on seats of any company.
    Leases {
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// Seats of tickets that are left without one after a change of aircraft.
    Unseated {
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// What operators did, newest first.
    Audit {
        /// Only those before this number.
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// What each company owes each other one: seats sold for one another, less what came back. Days are those of UTC.
    Settlement {
        #[command(flatten)]
        days: Days,
        /// Each day apart.
        #[arg(long)]
        by_day: bool,
    },
    /// What came back for cancelled seats, newest first. Days are those of UTC.
    Refunds {
        #[command(flatten)]
        days: Days,
        /// The `next` of an answer, to go on.
        #[arg(long)]
        before: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// Drive a booking to its end now: find out what was decided.
    Retry {
        id: Uuid,
        /// For the audit trail.
        #[arg(long)]
        reason: String,
    },
    /// The same, for a booking that should not happen: it is aborted, unless it was committed already.
    Abort {
        id: Uuid,
        /// For the audit trail.
        #[arg(long)]
        reason: String,
    },
    /// Compare log, memory and tables of the running node. Exit code 1 if they differ, or if it cannot be found out.
    Verify {
        /// Only this many rows of the log, from its end.
        #[arg(long, value_name = "ROWS")]
        last: Option<u64>,
    },
    /// Take no new bookings; what is under way is finished.
    Drain {
        /// For the audit trail.
        #[arg(long)]
        reason: String,
    },
    /// Take new bookings again.
    Resume {
        /// For the audit trail.
        #[arg(long)]
        reason: String,
    },
    /// Read keys, certificates, operators and who is revoked anew, as SIGHUP does.
    Renew {
        /// For the audit trail.
        #[arg(long)]
        reason: String,
    },
}

struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let company = config.company(args.company)?;
    let request = args.question.request();
    let token = match &args.token_file {
        Some(file) => read_token(file).map_err(anyhow::Error::msg)?,
        None => config.admin_token(company)?,
    };
    let port = Port::of(company, token)?;
    let answer = port.ask(request).await?;
    if let Question::Verify { .. } = args.question {
        return verify(&port, answer, args.json).await;
    }
    if args.json {
        println!("{answer}");
        return Ok(());
    }
    print(&args.question, &answer)
}

/// Waits for the end of a verification that was begun.
async fn verify(port: &Port, mut answer: String, json: bool) -> anyhow::Result<()> {
    loop {
        let told: Value = serde_json::from_str(&answer).context("the answer is not JSON")?;
        if told["state"] != "running" {
            if json {
                println!("{answer}");
            }
            return verified(&told, json);
        }
        if std::io::stderr().is_terminal() {
            let [read, upto, seats] = ["read", "upto", "seats"].map(|field| cell(&told[field]));
            eprint!("\rrow {read} of {upto} of the log, {seats} seats and legs ");
        }
        tokio::time::sleep(LOOK_EVERY).await;
        answer = port.ask(get("/admin/verify")).await?;
    }
}

/// What it came to; an error unless everything is equal.
fn verified(told: &Value, json: bool) -> anyhow::Result<()> {
    let [upto, rows, seats] = ["upto", "rows", "seats"].map(|field| cell(&told[field]));
    match told["state"].as_str() {
        Some("equal") => {
            if !json {
                println!("equal up to seq {upto}: {rows} rows, {seats} seats and legs");
            }
            Ok(())
        }
        Some("different") => {
            if !json {
                let columns = ["side", "row", "seq", "log", "found"];
                println!("{}", table(&told["differences"], &columns));
                for side in ["log", "tables", "memory", "seat_owner"] {
                    let differences = told["differences"].as_array();
                    let mut sides = differences
                        .into_iter()
                        .flatten()
                        .map(|found| &found["side"]);
                    if sides.any(|found| found == side) {
                        println!("{side}: {}", what_to_do(side));
                    }
                }
            }
            bail!(
                "{} rows differ from the log, looked at up to seq {upto}",
                cell(&told["different"])
            )
        }
        _ => bail!("not verified: {}", cell(&told["problem"])),
    }
}

/// The log is what counts: tables and memory are made of it.
fn what_to_do(side: &str) -> &'static str {
    match side {
        "log" => {
            "rows of it are lost or damaged: restore the database, see \"A lost disk\" in docs/operations.md"
        }
        "tables" => {
            "somebody else has written to them, or the projection is at fault: stop the node, write into the row what the log \
             says, start it again; keep the logs"
        }
        "memory" => "restart the node, which reads memory anew; keep its log",
        _ => {
            "the seat may be sold twice or not at all: block it or stop the node, and ask every company for the saga \
             (`passcom admin saga ID`) before you correct seat_owner to what the legs say"
        }
    }
}

/// Of UTC.
#[derive(Debug, clap::Args)]
pub(super) struct Days {
    /// The first day, YYYY-MM-DD [default: the first of the month of the last day]
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// The last day, included [default: the last of this month]
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
}

impl Days {
    fn query(&self, today: Date) -> [(&'static str, String); 2] {
        let to = self.to.unwrap_or_else(|| today.last_of_month());
        let from = self.from.unwrap_or_else(|| to.first_of_month());
        [("from", from.to_string()), ("to", to.to_string())]
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

impl Question {
    fn request(&self) -> Request {
        match self {
            Self::Ready => get("/readyz"),
            Self::Alive => get("/healthz"),
            Self::Cluster => get("/admin/cluster"),
            Self::Peers => get("/admin/peers"),
            Self::Routes { limit } => page("/admin/routes", *limit),
            Self::Leases { limit } => page("/admin/leases", *limit),
            Self::Unseated { limit } => page("/admin/unseated", *limit),
            Self::Audit { before, limit } => {
                let mut request = page("/admin/audit", *limit);
                let before = before.iter().map(|id| ("before", id.to_string()));
                request.query.extend(before);
                request
            }
            Self::Sagas {
                state,
                older_than,
                limit,
            } => {
                let mut query = vec![("limit", limit.to_string())];
                query.extend(state.iter().map(|state| ("state", state.clone())));
                query.extend(
                    older_than
                        .iter()
                        .map(|seconds| ("older_than", seconds.to_string())),
                );
                Request {
                    query,
                    ..get("/admin/sagas")
                }
            }
            Self::Settlement { days, by_day } => {
                let mut query = days.query(today()).to_vec();
                query.extend(by_day.then(|| ("by", "day".to_owned())));
                Request {
                    query,
                    ..get("/admin/settlement")
                }
            }
            Self::Refunds {
                days,
                before,
                limit,
            } => {
                let mut request = page("/admin/refunds", *limit);
                let days = days.query(today());
                let before = before.iter().map(|place| ("before", place.clone()));
                request.query.extend(days.into_iter().chain(before));
                request
            }
            Self::Saga { id } => get(&format!("/admin/sagas/{id}")),
            Self::Retry { id, reason } => post(&format!("/admin/sagas/{id}/retry"), reason),
            Self::Abort { id, reason } => post(&format!("/admin/sagas/{id}/abort"), reason),
            Self::Verify { last } => Request {
                method: Method::POST,
                body: Some(match last {
                    Some(last) => json!({ "last": last }),
                    None => json!({}),
                }),
                ..get("/admin/verify")
            },
            Self::Drain { reason } => post("/admin/drain", reason),
            Self::Resume { reason } => post("/admin/resume", reason),
            Self::Renew { reason } => post("/admin/renew", reason),
        }
    }
}

fn get(path: &str) -> Request {
    Request {
        method: Method::GET,
        path: path.to_owned(),
        query: Vec::new(),
        body: None,
    }
}

fn page(path: &str, limit: u16) -> Request {
    Request {
        query: vec![("limit", limit.to_string())],
        ..get(path)
    }
}

fn post(path: &str, reason: &str) -> Request {
    Request {
        method: Method::POST,
        body: Some(json!({"reason": reason})),
        ..get(path)
    }
}

/// The sentence in a problem; the text itself if it is none.
fn detail(text: &str) -> String {
    let problem: Option<Value> = serde_json::from_str(text).ok();
    let sentence = problem
        .as_ref()
        .and_then(|problem| problem.get("detail").or(problem.get("title"))?.as_str());
    sentence.unwrap_or(text.trim()).to_owned()
}

fn print(question: &Question, answer: &str) -> anyhow::Result<()> {
    let parse = || serde_json::from_str::<Value>(answer).context("the answer is not JSON");
    match question {
        Question::Verify { .. } => verified(&parse()?, false)?,
        Question::Ready => println!("ready"),
        Question::Alive => println!("alive"),
        Question::Drain { .. } => println!("draining"),
        Question::Resume { .. } => println!("serving"),
        Question::Cluster => {
            let told = parse()?;
            let columns = ["company", "up", "version", "sees"];
            println!("{}", table(&told["members"], &columns));
            println!("{}", table(&told["certificates"], &CERTIFICATE));
        }
        Question::Renew { .. } => println!("{}", table(&parse()?["certificates"], &CERTIFICATE)),
        Question::Peers => {
            let columns = [
                "company",
                "address",
                "up",
                "obstacle",
                "calls_under_way",
                "refused",
                "alarmed",
                "replicated_seq",
                "routes",
            ];
            println!("{}", table(&parse()?["peers"], &columns));
        }
        Question::Routes { .. } => {
            let columns = [
                "route",
                "idle_seconds",
                "claimed",
                "prepared",
                "sold",
                "blocked",
            ];
            println!("{}", table(&parse()?["routes"], &columns));
        }
        Question::Leases { .. } => {
            let leases = parse()?;
            if leases["available"] == json!(false) {
                println!("the lease table is away");
                return Ok(());
            }
            let columns = ["company", "route", "number", "saga", "remaining_ms", "here"];
            println!("{}", table(&leases["leases"], &columns));
        }
        Question::Unseated { .. } => {
            let columns = ["ticket", "route", "number"];
            println!("{}", table(&parse()?["unseated"], &columns));
        }
        Question::Audit { .. } => {
            let columns = ["id", "at", "operator", "action", "subject", "reason"];
            println!("{}", table(&parse()?["audit"], &columns));
        }
        Question::Settlement { by_day, .. } => {
            let mut told = parse()?;
            for account in told["accounts"].as_array_mut().into_iter().flatten() {
                amounts(account, &["sold", "refunded", "net"]);
            }
            let columns = [
                "day",
                "seller",
                "owner",
                "currency",
                "seats_sold",
                "sold",
                "seats_refunded",
                "refunded",
                "net",
            ];
            let columns = if *by_day { &columns[..] } else { &columns[1..] };
            println!("{}", table(&told["accounts"], columns));
            let payments = told["payments"].as_array_mut();
            if let Some(payments) = payments.filter(|payments| !payments.is_empty()) {
                for sum in payments {
                    amounts(sum, &["paid", "given_back", "net"]);
                }
                let columns = [
                    "day",
                    "currency",
                    "payments",
                    "paid",
                    "refunds",
                    "given_back",
                    "net",
                ];
                let columns = if *by_day { &columns[..] } else { &columns[1..] };
                println!("{}", table(&told["payments"], columns));
            }
            println!("{}", told_as_of(&told));
        }
        Question::Refunds { .. } => {
            let mut told = parse()?;
            for list in ["totals", "refunds"] {
                for item in told[list].as_array_mut().into_iter().flatten() {
                    amounts(item, &["amount"]);
                }
            }
            let columns = [
                "at",
                "ticket",
                "company",
                "route",
                "number",
                "amount",
                "currency",
                "ground",
                "decided_by",
            ];
            println!("{}", table(&told["refunds"], &columns));
            let columns = ["company", "currency", "seats", "amount"];
            println!("{}", table(&told["totals"], &columns));
            println!("{}", told_as_of(&told));
            if let Some(next) = told["next"].as_str() {
                println!("more with --before {next}");
            }
        }
        Question::Sagas { .. } => {
            let columns = [
                "id",
                "state",
                "finished",
                "age_seconds",
                "driver",
                "companies",
            ];
            println!("{}", table(&parse()?["sagas"], &columns));
        }
        Question::Saga { .. } | Question::Retry { .. } | Question::Abort { .. } => {
            let saga = parse()?;
            let columns = [
                "id",
                "state",
                "finished",
                "age_seconds",
                "driver",
                "companies",
            ];
            println!("{}", table(&Value::Array(vec![saga.clone()]), &columns));
            println!("{}", table(&saga["seats"], &["company", "route", "number"]));
        }
    }
    Ok(())
}

/// What is in the books: a ticket that comes later changes the sums of its days.
fn told_as_of(told: &Value) -> String {
    let log = cell(&told["as_of"]["log"]);
    let read = told["as_of"]["read"].as_object().into_iter().flatten();
    let read = read.map(|(company, seq)| format!(", row {} of {company}", cell(seq)));
    format!("as of row {log} of the log{}", read.collect::<String>())
}

/// Writes minor units as amounts, with the point where the item's `digits` say.
fn amounts(item: &mut Value, fields: &[&str]) {
    let digits = item["digits"].as_u64().unwrap_or_default();
    for field in fields {
        if let Some(minor) = item[*field].as_i64() {
            item[*field] = json!(amount(minor, digits as usize));
        }
    }
}

fn amount(minor: i64, digits: usize) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let figures = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, rest) = figures.split_at(figures.len() - digits);
    match rest {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest}"),
    }
}

/// One row per item. A field that a node of another version does not have stays empty.
fn table(items: &Value, columns: &[&str]) -> Table {
    let mut table = super::table(columns.iter().map(|column| column.replace('_', " ")));
    for item in items.as_array().into_iter().flatten() {
        table.add_row(columns.iter().map(|column| cell(&item[*column])));
    }
    table
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_tables() {
        let answer: Value = serde_json::from_str(
            r#"{"members": [{"company": "a", "up": true, "version": "0.1.0", "sees": ["a", "b"]},
                            {"company": "b", "up": false, "version": null, "sees": null}]}"#,
        )
        .unwrap();
        let shown = table(&answer["members"], &["company", "up", "version", "sees"]).to_string();
        let rows: Vec<_> = shown.lines().filter(|line| line.starts_with('│')).collect();
        let cells = |row: &str| {
            row.split(['│', '┆'])
                .map(|cell| cell.trim().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(cells(rows[1])[1..5], ["a", "yes", "0.1.0", "a, b"]);
        assert_eq!(cells(rows[2])[1..5], ["b", "no", "", ""]);
    }

    #[test]
    fn filters_become_a_query() {
        let question = Question::Sagas {
            state: Some("begun".into()),
            older_than: Some(5),
            limit: 10,
        };
        let expected = vec![
            ("limit", "10".to_owned()),
            ("state", "begun".to_owned()),
            ("older_than", "5".to_owned()),
        ];
        assert_eq!(question.request().query, expected);
    }

    #[test]
    fn only_what_is_equal_is_a_success() {
        let told = |state: &str| {
            json!({"state": state, "upto": 7, "rows": 20, "seats": 3, "different": 1, "problem": "away",
                   "differences": [{"side": "tables", "row": "Saga(x)", "seq": 5, "log": "begun", "found": null}]})
        };
        assert!(verified(&told("equal"), false).is_ok());
        let error = |state: &str| verified(&told(state), true).unwrap_err().to_string();
        assert_eq!(
            error("different"),
            "1 rows differ from the log, looked at up to seq 7"
        );
        assert_eq!(error("failed"), "not verified: away");
    }

    #[test]
    fn amounts_have_the_point_where_their_currency_has_it() {
        assert_eq!(amount(123_456, 2), "1234.56");
        assert_eq!(amount(-5, 2), "-0.05");
        assert_eq!((amount(7, 0), amount(7, 3)), ("7".into(), "0.007".into()));
        let mut account = json!({"digits": 2, "sold": 30_000, "net": -7});
        amounts(&mut account, &["sold", "net"]);
        assert_eq!(
            account,
            json!({"digits": 2, "sold": "300.00", "net": "-0.07"})
        );
    }

    #[test]
    fn days_become_a_query() {
        let question = Question::Settlement {
            days: Days {
                from: Some("2026-11-01".parse().unwrap()),
                to: Some("2026-11-30".parse().unwrap()),
            },
            by_day: true,
        };
        let query = question.request().query;
        let expected = [("from", "2026-11-01"), ("to", "2026-11-30"), ("by", "day")];
        assert!(
            query
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .eq(expected)
        );
        let told = json!({"as_of": {"log": 7, "read": {"b": 5}}});
        assert_eq!(told_as_of(&told), "as of row 7 of the log, row 5 of b");
    }

    #[test]
    fn days_that_are_left_out_are_those_of_the_month() {
        let told = |from: Option<&str>, to: Option<&str>| {
            let day = |text: &str| text.parse().unwrap();
            let days = Days {
                from: from.map(day),
                to: to.map(day),
            };
            days.query("2026-02-10".parse().unwrap())
                .map(|(_, day)| day)
        };
        assert_eq!(told(None, None), ["2026-02-01", "2026-02-28"]);
        assert_eq!(told(Some("2026-02-05"), None), ["2026-02-05", "2026-02-28"]);
        assert_eq!(told(None, Some("2025-12-24")), ["2025-12-01", "2025-12-24"]);
    }

    #[test]
    fn a_problem_is_told_by_its_sentence() {
        assert_eq!(
            detail(r#"{"title": "Conflict", "detail": "already draining"}"#),
            "already draining"
        );
        assert_eq!(detail("upstream went away\n"), "upstream went away");
    }
}
