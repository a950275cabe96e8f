//! A success on its way out. Refusals and failures are in `error`.

use std::fmt::Write;

use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;
use warp::http::header::{CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, LINK, LOCATION};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::error::Problem;
use crate::language::Language;
use crate::wire::X_UNREACHABLE;

pub(crate) type Answered = Result<Answer, Problem>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    body: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
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
        Self::new(JSON, body)
    }

    pub fn text(text: &str) -> Self {
        Self::new(TEXT, text.as_bytes().to_vec())
    }

    pub fn prometheus(text: String) -> Self {
        Self::new(PROMETHEUS, text.into_bytes())
    }

    /// A document in this language, to be kept under this name.
    pub fn file(content_type: &'static str, name: &str, body: Vec<u8>, language: Language) -> Self {
        let mut answer = Self::new(HeaderValue::from_static(content_type), body);
        let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        let disposition = disposition.expect("our file names are visible ASCII");
        answer.headers.push((CONTENT_DISPOSITION, disposition));
        let language = HeaderValue::from_static(language.tag());
        answer.headers.push((CONTENT_LANGUAGE, language));
        answer
    }

    fn new(content_type: HeaderValue, body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
            headers: Vec::new(),
        }
    }

    /// What was asked for exists now, under this path.
    pub fn created(mut self, path: &str) -> Self {
        self.status = StatusCode::CREATED;
        let location = HeaderValue::try_from(path).expect("our paths are visible ASCII");
        self.headers.push((LOCATION, location));
        self
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

    pub fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, self.content_type);
        response.headers_mut().extend(self.headers);
        response
    }
}
