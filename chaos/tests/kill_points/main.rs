//! Every durable write and every message of the program, each as the last thing that a process does before `kill -9`.
//!
//! The program is asked for its fail points, and [`table`] has a case for each of them: a point without a case fails the test, and a case
//! without a point. A case arms the point in one node of a running cluster ([`nodes`]), sends the request that leads there ([`stories`]),
//! sees the process die there, starts it again, asks every node ([`customer`]), and in the end everything is audited by the checker.
//!
//! `PASSCOM_KILL_POINTS=acceptor::` runs only the cases whose point contains this.

mod customer;
mod nodes;
mod program;
mod stories;
mod table;

use std::time::{Duration, Instant};

use anyhow::Context;
use passcom_chaos::checker::facts::{self, Company};
use passcom_chaos::checker::{self, Violation};
use passcom_chaos::client::Client;
use passcom_chaos::cluster::{Cluster, Options};
use passcom_chaos::history::History;
use passcom_chaos::stock::{Size, Stock};
use passcom_chaos::workload::sign_up;

use customer::{Customer, RunFile};
use nodes::Nodes;
use program::Program;
use stories::Stage;
use table::Case;

const DEMO_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const ONLY: &str = "PASSCOM_KILL_POINTS";

#[tokio::test]
async fn nothing_breaks_wherever_a_process_is_killed() {
    let program = Program::build().unwrap();
    let points = program.points().unwrap();
    assert_eq!(
        table::differences(&points),
        [""; 0],
        "program and table differ"
    );

    let only = std::env::var(ONLY).unwrap_or_default();
    let mut cases = table::cases();
    cases.retain(|case| case.point().contains(&only));
    assert!(!cases.is_empty(), "{ONLY}={only} leaves no case");

    let options = Options {
        passcom: Some(program.path.clone()),
        no_restart: true,
        ..Options::default()
    };
    let mut cluster = Cluster::start(&options).await.unwrap();
    let mut stage = stage(&program, &cluster, cases.len()).await.unwrap();
    let mut wrong = play(&mut stage, &cases).await.unwrap();
    wrong.extend(audit(&stage).await.unwrap().iter().map(ToString::to_string));
    stage.nodes.stop().await.unwrap();
    if !wrong.is_empty() {
        cluster.keep();
    }
    println!("{} points, {} cases", points.len(), cases.len());
    let folder = cluster.folder().display().to_string();
    cluster.stop().unwrap();
    assert!(wrong.is_empty(), "see {folder}\n{}", wrong.join("\n"));
}

#[test]
fn the_program_that_is_released_has_no_point() {
    let program = Program::build().unwrap();
    let points = program.points().unwrap();
    let found = |name: &str| {
        let path = program::target_folder().unwrap().join("release").join(name);
        program::points_in(&path, &points).unwrap()
    };
    assert_eq!(
        found("passcom-failpoints"),
        points,
        "the search finds what is there"
    );
    assert_eq!(found("passcom"), [""; 0]);
}

/// Takes the nodes over from the demo: ours can be armed.
async fn stage(program: &Program, cluster: &Cluster, cases: usize) -> anyhow::Result<Stage> {
    wait_for_demo(cluster).await?;
    let demo = cluster.folder().join("demo");
    let text = std::fs::read(demo.join("cluster.json")).context("read the run file")?;
    let run_file: RunFile = serde_json::from_slice(&text).context("understand the run file")?;
    let client = Client::new(cluster.companies())?;
    let sessions = sign_up(&client, 2).await?;
    let [first, second] = <[_; 2]>::try_from(sessions)
        .ok()
        .context("two customers were wanted")?;
    let stock = Stock::fetch(&client, &first, Size::spread(cases)).await?;
    let history = History::create(&cluster.folder().join("history.jsonl"))?;
    let redis = run_file
        .redis
        .trim_start_matches("redis://")
        .parse()
        .context("where Redis is")?;
    let customer = Customer::new(client, stock, history, [first, second], run_file.companies)?;

    let mut nodes = Nodes::new(
        &program.path,
        &run_file.config,
        cluster.folder(),
        cluster.companies(),
    );
    for node in 0..cluster.companies().len() {
        cluster.kill_node(node)?;
        nodes.start(node)?;
    }
    customer.wait_until_whole().await?;
    Ok(Stage {
        nodes,
        customer,
        companies: cluster.companies().to_vec(),
        redis,
    })
}

/// It signs up its own users when the nodes are up, and gives up if one dies meanwhile.
async fn wait_for_demo(cluster: &Cluster) -> anyhow::Result<()> {
    let log = cluster.folder().join("demo.log");
    let deadline = Instant::now() + DEMO_LIMIT;
    while !std::fs::read_to_string(&log)
        .context("read the demo's log")?
        .lines()
        .any(|line| line == "ready")
    {
        anyhow::ensure!(
            Instant::now() < deadline,
            "the demo is not ready; see {}",
            log.display()
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// All cases; answers what was not as it must be.
async fn play(stage: &mut Stage, cases: &[Case]) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let start = Instant::now();
        let played = stage.play(number, *case).await;
        let took = start.elapsed().as_secs_f32();
        match played {
            Ok([first, last]) => println!("{number:4} {took:5.1} s  {case}: {first:?}, {last:?}"),
            Err(error) => {
                println!("{number:4} {took:5.1} s  {case}: {error:#}");
                wrong.push(format!("case-{number}, {case}: {error:#}"));
                stage.nodes.restore()?;
                stage.customer.wait_until_whole().await?;
            }
        }
    }
    Ok(wrong)
}

/// Of all that the cases left behind, by what their customers were told.
async fn audit(stage: &Stage) -> anyhow::Result<Vec<Violation>> {
    let (_, mut violations) = facts::heal(&stage.companies).await?;
    let operations = stage.customer.market.history.operations()?;
    let mut companies = Vec::new();
    for company in &stage.companies {
        companies.push(Company::load(company).await?);
    }
    violations.extend(checker::audit(&companies, &operations));
    Ok(violations)
}
