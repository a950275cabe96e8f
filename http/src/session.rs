//! The session of the page: a user's token in a cookie, which every tab sends and no script can read.
//!
//! Programs send their token in `Authorization`, which wins. The cookie counts only where the page itself asks. Other sites are kept out by
//! `SameSite=Strict`; what is of the same site and another origin, such as another port, by `Sec-Fetch-Site` and by a header of our own on
//! whatever changes something: no form can send one, and no script of another origin may, as we allow none ([`docs/security.md`]).
//!
//! [`docs/security.md`]: ../../docs/security.md

use passcom_actors::domain::ids::CompanyId;
use warp::http::header::{COOKIE, SET_COOKIE};
use warp::http::{HeaderName, HeaderValue, Method};

use crate::answer::Answer;
use crate::call::Call;

/// What the page says with every request: that it keeps its session in the cookie.
const X_SESSION: HeaderName = HeaderName::from_static("x-sessao");
const IN_COOKIE: &str = "cookie";
/// Where a browser says that a request comes from (Fetch Metadata); older ones do not.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cookie of one company: nodes on one machine differ in their port only, which cookies do not know.
pub(crate) struct SessionCookie {
    name: String,
    attributes: &'static str,
}

impl SessionCookie {
    /// A page that is reached by TLS has a cookie that nothing but TLS carries, and that no other host can plant.
    pub fn new(company: CompanyId, public_url: Option<&str>) -> Self {
        let (prefix, attributes) = match public_url {
            Some(url) if url.starts_with("https:") => {
                ("__Host-", "Path=/; HttpOnly; SameSite=Strict; Secure")
            }
            _ => ("", "Path=/; HttpOnly; SameSite=Strict"),
        };
        Self {
            name: format!("{prefix}passcom-{company}"),
            attributes,
        }
    }

    /// The token that a request counts for: the one that it names, else that of the page's session.
    pub fn token<'c>(&self, call: &'c Call) -> Option<&'c str> {
        match call.bearer_token() {
            Some(token) => Some(token),
            None if is_of_the_page(call) => self.kept(call),
            None => None,
        }
    }

    /// Whether a new session is to be kept in the cookie, and not told.
    pub fn is_wanted(&self, call: &Call) -> bool {
        let said = call.headers.get(X_SESSION);
        said.is_some_and(|said| said.as_bytes() == IN_COOKIE.as_bytes())
    }

    /// Until the browser ends; the token ends by itself.
    pub fn keep(&self, token: &str) -> (HeaderName, HeaderValue) {
        let cookie = format!("{}={token}; {}", self.name, self.attributes);
        Self::header(&cookie)
    }

    /// This answer, after which the page has no session; as it is for whoever keeps none in the cookie.
    pub fn ended(&self, call: &Call, answer: Answer) -> Answer {
        if !self.is_wanted(call) {
            return answer;
        }
        let (name, value) =
            Self::header(&format!("{}=; {}; Max-Age=0", self.name, self.attributes));
        answer.with(name, value)
    }

    fn header(cookie: &str) -> (HeaderName, HeaderValue) {
        let value = HeaderValue::try_from(cookie).expect("names and tokens are visible ASCII");
        (SET_COOKIE, value)
    }

    fn kept<'c>(&self, call: &'c Call) -> Option<&'c str> {
        let lines = call.headers.get_all(COOKIE).into_iter();
        let cookies = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == self.name)
            .map(|(_, token)| token)
    }
}

/// Asked by the page itself, or by somebody who opened an address of ours.
fn is_of_the_page(call: &Call) -> bool {
    let site = call.headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    let is_ours = matches!(site, None | Some(b"same-origin" | b"none"));
    let changes_nothing = matches!(call.method, Method::GET | Method::HEAD);
    is_ours && (changes_nothing || call.headers.contains_key(X_SESSION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    fn cookie() -> SessionCookie {
        SessionCookie::new("a".parse().unwrap(), None)
    }

    fn token(method: Method, headers: &[(&'static str, &str)]) -> Option<String> {
        let mut call = call("/conta", headers, b"");
        call.method = method;
        cookie().token(&call).map(str::to_owned)
    }

    #[test]
    fn the_page_is_known_by_its_cookie_and_a_program_by_its_token_which_wins() {
        let kept = ("cookie", "x=1; passcom-a=kept; passcom-b=other");
        let named = ("authorization", "Bearer named");
        assert_eq!(token(Method::GET, &[kept]), Some("kept".to_owned()));
        assert_eq!(token(Method::GET, &[kept, named]), Some("named".to_owned()));
        assert_eq!(token(Method::POST, &[named]), Some("named".to_owned()));
        assert_eq!(token(Method::GET, &[]), None);
        let of_others = ("cookie", "passcom-b=other; passcom-ab=x; xpasscom-a=y");
        assert_eq!(token(Method::GET, &[of_others]), None);
    }

    #[test]
    fn what_changes_something_is_the_pages_only_with_its_header() {
        let kept = ("cookie", "passcom-a=kept");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(token(method.clone(), &[kept]), None, "{method}");
            let said = [kept, ("x-sessao", "cookie")];
            assert_eq!(token(method.clone(), &said), Some("kept".to_owned()));
        }
    }

    #[test]
    fn another_origin_is_not_the_page_whatever_it_asks() {
        let from = |site, method: Method| {
            let headers = [
                ("cookie", "passcom-a=kept"),
                ("x-sessao", "cookie"),
                ("sec-fetch-site", site),
            ];
            token(method, &headers).is_some()
        };
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
            assert!(from("same-origin", method.clone()), "{method}");
            for site in ["cross-site", "same-site", "whatever comes", ""] {
                assert!(!from(site, method.clone()), "{site} {method}");
            }
        }
        assert!(from("none", Method::GET), "an address that was opened");
    }

    #[test]
    fn no_script_reads_the_cookie_and_by_tls_nothing_else_carries_it() {
        let set = |url| {
            let cookie = SessionCookie::new("G3".parse().unwrap(), url);
            cookie.keep("t.o.k").1.to_str().unwrap().to_owned()
        };
        let plain = "passcom-G3=t.o.k; Path=/; HttpOnly; SameSite=Strict";
        assert_eq!(set(None), plain);
        assert_eq!(set(Some("http://127.0.0.1:8081")), plain);
        assert_eq!(
            set(Some("https://passagens.example")),
            format!("__Host-{plain}; Secure")
        );
    }

    #[test]
    fn a_session_ends_where_it_was_kept() {
        let ended = |headers: &[(&'static str, &str)]| {
            let call = call("/sair", headers, b"");
            let answer = cookie().ended(&call, Answer::text(""));
            let set = answer.headers().iter();
            let mut set = set.filter(|(name, _)| *name == SET_COOKIE);
            set.next()
                .map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        let gone = "passcom-a=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
        assert_eq!(ended(&[("x-sessao", "cookie")]).as_deref(), Some(gone));
        assert_eq!(ended(&[]), None, "another site ends nobody's session");
    }
}
