//! A request as a handler sees it: its path, query, head and body, with the ways to read them that name what is wrong.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use uuid::Uuid;
use warp::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use warp::http::{HeaderMap, HeaderName, Method};

use crate::error::{Kind, Problem};
use crate::language::{Language, Text};
use crate::wire::query;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest idempotency key.
const KEY_LEN_MAX: usize = 255;

pub(crate) struct Call {
    pub method: Method,
    pub path: String,
    /// As it came, without `?`.
    pub query: String,
    /// What stands for the `{…}` of the endpoint's path, in order.
    pub arguments: Vec<String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub language: Language,
    /// Who asks, and whose rate it counts against, where that is known: an address, of IPv6 a network.
    pub from: Option<IpAddr>,
    /// As how many requests of its user it counts.
    pub cost: NonZeroU32,
    /// So much is on its way there unread that a long answer would be made for nothing.
    pub is_behind: bool,
}

impl Call {
    /// The argument at this place, if it is a UUID: anything else is not the name of a thing that exists.
    pub fn uuid(&self, place: usize) -> Option<Uuid> {
        Uuid::try_parse(self.arguments.get(place)?).ok()
    }

    pub fn bearer_token(&self) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether the client prefers this (RFC 7240): one of the comma-separated words of its `Prefer` lines.
    pub fn prefers(&self, preference: &str) -> bool {
        let lines = self.headers.get_all(PREFER).into_iter();
        let words = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        words
            .map(str::trim)
            .any(|word| word.eq_ignore_ascii_case(preference))
    }

    /// Whether gzip is among the encodings that the client takes, and not ruled out by `q=0`.
    pub fn takes_gzip(&self) -> bool {
        let accepted = self.headers.get_all(ACCEPT_ENCODING).iter();
        let mut codings = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        codings.any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let refused = parts
                .filter_map(|part| part.strip_prefix("q="))
                .any(|weight| weight.parse() == Ok(0.0));
            named && !refused
        })
    }

    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        let mut lines = self.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = lines.next() else {
            return Ok(None);
        };
        if lines.next().is_some() {
            return Err(Problem::invalid(
                "Idempotency-Key aparece mais de uma vez",
                "Idempotency-Key is given more than once",
            ));
        }
        let key = value.as_bytes();
        let fits = (1..=KEY_LEN_MAX).contains(&key.len());
        match value.to_str() {
            Ok(text) if fits && key.iter().all(u8::is_ascii_graphic) => Ok(Some(text)),
            _ => Err(Problem::invalid(
                format!("Idempotency-Key deve ter de 1 a {KEY_LEN_MAX} caracteres ASCII visíveis"),
                format!("Idempotency-Key must have 1 to {KEY_LEN_MAX} visible ASCII characters"),
            )),
        }
    }

    /// The body, which must be a JSON object.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if !self.says_json() {
            return Err(Kind::NotJson.into());
        }
        // a derived Deserialize takes an array for an object, by position
        let first = self.body.iter().find(|b| !b.is_ascii_whitespace());
        if first.is_some_and(|b| *b == b'[') {
            return Err(Problem::invalid(
                "O corpo deve ser um objeto JSON, não uma lista",
                "The body must be a JSON object, not an array",
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| json_problem(&error))
    }

    fn says_json(&self) -> bool {
        let value = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let essence = value.and_then(|v| v.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    }

    /// The value of a query parameter; unknown parameters are ignored, a repeated one is refused.
    pub fn parameter(&self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = form_urlencoded::parse(self.query.as_bytes()).filter(|(n, _)| n == name);
        let value = values.next().map(|(_, value)| value.into_owned());
        if values.next().is_some() {
            return Err(Problem::invalid(
                format!("{name} aparece mais de uma vez"),
                format!("{name} is given more than once"),
            ));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// A query parameter that stands for a `T`.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.parameter(name)? else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| {
            Problem::invalid(
                format!("{name} não é válido"),
                format!("{name} is not valid"),
            )
        })
    }

    /// A query parameter that is a date, `YYYY-MM-DD` and nothing else.
    pub fn date(&self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = self.parameter(name)? else {
            return Ok(None);
        };
        let date = text.parse::<Date>().ok();
        // the parser takes a time behind it, too
        let date = date.filter(|date| date.to_string() == text);
        date.map(Some).ok_or_else(|| {
            Problem::invalid(
                format!("{name} deve ser uma data como 2026-11-23"),
                format!("{name} must be a date such as 2026-11-23"),
            )
        })
    }

    /// How many entries a page has.
    pub fn limit(&self, name: &str, default: usize, max: usize) -> Result<usize, Problem> {
        let limit = self.number(name, 1, max as u64)?;
        Ok(limit.map_or(default, |limit| limit as usize))
    }

    /// A whole number between these, both included.
    pub fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Problem> {
        match self.parsed(name)? {
            Some(number) if !(least..=most).contains(&number) => Err(Problem::invalid(
                format!("{name} deve estar entre {least} e {most}"),
                format!("{name} must be between {least} and {most}"),
            )),
            number => Ok(number),
        }
    }

    /// Path and query of the page after this one: the same filters, another cursor.
    pub fn next_page(&self, cursor: &str) -> String {
        let mut next = form_urlencoded::Serializer::new(String::new());
        let filters = form_urlencoded::parse(self.query.as_bytes());
        next.extend_pairs(filters.filter(|(name, _)| name != query::CURSOR));
        next.append_pair(query::CURSOR, cursor);
        format!("{}?{}", self.path, next.finish())
    }
}

