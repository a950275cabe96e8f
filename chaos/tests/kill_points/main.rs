//! Every durable write and every message of the program, each as the last thing that a process does before `kill -9`.
//!
//! The program is asked for its fail points, and [`table`] has a case for each of them: a point without a case fails the test, and a case
//! without a point. A case arms the point in one node of a running cluster ([`nodes`]), sends the request that leads there ([`stories`]),
//! sees the process die there, starts it again, asks every node ([`customer`]), and in the end everything is audited by the checker.
//!
//! `PASSCOM_KILL_POINTS=acceptor::` runs only the cases whose name contains this (`in Confirm`: those of a story). [`pairs`] kills two, at random, on demand.

mod cases;
mod customer;
mod nodes;
mod pairs;
mod program;
mod servers;
mod stage;
mod stories;
mod table;

use std::time::Instant;

use anyhow::Context;
use futures_util::future::join_all;
use passcom_chaos::checker::facts::{self, Company};
use passcom_chaos::checker::{self, Evidence, Violation};
use passcom_chaos::cluster::{Cluster, Needs, Options};
use passcom_chaos::history::Fault;

use cases::Case;
use pairs::Pair;
use program::Program;
use stage::Stage;

/// What no node may ever log.
const NEVER: [&str; 2] = ["the protocol says this is impossible", "panicked at"];
const ONLY: &str = "PASSCOM_KILL_POINTS";
const PAIRS: &str = "PASSCOM_KILL_PAIRS";
const PAIRS_DEFAULT: usize = 60;
/// Clusters that are played on side by side: a case mostly waits for somebody to die or to come back.
const STAGES: usize = 3;
const SEED: &str = "PASSCOM_KILL_SEED";

#[tokio::test]
async fn nothing_breaks_wherever_a_process_is_killed() {
    let program = Program::with_points().unwrap();
    let points = program.points().unwrap();
    assert_eq!(
        cases::differences(&points),
        [""; 0],
        "program and table differ"
    );

    let only = std::env::var(ONLY).unwrap_or_default();
    let mut cases = cases::cases();
    cases.retain(|case| case.to_string().contains(&only));
    assert!(!cases.is_empty(), "{ONLY}={only} leaves no case");
    println!("{} points, {} cases", points.len(), cases.len());
    perform(&program, cases.len(), async |stage: &mut Stage, number| {
        let case = cases[number];
        let played = stage.play(number, case).await;
        (
            case.to_string(),
            played.map(|[first, last]| format!("{first:?}, {last:?}")),
        )
    })
    .await;
}

/// Many more situations than there are points, so that they are not all of them run each time.
#[tokio::test]
#[ignore = "takes minutes: PASSCOM_KILL_PAIRS of them, drawn from PASSCOM_KILL_SEED"]
async fn nothing_breaks_when_two_processes_are_killed() {
    let number_in = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text: String| text.parse().ok())
    };
    let pairs =
        number_in(PAIRS).map_or(PAIRS_DEFAULT, |pairs: u64| usize::try_from(pairs).unwrap());
    let seed = number_in(SEED).unwrap_or_else(|| fastrand::u64(..));
    println!("{SEED}={seed} {PAIRS}={pairs}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let pairs: Vec<Pair> = (0..pairs)
        .map(|number| Pair::draw(number, &mut rng))
        .collect();
    perform(
        &Program::with_points().unwrap(),
        pairs.len(),
        async |stage: &mut Stage, number| {
            let pair = &pairs[number];
            let played = stage.play_pair(number, pair).await;
            (
                pair.to_string(),
                played.map(|(died, last)| format!("{died} died, {last:?}")),
            )
        },
    )
    .await;
}

#[test]
fn the_program_that_is_released_has_no_point() {
    let program = Program::with_points().unwrap();
    let points = program.points().unwrap();
    assert_eq!(
        program.carries(&points).unwrap(),
        points,
        "the search finds what is there"
    );
    assert_eq!(
        Program::released().unwrap().carries(&points).unwrap(),
        [""; 0]
    );
}

#[test]
fn a_point_without_a_case_is_found_and_a_case_without_a_point() {
    let mut points: Vec<String> = cases::cases().iter().map(Case::point).collect();
    assert_eq!(cases::differences(&points), [""; 0]);
    let gone = points[0].clone();
    points.retain(|point| *point != gone);
    points.push("driver::invents::before".to_owned());
    let expected = [
        "driver::invents::before has no case".to_owned(),
        format!("{gone} is no point of the program"),
    ];
    assert_eq!(cases::differences(&points), expected);
}

