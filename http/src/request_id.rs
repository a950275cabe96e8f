//! The id that a request is found by in answers, logs and traces.

use std::fmt;

use passcom_actors::mesh::traceparent::Traceparent;
use uuid::Uuid;
use warp::http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller.
const LEN_MAX: usize = 64;

/// The caller's id if it is 1 to [`LEN_MAX`] of `A-Z a-z 0-9 . _ : -`, so that it cannot forge a log line; else a fresh one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(X_REQUEST_ID) {
            Some(value) if is_sane(value.as_bytes()) => Self(value.clone()),
            _ => Self::minted(),
        }
    }

    /// The trace of this request at every node that it touches: the caller's `traceparent`, else the id itself where it is a
    /// UUID, else a new one.
    pub fn trace(&self, headers: &HeaderMap) -> Traceparent {
        let given = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        let given = given.and_then(|text| text.parse::<Traceparent>().ok());
        let own = || Uuid::try_parse(&self.to_string()).ok();
        given.map(Traceparent::child).unwrap_or_else(|| {
            own().map_or_else(Traceparent::generate, |id| Traceparent::of(id.as_u128()))
        })
    }

    pub fn header(self) -> HeaderValue {
        self.0
    }

    pub fn minted() -> Self {
        let id = Uuid::new_v4().hyphenated().to_string();
        Self(HeaderValue::try_from(id).expect("a UUID is visible ASCII"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .to_str()
                .expect("checked to be ASCII when it was made"),
        )
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=LEN_MAX).contains(&id.len())
        && id
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(id: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::try_from(id).unwrap());
        RequestId::of(&headers)
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_is_replaced() {
        let longest = "x".repeat(LEN_MAX);
        for id in ["a", "4bf92f35-77b3.4da6_a3ce:1", &longest] {
            assert_eq!(given(id).to_string(), id);
        }
        for id in ["", "two words", "quo\"te", &"x".repeat(LEN_MAX + 1)] {
            assert_ne!(given(id).to_string(), id);
        }
        assert_ne!(
            RequestId::of(&HeaderMap::new()),
            RequestId::of(&HeaderMap::new())
        );
    }
}
