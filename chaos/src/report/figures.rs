//! The numbers of a run, reckoned once for every form of the report.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use super::{Verdict, quantile};
use crate::checker::{Judged, Violation};
use crate::history::{Fault, Operation, Request, RunHeader};

/// Points of a timeline: as many as an eye can tell apart.
const BUCKETS_MAX: u64 = 300;
const SECOND: u64 = 1_000_000;
/// Gaps that a timeline shows.
const GAP_SHOWN: u64 = SECOND;

/// All of a run that can be told in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub run: RunHeader,
    pub seconds: f64,
    pub operations: usize,
    pub booked: usize,
    pub bookings_per_second: f64,
    pub booked_p50_ms: f64,
    pub booked_p99_ms: f64,
    pub longest_gap_s: f64,
    pub healed_after_s: f64,
    pub timeline: Timeline,
    pub answers: Vec<AnswerRow>,
    pub nemeses: Vec<NemesisRow>,
    pub faults: Vec<Fault>,
    pub judged: Vec<Judged>,
    pub violations: Vec<Violation>,
}

/// What happened from moment to moment. Times are seconds since the start of the load.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Timeline {
    pub seconds: f64,
    /// Of one point.
    pub step_s: f64,
    pub companies: Vec<Series>,
    /// The slowest hundredth of what was answered.
    pub p99_ms: Vec<Option<f64>>,
    /// Long times without a booking.
    pub gaps_s: Vec<[f64; 2]>,
    pub bands: Vec<Band>,
}

/// Bookings per second that one company's node has answered with success.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    pub company: String,
    pub booked_per_second: Vec<f64>,
}

/// A fault as the timeline shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Band {
    pub nemesis: String,
    pub target: String,
    pub from_s: f64,
    pub to_s: f64,
}

/// One request with one answer.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerRow {
    pub request: &'static str,
    pub answer: String,
    pub count: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub longest_ms: f64,
}

/// All faults of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct NemesisRow {
    pub nemesis: String,
    pub faults: usize,
    /// The longest time without a booking that one of them had a part in.
    pub longest_gap_s: f64,
    /// From the end of a fault to the first new booking over all companies.
    pub back_p50_s: Option<f64>,
    pub back_max_s: Option<f64>,
}

impl Figures {
    pub fn new(verdict: &Verdict) -> Self {
        let companies = &verdict.run.companies;
        let mut took: Vec<_> = verdict
            .operations
            .iter()
            .filter(|operation| operation.is_booked())
            .map(Operation::took)
            .collect();
        took.sort_unstable();
        let seconds = seconds(verdict.load_us.end - verdict.load_us.start);
        let during = bookings_during(verdict).len();
        Self {
            run: verdict.run.clone(),
            seconds,
            operations: verdict.operations.len(),
            booked: took.len(),
            bookings_per_second: during as f64 / seconds.max(1.0),
            booked_p50_ms: millis(quantile(&took, 0.5)),
            booked_p99_ms: millis(quantile(&took, 0.99)),
            longest_gap_s: verdict.longest_gap().as_secs_f64(),
            healed_after_s: verdict.healed_after.as_secs_f64(),
            timeline: timeline(companies, verdict),
            answers: answers(&verdict.operations),
            nemeses: nemeses(companies, verdict),
            faults: verdict.faults.clone(),
            judged: verdict.judged.clone(),
            violations: verdict.violations.clone(),
        }
    }
}

