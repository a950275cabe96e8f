//! What clients and fate will do in a run, drawn from its seed. Each run has some kinds of faults and not others
//! ("swarm testing", Groce et al. 2012): where everything fails all the time, nothing gets far enough to fail
//! interestingly.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::SeatRef;

use crate::clients::{Deed, Errand, Hold};
use crate::hub::{StoreRisks, Weather};
use crate::network::WireRisks;
use crate::redis::Mode;
use crate::world::{Flown, HOT_ROUTES, HOT_SEATS, Happening, LEAVING_ROUTE};

/// Nodes have started by then, and know each other's routes.
const BEGIN: u64 = 1_500;
const FAULTS_UNTIL: u64 = 14_000;
/// Bookings begin until then.
const ERRANDS_UNTIL: u64 = 12_000;
const LEGS_MAX: usize = 6;
/// Codes in the order of their ids.
const CODES: [&str; 4] = ["A", "B", "C", "D"];
const DAY_MS: i64 = 86_400_000;
/// T_heal: from the last fault until everything has ended.
const HEAL_MAX: u64 = 30_000;
/// The same where extended holds are waited for, each of which lost answers may have extended to two hours.
const LONG_HEAL_MAX: u64 = 8_000_000;
/// A hold is asked for no longer than this, in seconds: it ends while the run heals.
const HOLD_SECONDS_MAX: u32 = 6;
/// The same where it is to be over earlier, when a flight leaves.
const LEAVING_HOLD_SECONDS_MAX: u32 = 18;
/// So long after its end somebody may still ask for something of it.
const HOLD_SLACK: u64 = 8_000;
/// In percent of the errands: those that hold their seats first, and those with a seat of a flight that leaves
/// meanwhile.
const HOLDS: u8 = 35;
const LEAVING: u8 = 25;
/// Of a hundred who have got a ticket, so many want to exchange it.
const EXCHANGES: u8 = 25;
/// When that flight leaves, in seconds after the beginning: its sale closes while bookings begin, or soon after.
const LEAVES: RangeInclusive<i64> = 5..=18;

pub struct Plan {
    pub companies: Vec<CompanyId>,
    pub errands: Vec<(u64, Errand)>,
    /// Per company, when the flight leaves that leaves while the run lasts: seconds after the beginning.
    pub leaves: Vec<i64>,
    pub happenings: Vec<(u64, Happening)>,
    pub wire_risks: WireRisks,
    pub store_risks: StoreRisks,
    pub faults_until: u64,
    /// Nothing goes wrong but that a company dies.
    pub only_death: bool,
    /// From the last fault until everything has ended.
    pub heal_max: u64,
    /// Extended holds are waited for, too.
    pub to_the_end: bool,
    /// Of a hundred who have got a ticket, so many want to exchange it.
    pub exchanges: u8,
}

/// A run in which everything may fail.
pub fn faulty(random: &mut fastrand::Rng) -> Plan {
    let companies = [2, 3, 3, 3, 4][random.usize(0..5)];
    let mut draw = Draw::new(random, companies);
    draw.errands(6..15, BEGIN..ERRANDS_UNTIL);
    draw.departures();
    draw.holds(HOLDS);
    let kinds = [
        Draw::crashes,
        Draw::stops,
        Draw::fuses,
        Draw::freezes,
        Draw::cuts,
        Draw::storms,
        Draw::redis,
        Draw::wire,
        Draw::store,
        Draw::clocks,
        Draw::blocks,
        Draw::flights,
    ];
    for kind in kinds {
        if draw.random.bool() {
            kind(&mut draw);
        }
    }
    // a majority must live
    if companies > 2 && draw.random.u8(0..5) == 0 {
        let happening = Happening::Gone(draw.company());
        draw.sometime(happening);
    }
    draw.claims();
    draw.plan
}

/// A run without faults, in which several clients want the same seats: with leases, or without.
pub fn calm(random: &mut fastrand::Rng) -> Plan {
    let mut draw = Draw::new(random, 3);
    draw.plan.exchanges = 0; // they free what all of them want
    if draw.random.bool() {
        draw.plan.happenings.push((0, Happening::Redis(Mode::Away)));
    }
    let seats = draw.seats();
    for number in 0..draw.random.u128(2..=6) {
        let at = BEGIN + draw.random.u64(0..500);
        let errand = Errand::new(number, seats.clone(), false);
        draw.plan.errands.push((at, errand));
    }
    draw.plan
}

/// A run in which one company dies for good, under load and at any crossing, and nothing else goes wrong.
pub fn gone(random: &mut fastrand::Rng) -> Plan {
    let mut draw = Draw::new(random, 3);
    let at = BEGIN + draw.random.u64(200..2_000);
    draw.errands(10..20, at - 200..at + 3_000);
    let company = draw.company();
    let crossings = draw.random.u32(0..40);
    draw.plan.happenings = vec![(at, Happening::Doom(company, crossings))];
    draw.plan.only_death = true;
    draw.plan
}

