//! How far one name is from another.

use strsim::levenshtein;

/// By so many letters a name may differ from the one that a seat was sold with: changed, put in or left out.
pub const LETTERS_MAX: usize = 3;

/// Whether a seat that was sold with the one name may be corrected to the other.
pub fn is_near(sold: &str, name: &str) -> bool {
    levenshtein(sold, name) <= LETTERS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_count_and_letters_not_their_bytes() {
        assert!(is_near("José Gonçalves", "Jose Goncalves"));
        assert!(is_near("ação", "acao") && !is_near("ação", "bbbb"));
        assert!(is_near("Ana", "") && !is_near("Anna", ""));
    }
}
