//! How logins, passwords and names of people are spelt: what may be given, and what is the same.
//!
//! RFC 8265 for logins (UsernameCaseMapped) and passwords (OpaqueString), RFC 8266 for names (Nickname): no blanks in
//! a login, nothing invisible in any of them, one form of each that can be typed in several ways. Its tables are those of
//! IANA's registry. Accounts that are older than these rules keep working: a login is looked up by [`key`], which takes
//! any text, and a password is tried in each of its [`password_forms`].

use std::borrow::Cow;

use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use precis_profiles::{Nickname, OpaqueString, UsernameCaseMapped};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misspelt {
    /// A character that is not allowed there: a blank in a login, a control or invisible character anywhere; or letters
    /// from the left and from the right in one login.
    Character,
    /// Letters of scripts that nobody writes together, such as Latin and Cyrillic: it looks like another login.
    MixedScripts,
    /// No letter at all.
    NoLetter,
}

/// What a new login is known by, if it may be registered.
pub fn new_login(login: &str) -> Result<String, Misspelt> {
    let spelt = UsernameCaseMapped::enforce(login).map_err(|_| Misspelt::Character)?;
    if !spelt.as_ref().is_single_script() {
        return Err(Misspelt::MixedScripts);
    }
    Ok(key(&spelt))
}

/// What any login is known by: NFKC and case-folded. Two that UsernameCaseMapped takes for the same have the same key.
pub fn key(login: &str) -> String {
    let folded = caseless::default_case_fold_str(&login.nfkc().collect::<String>());
    folded.nfkc().collect()
}

/// What is hashed of a new password, if it may be chosen.
pub fn new_password(password: &str) -> Result<String, Misspelt> {
    let spelt = OpaqueString::enforce(password).map_err(|_| Misspelt::Character)?;
    Ok(spelt.into_owned())
}

