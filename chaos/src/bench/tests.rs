use std::collections::BTreeMap;

use super::bed::Terms;
use super::latency::Latency;
use super::meter::{Costs, Cpu};
use super::*;

fn plan(groups: &[Group], quick: bool, against: bool) -> Plan {
    Plan {
        groups: groups.to_vec(),
        quick,
        length: Duration::from_secs(8),
        clients: vec![1, 32],
        sizes: vec![1_000, 10_000],
        terms: Terms {
            routes: 10,
            keys: true,
            seed: 1,
        },
        against: against.then(|| "old/passcom".into()),
    }
}

/// Of two builds.
pub fn report() -> Report {
    let unit = |per_second| Pg32 {
        per_second,
        alone_ms: 2.0,
    };
    let latency = Latency {
        p50_ms: 10.0,
        p99_ms: 20.0,
        p999_ms: 30.0,
    };
    let row = |build, per_second| {
        let costs = Costs {
            cpu_ms: Cpu {
                nodes: 1.0,
                postgres: 0.5,
                redis: 0.1,
                load: 0.03,
            },
            table_bytes: BTreeMap::from([("leg".to_owned(), 300.0), ("log".to_owned(), 200.0)]),
            ..Costs::default()
        };
        let mut row = Row {
            what: What::Three,
            build,
            clients: 32,
            per_second,
            of_pg32: 0.0,
            latency,
            of_alone: None,
            costs,
            failed: BTreeMap::from([(504, 5)]),
        };
        row.compare(Pg32::mean(unit(1_900.0), unit(2_100.0)));
        row
    };
    let growth = Growth {
        build: "this",
        legs: 219_432,
        per_second: 450.0,
        of_pg32: 0.225,
        latency,
        failed: BTreeMap::new(),
        memory_at_rest: vec![100, 101],
        memory_after_load: vec![120, 99],
        start_s: 1.0,
        restart_s: 0.5,
        restart_after_kill_s: 0.75,
        ready_after_kill_s: 0.98,
    };
    let overload = Overload {
        build: "this",
        peak_per_second: 500.0,
        offered_per_second: 1_000.0,
        per_second: 480.0,
        of_peak: 0.96,
        done: latency,
        refused: 0.5,
        refusal: latency,
        retry_after: 1.0,
        failed: BTreeMap::new(),
        unsent: 0,
    };
    fn measured<R>(name: &str, before: Pg32, after: Pg32, rows: Vec<R>) -> Measured<R> {
        Measured {
            name: name.to_owned(),
            pg32_before: before,
            pg32_after: after,
            rows,
        }
    }
    let (before, after) = (unit(1_900.0), unit(2_100.0));
    Report {
        about: About {
            at: jiff::Timestamp::UNIX_EPOCH,
            builds: vec![Build {
                name: "this",
                program: "passcom".to_owned(),
            }],
            seconds: 8,
            keys: true,
            cores: 2,
            load_average: [0.5, 2.5],
        },
        bookings: vec![measured(
            "three companies",
            before,
            after,
            vec![row("this", 500.0), row("against", 400.0)],
        )],
        reads: None,
        overload: Some(measured("overload", before, after, vec![overload])),
        growth: vec![measured("219432 legs", before, after, vec![growth])],
        memory: vec![Memory {
            build: "this",
            at_rest: vec![50],
            after_load: vec![60],
        }],
    }
}

#[test]
fn the_text_tells_both_builds_and_their_ratio() {
    let text = report().to_string();
    let told = [
        "0.250",
        "this ÷ against",
        "1.25",
        "5 × 504",
        "PG32: 1900/s before, 2100/s after",
        "leg 300",
        "with idempotency keys",
        "load average of the machine 0.5 before and 2.5 after",
        "96",
        "219432",
    ];
    for told in told {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn two_builds_take_turns_and_one_does_not() {
    assert_eq!(turns(1), [0]);
    assert_eq!(turns(2), [0, 1, 1, 0]);
}

#[test]
fn a_quick_run_is_one_group_of_three() {
    let all = [
        Group::Own,
        Group::Three,
        Group::Hold,
        Group::Reads,
        Group::Overload,
        Group::Growth,
    ];
    let options = Options::default();
    let quick = plan(&all, true, false);
    assert_eq!(quick.bookings()[0].1.len(), 3);
    // a cluster, PG32, three shapes, PG32
    assert_eq!(quick.steps(&options), 6);
    let whole = plan(&all, false, true);
    let names: Vec<_> = whole
        .bookings()
        .iter()
        .map(|(name, shapes)| (*name, shapes.len()))
        .collect();
    assert_eq!(
        names,
        [
            ("own company", 2),
            ("three companies", 2),
            ("hold and confirm", 1)
        ]
    );
    assert_eq!(whole.steps(&options), 2 + 1 + 4 * 8 + 4 + 3 + 12);
    assert_eq!(plan(&[Group::Growth], false, false).steps(&options), 6);
}
