//! One blow: what is done, how long it lasts, how it is undone.

use std::time::Duration;

use anyhow::{Context, bail};
use fastrand::Rng;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{Blow, Nemesis, Target, company_gone, hostile, restore_old_backup};
use crate::checker::Violation;
use crate::cluster::{Cluster, Part};
use crate::history::{FaultId, History};
use crate::probe::Probe;
use crate::progress::Progress;
use crate::proxy::lies::{Lie, Mood};
use crate::proxy::{Way, Weather};

/// Bytes that a truncated connection carries: less than a handshake, or some messages more.
const TRUNCATED: std::ops::Range<usize> = 1..20_000;
/// Bytes per second of a throttled link.
const THROTTLED: std::ops::Range<u32> = 2_000..20_000;
const DELAY_MS: std::ops::Range<u64> = 20..400;
/// How far a clock jumps, in seconds: less and more than tokens allow for.
const JUMPS: [i64; 8] = [-86_400, -3600, -90, -20, 20, 90, 3600, 86_400];
/// Nodes wait 150 ms.
const SLOW: Duration = Duration::from_millis(400);
const FLUSH_AGAIN: Duration = Duration::from_millis(300);
/// Higher than any epoch of a run; leaves room for the true ones to pass it.
const FALSE_EPOCHS: std::ops::Range<i64> = 100..10_000;

/// What blows fall upon.
pub struct Arena {
    pub cluster: Cluster,
    pub probe: Probe,
    pub progress: Progress,
}

/// Does it, lets it last, and undoes it. What it finds wrong itself is returned.
pub async fn strike(arena: &Arena, blow: &Blow) -> anyhow::Result<Vec<Violation>> {
    sleep(blow.after).await;
    let rng = &mut Rng::with_seed(blow.seed);
    let nemesis = blow.nemesis;
    let done = match blow.target {
        Target::Cluster if nemesis == Nemesis::Hostile => {
            return hostile::strike(arena, blow.lasts).await;
        }
        Target::Cluster => kill_all(arena, blow).await,
        Target::Link(one, other) => weather(arena, blow, one, other, rng).await,
        Target::Redis => redis(arena, blow, rng).await,
        Target::Company(n) if nemesis == Nemesis::CompanyGone => {
            return company_gone::strike(arena, n, blow.lasts).await;
        }
        Target::Company(n) if nemesis == Nemesis::RestoreOldBackup => {
            return restore_old_backup::strike(arena, n, blow.lasts).await;
        }
        Target::Company(n) => company(arena, blow, n, rng).await,
    };
    done.with_context(|| format!("{nemesis} of {:?}", blow.target))?;
    Ok(Vec::new())
}

async fn company(arena: &Arena, blow: &Blow, n: usize, rng: &mut Rng) -> anyhow::Result<()> {
    match blow.nemesis {
        Nemesis::KillNode => kill_node(arena, blow, n).await,
        Nemesis::Freeze | Nemesis::Nap => freeze(arena, blow, Part::Node(n), arena.code(n)).await,
        Nemesis::Isolate => isolate(arena, blow, n, rng).await,
        Nemesis::PostgresStop | Nemesis::PostgresKill => postgres(arena, blow, n).await,
        Nemesis::DiskFull => disk_full(arena, blow, n).await,
        Nemesis::Clock => clock(arena, blow, n, rng).await,
        other => bail!("{other} does not strike a company"),
    }
}

async fn kill_node(arena: &Arena, blow: &Blow, n: usize) -> anyhow::Result<()> {
    let fault = arena.begin(blow.nemesis, arena.code(n))?;
    let held = !blow.lasts.is_zero();
    if held {
        arena.cluster.hold_node(n).await?;
    }
    arena.cluster.kill(Part::Node(n)).await?;
    if held {
        sleep(blow.lasts).await;
        arena.cluster.start_node(n).await?;
    }
    arena.end(fault)
}

