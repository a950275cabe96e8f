//! What becomes of a message between two companies.

/// How long a caller waits for an answer.
pub const PATIENCE: u64 = 1_500;
/// A message that got lost in a queue somewhere still arrives, long after everybody gave up on it.
const LATE_MAX: u64 = 7_000;

/// In percent.
const LOST: u8 = 8;
const TWICE: u8 = 8;
const LATE: u8 = 6;

/// When the copies of one message arrive: none, one or two of them.
pub fn arrivals(random: &mut fastrand::Rng, faulty: bool, now: u64) -> Vec<u64> {
    if !faulty {
        return vec![now + random.u64(1..20)];
    }
    if chance(random, LOST) {
        return Vec::new();
    }
    let copies = if chance(random, TWICE) { 2 } else { 1 };
    let mut delay = || {
        let late = chance(random, LATE);
        random.u64(1..if late { LATE_MAX } else { 60 })
    };
    (0..copies).map(|_| now + delay()).collect()
}

pub fn chance(random: &mut fastrand::Rng, percent: u8) -> bool {
    random.u8(0..100) < percent
}
