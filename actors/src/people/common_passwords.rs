//! Passwords that whoever guesses tries first. A password of a person who is careful is none of them; the list is short,
//! because most of those that are leaked are a word with digits behind it, a run of keys, or something again and again.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words, in lower case and without what stands behind them.
static WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Keys side by side, as they are on a keyboard or in the alphabet.
const RUNS: [&str; 8] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%&*()",
];

/// Parts that a password has to have beside what is common.
const OWN_LEAST: usize = 4;

/// Digits of a year.
const YEAR: usize = 4;

/// Whether this is among the first guesses for the password of this login.
pub fn is_common(password: &str, login: &str) -> bool {
    let folded = plain(password);
    let stem = stem(&folded);
    let login = plain(login);
    is_repeated(&folded)
        || is_run(&folded)
        || ((WORDS.contains(stem) || WORDS.contains(plain_letters(stem).as_str()))
            && is_guessed_beside_a_word(&folded, stem))
        || (login.len() >= OWN_LEAST && without(&folded, &login) < OWN_LEAST)
}

fn plain(text: &str) -> String {
    text.to_lowercase()
}

/// Without digits and signs at either end.
fn stem(folded: &str) -> &str {
    folded.trim_matches(|character: char| !character.is_alphabetic())
}

/// Whether the digits beside a word are a year or fewer, side by side, or the same again and again. Others are nobody's first guess.
fn is_guessed_beside_a_word(folded: &str, stem: &str) -> bool {
    let beside = folded.replacen(stem, "", 1);
    let digits: String = beside.chars().filter(char::is_ascii_digit).collect();
    digits.len() <= YEAR || is_run(&digits) || is_repeated(&digits)
}

/// With letters for the signs that stand for them.
fn plain_letters(stem: &str) -> String {
    let letter = |character| match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        'ã' | 'á' | 'â' | 'à' => 'a',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'õ' | 'ô' => 'o',
        'ú' => 'u',
        'ç' => 'c',
        other => other,
    };
    stem.chars().map(letter).collect()
}

/// A part of it again and again, of at most half its length less one.
fn is_repeated(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let again = |part: usize| {
        letters
            .iter()
            .zip(letters[part..].iter())
            .all(|(a, b)| a == b)
    };
    (1..=letters.len().min(9) / 2).any(again)
}

/// Keys side by side, forwards or backwards, also several runs.
fn is_run(text: &str) -> bool {
    let mut rest = text;
    let mut runs = 0;
    while !rest.is_empty() {
        let longest = RUNS.iter().map(|keys| begins_run(rest, keys)).max();
        let longest = longest.unwrap_or(0);
        if longest < 3 {
            return runs > 0 && rest.chars().count() < OWN_LEAST;
        }
        runs += 1;
        rest = &rest[longest..];
    }
    true
}

/// How many bytes of the text are side by side on these keys, which are ASCII.
fn begins_run(text: &str, keys: &str) -> usize {
    let backwards: String = keys.chars().rev().collect();
    let along = |keys: &str| {
        let Some(start) = text.chars().next().and_then(|first| keys.find(first)) else {
            return 0;
        };
        let same = text.bytes().zip(keys[start..].bytes());
        same.take_while(|(text, key)| text == key).count()
    };
    along(keys).max(along(&backwards))
}

/// How much is left of the text without this.
fn without(text: &str, part: &str) -> usize {
    text.replace(part, "").chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "12345678",
            "123456789",
            "87654321",
            "password",
            "Password1",
            "password123!",
            "P@ssw0rd2026",
            "senha123",
            "Senha@2024",
            "senhasenha",
            "qwertyuiop",
            "1q2w3e4r",
            "abcd1234",
            "aaaaaaaa",
            "abababab",
            "qwerty123456",
            "iloveyou",
            "flamengo10",
            "brasil2026",
            "senha-12345678",
            "ana.souza1",
            "Ana.Souza",
        ] {
            assert!(is_common(password, "ana.souza"), "{password}");
        }
    }

    #[test]
    fn what_is_not_is_taken() {
        for password in [
            "uma senha de teste",
            "senha-muito-boa",
            "senha-48291734",
            "outra-muito-boa",
            "correct horse",
            "battery staple",
            "outra senha boa",
            "maçã-é-boa",
            "xk7-quati-lua",
            "ana gosta de manga",
            "3fA9-kd72-Pq1x",
        ] {
            assert!(!is_common(password, "ana"), "{password}");
        }
        assert!(!is_common("ção", "") && is_common("", "ana"));
    }
}