async fn kill_all(arena: &Arena, blow: &Blow) -> anyhow::Result<()> {
    let fault = arena.begin(blow.nemesis, "all")?;
    let nodes = 0..arena.cluster.companies().len();
    try_join_all(nodes.map(|n| arena.cluster.kill(Part::Node(n)))).await?;
    arena.end(fault)
}

async fn freeze(arena: &Arena, blow: &Blow, part: Part, target: &str) -> anyhow::Result<()> {
    let fault = arena.begin(blow.nemesis, target)?;
    arena.cluster.freeze(part)?;
    sleep(blow.lasts).await;
    arena.cluster.thaw(part)?;
    arena.end(fault)
}

async fn postgres(arena: &Arena, blow: &Blow, n: usize) -> anyhow::Result<()> {
    let fault = arena.begin(blow.nemesis, arena.code(n))?;
    match blow.nemesis {
        Nemesis::PostgresStop => arena.cluster.stop_immediately(n).await?,
        _ => arena.cluster.kill(Part::Postgres(n)).await?,
    }
    sleep(blow.lasts).await;
    arena.cluster.start_postgres(n).await?;
    arena.end(fault)
}

async fn disk_full(arena: &Arena, blow: &Blow, n: usize) -> anyhow::Result<()> {
    let disk = arena.cluster.wiring.disk(n)?.clone();
    let fault = arena.begin(blow.nemesis, arena.code(n))?;
    let filled = disk.clone();
    // hundreds of megabytes: not for a thread that has others to serve
    tokio::task::spawn_blocking(move || filled.fill())
        .await
        .context("fill the disk")??;
    sleep(blow.lasts).await;
    disk.free()?;
    // a PostgreSQL that could not write its log has ended
    arena.cluster.start_postgres(n).await?;
    arena.end(fault)
}

async fn clock(arena: &Arena, blow: &Blow, n: usize, rng: &mut Rng) -> anyhow::Result<()> {
    let clock = arena.cluster.wiring.clock(n)?;
    let jump = rng.choice(JUMPS).context("there are jumps")?;
    let fault = arena.begin(blow.nemesis, &format!("{} {jump:+} s", arena.code(n)))?;
    clock.shift(jump)?;
    sleep(blow.lasts).await;
    clock.shift(0)?;
    arena.end(fault)
}

async fn weather(
    arena: &Arena,
    blow: &Blow,
    one: usize,
    other: usize,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let (weather, detail) = match blow.nemesis {
        Nemesis::Cut => (Weather::Cut, String::new()),
        Nemesis::HalfOpen => (Weather::HalfOpen, String::new()),
        Nemesis::OneWayCut => {
            let way = if rng.bool() { Way::Out } else { Way::Back };
            let arrow = if way == Way::Out { ">" } else { "<" };
            (Weather::Silent(Some(way)), format!(" {arrow}"))
        }
        Nemesis::Delay => {
            let (least, jitter) = (rng.u64(DELAY_MS), rng.u64(DELAY_MS));
            let weather = Weather::Delay {
                least: Duration::from_millis(least),
                jitter: Duration::from_millis(jitter),
            };
            (weather, format!(" {least} ms + {jitter} ms"))
        }
        Nemesis::Throttle => {
            let rate = rng.u32(THROTTLED);
            (Weather::Throttle(rate), format!(" {rate} B/s"))
        }
        Nemesis::Truncate => {
            let bytes = rng.usize(TRUNCATED);
            (Weather::Truncate(bytes), format!(" {bytes} B"))
        }
        other => bail!("{other} does not strike a link"),
    };
    let target = format!("{}-{}{detail}", arena.code(one), arena.code(other));
    let fault = arena.begin(blow.nemesis, &target)?;
    arena.cluster.wiring.set(one, other, weather);
    sleep(blow.lasts).await;
    arena.cluster.wiring.set(one, other, Weather::Fair);
    arena.end(fault)
}

