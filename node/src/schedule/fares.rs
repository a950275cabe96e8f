//! The fare rule: what a leg costs where the schedule has no price (SSIM never has one).
//!
//! R$ 119.90, and R$ 0.32 for each of the first 1,000 km of the great circle and R$ 0.18 for each further one, rounded
//! up to the next R$ 10 less ten centavos: GRU-SDU (343 km) R$ 229.90, GRU-MAO (2,690 km) R$ 749.90. Where the table of
//! airports lacks one of the two, the distance is what a jet makes of the time: 12 km a minute after the first 30.

use passcom_actors::catalogue::airports;
use passcom_actors::domain::order::Price;

const BASE_CENTAVOS: i64 = 11_990;
const NEAR_CENTAVOS_PER_KM: i64 = 32;
const FAR_CENTAVOS_PER_KM: i64 = 18;
const NEAR_KM: i64 = 1000;
const STEP_CENTAVOS: i64 = 1000;
const BELOW_STEP_CENTAVOS: i64 = 10;
const KM_PER_MINUTE: i64 = 12;
const GROUND_MINUTES: i64 = 30;

/// The fare of a leg between these airports that takes so long.
pub fn price(origin: &str, destination: &str, block_seconds: i64) -> Price {
    let km = match (airports::find(origin), airports::find(destination)) {
        (Some(from), Some(to)) => from.distance_km(to).round() as i64,
        _ => (block_seconds / 60 - GROUND_MINUTES).max(0) * KM_PER_MINUTE,
    };
    Price {
        minor: by_distance(km),
        currency: "BRL".into(),
    }
}

fn by_distance(km: i64) -> i64 {
    let near = km.min(NEAR_KM) * NEAR_CENTAVOS_PER_KM;
    let far = (km - NEAR_KM).max(0) * FAR_CENTAVOS_PER_KM;
    let exact = BASE_CENTAVOS + near + far + BELOW_STEP_CENTAVOS;
    (exact + STEP_CENTAVOS - 1) / STEP_CENTAVOS * STEP_CENTAVOS - BELOW_STEP_CENTAVOS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fares_rise_with_distance_and_end_in_ninety_centavos() {
        assert_eq!(by_distance(0), 11_990);
        assert_eq!(by_distance(1), 12_990);
        assert_eq!(by_distance(1000), 43_990);
        assert_eq!(by_distance(1001), 44_990);
        for km in 0..6000 {
            assert!(by_distance(km) <= by_distance(km + 1));
            assert_eq!(by_distance(km) % 1000, 990);
        }
    }

    #[test]
    fn the_examples_of_the_header_hold() {
        assert_eq!(price("GRU", "SDU", 0).minor, 22_990);
        assert_eq!(price("GRU", "MAO", 0).minor, 74_990);
    }

    #[test]
    fn an_unknown_airport_is_priced_by_time() {
        assert_eq!(price("GRU", "XYZ", 90 * 60).minor, by_distance(720));
        assert_eq!(price("GRU", "XYZ", 60).minor, by_distance(0));
    }
}
