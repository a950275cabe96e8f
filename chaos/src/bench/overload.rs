//! Twice as many bookings as a cluster has been seen to do: how many it still does, and how it refuses the others.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::bed::Bed;
use super::bookings::{Row, Shape, What};
use super::latency::Latency;
use super::open_loop::{self, BUSY, Record};

/// The clients among which a peak is looked for, where bookings have not been measured.
const CLIENTS: [usize; 3] = [8, 32, 128];
const LOOK_FOR_PEAK: Duration = Duration::from_secs(3);
const TIMES: f64 = 2.0;

/// Bookings of a seat of each company, of one build.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overload {
    pub build: &'static str,
    /// The most that clients in a closed loop were seen to do.
    pub peak_per_second: f64,
    pub offered_per_second: f64,
    pub per_second: f64,
    /// Done by peak.
    pub of_peak: f64,
    pub done: Latency,
    /// Share of the answers that are 503.
    pub refused: f64,
    pub refusal: Latency,
    /// Share of the refusals that say when to come back.
    pub retry_after: f64,
    /// Answers that are neither, by status; 0: none came.
    pub failed: BTreeMap<u16, usize>,
    /// Not even sent: too many were under way.
    pub unsent: usize,
}

impl Overload {
    /// `seen` are measurements of the same build, or of another one.
    pub async fn measure(
        bed: &Bed,
        build: &'static str,
        seen: &[Row],
        length: Duration,
    ) -> anyhow::Result<Self> {
        let peak = match peak(seen, build) {
            Some(peak) => peak,
            None => {
                let mut rows = Vec::new();
                for clients in CLIENTS {
                    let shape = Shape {
                        what: What::Three,
                        clients,
                    };
                    rows.push(shape.row(build, vec![shape.measure(bed, LOOK_FOR_PEAK).await?]));
                }
                peak(&rows, build).unwrap_or_default()
            }
        };
        anyhow::ensure!(peak > 0.0, "nothing was booked: there is no peak to double");
        let record = open_loop::run(bed.requests().await?, peak * TIMES, length).await?;
        Ok(Self::of(build, peak, &record, length))
    }

    fn of(build: &'static str, peak: f64, record: &Record, length: Duration) -> Self {
        let took = |wanted: fn(u16) -> bool| {
            let answers = record.answers.iter().filter(|answer| wanted(answer.status));
            let mut took: Vec<_> = answers.map(|answer| answer.took_us).collect();
            took.sort_unstable();
            took
        };
        let done = took(|status| (200..300).contains(&status));
        let refused = took(|status| status == BUSY);
        let polite = record
            .answers
            .iter()
            .filter(|answer| answer.status == BUSY && answer.retry_after);
        let mut failed = BTreeMap::new();
        for answer in record
            .answers
            .iter()
            .filter(|a| !(200..300).contains(&a.status) && a.status != BUSY)
        {
            *failed.entry(answer.status).or_default() += 1;
        }
        let per_second = done.len() as f64 / length.as_secs_f64();
        Self {
            build,
            peak_per_second: peak,
            offered_per_second: peak * TIMES,
            per_second,
            of_peak: per_second / peak,
            done: Latency::of(&done),
            refused: share(refused.len(), record.answers.len()),
            refusal: Latency::of(&refused),
            retry_after: share(polite.count(), refused.len()),
            failed,
            unsent: record.unsent,
        }
    }
}

fn peak(rows: &[Row], build: &str) -> Option<f64> {
    let rows = rows
        .iter()
        .filter(|row| row.what == What::Three && row.build == build && row.clients > 1);
    rows.map(|row| row.per_second).reduce(f64::max)
}

/// Nothing of nothing.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::open_loop::Answered;
    use super::*;

    #[test]
    fn what_is_done_refused_and_failed_is_told_apart() {
        let answer = |status, retry_after, took_us| Answered {
            status,
            retry_after,
            took_us,
        };
        let record = Record {
            answers: vec![
                answer(200, false, 9_000),
                answer(200, false, 7_000),
                answer(503, true, 1_000),
                answer(503, false, 2_000),
                answer(504, false, 9_999_000),
            ],
            unsent: 3,
        };
        let overload = Overload::of("this", 4.0, &record, Duration::from_secs(1));
        assert_eq!(
            (
                overload.offered_per_second,
                overload.per_second,
                overload.of_peak
            ),
            (8.0, 2.0, 0.5)
        );
        assert_eq!((overload.refused, overload.retry_after), (0.4, 0.5));
        assert_eq!((overload.done.p50_ms, overload.refusal.p99_ms), (7.0, 2.0));
        assert_eq!(
            (overload.failed, overload.unsent),
            (BTreeMap::from([(504, 1)]), 3)
        );
        let idle = Overload::of("this", 4.0, &Record::default(), Duration::from_secs(1));
        assert_eq!((idle.refused, idle.retry_after), (0.0, 0.0));
    }
}
