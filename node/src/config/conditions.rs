//! A company's name and `[company.conditions]`: what customers read of it, and what they agree to with every fare of it.
//!
//! This text stands on pages, tickets and letters of all companies, so all of it is one line of bounded length without characters that
//! are not seen, or that turn the direction of what follows them.

use serde::{Deserialize, Serialize};

use super::{Fault, fault};

/// Longest name, in characters: it stands beside every flight.
const NAME_LEN_MAX: usize = 40;
/// Longest sentence, in characters.
const SENTENCE_LEN_MAX: usize = 200;

/// One sentence about each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    pub baggage: Sentence,
    pub refund: Sentence,
    pub change: Sentence,
}

/// In both languages that customers read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    pub pt: String,
    pub en: String,
}

impl Conditions {
    pub(super) fn check(&self, owner: &str) -> Result<(), Fault> {
        let sentences = [
            ("baggage", &self.baggage),
            ("refund", &self.refund),
            ("change", &self.change),
        ];
        for (name, Sentence { pt, en }) in sentences {
            for (language, text) in [("pt", pt), ("en", en)] {
                let field = format!("{owner}.conditions.{name}.{language}");
                check_line(&field, text, SENTENCE_LEN_MAX)?;
            }
        }
        Ok(())
    }
}

pub(super) fn check_name(owner: &str, name: &str) -> Result<(), Fault> {
    check_line(&format!("{owner}.name"), name, NAME_LEN_MAX)
}

fn check_line(field: &str, text: &str, len_max: usize) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return fault(field, "is empty; write what customers read");
    }
    if text.trim() != text {
        return fault(field, "begins or ends with a blank");
    }
    let len = text.chars().count();
    if len > len_max {
        return fault(
            field,
            format!("has {len} characters; write {len_max} at most"),
        );
    }
    match text.chars().find(|c| is_unseen(*c)) {
        Some(c) => fault(
            field,
            format!("has the character U+{:04X}, which is not seen", c as u32),
        ),
        None => Ok(()),
    }
}

/// Control characters, ends of lines, marks of direction, and what has no width.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        baggage = { pt = "Uma mala de 23 kg.", en = "One bag of 23 kg." }
        refund = { pt = "Não há.", en = "None." }
        change = { pt = "Sem multa.", en = "Without a fee." }
    "#;

    fn checked(text: &str) -> Result<(), String> {
        let conditions: Conditions = toml::from_str(text).map_err(|error| error.to_string())?;
        let checked = conditions.check("company a");
        checked.map_err(|(field, problem)| format!("{field}: {problem}"))
    }

    #[test]
    fn what_is_wrong_with_a_sentence_is_said_with_its_place() {
        assert_eq!(checked(GOOD), Ok(()));
        let longest = "ç".repeat(SENTENCE_LEN_MAX);
        assert_eq!(checked(&GOOD.replace("None.", &longest)), Ok(()));
        for (from, to, expected) in [
            (
                "None.",
                &*format!("{longest}."),
                "company a.conditions.refund.en: has 201 characters",
            ),
            ("None.", " ", "company a.conditions.refund.en: is empty"),
            (
                "None.",
                "None. ",
                "company a.conditions.refund.en: begins or ends",
            ),
            (
                "Sem multa.",
                "Sem\\nmulta.",
                "company a.conditions.change.pt: has the character U+000A",
            ),
            (
                "Sem multa.",
                "Sem \u{202e}multa.",
                "company a.conditions.change.pt: has the character U+202E",
            ),
            (", en = \"None.\"", "", "missing field `en`"),
            ("baggage", "bagage", "unknown field `bagage`"),
        ] {
            let problem = checked(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn a_name_fits_beside_a_flight() {
        for (name, fits) in [
            ("Beija-Flor", true),
            (&*"x".repeat(NAME_LEN_MAX), true),
            (&*"x".repeat(NAME_LEN_MAX + 1), false),
            ("", false),
            ("A\u{200b}B", false),
        ] {
            assert_eq!(check_name("company a", name).is_ok(), fits, "{name:?}");
        }
    }
}
