//! Latencies of many answers as a few numbers.

use serde::Serialize;

/// Milliseconds; zero of no answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
}

impl Latency {
    /// Of microseconds, ascending.
    pub fn of(sorted_us: &[u32]) -> Self {
        Self {
            p50_ms: quantile(sorted_us, 0.5),
            p99_ms: quantile(sorted_us, 0.99),
            p999_ms: quantile(sorted_us, 0.999),
        }
    }
}

/// The least value that is not exceeded by so large a share of all.
fn quantile(sorted_us: &[u32], share: f64) -> f64 {
    // a list is far shorter than 2^52
    let place = (sorted_us.len() as f64 * share).ceil() as usize;
    let value = sorted_us.get(place.saturating_sub(1)).copied();
    f64::from(value.unwrap_or_default()) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        let thousand: Vec<u32> = (1..=1000).map(|n| n * 1000).collect();
        let latency = Latency::of(&thousand);
        assert_eq!(
            (latency.p50_ms, latency.p99_ms, latency.p999_ms),
            (500.0, 990.0, 999.0)
        );
        assert_eq!(Latency::of(&[7_500]).p999_ms, 7.5);
        assert_eq!(Latency::of(&[]), Latency::default());
    }
}
