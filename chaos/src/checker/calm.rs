//! When nothing was wrong: what holds only then is judged only then.
//!
//! A machine that is slow enough takes the leases away without any fault of ours; the nodes say so.

use crate::history::Fault;

use super::facts::HEAL_LIMIT;

/// A node may say a little late that something is away, and a little early that it is back.
const AROUND: u64 = 1_000_000;

/// The times of a history outside its faults, the healing after each, and what its nodes complained of.
pub struct Calm {
    troubles: Vec<(u64, u64)>,
}

impl Calm {
    /// `complaints` are beginnings and ends.
    pub fn new(faults: &[Fault], complaints: &[(u64, u64)]) -> Self {
        // half a minute is far below 2^64 microseconds
        let healing = HEAL_LIMIT.as_micros() as u64;
        let trouble = |fault: &Fault| {
            let end = fault
                .end_us
                .map_or(u64::MAX, |end| end.saturating_add(healing));
            (fault.begin_us, end)
        };
        let around =
            |(begin, end): &(u64, u64)| (begin.saturating_sub(AROUND), end.saturating_add(AROUND));
        let faults = faults.iter().map(trouble);
        Self {
            troubles: faults.chain(complaints.iter().map(around)).collect(),
        }
    }

    /// Whether nothing was wrong from the one instant to the other.
    pub fn lasts(&self, begin_us: u64, end_us: u64) -> bool {
        let disturbs = |(begin, end): &(u64, u64)| *begin <= end_us && begin_us <= *end;
        !self.troubles.iter().any(disturbs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_disturbs_until_it_has_healed() {
        let fault = |begin_us, end_us| Fault {
            nemesis: "freeze".to_owned(),
            target: "a".to_owned(),
            begin_us,
            end_us,
        };
        let healed = 2_000 + u64::try_from(HEAL_LIMIT.as_micros()).unwrap();
        let calm = Calm::new(
            &[fault(1_000, Some(2_000)), fault(90_000_000, None)],
            &[(80_000_000, 81_000_000)],
        );
        assert!(calm.lasts(0, 999));
        assert!(!calm.lasts(0, 1_000));
        assert!(!calm.lasts(1_500, 1_600));
        assert!(!calm.lasts(healed, healed + 5));
        assert!(calm.lasts(healed + 1, 78_999_999));
        assert!(!calm.lasts(79_500_000, 79_500_001), "a complaint");
        assert!(calm.lasts(82_000_001, 89_999_999));
        assert!(!calm.lasts(99_000_000, 99_000_001), "it never ended");
    }
}
