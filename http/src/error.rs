//! What a client hears when it does not get what it asked for: RFC 9457 problems.
//!
//! Every refusal and failure becomes one [`Kind`]; the table in `kind` leads from there to status, `type` and sentences. Nothing internal is ever part of a problem: causes go to the log where they are handled.

use std::time::Duration;

use passcom_actors::catalogue::airports::Airport;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::{Price, SeatRef};
use passcom_actors::people::desk::Unavailable;
use warp::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

pub(crate) use self::kind::Kind;
use crate::language::{Language, Text};
use crate::wire;

mod kind;

/// When to ask again a node whose database is away.
const RETRY_DATABASE: Duration = Duration::from_secs(1);

/// One refusal or failure with what is particular to it. Boxed: every handler returns a `Result` with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem(Box<Particulars>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Particulars {
    kind: Kind,
    detail: Option<Text>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    about: About,
    place: Option<wire::UnknownPlace>,
    price: Option<Price>,
    missing: Vec<wire::Missing>,
}

/// What a problem is about: extension members that a program can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub company: Option<CompanyId>,
    pub seat: Option<SeatRef>,
    pub booking: Option<SagaId>,
}

impl From<CompanyId> for About {
    fn from(company: CompanyId) -> Self {
        Self {
            company: Some(company),
            ..Self::default()
        }
    }
}

impl From<SeatRef> for About {
    fn from(seat: SeatRef) -> Self {
        Self {
            seat: Some(seat),
            ..Self::default()
        }
    }
}

impl From<SagaId> for About {
    fn from(booking: SagaId) -> Self {
        Self {
            booking: Some(booking),
            ..Self::default()
        }
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self(Box::new(Particulars {
            kind,
            detail: None,
            retry_after: None,
            allow: None,
            about: About::default(),
            place: None,
            price: None,
            missing: Vec::new(),
        }))
    }
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Self {
        Self::from(Kind::Unavailable).retry_after(RETRY_DATABASE)
    }
}

impl Problem {
    /// A request that breaks a rule of the contract: says which.
    pub fn invalid(portuguese: impl Into<String>, english: impl Into<String>) -> Self {
        Self::from(Kind::InvalidRequest).detailed(Text::new(portuguese.into(), english.into()))
    }

    pub fn out_of_calendar(name: &str) -> Self {
        Self::invalid(
            format!("{name} está fora do calendário"),
            format!("{name} is out of the calendar"),
        )
    }

    /// No airport or city that we know, given as this parameter; with those that are spelled most like it.
    pub fn unknown_place(field: &'static str, name: &str, nearest: &[&'static Airport]) -> Self {
        let names = names_of(nearest);
        let mut problem = Self::from(Kind::UnknownPlace).detailed(Text::new(
            format!("{field}: não conhecemos \"{name}\"; parecidos: {names}"),
            format!("{field}: \"{name}\" is not known; similar names: {names}"),
        ));
        problem.0.place = Some(wire::UnknownPlace::new(field, nearest));
        problem
    }

    /// A name, given as this parameter, that these have, far from each other.
    pub fn ambiguous_place(
        field: &'static str,
        name: &str,
        candidates: &[&'static Airport],
    ) -> Self {
        let names = names_of(candidates);
        let mut problem = Self::from(Kind::AmbiguousPlace).detailed(Text::new(
            format!("{field}: \"{name}\" pode ser {names}"),
            format!("{field}: \"{name}\" may be {names}"),
        ));
        problem.0.place = Some(wire::UnknownPlace::new(field, candidates));
        problem
    }

    pub fn method_not_allowed(allow: String) -> Self {
        let mut problem = Self::from(Kind::MethodNotAllowed);
        problem.0.allow = Some(allow);
        problem
    }

    pub fn detailed(mut self, detail: Text) -> Self {
        self.0.detail = Some(detail);
        self
    }

    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub fn about(mut self, about: impl Into<About>) -> Self {
        self.0.about = about.into();
        self
    }

    /// Says what a seat costs now.
    pub fn priced(mut self, price: Price) -> Self {
        self.0.price = Some(price);
        self
    }

    /// Says what companies ask for and were not told.
    pub fn missing(mut self, missing: Vec<wire::Missing>) -> Self {
        self.0.missing = missing;
        self
    }

    #[cfg(test)]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    #[cfg(test)]
    pub fn detail(&self, language: Language) -> &str {
        self.0
            .detail
            .as_ref()
            .map_or("", |detail| detail.to(language))
    }

    /// Its status and body.
    pub fn told(&self, language: Language) -> (StatusCode, Vec<u8>) {
        let problem = &self.0;
        let kind::Row {
            status,
            slug,
            title,
            message,
        } = problem.kind.row();
        let body = wire::Problem {
            kind: format!("/problems/{slug}"),
            title: title.to(language),
            status: status.as_u16(),
            detail: problem.detail.as_ref().map(|detail| detail.to(language)),
            message: message.to(language),
            about: wire::ProblemAbout::from(&problem.about),
            place: problem.place.as_ref(),
            price: problem.price.as_ref().map(wire::Money::from),
            missing: &problem.missing,
        };
        let body = serde_json::to_vec(&body).expect("a problem serializes");
        (status, body)
    }

    pub fn into_response(self, language: Language) -> Response {
        let (status, body) = self.told(language);
        let problem = *self.0;
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, challenge(problem.kind));
        }
        if problem.kind == Kind::EncodedBody {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(allow) = problem.allow {
            headers.insert(
                ALLOW,
                HeaderValue::try_from(allow).expect("methods are visible ASCII"),
            );
        }
        if let Some(wait) = problem.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

/// What is missing (RFC 9110, 11.6.1): a token, or, in the body of the request, a login with its password or code. Of the latter no
/// scheme is registered, and a browser asks for nothing it does not know.
fn challenge(kind: Kind) -> HeaderValue {
    HeaderValue::from_static(match kind {
        Kind::BadCredentials | Kind::BadCode => "Password",
        _ => "Bearer",
    })
}

/// Rounded up: a client that comes back a little early is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn names_of(airports: &[&Airport]) -> String {
    let name = |airport: &&Airport| format!("{} ({})", airport.city, airport.iata);
    airports.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_in_its_head_what_a_program_needs() {
        let header = |problem: Problem, name: &str| {
            let response = problem.into_response(Language::English);
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let taken = Problem::from(Kind::SeatTaken);
        assert_eq!(
            header(taken.clone(), "content-type").unwrap(),
            "application/problem+json"
        );
        assert_eq!(header(taken.clone(), "retry-after"), None);
        assert_eq!(header(taken, "www-authenticate"), None);
        let busy = Problem::from(Kind::SeatBusy).retry_after(Duration::from_millis(1100));
        assert_eq!(header(busy, "retry-after").unwrap(), "2");
        assert_eq!(
            header(Kind::InvalidToken.into(), "www-authenticate").unwrap(),
            "Bearer"
        );
        let method = Problem::method_not_allowed("GET, HEAD".to_owned());
        assert_eq!(header(method, "allow").unwrap(), "GET, HEAD");
    }

    #[test]
    fn an_unknown_place_is_named_with_others_that_are_spelled_like_it() {
        let nearest = passcom_actors::catalogue::airports::nearest("Recfe", 1);
        let problem = Problem::unknown_place("destino", "Recfe", &nearest);
        assert_eq!(
            problem.detail(Language::English),
            "destino: \"Recfe\" is not known; similar names: Recife (REC)"
        );
        assert_eq!(problem.into_response(Language::English).status(), 404);
    }
}
