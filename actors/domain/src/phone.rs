//! Telephone numbers as people in Brazil type them, kept in one form that can be called from anywhere (ITU-T E.164).

/// Digits of a number with its country, by E.164; none that a mobile could have is shorter.
const INTERNATIONAL_LEN: std::ops::RangeInclusive<usize> = 8..=15;
const BRAZIL: &str = "55";

/// The number as `+5511912345678`; none if it is no number.
///
/// Without a country it is a Brazilian one: area code and number, with the trunk prefix 0 or without.
pub fn e164(text: &str) -> Option<String> {
    let text = text.trim();
    let (is_international, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => match text.strip_prefix("00") {
            Some(rest) => (true, rest),
            None => (false, text),
        },
    };
    let parts = |c: &char| !matches!(c, '(' | ')' | '-' | '.' | '/') && !c.is_whitespace();
    let digits: String = rest.chars().filter(parts).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let national = match is_international {
        true => digits.strip_prefix(BRAZIL),
        // 55 is an area code, too: with it, a number has eleven digits at most
        false if digits.len() > 11 => digits.strip_prefix(BRAZIL).or(Some(&*digits)),
        false => Some(&*digits),
    };
    match national {
        Some(national) => {
            let national = national.strip_prefix('0').unwrap_or(national);
            is_brazilian(national).then(|| format!("+{BRAZIL}{national}"))
        }
        None => {
            let fits = INTERNATIONAL_LEN.contains(&digits.len()) && !digits.starts_with('0');
            fits.then(|| format!("+{digits}"))
        }
    }
}

/// Area code, then nine digits of a mobile or eight of a landline.
fn is_brazilian(number: &str) -> bool {
    let Some((area, own)) = number.split_at_checked(2) else {
        return false;
    };
    let first = own.as_bytes().first().copied();
    let is_mobile = own.len() == 9 && first == Some(b'9');
    let is_landline = own.len() == 8 && first.is_some_and(|first| (b'2'..=b'5').contains(&first));
    // no area code has a zero (Anatel, Resolução nº 749, of 2022)
    !area.contains('0') && (is_mobile || is_landline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_kept_alike_however_it_is_typed() {
        for text in [
            "(11) 91234-5678",
            "11912345678",
            "11 91234 5678",
            "011 91234-5678",
            "+55 11 91234-5678",
            "+55 (011) 91234-5678",
            "5511912345678",
            "0055 11 91234.5678",
            " 11/91234-5678 ",
        ] {
            assert_eq!(e164(text).as_deref(), Some("+5511912345678"), "{text}");
        }
        assert_eq!(
            e164("(55) 3222-1234").as_deref(),
            Some("+555532221234"),
            "Santa Maria"
        );
        assert_eq!(e164("55 99622-1234").as_deref(), Some("+5555996221234"));
        assert_eq!(e164("(21) 2345-6789").as_deref(), Some("+552123456789"));
    }

    #[test]
    fn numbers_of_other_countries_name_them() {
        assert_eq!(e164("+1 (212) 555-0123").as_deref(), Some("+12125550123"));
        assert_eq!(e164("00 351 912 345 678").as_deref(), Some("+351912345678"));
        for text in [
            "+",
            "+1234567",
            "+1234567890123456",
            "+0123456789",
            "+1 212 CALL",
        ] {
            assert_eq!(e164(text), None, "{text}");
        }
    }

    #[test]
    fn what_nobody_can_call_is_no_number() {
        for text in [
            "",
            "190",
            "91234-5678",
            "(11) 1234-5678",
            "(11) 81234-5678",
            "(10) 91234-5678",
            "(01) 91234-5678",
            "11 91234-567",
            "11 91234-56789",
            "+55 11 1234-5678",
            "ana@example.com",
            "１１９１２３４５６７８",
        ] {
            assert_eq!(e164(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_kept_is_read_as_itself() {
        for area in 11..=99 {
            for own in ["912345678", "991112222", "23456789", "55556666"] {
                let text = format!("{area}{own}");
                let Some(kept) = e164(&text) else {
                    assert_eq!(area % 10, 0, "{text}");
                    continue;
                };
                assert_eq!(e164(&kept).as_deref(), Some(&*kept), "{text}");
                assert_eq!(kept, format!("+55{text}"));
            }
        }
    }
}