/// A run in which one company's database comes back as it was some seconds before, and what it had only when all is
/// over.
pub fn restored(random: &mut fastrand::Rng) -> Plan {
    let mut draw = Draw::new(random, 3);
    draw.errands(10..20, BEGIN..ERRANDS_UNTIL);
    let company = draw.company();
    let backup = draw.random.u64(BEGIN..FAULTS_UNTIL / 2);
    let restored = draw.random.u64(backup + 1_000..FAULTS_UNTIL);
    draw.plan.happenings = vec![
        (backup, Happening::Backup(company)),
        (restored, Happening::Restore(company)),
    ];
    draw.plan
}

/// A run whose customers extend their holds, and which lasts until those are over, too.
pub fn held(random: &mut fastrand::Rng) -> Plan {
    let mut draw = Draw::new(random, 3);
    draw.errands(4..8, BEGIN..ERRANDS_UNTIL);
    draw.departures();
    draw.holds(100);
    for (_, errand) in &mut draw.plan.errands {
        let hold = errand.hold.as_mut().expect("every errand has one");
        hold.deeds.retain(|(_, deed)| *deed != Deed::Release);
        hold.deeds.push((0, Deed::Extend));
    }
    for kind in [Draw::crashes, Draw::cuts, Draw::wire, Draw::store] {
        if draw.random.bool() {
            kind(&mut draw);
        }
    }
    draw.plan.heal_max = LONG_HEAL_MAX;
    draw.plan.to_the_end = true;
    draw.plan
}

struct Draw<'a> {
    random: &'a mut fastrand::Rng,
    plan: Plan,
}

impl<'a> Draw<'a> {
    fn new(random: &'a mut fastrand::Rng, companies: usize) -> Self {
        let codes = CODES[..companies].iter();
        let leaves = codes.clone().map(|_| random.i64(LEAVES)).collect();
        let plan = Plan {
            companies: codes.map(|code| code.parse().expect("a code")).collect(),
            errands: Vec::new(),
            leaves,
            happenings: Vec::new(),
            wire_risks: WireRisks::default(),
            store_risks: StoreRisks::default(),
            faults_until: FAULTS_UNTIL,
            only_death: false,
            heal_max: HEAL_MAX,
            to_the_end: false,
            exchanges: EXCHANGES,
        };
        Self { random, plan }
    }

    fn company(&mut self) -> usize {
        self.random.usize(0..self.plan.companies.len())
    }

    fn time(&mut self) -> u64 {
        self.random.u64(BEGIN..FAULTS_UNTIL)
    }

    fn sometime(&mut self, happening: Happening) {
        let at = self.time();
        self.plan.happenings.push((at, happening));
    }

    fn seat(&mut self, index: usize) -> SeatRef {
        SeatRef {
            company: self.plan.companies[index],
            route: RouteId(self.random.u64(1..=HOT_ROUTES)),
            number: SeatNumber(self.random.u16(1..=HOT_SEATS)),
        }
    }

    /// 1 to 6 of the hot seats: mostly of several companies, sometimes of one.
    fn seats(&mut self) -> Vec<SeatRef> {
        let alone = (self.random.u8(0..4) == 0).then(|| self.company());
        let mut seats = BTreeSet::new();
        for _ in 0..self.random.usize(1..=LEGS_MAX) {
            let index = alone.unwrap_or_else(|| self.company());
            seats.insert(self.seat(index));
        }
        seats.into_iter().collect()
    }

    fn errands(&mut self, many: Range<u128>, times: Range<u64>) {
        for number in 0..self.random.u128(many) {
            let cancels = self.random.u8(0..100) < 40;
            let errand = Errand::new(number, self.seats(), cancels);
            let at = self.random.u64(times.clone());
            self.plan.errands.push((at, errand));
        }
    }

    /// Some want a seat of a flight that leaves meanwhile.
    fn departures(&mut self) {
        for index in 0..self.plan.errands.len() {
            if self.random.u8(0..100) >= LEAVING {
                continue;
            }
            let company = self.company();
            let seat = SeatRef {
                route: LEAVING_ROUTE,
                ..self.seat(company)
            };
            let seats = &mut self.plan.errands[index].1.seats;
            seats.truncate(LEGS_MAX - 1);
            seats.push(seat);
        }
    }

    /// So many of a hundred errands hold their seats first, and decide before their time is over, about then, or later.
    fn holds(&mut self, percent: u8) {
        for index in 0..self.plan.errands.len() {
            if self.random.u8(0..100) < percent {
                let leaves = self.plan.errands[index].1.leaves();
                let most = if leaves {
                    LEAVING_HOLD_SECONDS_MAX
                } else {
                    HOLD_SECONDS_MAX
                };
                self.plan.errands[index].1.hold = Some(self.hold(most));
            }
        }
    }

