//! Whether a surname is that of somebody whose whole name is known, as people type it.

use crate::catalogue::airports::fold;

/// What may stand after a surname, and is often left out.
const GENERATIONS: [&str; 7] = ["filho", "filha", "neto", "neta", "sobrinho", "junior", "jr"];

/// The last words of the name, without regard to case, accents and what is no letter. At least one word is asked for.
pub fn is_of(surname: &str, name: &str) -> bool {
    let (name, surname) = (fold(name), fold(surname));
    let asked: Vec<&str> = surname.split_whitespace().collect();
    let words: Vec<&str> = name.split_whitespace().collect();
    let without = match words.split_last() {
        Some((last, before)) if GENERATIONS.contains(last) => before,
        _ => &words[..],
    };
    !asked.is_empty() && (words.ends_with(&asked) || without.ends_with(&asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surname_is_the_end_of_a_name_however_it_is_typed() {
        for (surname, name) in [
            ("Souza", "Ana Conceição Souza"),
            ("conceicao souza", "Ana Conceição Souza"),
            ("ANA CONCEIÇÃO SOUZA", "Ana Conceição Souza"),
            ("d'ávila", "Zé D’Ávila"),
            ("Souza", "Caê Souza Filho"),
            ("Souza Filho", "Caê Souza Filho"),
            ("Sá-Carneiro", "Mário de Sá Carneiro"),
            ("Pelé", "Pelé"),
            ("王", "小明 王"),
        ] {
            assert!(is_of(surname, name), "{surname} of {name}");
        }
    }

    #[test]
    fn a_part_of_a_word_or_a_first_name_is_none() {
        for (surname, name) in [
            ("", "Ana Souza"),
            ("-", "Ana Souza"),
            ("Ana", "Ana Souza"),
            ("ouza", "Ana Souza"),
            ("Souza", "Ana Souza Lima"),
            ("Ana Souza Lima", "Souza Lima"),
            ("Souza", ""),
            ("", ""),
        ] {
            assert!(!is_of(surname, name), "{surname} of {name}");
        }
    }
}
