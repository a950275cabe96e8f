//! Strangers do at once whatever a public system meets: they guess, flood, hoard, listen at doors and write into Redis, each from addresses of
//! their own, while honest customers book.
//!
//! * [`attacks`]: what each does, and what it may be told; [`stranger`]: who does it.
//!
//! They run on threads of their own, of the least priority that there is: what customers wait for is the node, not whoever attacks it from
//! the same cores.
//!
//! What must hold is judged: nobody is told what is not theirs (V1), a user keeps no more seats of a leg than one may (V2), no node grows without bound or
//! dies (V3), and honest customers are served all along (V4). How much longer these wait than before is told, not judged: it is a matter of
//! the machine.

mod attacks;
mod stranger;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::{join, try_join_all};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::{Arena, Nemesis};
use crate::checker::Violation;
use crate::history::{Fault, Operation};
use attacks::{Attack, Field};

/// Resident memory of a node under attack stays below this. At rest it is a tenth.
const MEMORY_MAX: u64 = 512 << 20;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// In each such time some honest customer's booking succeeds.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// After an attack, until what it has left behind is done: holds that end, connections that close. It is not quiet until then.
const SETTLED: Duration = Duration::from_secs(8);

/// The least priority of a thread.
const NICEST: i32 = 19;

/// What attackers were answered: how often.
type Tally = BTreeMap<String, u64>;

pub(super) async fn strike(arena: &Arena, lasts: Duration) -> anyhow::Result<Vec<Violation>> {
    let field = Arc::new(Field::survey(arena).await?);
    let crowd = Crowd::gather()?;
    let fault = arena.begin(Nemesis::Hostile, "all")?;
    let begin_us = arena.history().now_us();
    let until = Instant::now() + lasts;
    let attacks = Attack::ALL.map(|attack| {
        let field = field.clone();
        crowd.spawn(async move { attack.go_on(&field, until).await })
    });
    let (tallies, memory) = join(try_join_all(attacks), memory(arena, until)).await;
    let tallies = tallies.context("an attacker panicked")?;
    let end_us = arena.history().now_us();
    // what is still held of them is free again before the next attack
    arena.probe.give_back(&field.hoard);
    arena.end(fault)?;

    let mut found = Vec::new();
    for (attack, outcome) in Attack::ALL.iter().zip(tallies) {
        let (tally, told) = outcome?;
        let answers: Vec<_> = tally
            .iter()
            .map(|(met, times)| format!("{times} × {met}"))
            .collect();
        arena.say(&format!("{}: {}", attack.about(), answers.join(", ")));
        found.extend(told);
    }
    found.extend(memory?);
    let operations = arena.history().operations()?;
    found.extend(served(&operations, begin_us, end_us));
    arena.say(&waits(
        &operations,
        &arena.history().faults(),
        begin_us,
        end_us,
    ));
    Ok(found)
}

/// The threads of all attackers; what runs there ends with this.
struct Crowd(Option<Runtime>);

