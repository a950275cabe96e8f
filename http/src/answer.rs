//! A success on its way out. Refusals and failures are in `error`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use warp::Reply;
use warp::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION, VARY,
};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::hyper::body::Bytes;
use warp::reply::Response;

use crate::call::Call;
use crate::error::Problem;
use crate::events::{Events, Listeners};
use crate::language::Language;
use crate::unread::{Reader, Unread};
use crate::wire::X_UNREACHABLE;

pub(crate) type Answered = Result<Answer, Problem>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
pub(crate) const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Of the hash of a body, so much tells it apart.
const ETAG_BYTES: usize = 16;
/// Of JSON, less is not worth compressing.
const COMPRESSED_LEAST: usize = 4 * 1024;

pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    body: Body,
    headers: Vec<(HeaderName, HeaderValue)>,
}

enum Body {
    Whole(Bytes),
    /// A part of the program: takes no memory, however many have not read it.
    Fixed(&'static [u8]),
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
        Self::new(JSON, Body::Whole(body.into()))
    }

    pub fn text(text: &str) -> Self {
        Self::new(TEXT, Body::Whole(text.as_bytes().to_vec().into()))
    }

    pub fn prometheus(text: String) -> Self {
        Self::new(PROMETHEUS, Body::Whole(text.into()))
    }

    /// A file that is a part of the program.
    pub fn file(content_type: &'static str, content: &'static [u8]) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self::new(content_type, Body::Fixed(content))
    }

    /// What has just been made.
    pub fn made(content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self::new(content_type, Body::Whole(content.into()))
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
        let answer = Self::new(EVENTS, Body::Events(events));
        // a proxy that gathers an answer before it passes it on has nothing to pass on
        answer.with(ACCEL_BUFFERING, HeaderValue::from_static("no"))
    }

    /// A document in this language, to be kept under this name.
    pub fn document(
        content_type: &'static str,
        name: &str,
        body: impl Into<Bytes>,
        language: Language,
    ) -> Self {
        let mut answer = Self::made(content_type, body);
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

    /// As gzip for whoever takes it, if it is worth that. Takes a thread for some milliseconds a megabyte.
    pub fn compressed(mut self, call: &Call) -> Self {
        let Body::Whole(body) = &self.body else {
            return self;
        };
        if body.len() < COMPRESSED_LEAST {
            return self;
        }
        if call.takes_gzip() {
            let space = Vec::with_capacity(body.len() / 8);
            let mut encoder = GzEncoder::new(space, Compression::fast());
            let whole = encoder.write_all(body).and_then(|()| encoder.finish());
            self.body = Body::Whole(whole.expect("a Vec takes everything").into());
            self.headers.push((CONTENT_ENCODING, GZIP));
        }
        self.with(VARY, HeaderValue::from(ACCEPT_ENCODING))
    }

    /// Anybody may keep it for a while, and ask then whether it is still the same.
    pub fn cached(self, call: &Call, max_age: Duration) -> Self {
        let tag = match &self.body {
            Body::Whole(body) => tag_of(body),
            Body::Fixed(body) => tag_of(body),
            Body::Events(_) => return self, // never the same
        };
        self.cached_as(call, tag, max_age)
    }

    /// As [`Answer::cached`], of a body whose tag is known already.
    pub fn cached_as(mut self, call: &Call, tag: String, max_age: Duration) -> Self {
        if is_known(call, &tag) {
            self.status = StatusCode::NOT_MODIFIED;
            self.body = Body::Fixed(b"");
        }
        let age = format!("public, max-age={}", max_age.as_secs());
        for (name, value) in [(ETAG, tag), (CACHE_CONTROL, age)] {
            let value = HeaderValue::try_from(value).expect("digits, letters and quotes");
            self.headers.push((name, value));
        }
        self
    }

    /// Needs a place among the listeners if it goes on, and room among the answers that nobody has read yet if it is long.
    pub fn into_response(
        self,
        listeners: &Listeners,
        unread: &Unread,
        reader: Reader,
    ) -> Result<Response, Problem> {
        let mut response = match self.body {
            Body::Whole(body) => Response::new(unread.count(body, reader)?.into()),
            Body::Fixed(body) => Response::new(Bytes::from_static(body).into()),
            Body::Events(events) => {
                warp::reply::stream(listeners.admit(events, reader.address)?).into_response()
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
pub(crate) fn tag_of(body: &[u8]) -> String {
    let mut tag = "\"".to_owned();
    for byte in Sha256::digest(body).iter().take(ETAG_BYTES) {
        write!(tag, "{byte:02x}").expect("a String takes everything");
    }
    tag + "\""
}

/// Whether the caller has the answer with this tag; a weak comparison, as RFC 9110 has it for `If-None-Match`. `*` is any that
/// there is.
fn is_known(call: &Call, tag: &str) -> bool {
    let lines = call.headers.get_all(IF_NONE_MATCH).iter();
    let mut known = lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    known.any(|one| {
        let one = one.trim();
        one == "*" || one.trim_start_matches("W/") == tag
    })
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
        assert_eq!(answer("a", "*").0, 304, "any that there is");
        assert_eq!(answer("b", &tag).0, 200);
    }

    #[test]
    fn long_json_is_compressed_for_who_takes_that() {
        let long = "seats ".repeat(COMPRESSED_LEAST);
        let compressed = |text: &str, accept: &str| {
            let call = call("/all-trechos", &[("accept-encoding", accept)], b"");
            Answer::json(&text).compressed(&call)
        };
        let len = |answer: &Answer| match &answer.body {
            Body::Whole(body) => body.len(),
            _ => panic!("a whole one"),
        };
        let answer = compressed(&long, "br, gzip");
        assert!(len(&answer) < long.len() / 20);
        assert!(answer.headers().contains(&(CONTENT_ENCODING, GZIP)));
        for (text, accept) in [(&*long, "br"), (&*long, "gzip;q=0"), ("short", "gzip")] {
            let answer = compressed(text, accept);
            assert_eq!(len(&answer), text.len() + 2);
        }
    }
}
