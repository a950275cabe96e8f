//! Amounts as people write them.

use passcom_actors::domain::currency;
use passcom_actors::domain::order::Price;

use crate::language::Language;

/// `R$ 1.339,90` or `R$1,339.90`; of other currencies the code stands before the number.
pub(crate) fn readable(price: &Price, language: Language) -> String {
    let (mark, group, real) = match language {
        Language::Portuguese => (',', '.', "R$ "),
        Language::English => ('.', ',', "R$"),
    };
    let number = currency::decimal(price.minor, &price.currency, mark);
    let number = grouped(&number, mark, group);
    match &*price.currency {
        "BRL" => format!("{real}{number}"),
        other => format!("{other} {number}"),
    }
}

/// With a mark after every three digits from the point on.
fn grouped(number: &str, mark: char, group: char) -> String {
    let (whole, fraction) = match number.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let digits = whole.chars().filter(char::is_ascii_digit).count();
    let mut written = String::with_capacity(number.len() + digits / 3);
    let mut left = digits;
    for character in whole.chars() {
        if character.is_ascii_digit() {
            if left < digits && left % 3 == 0 {
                written.push(group);
            }
            left -= 1;
        }
        written.push(character);
    }
    if let Some(fraction) = fraction {
        written.push(mark);
        written.push_str(fraction);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_digits_of_its_currency_and_the_marks_of_its_language() {
        let told = |minor, currency: &str, language| {
            let currency = currency.to_owned();
            readable(&Price { minor, currency }, language)
        };
        for (minor, currency, portuguese, english) in [
            (33_990, "BRL", "R$ 339,90", "R$339.90"),
            (123_456_789, "BRL", "R$ 1.234.567,89", "R$1,234,567.89"),
            (5, "BRL", "R$ 0,05", "R$0.05"),
            (1_500, "JPY", "JPY 1.500", "JPY 1,500"),
            (12_345_678, "KWD", "KWD 12.345,678", "KWD 12,345.678"),
            (-100_000, "USD", "USD -1.000,00", "USD -1,000.00"),
        ] {
            assert_eq!(told(minor, currency, Language::Portuguese), portuguese);
            assert_eq!(told(minor, currency, Language::English), english);
        }
    }
}