/// Times without a booking while customers were at work, in order, end to end.
pub(super) fn gaps(verdict: &Verdict) -> Vec<Range<u64>> {
    let mut ends = bookings_during(verdict);
    ends.extend([verdict.load_us.start, verdict.load_us.end]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// When bookings were answered during the load.
fn bookings_during(verdict: &Verdict) -> Vec<u64> {
    let booked = verdict.operations.iter().filter(|one| one.is_booked());
    let ends = booked.map(|operation| operation.end_us);
    ends.filter(|end_us| verdict.load_us.contains(end_us))
        .collect()
}

fn timeline(companies: &[String], verdict: &Verdict) -> Timeline {
    let Range { start, end } = verdict.load_us;
    let step = SECOND * (end - start).div_ceil(SECOND * BUCKETS_MAX).max(1);
    // at most BUCKETS_MAX
    let buckets = (end - start).div_ceil(step) as usize;
    let mut booked = vec![vec![0_u32; buckets]; companies.len()];
    let mut took: Vec<Vec<Duration>> = vec![Vec::new(); buckets];
    for operation in &verdict.operations {
        if !verdict.load_us.contains(&operation.end_us) {
            continue;
        }
        let bucket = ((operation.end_us - start) / step) as usize;
        took[bucket].push(operation.took());
        let company = companies.iter().position(|code| **code == *operation.node);
        if let Some(company) = company.filter(|_| operation.is_booked()) {
            booked[company][bucket] += 1;
        }
    }
    let step_s = seconds(step);
    let series = companies
        .iter()
        .zip(booked)
        .map(|(company, counts)| Series {
            company: company.clone(),
            booked_per_second: counts.into_iter().map(|n| f64::from(n) / step_s).collect(),
        });
    let p99 = took.into_iter().map(|mut took| {
        took.sort_unstable();
        (!took.is_empty()).then(|| millis(quantile(&took, 0.99)))
    });
    let since = |us: u64| seconds(us.clamp(start, end) - start);
    let long = gaps(verdict).into_iter();
    let long = long.filter(|gap| gap.end - gap.start >= GAP_SHOWN);
    Timeline {
        seconds: seconds(end - start),
        step_s,
        companies: series.collect(),
        p99_ms: p99.collect(),
        gaps_s: long.map(|gap| [since(gap.start), since(gap.end)]).collect(),
        bands: verdict
            .faults
            .iter()
            .map(|fault| Band {
                nemesis: fault.nemesis.clone(),
                target: fault.target.clone(),
                from_s: since(fault.begin_us),
                to_s: since(fault.end_us.unwrap_or(end)),
            })
            .collect(),
    }
}

fn answers(operations: &[Operation]) -> Vec<AnswerRow> {
    let mut rows: BTreeMap<(&'static str, String), Vec<Duration>> = BTreeMap::new();
    for operation in operations {
        let row = rows.entry((operation.request.name(), operation.answer.name()));
        row.or_default().push(operation.took());
    }
    rows.into_iter()
        .map(|((request, answer), mut took)| {
            took.sort_unstable();
            AnswerRow {
                request,
                answer,
                count: took.len(),
                p50_ms: millis(quantile(&took, 0.5)),
                p99_ms: millis(quantile(&took, 0.99)),
                longest_ms: millis(quantile(&took, 1.0)),
            }
        })
        .collect()
}

fn nemeses(companies: &[String], verdict: &Verdict) -> Vec<NemesisRow> {
    let gaps = gaps(verdict);
    let whole = bookings_over_all(companies, &verdict.operations);
    let mut kinds: BTreeMap<&str, Vec<&Fault>> = BTreeMap::new();
    for fault in &verdict.faults {
        kinds.entry(&fault.nemesis).or_default().push(fault);
    }
    kinds
        .into_iter()
        .map(|(nemesis, faults)| {
            let longest = faults.iter().map(|fault| longest_gap(fault, &gaps)).max();
            let mut back: Vec<_> = faults
                .iter()
                .filter_map(|f| back_after(f, &whole))
                .collect();
            back.sort_unstable();
            let told = |q| (!back.is_empty()).then(|| quantile(&back, q).as_secs_f64());
            NemesisRow {
                nemesis: nemesis.to_owned(),
                faults: faults.len(),
                longest_gap_s: seconds(longest.unwrap_or_default()),
                back_p50_s: told(0.5),
                back_max_s: told(1.0),
            }
        })
        .collect()
}

fn longest_gap(fault: &Fault, gaps: &[Range<u64>]) -> u64 {
    let end_us = fault.end_us.unwrap_or(u64::MAX);
    let touched = gaps
        .iter()
        .filter(|gap| gap.start <= end_us && fault.begin_us <= gap.end);
    touched
        .map(|gap| gap.end - gap.start)
        .max()
        .unwrap_or_default()
}

/// Beginning and end of every booking that took a seat of each company.
fn bookings_over_all(companies: &[String], operations: &[Operation]) -> Vec<(u64, u64)> {
    let over_all = |operation: &&Operation| match &operation.request {
        Request::Book { seats, .. } if operation.is_booked() => companies
            .iter()
            .all(|company| seats.iter().any(|seat| *seat.company == **company)),
        _ => false,
    };
    operations
        .iter()
        .filter(over_all)
        .map(|operation| (operation.begin_us, operation.end_us))
        .collect()
}

fn back_after(fault: &Fault, whole: &[(u64, u64)]) -> Option<Duration> {
    let end_us = fault.end_us?;
    let new = whole.iter().filter(|(begin, _)| *begin >= end_us);
    let first = new.map(|(_, end)| *end).min()?;
    Some(Duration::from_micros(first - end_us))
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::super::tests::{booked, verdict};
    use super::*;
    use crate::history::Seat;

    fn fault(begin_s: u64, end_s: Option<u64>) -> Fault {
        Fault {
            nemesis: "freeze".to_owned(),
            target: "a".to_owned(),
            begin_us: begin_s * SECOND,
            end_us: end_s.map(|end| end * SECOND),
        }
    }

    #[test]
    fn a_timeline_counts_by_company_and_shows_gaps_and_faults() {
        let mut verdict = verdict(vec![booked(1), booked(1), booked(9)], 12);
        verdict.operations[1].node = "b".into();
        verdict.faults = vec![fault(2, Some(5)), fault(10, None)];
        let timeline = Figures::new(&verdict).timeline;
        assert_eq!((timeline.seconds, timeline.step_s), (12.0, 1.0));
        let counts = |company: usize| &timeline.companies[company].booked_per_second;
        assert_eq!((counts(0)[1], counts(1)[1], counts(0)[9]), (1.0, 1.0, 1.0));
        assert_eq!(counts(0).iter().sum::<f64>(), 2.0);
        assert_eq!(timeline.gaps_s, [[0.0, 1.0], [1.0, 9.0], [9.0, 12.0]]);
        let bands: Vec<_> = timeline.bands.iter().map(|b| (b.from_s, b.to_s)).collect();
        assert_eq!(bands, [(2.0, 5.0), (10.0, 12.0)], "to the end of the load");
    }

    #[test]
    fn a_long_run_has_no_more_points_than_can_be_seen() {
        let timeline = Figures::new(&verdict(vec![booked(1)], 1_000)).timeline;
        assert_eq!(timeline.step_s, 4.0);
        assert_eq!(timeline.p99_ms.len(), 250);
        assert_eq!(timeline.companies[0].booked_per_second[0], 0.25);
    }

    #[test]
    fn a_nemesis_is_told_by_its_longest_gap_and_the_way_back() {
        let mut verdict = verdict(vec![booked(1), booked(9), booked(10)], 12);
        verdict.faults = vec![fault(2, Some(5)), fault(11, None)];
        let seat = |company: &str| Seat {
            company: company.into(),
            route: 7,
            number: 1,
            id: 7169,
        };
        let over_all = &mut verdict.operations[2];
        over_all.begin_us = 9 * SECOND;
        over_all.request = Request::Book {
            user: uuid::Uuid::nil(),
            key: String::new(),
            seats: vec![seat("a"), seat("b")],
        };
        let [row] = &Figures::new(&verdict).nemeses[..] else {
            panic!("one nemesis");
        };
        assert_eq!((row.faults, row.longest_gap_s), (2, 8.0));
        assert_eq!((row.back_p50_s, row.back_max_s), (Some(5.0), Some(5.0)));
    }
}
