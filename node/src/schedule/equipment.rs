//! Seats of an aircraft type, for the schedules that do not say: usual one-class layouts by IATA type code.

/// Type and seats, ascending by type.
const SEATS: [(&str, u16); 52] = [
    ("221", 125),
    ("223", 145),
    ("295", 120),
    ("318", 132),
    ("319", 144),
    ("31A", 120),
    ("320", 174),
    ("321", 220),
    ("32A", 180),
    ("32B", 220),
    ("32N", 180),
    ("32Q", 224),
    ("332", 260),
    ("333", 300),
    ("338", 287),
    ("339", 298),
    ("346", 380),
    ("351", 366),
    ("359", 325),
    ("388", 500),
    ("733", 140),
    ("734", 156),
    ("735", 120),
    ("737", 138),
    ("738", 186),
    ("739", 190),
    ("73G", 138),
    ("73H", 186),
    ("73W", 138),
    ("744", 400),
    ("752", 200),
    ("763", 250),
    ("772", 313),
    ("773", 368),
    ("77W", 396),
    ("788", 247),
    ("789", 290),
    ("7M8", 186),
    ("7M9", 193),
    ("AT4", 48),
    ("AT5", 48),
    ("AT7", 70),
    ("CNA", 9),
    ("CNC", 9),
    ("DH4", 74),
    ("E70", 76),
    ("E75", 88),
    ("E7W", 88),
    ("E90", 106),
    ("E95", 118),
    ("ER4", 50),
    ("L4T", 17),
];

/// Seats of this type, if it is one of those known here.
pub fn seats(equipment: &str) -> Option<u16> {
    let index = SEATS
        .binary_search_by(|(iata, _)| (*iata).cmp(equipment))
        .ok()?;
    Some(SEATS[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_answers() {
        assert!(SEATS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(seats("738"), Some(186));
        assert_eq!(seats("ZZZ"), None);
    }
}
