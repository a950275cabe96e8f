//! When nothing was wrong: what holds only then is judged only then.

use crate::history::Fault;

use super::facts::HEAL_LIMIT;

/// The times of a history outside its faults and the healing after each.
pub struct Calm {
    troubles: Vec<(u64, u64)>,
}

impl Calm {
    pub fn new(faults: &[Fault]) -> Self {
        // half a minute is far below 2^64 microseconds
        let healing = HEAL_LIMIT.as_micros() as u64;
        let trouble = |fault: &Fault| {
            let end = fault
                .end_us
                .map_or(u64::MAX, |end| end.saturating_add(healing));
            (fault.begin_us, end)
        };
        Self {
            troubles: faults.iter().map(trouble).collect(),
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
        let calm = Calm::new(&[fault(1_000, Some(2_000)), fault(90_000_000, None)]);
        assert!(calm.lasts(0, 999));
        assert!(!calm.lasts(0, 1_000));
        assert!(!calm.lasts(1_500, 1_600));
        assert!(!calm.lasts(healed, healed + 5));
        assert!(calm.lasts(healed + 1, 89_999_999));
        assert!(!calm.lasts(99_000_000, 99_000_001), "it never ended");
    }
}