    /// For so many seconds at most.
    fn hold(&mut self, most: u32) -> Hold {
        let seconds = self.random.u32(1..=most);
        let end = u64::from(seconds) * 1_000;
        let wanted: &[Deed] = match self.random.u8(0..12) {
            0..=3 => &[Deed::Confirm],
            4..=5 => &[Deed::Release],
            6 => &[Deed::Confirm, Deed::Release],
            7 => &[Deed::Extend, Deed::Confirm],
            8 => &[Deed::Extend, Deed::Release],
            9..=10 => &[Deed::Extend],
            _ => &[],
        };
        let mut deeds = Vec::new();
        for deed in wanted {
            let late = self.random.u8(0..3) == 0;
            let latest = if late { end + HOLD_SLACK } else { end };
            deeds.push((self.random.u64(0..latest), *deed));
        }
        Hold::new(seconds, deeds, self.random.bool())
    }

    fn crashes(&mut self) {
        for _ in 0..self.random.u32(1..=5) {
            let happening = Happening::Crash(self.company());
            self.sometime(happening);
        }
    }

    fn stops(&mut self) {
        for _ in 0..self.random.u32(1..=3) {
            let happening = Happening::Stop(self.company());
            self.sometime(happening);
        }
    }

    fn fuses(&mut self) {
        for _ in 0..self.random.u32(1..=6) {
            let happening = Happening::Light(self.company(), self.random.u32(0..60));
            self.sometime(happening);
        }
    }

    fn freezes(&mut self) {
        for _ in 0..self.random.u32(1..=2) {
            let happening = Happening::Freeze(self.company(), self.random.u64(500..9_000));
            self.sometime(happening);
        }
    }

    /// One way or both.
    fn cuts(&mut self) {
        for _ in 0..self.random.u32(1..=4) {
            let companies = self.plan.companies.len();
            let from = self.company();
            let to = (from + self.random.usize(1..companies)) % companies;
            let (at, time) = (self.time(), self.random.u64(200..8_000));
            let happenings = &mut self.plan.happenings;
            happenings.push((at, Happening::Cut(from, to, time)));
            if self.random.bool() {
                happenings.push((at, Happening::Cut(to, from, time)));
            }
        }
    }

    fn storms(&mut self) {
        for _ in 0..self.random.u32(1..=3) {
            let (index, at) = (self.company(), self.time());
            let weather = [Weather::Slow, Weather::Down][self.random.usize(0..2)];
            let until = at + self.random.u64(200..5_000);
            let happenings = &mut self.plan.happenings;
            happenings.push((at, Happening::Storm(index, weather)));
            happenings.push((until, Happening::Storm(index, Weather::Fair)));
        }
    }

    fn redis(&mut self) {
        let modes = [
            Mode::Up,
            Mode::Away,
            Mode::Slow,
            Mode::GrantsAll,
            Mode::GrantsNothing,
        ];
        for _ in 0..self.random.u32(1..=5) {
            let mode = modes[self.random.usize(0..modes.len())];
            self.sometime(Happening::Redis(mode));
            if self.random.bool() {
                self.sometime(Happening::Flush);
            }
        }
    }

    fn wire(&mut self) {
        self.plan.wire_risks = WireRisks {
            lost: self.random.u8(0..15),
            twice: self.random.u8(0..15),
            late: self.random.u8(0..10),
            busy: self.random.u8(0..4),
        };
    }

    fn store(&mut self) {
        self.plan.store_risks = StoreRisks {
            fails: self.random.u8(0..8),
            unknown: self.random.u8(0..12),
        };
    }

    fn clocks(&mut self) {
        for _ in 0..self.random.u32(1..=4) {
            let happening = Happening::Wall(self.company(), self.random.i64(-DAY_MS..DAY_MS));
            self.sometime(happening);
        }
    }

    /// Operators take seats off sale and put them back.
    fn blocks(&mut self) {
        for _ in 0..self.random.u32(1..=4) {
            let index = self.company();
            let seat = self.seat(index);
            self.sometime(Happening::Block(index, seat, true));
            self.sometime(Happening::Block(index, seat, false));
        }
    }

    /// Imports move flights, withdraw them, and put them on other aircraft.
    fn flights(&mut self) {
        for _ in 0..self.random.u32(1..=6) {
            let index = self.company();
            let route = RouteId(self.random.u64(1..=HOT_ROUTES));
            let flown = match self.random.u8(0..6) {
                0..=1 => Flown::Later(self.random.i64(-90..=90)),
                2 => Flown::Withdrawn(true),
                3 => Flown::Withdrawn(false),
                _ => Flown::Seats(self.random.u16(1..=HOT_SEATS)),
            };
            self.sometime(Happening::Fly(index, route, flown));
        }
    }

    /// Several people want the same login, at several nodes.
    fn claims(&mut self) {
        for login in 0..2 {
            let first = self.time();
            for _ in 0..self.random.u32(1..=3) {
                let at = first + self.random.u64(0..1_000);
                self.plan.happenings.push((at, Happening::Claim(login)));
            }
        }
    }
}
