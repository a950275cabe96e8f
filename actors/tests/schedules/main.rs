//! Random schedules of the pure code: companies over tables in memory, drivers, a network that loses, repeats, delays and
//! reorders, crashes, leases that vanish. No thread, no clock: one seed is one schedule, for ever.
//!
//! * [`world`]: what happens when; [`network`]: what becomes of a message; [`leases`]: a lease table that forgets;
//! * [`checker`]: what must hold after every commit and once everything is healed. It knows nothing of the code.
//!
//! A failing seed is printed; `PASSCOM_SEED=<seed> cargo test --release --test schedules one_schedule` runs it again.

mod checker;
mod leases;
mod network;
mod world;

use checker::Seen;

/// Seeds of one run.
const SEEDS: u64 = 2_000;
/// Names one schedule to run alone.
const SEED_VARIABLE: &str = "PASSCOM_SEED";

/// Says which schedule failed.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the failing schedule: {SEED_VARIABLE}={}", self.0);
        }
    }
}

fn run(seed: u64) -> Seen {
    let _named = Named(seed);
    world::World::new(seed).run()
}

#[test]
fn random_schedules() {
    let mut seen = Seen::default();
    for seed in 0..SEEDS {
        seen.add(&run(seed));
    }
    println!("{seen:#?}");
    seen.assert_everything_happened();
}

#[test]
fn one_schedule() {
    let seed = std::env::var(SEED_VARIABLE).map(|seed| seed.parse().expect("a number"));
    println!("{:#?}", run(seed.unwrap_or(1)));
}

#[test]
fn a_seed_is_one_schedule() {
    assert_eq!(run(7), run(7));
}