/// serde_json's own text quotes the input and speaks English only: the position is enough to find the fault.
fn json_problem(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let (kind, portuguese, english) = match error.classify() {
        Category::Data => (
            Kind::InvalidRequest,
            "campo ausente, repetido ou com valor de outro tipo",
            "a field is missing, given twice or has a value of another type",
        ),
        Category::Eof => (
            Kind::MalformedJson,
            "o texto termina antes da hora",
            "the text ends early",
        ),
        Category::Syntax | Category::Io => (Kind::MalformedJson, "erro de sintaxe", "syntax error"),
    };
    Problem::from(kind).detailed(Text::new(
        format!("linha {line}, coluna {column}: {portuguese}"),
        format!("line {line}, column {column}: {english}"),
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::wire;

    /// A call with nothing in it but this.
    pub fn call(path_and_query: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Call {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Call {
            method: Method::POST,
            path: path.to_owned(),
            query: query.to_owned(),
            arguments: Vec::new(),
            headers: headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect(),
            body: body.to_vec(),
            language: Language::Portuguese,
            from: None,
            cost: NonZeroU32::MIN,
            is_behind: false,
        }
    }

    fn detail_of(body: &[u8]) -> (Kind, String) {
        let call = call(
            "/login",
            &[("content-type", "application/json; charset=utf-8")],
            body,
        );
        let problem = call
            .json::<wire::Credentials>()
            .err()
            .expect("the body is bad");
        (problem.kind(), problem.detail(Language::English).to_owned())
    }

    #[test]
    fn bad_json_is_found_by_its_position() {
        assert_eq!(
            detail_of(b"{\n not json"),
            (
                Kind::MalformedJson,
                "line 2, column 2: syntax error".to_owned()
            )
        );
        assert_eq!(detail_of(b"").0, Kind::MalformedJson);
        assert_eq!(
            detail_of(br#"{"login":"a""#).1,
            "line 1, column 12: the text ends early"
        );
        assert_eq!(detail_of(br#"{"login":7}"#).0, Kind::InvalidRequest);
        assert_eq!(detail_of(br#"["a","b"]"#).0, Kind::InvalidRequest);
        assert_eq!(detail_of(b"{\"login\":\"\xff\"}").0, Kind::MalformedJson);
    }

    #[test]
    fn deep_nesting_is_refused_and_no_crash() {
        detail_of(&[b'['; 60_000]);
        let deep = [br#"{"other":"#.as_slice(), &[b'['; 60_000]].concat();
        assert_eq!(detail_of(&deep).0, Kind::MalformedJson);
    }

    #[test]
    fn only_json_is_read() {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
        ] {
            let call = call("/login", &[("content-type", content_type)], b"{}");
            assert_eq!(
                call.json::<wire::Credentials>().err(),
                Some(Kind::NotJson.into())
            );
        }
        assert!(
            call("/login", &[], b"{}")
                .json::<wire::Credentials>()
                .is_err()
        );
    }

    #[test]
    fn a_token_is_taken_from_its_header_only() {
        let token = |value| {
            call("/", &[("authorization", value)], b"")
                .bearer_token()
                .map(str::to_owned)
        };
        assert_eq!(token("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(token("bearer  abc"), Some("abc".to_owned()));
        for other in ["", "abc", "Basic abc", "Bearer"] {
            assert_eq!(token(other), None, "{other}");
        }
    }

    #[test]
    fn a_preference_is_one_of_several() {
        let prefers = |value| call("/reservar", &[("prefer", value)], b"").prefers("respond-async");
        assert!(prefers("respond-async") && prefers("wait=5, Respond-Async"));
        assert!(!prefers("") && !prefers("respond-asynchronously"));
        assert!(!call("/reservar", &[], b"").prefers("respond-async"));
    }

    #[test]
    fn an_idempotency_key_is_visible_ascii_of_bounded_length() {
        let longest = "k".repeat(KEY_LEN_MAX);
        let key = |value: &str| {
            let call = call("/reservar", &[("idempotency-key", value)], b"");
            call.idempotency_key().map(|key| key.map(str::to_owned))
        };
        assert_eq!(key(&longest), Ok(Some(longest.clone())));
        for bad in ["", "two words", &"k".repeat(KEY_LEN_MAX + 1)] {
            assert!(key(bad).is_err(), "{bad}");
        }
        assert_eq!(call("/reservar", &[], b"").idempotency_key(), Ok(None));
        let mut twice = call("/reservar", &[("idempotency-key", "a")], b"");
        let same = twice.headers["idempotency-key"].clone();
        twice.headers.append(IDEMPOTENCY_KEY, same);
        assert!(twice.idempotency_key().is_err());
    }

    #[test]
    fn a_date_is_a_date_and_nothing_more() {
        let date = |text: &str| call(&format!("/rotas?data={text}"), &[], b"").date("data");
        assert_eq!(date("2026-11-23"), Ok(Some(Date::constant(2026, 11, 23))));
        assert_eq!(date(""), Ok(None));
        for bad in [
            "2026-11-23T10:00",
            "2026-11-23x",
            "20261123",
            "2026-11-23[America%2FSao_Paulo]",
            "2026-02-30",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_page_is_bounded() {
        let limit = |query: &str| call(query, &[], b"").limit("limite", 100, 500);
        assert_eq!(limit("/all-trechos"), Ok(100));
        assert_eq!(limit("/all-trechos?limite=1"), Ok(1));
        assert_eq!(limit("/all-trechos?limite=500"), Ok(500));
        for bad in [
            "0",
            "501",
            "-1",
            "abc",
            "1e2",
            "99999999999999999999",
            "5&limite=6",
        ] {
            assert!(
                limit(&format!("/all-trechos?limite={bad}")).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_next_page_keeps_every_filter() {
        let call = call(
            "/all-trechos?origem=S%C3%A3o+Paulo&limite=7&cursor=1.a.2",
            &[],
            b"",
        );
        assert_eq!(
            call.next_page("9.b.3"),
            "/all-trechos?origem=S%C3%A3o+Paulo&limite=7&cursor=9.b.3"
        );
    }
}
