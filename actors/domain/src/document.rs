//! Documents that people travel with: each kind checked by its own rule, and shown masked.

use serde::{Deserialize, Serialize};

/// Longest number of any document, in characters.
pub const NUMBER_LEN_MAX: usize = 32;
/// Digits of a CPF, the last two of which check the others.
const CPF_LEN: usize = 11;
/// Letters and digits of a passport (ICAO 9303), of a Brazilian one, and of an identity card, of which every state has its own form.
const PASSPORT_LEN: std::ops::RangeInclusive<usize> = 5..=9;
const BRAZILIAN_PASSPORT: (usize, usize) = (2, 6);
const IDENTITY_LEN: std::ops::RangeInclusive<usize> = 4..=14;
/// Characters of a number that a mask leaves, where its kind does not say.
const LEFT: usize = 3;

/// ISO 3166-1, as of 2026.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD \
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP \
KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG \
NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR \
SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The number of a Brazilian taxpayer, which everybody there has.
    Cpf,
    Passport,
    /// A Brazilian identity card (RG).
    Identity,
    /// Told by a client that knows of no kinds: not checked, and no document where a company asks for one.
    Unspecified,
}

/// Who has it is who has this number. Says its number to nobody who only looks at it: neither does its `Debug`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Document {
    kind: Kind,
    /// Without what only parts it: `12345678909`.
    number: String,
    /// Of a passport: who issued it, ISO 3166-1.
    country: Option<String>,
}

/// Why something is no document of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDocument {
    /// A CPF has eleven digits.
    CpfDigits,
    /// The last two digits are not those of the others.
    CheckDigits,
    Passport,
    /// Two letters and six digits.
    BrazilianPassport,
    Identity,
    /// Of a passport: no country, or none there is.
    Country,
    /// Of another document.
    CountryUnwanted,
}

impl Document {
    /// `country`: of a passport, and of nothing else.
    pub fn new(kind: Kind, number: &str, country: Option<&str>) -> Result<Self, NoDocument> {
        if country.is_some() && kind != Kind::Passport {
            return Err(NoDocument::CountryUnwanted);
        }
        let parts = |c: &char| !matches!(c, '.' | '-' | '/') && !c.is_whitespace();
        let compact = || number.chars().filter(parts).collect::<String>();
        let upper = || compact().to_ascii_uppercase();
        let number = match kind {
            Kind::Cpf => cpf(compact())?,
            Kind::Identity => identity(upper())?,
            Kind::Passport => {
                let country = country.ok_or(NoDocument::Country)?;
                let country = country.trim().to_ascii_uppercase();
                if !is_country(&country) {
                    return Err(NoDocument::Country);
                }
                return Ok(Self {
                    kind,
                    number: passport(upper(), &country)?,
                    country: Some(country),
                });
            }
            Kind::Unspecified => number.trim().to_owned(),
        };
        Ok(Self {
            kind,
            number,
            country: None,
        })
    }

    /// What a client that knows of no kinds has told: a CPF, if it is one.
    pub fn of_text(text: &str) -> Self {
        Self::new(Kind::Cpf, text, None).unwrap_or_else(|_| Self {
            kind: Kind::Unspecified,
            number: text.trim().to_owned(),
            country: None,
        })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// Whole: for its owner, and for who flies them.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Enough for its owner to know it again, and for nobody to use it: `***.456.789-**`.
    pub fn masked(&self) -> String {
        if let (Kind::Cpf, CPF_LEN, true) = (self.kind, self.number.len(), self.number.is_ascii()) {
            return format!("***.{}.{}-**", &self.number[3..6], &self.number[6..9]);
        }
        let len = self.number.chars().count();
        let hidden = len - LEFT.min(len / 2);
        let shown = self.number.chars().skip(hidden);
        "*".repeat(hidden).chars().chain(shown).collect()
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} …", self.kind)
    }
}

/// Whether these two letters are a country's.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split(' ').any(|known| known == code)
}

fn cpf(number: String) -> Result<String, NoDocument> {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    let digits = digits.filter(|digits| digits.len() == CPF_LEN);
    let digits = digits.ok_or(NoDocument::CpfDigits)?;
    // each check digit weighs those before it, the last one twice; eleven times the same digit passes, and is nobody's
    let check = |at: usize| {
        let weighed = digits[..at].iter().zip((2..=at as u32 + 1).rev());
        let sum: u32 = weighed.map(|(digit, weight)| digit * weight).sum();
        sum * 10 % 11 % 10
    };
    let is_one_digit = digits.iter().all(|digit| *digit == digits[0]);
    if is_one_digit || digits[9] != check(9) || digits[10] != check(10) {
        return Err(NoDocument::CheckDigits);
    }
    Ok(number)
}

fn passport(number: String, country: &str) -> Result<String, NoDocument> {
    if country == "BR" {
        let (letters, digits) = BRAZILIAN_PASSPORT;
        let fits = number.is_ascii()
            && number.len() == letters + digits
            && number[..letters].chars().all(|c| c.is_ascii_uppercase())
            && number[letters..].chars().all(|c| c.is_ascii_digit());
        return fits.then_some(number).ok_or(NoDocument::BrazilianPassport);
    }
    let fits = PASSPORT_LEN.contains(&number.len())
        && number.chars().all(|c| c.is_ascii_alphanumeric())
        && number.contains(|c: char| c.is_ascii_digit());
    fits.then_some(number).ok_or(NoDocument::Passport)
}

