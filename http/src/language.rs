//! The two languages of what a client reads: Brazilian Portuguese, the default, and English.

use std::borrow::Cow;

pub(crate) use passcom_actors::domain::accounts::Language;
use warp::http::HeaderMap;
use warp::http::header::ACCEPT_LANGUAGE;

/// Entries of `Accept-Language` that are looked at; the rest is ignored.
const ENTRIES_MAX: usize = 16;

/// The language that the client likes best of those we have.
pub(crate) fn wanted(headers: &HeaderMap) -> Language {
    headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Language::Portuguese, negotiate)
}

/// RFC 9110 §12.5.4; of equal weights the first entry wins.
fn negotiate(header: &str) -> Language {
    let mut best = (Language::Portuguese, 0);
    for entry in header.split(',').take(ENTRIES_MAX) {
        let mut parts = entry.split(';');
        let range = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(weight_of).unwrap_or(1000);
        if let Some(language) = of_range(range)
            && weight > best.1
        {
            best = (language, weight);
        }
    }
    best.0
}

fn of_range(range: &str) -> Option<Language> {
    let primary = range.split('-').next()?;
    if primary.eq_ignore_ascii_case("en") {
        Some(Language::English)
    } else if primary.eq_ignore_ascii_case("pt") || primary == "*" {
        Some(Language::Portuguese)
    } else {
        None
    }
}

/// `q=0.8` as 800; none where the parameter is another one or makes no sense.
fn weight_of(parameter: &str) -> Option<u32> {
    let value = parameter.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
    (0.0..=1.0)
        .contains(&value)
        .then_some((value * 1000.0) as u32)
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    portuguese: Cow<'static, str>,
    english: Cow<'static, str>,
}

impl Text {
    pub const fn fixed(portuguese: &'static str, english: &'static str) -> Self {
        Self {
            portuguese: Cow::Borrowed(portuguese),
            english: Cow::Borrowed(english),
        }
    }

    pub fn new(portuguese: String, english: String) -> Self {
        Self {
            portuguese: portuguese.into(),
            english: english.into(),
        }
    }

    pub fn to(&self, language: Language) -> &str {
        match language {
            Language::Portuguese => &self.portuguese,
            Language::English => &self.english,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_have_wins() {
        for (header, language) in [
            ("", Language::Portuguese),
            ("en", Language::English),
            ("EN-us, pt;q=0.5", Language::English),
            ("pt-BR, en", Language::Portuguese),
            ("de, fr;q=0.9, en;q=0.1", Language::English),
            ("en;q=0.2, pt;q=0.3", Language::Portuguese),
            ("en;q=0", Language::Portuguese),
            ("*, en;q=0.5", Language::Portuguese),
            ("en;q=7, ;;,,=", Language::English),
        ] {
            assert_eq!(negotiate(header), language, "{header}");
        }
    }
}