/// Plays so many cases on [`STAGES`] clusters, and audits these; whatever was not as it must be fails the test.
async fn perform(
    program: &Program,
    cases: usize,
    play: impl AsyncFn(&mut Stage, usize) -> (String, anyhow::Result<String>),
) {
    let mut houses = Vec::new();
    for _ in 0..STAGES.min(cases) {
        houses.push(House::open(program, cases).await.unwrap());
    }
    let shows = houses.iter_mut().enumerate().map(|(first, house)| {
        let numbers = (first..cases).step_by(STAGES);
        house.perform(numbers, &play)
    });
    let wrong = join_all(shows).await.concat();
    let mut folders = Vec::new();
    for house in houses {
        folders.push(house.close(!wrong.is_empty()).await.unwrap());
    }
    assert!(
        wrong.is_empty(),
        "see {}\n{}",
        folders.join(", "),
        wrong.join("\n")
    );
}

/// A cluster of its own with the stage that is on it.
struct House {
    cluster: Cluster,
    stage: Stage,
}

impl House {
    async fn open(program: &Program, cases: usize) -> anyhow::Result<Self> {
        let options = Options {
            passcom: Some(program.path.clone()),
            ..Options::default()
        };
        let cluster = Cluster::start(&options, Needs::default()).await?;
        let stage = Stage::start(program, &cluster, cases).await?;
        Ok(Self { cluster, stage })
    }

    /// What was not as it must be, of the cases with these numbers and of what they left behind.
    async fn perform(
        &mut self,
        numbers: impl Iterator<Item = usize>,
        play: &impl AsyncFn(&mut Stage, usize) -> (String, anyhow::Result<String>),
    ) -> Vec<String> {
        let stage = &mut self.stage;
        let mut wrong = Vec::new();
        for number in numbers {
            let start = Instant::now();
            let (name, played) = play(stage, number).await;
            let took = start.elapsed().as_secs_f32();
            match played {
                Ok(how) => println!("{number:4} {took:5.1} s  {name}: {how}"),
                Err(error) => {
                    println!("{number:4} {took:5.1} s  {name}: WRONG: {error:#}");
                    wrong.push(format!("case-{number}, {name}: {error:#}"));
                    stage.nodes.restore().unwrap();
                    stage.customer.wait_until_whole().await.unwrap();
                }
            }
        }
        wrong.extend(audit(stage).await.unwrap().iter().map(ToString::to_string));
        stage.nodes.stop().await.unwrap();
        wrong.extend(outcries(stage).unwrap());
        wrong
    }

    /// Answers with the folder of the cluster, which is there still if it is to be kept.
    async fn close(mut self, keep: bool) -> anyhow::Result<String> {
        if keep {
            self.cluster.keep();
        }
        let folder = self.cluster.folder().display().to_string();
        self.cluster.stop().await?;
        Ok(folder)
    }
}

/// Of all that the cases left behind, by what their customers were told.
async fn audit(stage: &Stage) -> anyhow::Result<Vec<Violation>> {
    let (_, mut violations) = facts::heal(&stage.companies).await?;
    let history = &stage.customer.market.history;
    let mut faults = history.faults();
    faults.push(all_along());
    let mut evidence = Evidence {
        operations: history.operations()?,
        faults,
        ..Evidence::default()
    };
    for company in &stage.companies {
        evidence.companies.push(Company::load(company).await?);
    }
    violations.extend(checker::audit(&evidence).violations);
    Ok(violations)
}

/// Nothing is judged that only a cluster without faults promises.
fn all_along() -> Fault {
    Fault {
        nemesis: "kill-point".to_owned(),
        target: "all".to_owned(),
        begin_us: 0,
        end_us: None,
    }
}

/// Lines of the nodes' logs that must not be there: alarms of the protocol, and panics.
fn outcries(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for log in stage.nodes.logs() {
        let text = std::fs::read(log).with_context(|| format!("read {}", log.display()))?;
        let text = String::from_utf8_lossy(&text);
        let bad = text
            .lines()
            .filter(|line| NEVER.iter().any(|never| line.contains(never)));
        found.extend(bad.map(str::to_owned));
    }
    Ok(found)
}