/// What may have been hashed of this password: first by the rule of today, then by none, as it was typed or could have
/// been. One form where only ASCII is typed, and at most four.
pub fn password_forms(password: &str) -> Vec<String> {
    let today = OpaqueString::enforce(password).unwrap_or(Cow::Borrowed(password));
    let mut forms = vec![today.into_owned()];
    let older = [
        password.to_owned(),
        password.nfc().collect(),
        password.nfd().collect(),
    ];
    for form in older {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The name of a person: without blanks at its ends, and with one between two words. Letters that are younger than the
/// registry are letters: nobody's name is wrong for that.
pub fn name(name: &str) -> Result<String, Misspelt> {
    let known = name.chars().map(|letter| match is_young(letter) {
        true => 'a',
        false => letter,
    });
    let known: String = known.collect();
    let mut spelt = Nickname::enforce(known.as_str()).map_err(|_| Misspelt::Character)?;
    if known != name {
        let words: Vec<&str> = name.split_whitespace().collect();
        spelt = words.join(" ").nfkc().collect::<String>().into();
    }
    match spelt.chars().any(char::is_alphabetic) {
        true => Ok(spelt.into_owned()),
        false => Err(Misspelt::NoLetter),
    }
}

/// A letter or mark that IANA's registry does not have yet.
fn is_young(letter: char) -> bool {
    let class = FreeformClass::default();
    (letter.is_alphabetic() || is_combining_mark(letter))
        && class.get_value_from_char(letter) == DerivedPropertyValue::Unassigned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_look_alike_are_alike() {
        assert_eq!(key("JOSÉ"), key("jose\u{301}"));
        assert_eq!(key("Straße"), key("STRASSE"));
        assert_ne!(key("ana"), key("anna"));
        assert_eq!(new_login("ＡＮＡ"), Ok("ana".to_owned()));
        assert_eq!(new_login("José"), new_login("JOSE\u{301}"));
    }

    #[test]
    fn a_new_login_has_nothing_that_cannot_be_seen_and_one_script() {
        for fine in [
            "ana",
            "ana.souza@example.com",
            "josé-1",
            "анна",
            "王小明",
            "さくら太郎",
            "محمد",
        ] {
            assert_eq!(new_login(fine), Ok(fine.to_owned()), "{fine}");
        }
        for wrong in [
            "a\u{200b}na",
            "ana ",
            " ana",
            "a na",
            "ana\u{a0}",
            "a\u{ad}na",
            "\u{202e}ana",
            "ana\n",
            "ana😀",
            "",
            "aم",
        ] {
            assert_eq!(new_login(wrong), Err(Misspelt::Character), "{wrong:?}");
        }
        // Cyrillic а and о within Latin, Greek ο
        for wrong in ["аna", "jоão", "pedrο"] {
            assert_eq!(new_login(wrong), Err(Misspelt::MixedScripts), "{wrong}");
        }
    }

    #[test]
    fn whatever_is_one_login_by_the_rule_has_one_key() {
        for (one, other) in [
            ("ΟΔΟΣ", "οδος"),
            ("İnci", "i\u{307}nci"),
            ("ÅSE", "a\u{30a}se"),
            ("Ǆ1", "ǆ1"),
        ] {
            let same = UsernameCaseMapped::compare(one, other).unwrap_or(false);
            assert!(!same || key(one) == key(other), "{one} {other}");
        }
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_made() {
        let (composed, parts) = ("maçã-é-boa", "mac\u{327}a\u{303}-e\u{301}-boa");
        assert_eq!(new_password(composed), new_password(parts));
        assert_eq!(new_password("a\u{a0}b c"), Ok("a b c".to_owned()));
        assert_ne!(new_password("Senha"), new_password("senha"), "case counts");
        assert_eq!(new_password("senha\u{200b}"), Err(Misspelt::Character));
        assert_eq!(new_password("senha\t"), Err(Misspelt::Character));
    }

    #[test]
    fn a_password_of_before_is_tried_as_it_was() {
        assert_eq!(password_forms("plain ascii"), ["plain ascii"]);
        let (composed, parts) = ("maçã", "mac\u{327}a\u{303}");
        assert_eq!(password_forms(composed), [composed, parts]);
        assert_eq!(password_forms(parts), [composed, parts]);
        assert_eq!(password_forms("a\u{200b}"), ["a\u{200b}"]);
        assert!(password_forms("\u{a0}e\u{301}\u{1e9b}\u{323}").len() <= 4);
    }

    #[test]
    fn a_name_has_letters_and_single_blanks() {
        assert_eq!(name("  Ana \u{a0}  Maria "), Ok("Ana Maria".to_owned()));
        assert_eq!(name("Conceic\u{327}a\u{303}o"), Ok("Conceição".to_owned()));
        for fine in [
            "O'Brien",
            "Łukasz",
            "Nguyễn",
            "王小明",
            "محمد",
            "שרה",
            "श्रीकृष्ण",
            "ක්\u{200d}රිෂ්ණ",
            "Ana 😀",
            "J. P. Müller-Lüdenscheidt",
        ] {
            assert_eq!(name(fine), Ok(fine.nfkc().collect()), "{fine}");
        }
        for wrong in [
            "\u{200b}\u{200b}",
            "a\u{202e}b",
            "Ana\u{200b}",
            "a\nb",
            "\u{3164}",
        ] {
            assert_eq!(name(wrong), Err(Misspelt::Character), "{wrong:?}");
        }
        // Adlam, of Unicode 9
        let adlam = "\u{1e900}\u{1e923}\u{1e925}";
        assert_eq!(name(&format!(" {adlam}  B")), Ok(format!("{adlam} B")));
        let with_nothing = name(&format!("{adlam}\u{200b}"));
        assert_eq!(with_nothing, Err(Misspelt::Character));
        for wrong in ["...", "\u{2800}", "123"] {
            assert_eq!(name(wrong), Err(Misspelt::NoLetter), "{wrong:?}");
        }
        assert!(name("   ").is_err() && name("").is_err());
    }
}
