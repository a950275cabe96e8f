//! What the standards ask of a request before anybody looks at what it wants: RFC 9110 and 9112, RFC 3986, and the Fetch
//! Standard's CORS protocol.

use std::borrow::Cow;

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_ENCODING, HOST, ORIGIN, VARY,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use warp::reply::Response;

use crate::error::{Kind, Problem};

/// Longest path and query.
const TARGET_LEN_MAX: usize = 8 * 1024;
/// Most header lines.
pub(crate) const LINES_MAX: usize = 64;

/// Of a request head, what is refused whatever it asks for.
pub(crate) fn check(
    version: Version,
    headers: &HeaderMap,
    target_len: usize,
) -> Result<(), Problem> {
    // RFC 9112, 3.2: also where the target names the host
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version >= Version::HTTP_11) {
        return Err(Problem::invalid(
            "O cabeçalho Host deve vir exatamente uma vez",
            "There must be exactly one Host header",
        ));
    }
    if target_len > TARGET_LEN_MAX {
        return Err(Kind::TargetTooLong.into());
    }
    if headers.len() > LINES_MAX {
        return Err(Kind::HeadTooLarge.into());
    }
    Ok(())
}

/// A body is read as it is, and only so.
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    match codings.all(is_plain) {
        true => Ok(()),
        false => Err(Kind::EncodedBody.into()),
    }
}

/// The path as everybody may write it: what need not be percent-encoded is not (RFC 3986, 6.2.2.2).
pub(crate) fn plain_path(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, encoded) = rest.split_at(at);
        plain.push_str(before);
        let byte = encoded
            .get(1..3)
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                plain.push(char::from(byte));
                rest = &encoded[3..];
            }
            _ => {
                plain.push('%');
                rest = &encoded[1..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Pages of other sites that may ask this port, by their origins (`https://host`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<String>);

/// What such pages may read beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, link, location, preference-applied, retry-after, x-companhias-indisponiveis, x-request-id",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-language, authorization, content-type, idempotency-key, if-none-match, last-event-id, prefer, traceparent, x-request-id",
);
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("600");

impl Origins {
    /// The origin of the page that asks, if it may.
    pub fn of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let origin = headers.get(ORIGIN)?;
        let mut known = self.0.iter();
        known
            .any(|known| known.as_bytes() == origin.as_bytes())
            .then_some(origin)
    }

    /// Where a browser asks first whether a page may ask: that it may.
    pub fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        self.of(headers)?;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, ASK_AGAIN);
        Some(response)
    }

    /// Says in an answer that this page may read it. Such pages send tokens by hand; the cookie is that of our own page, so it is not
    /// allowed to come along, nor is the header that makes it count.
    pub fn allow(&self, origin: Option<HeaderValue>, answer: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        answer.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_need_not_be_encoded_is_decoded() {
        for (given, plain) in [
            ("/rotas", "/rotas"),
            ("/%72otas", "/rotas"),
            ("/%7E%2d%5F%2E", "/~-_."),
            ("/a%2Fb%20c%C3%A9", "/a%2Fb%20c%C3%A9"),
            ("/%2", "/%2"),
            ("/%+1%zz%", "/%+1%zz%"),
            ("/é%61%", "/éa%"),
        ] {
            assert_eq!(plain_path(given), plain, "{given}");
        }
    }
}
