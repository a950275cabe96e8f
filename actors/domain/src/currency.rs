//! Currencies and their minor units: the table of ISO 4217 (list one, as of 1 January 2026), the only one in this project.
//!
//! Codes that are no money (gold, silver, testing, no currency: XAU, XAG, XTS, XXX and the like) have no minor unit and are
//! none here.

/// Ascending, by the number of digits after the point.
const WHOLE: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
];
const HUNDREDTHS: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD",
    "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF",
    "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL",
    "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU",
    "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD",
    "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR",
    "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB",
    "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED",
    "VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];
const THOUSANDTHS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
const TEN_THOUSANDTHS: &[&str] = &["CLF", "UYW"];
/// What is shown of an amount whose currency is none of the table: prices from before the table was asked.
const UNKNOWN_DIGITS: u8 = 2;

/// Digits after the point of an amount, 0 to 4; nothing if the code is no currency.
pub fn digits(code: &str) -> Option<u8> {
    [
        (2, HUNDREDTHS),
        (0, WHOLE),
        (3, THOUSANDTHS),
        (4, TEN_THOUSANDTHS),
    ]
    .into_iter()
    .find_map(|(digits, codes)| codes.binary_search(&code).is_ok().then_some(digits))
}

/// The same for amounts that are shown, whatever their currency.
pub fn digits_shown(code: &str) -> u8 {
    digits(code).unwrap_or(UNKNOWN_DIGITS)
}

/// An amount of minor units as a number with this decimal mark: `459,90`, `12.345` or `1500`.
pub fn decimal(minor: i64, code: &str, mark: char) -> String {
    let digits = usize::from(digits_shown(code));
    let sign = if minor < 0 { "-" } else { "" };
    // one digit stands before the mark
    let number = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = number.split_at(number.len() - digits);
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}{mark}{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_one_list_which_is_sorted() {
        let lists = [WHOLE, HUNDREDTHS, THOUSANDTHS, TEN_THOUSANDTHS];
        assert!(lists.iter().all(|list| list.is_sorted_by(|a, b| a < b)));
        let all = lists.concat();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|code| code.len() == 3));
    }

    #[test]
    fn currencies_have_their_own_minor_units() {
        for (code, expected) in [
            ("BRL", Some(2)),
            ("USD", Some(2)),
            ("LBP", Some(2)),
            ("JPY", Some(0)),
            ("XPF", Some(0)),
            ("UYI", Some(0)),
            ("KWD", Some(3)),
            ("CLF", Some(4)),
            ("UYW", Some(4)),
            ("XXX", None),
            ("XAU", None),
            ("ABC", None),
            ("brl", None),
            ("", None),
        ] {
            assert_eq!(digits(code), expected, "{code}");
        }
    }

    #[test]
    fn amounts_are_written_with_the_digits_of_their_currency() {
        for (minor, code, expected) in [
            (45_990, "BRL", "459,90"),
            (5, "BRL", "0,05"),
            (-5, "BRL", "-0,05"),
            (-45_990, "BRL", "-459,90"),
            (12_345, "JPY", "12345"),
            (0, "JPY", "0"),
            (1_234, "KWD", "1,234"),
            (12_345, "CLF", "1,2345"),
            (5, "???", "0,05"),
            (i64::MIN, "JPY", "-9223372036854775808"),
        ] {
            assert_eq!(decimal(minor, code, ','), expected, "{minor} {code}");
        }
    }
}
