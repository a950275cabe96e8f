//! What one field holds: flights, times, prices. Nothing here knows of lines or columns.

use jiff::civil::Time;

use crate::schedule::pattern::FLIGHT_NUMBER_MAX;

/// Highest price, in minor units.
const PRICE_MINOR_MAX: i64 = 100_000_000_000;
/// `G31234A` is G3, 1234, A; an airline designator has three characters only if all are letters.
pub fn split_flight(text: &str) -> Option<(String, u16, Option<char>)> {
    let bytes = text.as_bytes();
    let capital = |b: &u8| b.is_ascii_uppercase();
    let length = if bytes.len() > 3 && bytes[..3].iter().all(capital) {
        3
    } else {
        2
    };
    let (carrier, rest) = bytes.split_at_checked(length)?;
    let plain = |b: &u8| capital(b) || b.is_ascii_digit();
    if !carrier.iter().all(plain) || !carrier.iter().any(capital) {
        return None;
    }
    let (number, suffix) = match rest.split_last() {
        Some((last, number)) if capital(last) => (number, Some(char::from(*last))),
        _ => (rest, None),
    };
    if number.len() > 4 || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    let carrier = text.get(..length)?.to_owned();
    (1..=FLIGHT_NUMBER_MAX)
        .contains(&number)
        .then_some((carrier, number, suffix))
}

/// `08:15` and, if there is one, `-03:00` in seconds east.
pub fn split_time(text: &str) -> Option<(Time, Option<i32>)> {
    let time = hours_and_minutes(text.get(..5)?)?;
    let offset = match text.get(5..)? {
        "" => None,
        offset => {
            let sign = match offset.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let east = hours_and_minutes(offset.get(1..)?)?;
            Some(sign * (i32::from(east.hour()) * 3600 + i32::from(east.minute()) * 60))
        }
    };
    Some((time, offset))
}

fn hours_and_minutes(text: &str) -> Option<Time> {
    let [h1, h2, b':', m1, m2] = *text.as_bytes() else {
        return None;
    };
    if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |tens: u8, ones: u8| ((tens - b'0') * 10 + (ones - b'0')) as i8;
    Time::new(two(h1, h2), two(m1, m2), 0, 0).ok()
}

/// `349.9` with two digits is 34990; `349,9` where the mark is a comma. No thousands are separated: `1.234` of a currency
/// with two digits is a mistake that nobody may guess at.
pub fn minor_units(text: &str, mark: char, digits: u8) -> Option<i64> {
    let digits = usize::from(digits);
    let (whole, fraction) = text.split_once(mark).unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > digits {
        return None;
    }
    let minor: i64 = format!("{whole}{fraction:0<digits$}").parse().ok()?;
    (minor <= PRICE_MINOR_MAX).then_some(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_digits_of_its_currency_and_the_mark_of_its_file() {
        assert_eq!(minor_units("349.9", '.', 2), Some(34_990));
        assert_eq!(minor_units("349,90", ',', 2), Some(34_990));
        assert_eq!(minor_units("349", '.', 0), Some(349));
        assert_eq!(minor_units("1.234", '.', 3), Some(1234));
        for (wrong, mark, digits) in [
            ("349.0", '.', 0),
            (".5", '.', 2),
            ("349,90", '.', 2),
            ("1.349,90", ',', 2),
            ("1,349.90", '.', 2),
            ("-1", '.', 2),
            ("", '.', 2),
        ] {
            assert_eq!(minor_units(wrong, mark, digits), None, "{wrong}");
        }
    }

    #[test]
    fn an_airline_designator_has_three_characters_only_if_all_are_letters() {
        assert_eq!(
            split_flight("G31234A"),
            Some(("G3".into(), 1234, Some('A')))
        );
        assert_eq!(split_flight("3K7"), Some(("3K".into(), 7, None)));
        assert_eq!(split_flight("TAM8001"), Some(("TAM".into(), 8001, None)));
        for wrong in [
            "", "G", "G3", "G3A", "331", "G30", "G312345", "g3123", "G3+12", "AÉ12",
        ] {
            assert_eq!(split_flight(wrong), None, "{wrong}");
        }
    }
}