/// Closed, or dead silent, which is what a network that is gone looks like.
async fn isolate(arena: &Arena, blow: &Blow, n: usize, rng: &mut Rng) -> anyhow::Result<()> {
    let (weather, how) = match rng.bool() {
        true => (Weather::Cut, "closed"),
        false => (Weather::Silent(None), "silent"),
    };
    let others = (0..arena.cluster.companies().len()).filter(|other| *other != n);
    let fault = arena.begin(blow.nemesis, &format!("{} {how}", arena.code(n)))?;
    for other in others.clone() {
        arena.cluster.wiring.set(n, other, weather);
    }
    sleep(blow.lasts).await;
    for other in others {
        arena.cluster.wiring.set(n, other, Weather::Fair);
    }
    arena.end(fault)
}

async fn redis(arena: &Arena, blow: &Blow, rng: &mut Rng) -> anyhow::Result<()> {
    let cluster = &arena.cluster;
    match blow.nemesis {
        Nemesis::RedisSleep => return freeze(arena, blow, Part::Redis, "redis").await,
        Nemesis::RedisSlow => {
            let detail = format!("redis: up to {} ms", SLOW.as_millis());
            return mood(arena, blow, &detail, Mood::Slow(SLOW)).await;
        }
        Nemesis::RedisLies => return lies(arena, blow, rng).await,
        _ => {}
    }
    let fault = arena.begin(blow.nemesis, "redis")?;
    match blow.nemesis {
        Nemesis::RedisKill => {
            cluster.kill(Part::Redis).await?;
            sleep(blow.lasts).await;
            cluster.start_redis().await?;
        }
        Nemesis::RedisFlush => {
            let until = Instant::now() + blow.lasts;
            while Instant::now() < until {
                cluster.flush_redis().await?;
                sleep(FLUSH_AGAIN).await;
            }
        }
        other => bail!("{other} does not strike Redis"),
    }
    arena.end(fault)
}

async fn lies(arena: &Arena, blow: &Blow, rng: &mut Rng) -> anyhow::Result<()> {
    let lies = [
        Lie::SameToken {
            epoch: rng.i64(FALSE_EPOCHS),
        },
        Lie::OldTokens,
        Lie::AbsurdTokens,
        Lie::Nothing,
    ];
    let lie = rng.choice(lies).context("there are lies")?;
    let detail = format!("redis: {}", lie.name());
    mood(arena, blow, &detail, Mood::Lying(lie)).await
}

async fn mood(arena: &Arena, blow: &Blow, target: &str, mood: Mood) -> anyhow::Result<()> {
    let fault = arena.begin(blow.nemesis, target)?;
    arena.cluster.wiring.liar.set(mood);
    sleep(blow.lasts).await;
    arena.cluster.wiring.liar.set(Mood::Honest);
    arena.end(fault)
}

impl Arena {
    pub fn code(&self, n: usize) -> &str {
        &self.cluster.companies()[n].company
    }

    pub fn history(&self) -> &History {
        &self.probe.market.history
    }

    pub(super) fn begin(&self, nemesis: Nemesis, target: &str) -> anyhow::Result<Begun> {
        let begun = Begun {
            id: self.history().begin_fault(&nemesis.to_string(), target)?,
            name: format!("{nemesis} of {target}"),
        };
        self.say(&begun.name);
        Ok(begun)
    }

    pub(super) fn end(&self, begun: Begun) -> anyhow::Result<()> {
        self.say(&format!("{} is over", begun.name));
        self.history().end_fault(begun.id)
    }

    /// A line for whoever watches.
    pub fn say(&self, what: &str) {
        let seconds = Duration::from_micros(self.history().now_us()).as_secs_f32();
        self.progress.say(&format!("{seconds:7.1} s  {what}"));
    }
}

/// A fault that goes on.
pub(super) struct Begun {
    id: FaultId,
    name: String,
}
