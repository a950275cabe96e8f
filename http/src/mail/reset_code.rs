//! The code that brings another password: made of its random id with the company's key, and so kept nowhere. Whoever
//! reads the database, or a copy of it, knows no code.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::token::{Sealed, TokenIssuer};

/// Digits of a code.
const DIGITS: u32 = 8;

/// Sealed to make a code of the seal, which nobody ever sees: it would be the code.
#[derive(Serialize, Deserialize)]
struct Reset(Uuid);

impl Sealed for Reset {
    const KIND: &'static str = "codigo-de-senha";
}

/// An error is one of the machinery.
pub(crate) fn of(issuer: &TokenIssuer, id: Uuid) -> Result<u64, jsonwebtoken::errors::Error> {
    // signatures of Ed25519 are the same every time
    let seal = issuer.seal(&Reset(id))?;
    let hash = Sha256::digest(seal.as_bytes());
    let number = hash[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    Ok(number % 10_u64.pow(DIGITS))
}

/// `1234 5678`.
pub(crate) fn shown(code: u64) -> String {
    let digits = format!("{code:08}");
    let (first, second) = digits.split_at(4);
    format!("{first} {second}")
}

/// A code as somebody types it: blanks and hyphens are no part of it.
pub(crate) fn read(text: &str) -> Option<u64> {
    let is_part = |character: &char| !character.is_whitespace() && *character != '-';
    let digits: String = text
        .chars()
        .filter(is_part)
        .take(DIGITS as usize + 1)
        .collect();
    let all = digits.len() == DIGITS as usize && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::two_companies;

    #[test]
    fn a_code_is_the_same_each_time_and_of_one_company() {
        let (a, b, _) = two_companies();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = of(&a, one).unwrap();
        assert_eq!(of(&a, one).unwrap(), code);
        assert_ne!(of(&a, other).unwrap(), code);
        assert_ne!(of(&b, one).unwrap(), code);
        assert!(code < 100_000_000);
    }

    #[test]
    fn what_is_shown_is_read_again_however_it_is_typed() {
        for code in [0, 7, 12_345_678, 99_999_999] {
            assert_eq!(read(&shown(code)), Some(code));
        }
        assert_eq!(shown(120_034), "0012 0034");
        for same in [
            "00120034",
            " 0012-0034 ",
            "0012\u{a0}0034",
            "0 0 1 2 0 0 3 4",
        ] {
            assert_eq!(read(same), Some(120_034), "{same}");
        }
        for wrong in [
            "",
            "1234567",
            "123456789",
            "1234567x",
            "+1234567",
            "１２３４５６７８",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