impl Crowd {
    fn gather() -> anyhow::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        runtime.enable_all().on_thread_start(|| {
            // without an id it is of the calling thread; giving way is nothing that a kernel refuses
            let lower = rustix::process::setpriority_process(None, NICEST);
            lower.expect("a thread may give way");
        });
        let runtime = runtime.build().context("start the attackers' threads")?;
        Ok(Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        attack: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let runtime = self.0.as_ref().expect("it is taken in drop only");
        runtime.spawn(attack)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // whoever drops it may be a task of another runtime, which must not wait
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Looks at every node until then.
async fn memory(arena: &Arena, until: Instant) -> anyhow::Result<Vec<Violation>> {
    let nodes = arena.cluster.companies().len();
    let mut most = vec![0; nodes];
    let mut found = Vec::new();
    let mut ticks = interval(LOOK_AGAIN);
    while ticks.tick().await < until {
        for (node, most) in most.iter_mut().enumerate() {
            match arena.cluster.memory(node) {
                Ok(now) => *most = now.max(*most),
                Err(gone) => {
                    let what = format!("the node of {} is gone: {gone:#}", arena.code(node));
                    found.push(Violation::new("V3", what));
                    return Ok(found);
                }
            }
        }
    }
    for (node, most) in most.into_iter().enumerate() {
        let megabytes = most >> 20;
        arena.say(&format!("{} had at most {megabytes} MB", arena.code(node)));
        if most > MEMORY_MAX {
            let what = format!("the node of {} grew to {megabytes} MB", arena.code(node));
            found.push(Violation::new("V3", what));
        }
    }
    Ok(found)
}

/// Times without a booking.
fn served(operations: &[Operation], begin_us: u64, end_us: u64) -> Option<Violation> {
    let booked = operations.iter().filter(|operation| operation.is_booked());
    let mut ends: Vec<u64> = booked.map(|operation| operation.end_us).collect();
    ends.retain(|end| (begin_us..end_us).contains(end));
    ends.extend([begin_us, end_us]);
    ends.sort_unstable();
    let gap = ends.windows(2).map(|pair| pair[1] - pair[0]).max()?;
    let gap = Duration::from_micros(gap);
    (gap > SERVED_WITHIN).then(|| {
        let what = format!(
            "for {:.1} s no honest customer got a booking",
            gap.as_secs_f32()
        );
        Violation::new("V4", what)
    })
}

/// How long honest customers waited for what they booked, while nothing was wrong before, and meanwhile.
fn waits(operations: &[Operation], faults: &[Fault], begin_us: u64, end_us: u64) -> String {
    let settled_us = u64::try_from(SETTLED.as_micros()).unwrap_or(u64::MAX);
    let is_quiet = |at: u64| {
        let mut faults = faults.iter();
        let is_felt = |fault: &Fault| {
            let end = fault
                .end_us
                .map_or(u64::MAX, |end| end.saturating_add(settled_us));
            (fault.begin_us..end).contains(&at)
        };
        at < begin_us && !faults.any(is_felt)
    };
    let wait = |counts: &dyn Fn(u64) -> bool| {
        let booked = operations
            .iter()
            .filter(|operation| operation.is_booked() && counts(operation.begin_us));
        let mut took: Vec<Duration> = booked.map(Operation::took).collect();
        took.sort_unstable();
        took
    };
    let at = |took: &[Duration], share: usize| {
        let nth = (took.len() * share / 100).min(took.len().saturating_sub(1));
        took.get(nth).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    };
    let (quiet, hostile) = (
        wait(&is_quiet),
        wait(&|at| (begin_us..end_us).contains(&at)),
    );
    format!(
        "honest bookings: {} with p50 {:.1} ms, p99 {:.1} ms in quiet times before; {} with p50 {:.1} ms, p99 {:.1} ms meanwhile",
        quiet.len(),
        at(&quiet, 50),
        at(&quiet, 99),
        hostile.len(),
        at(&hostile, 50),
        at(&hostile, 99),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::history::{Answer, Request};

    fn booking(begin_us: u64, end_us: u64) -> Operation {
        Operation {
            client: 0,
            node: Arc::from("a"),
            begin_us,
            end_us,
            request: Request::Book {
                user: Uuid::nil(),
                key: "k".to_owned(),
                seats: Vec::new(),
            },
            answer: Answer::Booked {
                ticket: Uuid::nil(),
            },
        }
    }

    #[test]
    fn a_time_without_bookings_is_found_wherever_it_lies() {
        let second = 1_000_000;
        let every_second: Vec<_> = (0..60)
            .map(|n| booking(n * second, (n + 1) * second))
            .collect();
        assert_eq!(served(&every_second, 0, 60 * second), None);
        for gap in [0..15, 20..35, 45..60] {
            let mut some = every_second.clone();
            some.retain(|operation| !gap.contains(&(operation.begin_us / second)));
            let found = served(&some, 0, 60 * second).unwrap();
            assert_eq!(found.invariant, "V4");
        }
        assert!(served(&[], 0, 60 * second).is_some());
    }

    #[test]
    fn waits_before_and_meanwhile_are_told_apart() {
        let second = 1_000_000;
        let operations = [
            booking(0, 1_000),
            booking(2_000, 4_500),
            // while the earlier one is still felt, and after that
            booking(second, second + 4_500),
            booking(20 * second, 20 * second + 1_000),
            booking(30 * second, 30 * second + 10_000),
        ];
        let earlier = Fault {
            nemesis: "hostile".to_owned(),
            target: "all".to_owned(),
            begin_us: 1_500,
            end_us: Some(4_000),
        };
        let told = waits(&operations, &[earlier], 25 * second, 40 * second);
        let quiet = "2 with p50 1.0 ms, p99 1.0 ms in quiet";
        assert!(told.contains(quiet), "{told}");
        assert!(told.contains("1 with p50 10.0 ms"), "{told}");
    }
}
