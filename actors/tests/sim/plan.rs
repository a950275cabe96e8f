//! What clients and fate will do in a run, drawn from its seed. Each run has some kinds of faults and not others ("swarm
//! testing", Groce et al. 2012): where everything fails all the time, nothing gets far enough to fail interestingly.

use std::collections::BTreeSet;

use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::SeatRef;

use crate::clients::Errand;
use crate::hub::{StoreRisks, Weather};
use crate::network::WireRisks;
use crate::redis::Mode;
use crate::world::{COMPANIES, HOT_ROUTES, HOT_SEATS, Happening};

/// Nodes have started, and know each other's routes.
const BEGIN: u64 = 1_500;
const FAULTS_UNTIL: u64 = 14_000;
const LEGS_MAX: usize = 6;

#[derive(Default)]
pub struct Plan {
    pub errands: Vec<(u64, Errand)>,
    pub happenings: Vec<(u64, Happening)>,
    pub wire_risks: WireRisks,
    pub store_risks: StoreRisks,
    pub faults_until: u64,
}

/// A run in which everything may fail.
pub fn faulty(random: &mut fastrand::Rng) -> Plan {
    let mut plan = Plan {
        errands: errands(random),
        faults_until: FAULTS_UNTIL,
        ..Plan::default()
    };
    let kinds: [fn(&mut Plan, &mut fastrand::Rng); 9] = [
        crashes, fuses, freezes, cuts, storms, redis, wire, store, clocks,
    ];
    for kind in kinds {
        if random.bool() {
            kind(&mut plan, random);
        }
    }
    if random.u8(0..5) == 0 {
        let at = random.u64(BEGIN..FAULTS_UNTIL);
        plan.happenings
            .push((at, Happening::Gone(some_company(random))));
    }
    claims(&mut plan, random);
    plan
}

/// A run without faults, in which several clients want the same seats.
pub fn calm(random: &mut fastrand::Rng) -> Plan {
    let mut plan = Plan {
        faults_until: FAULTS_UNTIL,
        ..Plan::default()
    };
    let seats = seats(random);
    for number in 0..random.u128(2..=6) {
        let at = BEGIN + random.u64(0..500);
        plan.errands
            .push((at, Errand::new(number, seats.clone(), false)));
    }
    plan
}

fn errands(random: &mut fastrand::Rng) -> Vec<(u64, Errand)> {
    let mut errands = Vec::new();
    for number in 0..random.u128(6..=14) {
        let at = random.u64(BEGIN..FAULTS_UNTIL - 2_000);
        let errand = Errand::new(number, seats(random), random.u8(0..100) < 40);
        errands.push((at, errand));
    }
    errands
}

/// 1 to 6 of the hot seats: often of all companies, sometimes of one.
fn seats(random: &mut fastrand::Rng) -> Vec<SeatRef> {
    let alone = (random.u8(0..4) == 0).then(|| some_company(random));
    let mut seats = BTreeSet::new();
    for _ in 0..random.usize(1..=LEGS_MAX) {
        let index = alone.unwrap_or_else(|| some_company(random));
        let company: CompanyId = COMPANIES[index].parse().expect("a code");
        seats.insert(SeatRef {
            company,
            route: RouteId(random.u64(1..=HOT_ROUTES)),
            number: SeatNumber(random.u16(1..=HOT_SEATS)),
        });
    }
    seats.into_iter().collect()
}

fn some_company(random: &mut fastrand::Rng) -> usize {
    random.usize(0..COMPANIES.len())
}

fn some_time(random: &mut fastrand::Rng) -> u64 {
    random.u64(BEGIN..FAULTS_UNTIL)
}

fn crashes(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=5) {
        let happening = Happening::Crash(some_company(random));
        plan.happenings.push((some_time(random), happening));
    }
}

fn fuses(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=6) {
        let happening = Happening::Light(some_company(random), random.u32(0..60));
        plan.happenings.push((some_time(random), happening));
    }
}

fn freezes(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=2) {
        let happening = Happening::Freeze(some_company(random), random.u64(500..9_000));
        plan.happenings.push((some_time(random), happening));
    }
}

fn cuts(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=4) {
        let (from, to) = (some_company(random), random.usize(1..COMPANIES.len()));
        let to = (from + to) % COMPANIES.len();
        let (at, time) = (some_time(random), random.u64(200..8_000));
        plan.happenings.push((at, Happening::Cut(from, to, time)));
        if random.bool() {
            plan.happenings.push((at, Happening::Cut(to, from, time)));
        }
    }
}

fn storms(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=3) {
        let (index, at) = (some_company(random), some_time(random));
        let weather = [Weather::Slow, Weather::Down][random.usize(0..2)];
        let until = at + random.u64(200..5_000);
        plan.happenings.push((at, Happening::Storm(index, weather)));
        plan.happenings
            .push((until, Happening::Storm(index, Weather::Fair)));
    }
}

fn redis(plan: &mut Plan, random: &mut fastrand::Rng) {
    let modes = [
        Mode::Up,
        Mode::Away,
        Mode::Slow,
        Mode::GrantsAll,
        Mode::GrantsNothing,
    ];
    for _ in 0..random.u32(1..=5) {
        let mode = modes[random.usize(0..modes.len())];
        plan.happenings
            .push((some_time(random), Happening::Redis(mode)));
        if random.bool() {
            plan.happenings.push((some_time(random), Happening::Flush));
        }
    }
}

fn wire(plan: &mut Plan, random: &mut fastrand::Rng) {
    plan.wire_risks = WireRisks {
        lost: random.u8(0..15),
        twice: random.u8(0..15),
        late: random.u8(0..10),
        busy: random.u8(0..4),
    };
}

fn store(plan: &mut Plan, random: &mut fastrand::Rng) {
    plan.store_risks = StoreRisks {
        fails: random.u8(0..8),
        unknown: random.u8(0..12),
    };
}

fn clocks(plan: &mut Plan, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..=4) {
        let wrong_by = random.i64(-86_400_000..86_400_000);
        let happening = Happening::Wall(some_company(random), wrong_by);
        plan.happenings.push((some_time(random), happening));
    }
}

/// Several people want the same login, at several nodes.
fn claims(plan: &mut Plan, random: &mut fastrand::Rng) {
    for login in 0..2 {
        let at = some_time(random);
        for _ in 0..random.u32(1..=3) {
            let at = at + random.u64(0..1_000);
            plan.happenings.push((at, Happening::Claim(login)));
        }
    }
}