/// Loosely: some states end it in a letter, some begin it with theirs.
fn identity(number: String) -> Result<String, NoDocument> {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let fits = IDENTITY_LEN.contains(&number.len())
        && number.chars().all(|c| c.is_ascii_alphanumeric())
        && digits >= *IDENTITY_LEN.start();
    fits.then_some(number).ok_or(NoDocument::Identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(kind: Kind, text: &str, country: Option<&str>) -> Result<String, NoDocument> {
        let document = Document::new(kind, text, country)?;
        Ok(document.number().to_owned())
    }

    #[test]
    fn a_cpf_is_taken_as_people_write_it_and_kept_in_one_form() {
        for text in ["123.456.789-09", "12345678909", " 123 456 789 09 "] {
            assert_eq!(number(Kind::Cpf, text, None).unwrap(), "12345678909");
        }
        for text in [
            "",
            "1234567890",
            "123456789091",
            "1234567890a",
            "１２３４５６７８９０９",
        ] {
            assert_eq!(
                number(Kind::Cpf, text, None),
                Err(NoDocument::CpfDigits),
                "{text}"
            );
        }
        let of_paris = Document::new(Kind::Cpf, "12345678909", Some("FR"));
        assert_eq!(of_paris, Err(NoDocument::CountryUnwanted));
    }

    #[test]
    fn of_the_endings_of_a_cpf_one_in_a_hundred_is_right() {
        // nine digits as any person may have them, all over the range
        for nine in (0..999_999_999u64).step_by(7_777_777).skip(1) {
            let right = (0..100).filter(|ending| {
                let text = format!("{nine:09}{ending:02}");
                Document::new(Kind::Cpf, &text, None).is_ok()
            });
            assert_eq!(right.count(), 1, "{nine:09}");
        }
    }

    #[test]
    fn one_wrong_digit_and_two_that_changed_places_are_found() {
        let right = "52998224725";
        assert!(Document::new(Kind::Cpf, right, None).is_ok());
        for at in 0..CPF_LEN {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = right.chars().collect();
                wrong[at] = digit;
                let wrong: String = wrong.into_iter().collect();
                let is_right = wrong == right;
                assert_eq!(
                    Document::new(Kind::Cpf, &wrong, None).is_ok(),
                    is_right,
                    "{wrong}"
                );
            }
        }
        for at in 1..CPF_LEN {
            let mut wrong: Vec<char> = right.chars().collect();
            wrong.swap(at - 1, at);
            let wrong: String = wrong.into_iter().collect();
            let is_right = wrong == right;
            assert_eq!(
                Document::new(Kind::Cpf, &wrong, None).is_ok(),
                is_right,
                "{wrong}"
            );
        }
        for digit in 0..10 {
            let same = digit.to_string().repeat(CPF_LEN);
            assert_eq!(number(Kind::Cpf, &same, None), Err(NoDocument::CheckDigits));
        }
    }

    #[test]
    fn a_passport_has_a_country_and_the_form_of_it() {
        let of = |text, country| number(Kind::Passport, text, country);
        assert_eq!(of("fx 123456", Some("br")).unwrap(), "FX123456");
        for text in ["FX12345", "F1234567", "FX1234567", "123456FX", ""] {
            let not = Err(NoDocument::BrazilianPassport);
            assert_eq!(of(text, Some("BR")), not, "{text}");
        }
        for text in ["C01X00T47", "12345678", "AB123"] {
            assert_eq!(of(text, Some("DE")).unwrap(), text);
        }
        for text in ["1234", "C01X00T471", "ABCDEFG", "12é45"] {
            assert_eq!(of(text, Some("DE")), Err(NoDocument::Passport), "{text}");
        }
        for country in [
            None,
            Some(""),
            Some("XX"),
            Some("D"),
            Some("DEU"),
            Some("A "),
        ] {
            assert_eq!(
                of("C01X00T47", country),
                Err(NoDocument::Country),
                "{country:?}"
            );
        }
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }

    #[test]
    fn an_identity_card_is_taken_loosely() {
        let of = |text| number(Kind::Identity, text, None);
        assert_eq!(of("12.345.678-x").unwrap(), "12345678X");
        assert_eq!(of("MG-12.345.678").unwrap(), "MG12345678");
        for text in ["123", "ABCD", "1234567890123456", "12#456"] {
            assert_eq!(of(text), Err(NoDocument::Identity), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_not_the_number() {
        let shown = |kind, text, country| Document::new(kind, text, country).unwrap().masked();
        assert_eq!(shown(Kind::Cpf, "123.456.789-09", None), "***.456.789-**");
        assert_eq!(shown(Kind::Passport, "FX123456", Some("BR")), "*****456");
        assert_eq!(shown(Kind::Identity, "12345678X", None), "******78X");
        assert_eq!(Document::of_text("123").masked(), "**3");
        assert_eq!(Document::of_text("ü").masked(), "*");
        assert_eq!(Document::of_text("").masked(), "");
        let logged = format!("{:?}", Document::of_text("123.456.789-09"));
        assert_eq!(logged, "Cpf …");
    }

    #[test]
    fn who_knows_of_no_kinds_may_have_told_a_cpf() {
        assert_eq!(Document::of_text("123.456.789-09").kind(), Kind::Cpf);
        let other = Document::of_text(" 123.456.789-00 ");
        assert_eq!(other.kind(), Kind::Unspecified);
        assert_eq!(other.number(), "123.456.789-00");
    }
}
