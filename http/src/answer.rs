//! A success on its way out. Refusals and failures are in `error`.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use warp::Reply;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK,
    LOCATION,
};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::call::Call;
use crate::error::Problem;
use crate::events::{Events, Listeners};
use crate::language::Language;
use crate::wire::X_UNREACHABLE;

pub(crate) type Answered = Result<Answer, Problem>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Of the hash of a body, so much tells it apart.
const ETAG_BYTES: usize = 16;

pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    body: Body,
    headers: Vec<(HeaderName, HeaderValue)>,
}

enum Body {
    Whole(Vec<u8>),
    Events(Events),
}

impl Answer {
    pub fn json(value: &impl Serialize) -> Self {
        Self::sized_json(value, 256)
    }

    /// Like [`Answer::json`], for a body of about `size` bytes.
    pub fn sized_json(value: &impl Serialize, size: usize) -> Self {
        let mut body = Vec::with_capacity(size);
        serde_json::to_writer(&mut body, value)
            .expect("wire types serialize, and a Vec takes everything");
        Self::new(JSON, Body::Whole(body))
    }

    pub fn text(text: &str) -> Self {
        Self::new(TEXT, Body::Whole(text.as_bytes().to_vec()))
    }

    pub fn prometheus(text: String) -> Self {
        Self::new(PROMETHEUS, Body::Whole(text.into_bytes()))
    }

    /// A file that is a part of the program.
    pub fn file(content_type: &'static str, content: &[u8]) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self::new(content_type, Body::Whole(content.to_vec()))
    }

    /// Whoever asks finds it under this path of ours.
    pub fn elsewhere(path: &'static str) -> Self {
        let answer = Self {
            status: StatusCode::TEMPORARY_REDIRECT,
            ..Self::text("")
        };
        answer.with(LOCATION, HeaderValue::from_static(path))
    }

    /// Goes on until the events end, the client goes or the port closes.
    pub fn events(events: Events) -> Self {
        Self::new(EVENTS, Body::Events(events))
    }

    /// A document in this language, to be kept under this name.
    pub fn document(
        content_type: &'static str,
        name: &str,
        body: Vec<u8>,
        language: Language,
    ) -> Self {
        let mut answer = Self::new(HeaderValue::from_static(content_type), Body::Whole(body));
        let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        let disposition = disposition.expect("our file names are visible ASCII");
        answer.headers.push((CONTENT_DISPOSITION, disposition));
        let language = HeaderValue::from_static(language.tag());
        answer.headers.push((CONTENT_LANGUAGE, language));
        answer
    }

    fn new(content_type: HeaderValue, body: Body) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What was asked for exists now, under this path.
    pub fn created(mut self, path: &str) -> Self {
        self.status = StatusCode::CREATED;
        let location = HeaderValue::try_from(path).expect("our paths are visible ASCII");
        self.headers.push((LOCATION, location));
        self
    }

    /// What was asked for was begun, as the client prefers, and can be followed under this path (RFC 7240).
    pub fn begun(mut self, path: &str) -> Self {
        let applied = HeaderValue::from_static("respond-async");
        self.headers.push((PREFERENCE_APPLIED, applied));
        Self {
            status: StatusCode::ACCEPTED,
            ..self.created(path)
        }
    }

    /// What was asked for is done after this answer, which says nothing of whether it can be.
    pub fn later(self) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            ..self
        }
    }

    /// Says where the next page is, if there is one.
    pub fn linked(mut self, next: Option<String>) -> Self {
        if let Some(target) = next {
            let link = HeaderValue::try_from(format!("<{target}>; rel=\"next\""));
            self.headers
                .push((LINK, link.expect("a target is percent-encoded")));
        }
        self
    }

    /// Names the companies whose legs are missing, if any are.
    pub fn without(mut self, unreachable: &[CompanyId]) -> Self {
        let mut names = String::new();
        for company in unreachable {
            let comma = if names.is_empty() { "" } else { "," };
            write!(names, "{comma}{company}").expect("a String takes everything");
        }
        if !names.is_empty() {
            let names = HeaderValue::try_from(names).expect("company codes are visible ASCII");
            self.headers.push((X_UNREACHABLE, names));
        }
        self
    }

    /// Anybody may keep it for a while, and ask then whether it is still the same.
    pub fn cached(mut self, call: &Call, max_age: Duration) -> Self {
        let Body::Whole(body) = &mut self.body else {
            return self; // events are never the same
        };
        let tag = tag_of(body);
        if is_known(call, &tag) {
            self.status = StatusCode::NOT_MODIFIED;
            body.clear();
        }
        let age = format!("public, max-age={}", max_age.as_secs());
        for (name, value) in [(ETAG, tag), (CACHE_CONTROL, age)] {
            let value = HeaderValue::try_from(value).expect("digits, letters and quotes");
            self.headers.push((name, value));
        }
        self
    }

    /// Needs a place among the listeners if it goes on.
    pub fn into_response(
        self,
        listeners: &Listeners,
        address: Option<IpAddr>,
    ) -> Result<Response, Problem> {
        let mut response = match self.body {
            Body::Whole(body) => Response::new(body.into()),
            Body::Events(events) => {
                warp::reply::stream(listeners.admit(events, address)?).into_response()
            }
        };
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, self.content_type);
        response.headers_mut().extend(self.headers);
        Ok(response)
    }

    #[cfg(test)]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }
}

/// The beginning of the body's hash, quoted.
fn tag_of(body: &[u8]) -> String {
    let mut tag = "\"".to_owned();
    for byte in Sha256::digest(body).iter().take(ETAG_BYTES) {
        write!(tag, "{byte:02x}").expect("a String takes everything");
    }
    tag + "\""
}

/// Whether the caller has the answer with this tag; a weak comparison, as RFC 9110 has it for `If-None-Match`.
fn is_known(call: &Call, tag: &str) -> bool {
    let known = call.headers.get(IF_NONE_MATCH);
    let mut known = known
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .split(',');
    known.any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn what_is_cached_is_sent_again_only_when_it_has_changed() {
        let answer = |body: &str, known: &str| {
            let call = call("/aeroportos", &[("if-none-match", known)], b"");
            let answer = Answer::json(&body).cached(&call, Duration::from_secs(300));
            let header = |wanted: HeaderName| {
                let headers = answer.headers().iter();
                let mut values = headers.filter(|(name, _)| *name == wanted);
                let (_, value) = values.next().unwrap();
                value.to_str().unwrap().to_owned()
            };
            assert_eq!(header(CACHE_CONTROL), "public, max-age=300");
            (answer.status().as_u16(), header(ETAG))
        };
        let (status, tag) = answer("a", "");
        assert_eq!((status, tag.len()), (200, 2 * ETAG_BYTES + 2));
        assert_eq!(answer("a", &tag), (304, tag.clone()));
        assert_eq!(answer("a", &format!("\"x\", W/{tag}")).0, 304);
        assert_eq!(answer("b", &tag).0, 200);
    }
}
