//! Who is calling: tokens of users, signed by the company that logged them in and accepted by all, and the operators' token.
//!
//! Invariants: only EdDSA; the key is the one of the company that `kid` names, and `iss` says the same company. Nothing here
//! is logged. The time is handed in, in seconds since 1970.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use passcom_actors::domain::ids::{CompanyId, UserId};
use passcom_actors::people::accounts::Known;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(crate) use self::sealed::Sealed;
use self::seen::Seen;

mod sealed;
mod seen;

/// How long a token is good for.
pub const LIFETIME_SECONDS: i64 = 15 * 60;
/// How far apart the wall clocks of two companies may be.
const LEEWAY_SECONDS: i64 = 60;
const AUDIENCE: &str = "passcom";
/// Ours have some 300; a longer one is not worth parsing.
const LEN_MAX: usize = 2048;

/// A key that is none.
#[derive(Debug, thiserror::Error)]
#[error("the {part} key of company {company} is not an Ed25519 key in PEM: {cause}")]
pub struct KeyError {
    part: &'static str,
    company: CompanyId,
    cause: jsonwebtoken::errors::Error,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    iss: CompanyId,
    aud: String,
    iat: i64,
    exp: i64,
    /// From when on it is good; ours do not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Version of the user; lower than any in tokens of before there was one.
    #[serde(rename = "ver", default)]
    version: i64,
}

/// Signs for one company.
pub struct TokenIssuer {
    company: CompanyId,
    header: Header,
    key: EncodingKey,
}

impl TokenIssuer {
    /// `private_pem` is an Ed25519 key in PKCS #8.
    pub fn from_pem(company: CompanyId, private_pem: &[u8]) -> Result<Self, KeyError> {
        let key = EncodingKey::from_ed_pem(private_pem).map_err(|cause| KeyError {
            part: "private",
            company,
            cause,
        })?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(company.to_string());
        Ok(Self {
            company,
            header,
            key,
        })
    }

    /// A token for this from now on; an error is one of the machinery, never of the user.
    pub fn issue(&self, known: Known, now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: known.user.0,
            iss: self.company,
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + LIFETIME_SECONDS,
            nbf: None,
            version: known.version,
        };
        encode(&self.header, &claims, &self.key)
    }
}

/// Why a token is not accepted; for the log, a client hears only that it was not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    #[error("longer than any of ours")]
    TooLong,
    #[error("it is of another kind")]
    OtherKind,
    #[error("its kid names no company of this cluster")]
    UnknownKey,
    #[error("it has expired")]
    Expired,
    #[error("it is not good yet")]
    NotYet,
    #[error("it says that something must be understood that is not")]
    Critical,
    #[error("{0}")]
    Invalid(jsonwebtoken::errors::Error),
}

/// Accepts what any company of the cluster signed.
pub struct TokenVerifier {
    companies: Vec<Company>,
    seen: Seen,
}

struct Company {
    name: String,
    key: DecodingKey,
    validation: Validation,
}

impl TokenVerifier {
    /// All companies of the cluster with their Ed25519 public keys.
    pub fn new(keys: Vec<(CompanyId, Vec<u8>)>) -> Result<Self, KeyError> {
        let companies = keys
            .into_iter()
            .map(|(company, pem)| Company::new(company, &pem))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            companies,
            seen: Seen::default(),
        })
    }

    /// Each company's public key, 32 bytes of Ed25519.
    pub(crate) fn public_keys(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let companies = self.companies.iter();
        companies.filter_map(|company| {
            let key = company.key.try_get_as_bytes().ok()?;
            Some((&*company.name, key))
        })
    }

    /// What a token was issued for; whether that is of today is not for its signature to say.
    pub(crate) fn verify(&self, token: &str, now: i64) -> Result<Known, TokenFault> {
        if token.len() > LEN_MAX {
            return Err(TokenFault::TooLong);
        }
        if let Some(known) = self.seen.known(token, now) {
            return Ok(known);
        }
        let claims = self.check(token)?;
        let known = Known {
            user: UserId(claims.sub),
            version: claims.version,
        };
        let until = claims.exp.saturating_add(LEEWAY_SECONDS);
        if until < now {
            return Err(TokenFault::Expired);
        }
        let from = claims.nbf.unwrap_or(i64::MIN);
        if from > now.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenFault::NotYet);
        }
        self.seen.remember(token, known, until, now);
        Ok(known)
    }

    fn check(&self, token: &str) -> Result<Claims, TokenFault> {
        let header = decode_header(token).map_err(TokenFault::Invalid)?;
        check_critical(&header)?;
        let company = self
            .companies
            .iter()
            .find(|company| Some(&company.name) == header.kid.as_ref())
            .ok_or(TokenFault::UnknownKey)?;
        let token = decode(token, &company.key, &company.validation);
        Ok(token.map_err(TokenFault::Invalid)?.claims)
    }
}

/// RFC 7515, 4.1.11: what is critical must be understood, and none of it is here.
fn check_critical(header: &Header) -> Result<(), TokenFault> {
    match header.crit {
        None => Ok(()),
        Some(_) => Err(TokenFault::Critical),
    }
}

impl Company {
    fn new(company: CompanyId, public_pem: &[u8]) -> Result<Self, KeyError> {
        let key = DecodingKey::from_ed_pem(public_pem).map_err(|cause| KeyError {
            part: "public",
            company,
            cause,
        })?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false; // by the clock that is handed in
        validation.set_issuer(&[company]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        Ok(Self {
            name: company.to_string(),
            key,
            validation,
        })
    }
}

/// The operators' token, kept as a digest: comparing digests takes a time that says nothing about the token.
#[derive(Clone)]
pub(crate) struct OperatorToken([u8; 32]);

impl OperatorToken {
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    pub fn is(&self, given: &str) -> bool {
        self.0 == <[u8; 32]>::from(Sha256::digest(given))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A day in 2026.
    pub const NOW: i64 = 1_780_000_000;
    pub const USER: Known = Known {
        user: UserId(Uuid::from_u128(7)),
        version: 64,
    };

    pub fn company(code: &str) -> CompanyId {
        code.parse().unwrap()
    }

    fn key_pair() -> (String, Vec<u8>) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        (pair.serialize_pem(), pair.public_key_pem().into_bytes())
    }

    /// Issuers of `a` and `b`, and a verifier that knows both.
    pub fn two_companies() -> (TokenIssuer, TokenIssuer, TokenVerifier) {
        let ((a_private, a_public), (b_private, b_public)) = (key_pair(), key_pair());
        (
            TokenIssuer::from_pem(company("a"), a_private.as_bytes()).unwrap(),
            TokenIssuer::from_pem(company("b"), b_private.as_bytes()).unwrap(),
            TokenVerifier::new(vec![(company("a"), a_public), (company("b"), b_public)]).unwrap(),
        )
    }

    #[test]
    fn a_token_of_any_company_is_its_users() {
        let (a, b, verifier) = two_companies();
        for issuer in [a, b] {
            let token = issuer.issue(USER, NOW).unwrap();
            assert_eq!(verifier.verify(&token, NOW), Ok(USER));
            assert_eq!(verifier.verify(&token, NOW), Ok(USER), "seen before");
        }
    }

    #[test]
    fn a_token_lives_fifteen_minutes_and_the_clocks_difference() {
        let (a, _, verifier) = two_companies();
        let token = a.issue(USER, NOW).unwrap();
        let last = NOW + LIFETIME_SECONDS + LEEWAY_SECONDS;
        assert_eq!(verifier.verify(&token, last + 1), Err(TokenFault::Expired));
        assert_eq!(verifier.verify(&token, last), Ok(USER));
        let seen = verifier.verify(&token, last + 1);
        assert_eq!(seen, Err(TokenFault::Expired), "seen before");
    }

    #[test]
    fn a_token_of_before_there_were_versions_is_of_the_lowest() {
        let claims = format!(
            r#"{{"sub":"{}","iss":"a","aud":"passcom","iat":{NOW},"exp":{NOW}}}"#,
            USER.user
        );
        let claims: Claims = serde_json::from_str(&claims).unwrap();
        assert_eq!(claims.version, 0);
    }

    #[test]
    fn a_token_that_is_not_good_yet_or_wants_to_be_understood_is_refused() {
        let (mut a, _, verifier) = two_companies();
        let claims = |nbf| Claims {
            sub: USER.user.0,
            iss: company("a"),
            aud: AUDIENCE.to_owned(),
            iat: NOW,
            exp: NOW + 600,
            nbf: Some(nbf),
            version: USER.version,
        };
        let signed = |a: &TokenIssuer, nbf| encode(&a.header, &claims(nbf), &a.key).unwrap();
        let early = signed(&a, NOW + LEEWAY_SECONDS + 1);
        assert_eq!(verifier.verify(&early, NOW), Err(TokenFault::NotYet));
        assert_eq!(verifier.verify(&early, NOW + 1), Ok(USER));
        a.header.crit = Some(vec!["b64".to_owned()]);
        let critical = signed(&a, NOW);
        assert_eq!(verifier.verify(&critical, NOW), Err(TokenFault::Critical));
    }

    #[test]
    fn any_change_breaks_a_token() {
        let (a, _, verifier) = two_companies();
        let token = a.issue(USER, NOW).unwrap();
        assert_eq!(verifier.verify(&token, NOW), Ok(USER));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&changed, NOW).is_err(), "byte {at}");
        }
        for nonsense in ["", "x", "a.b.c", &"a".repeat(LEN_MAX + 1)] {
            assert!(verifier.verify(nonsense, NOW).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_company_cannot_sign_in_the_name_of_another() {
        let (mut a, mut b, verifier) = two_companies();
        a.header.kid = Some("b".to_owned());
        assert!(
            verifier.verify(&a.issue(USER, NOW).unwrap(), NOW).is_err(),
            "a's key as b's"
        );
        a.header.kid = Some("a".to_owned());
        a.company = company("b");
        assert!(
            verifier.verify(&a.issue(USER, NOW).unwrap(), NOW).is_err(),
            "b as issuer under a's key"
        );
        b.company = company("c");
        b.header.kid = Some("c".to_owned());
        assert_eq!(
            verifier.verify(&b.issue(USER, NOW).unwrap(), NOW),
            Err(TokenFault::UnknownKey)
        );
    }

    #[test]
    fn another_algorithm_is_refused_also_when_its_key_is_our_public_one() {
        let (_, public) = key_pair();
        let verifier = TokenVerifier::new(vec![(company("a"), public.clone())]).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("a".to_owned());
        let claims = Claims {
            sub: USER.user.0,
            iss: company("a"),
            aud: AUDIENCE.to_owned(),
            iat: NOW,
            exp: NOW + 60,
            nbf: None,
            version: 1,
        };
        let forged = encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap();
        assert!(verifier.verify(&forged, NOW).is_err());
    }

    #[test]
    fn a_bad_key_is_named() {
        let error = TokenVerifier::new(vec![(company("a"), b"nothing".to_vec())])
            .err()
            .unwrap();
        assert!(
            error
                .to_string()
                .starts_with("the public key of company a is not an Ed25519 key"),
            "{error}"
        );
    }

    #[test]
    fn the_operators_token_is_itself_only() {
        let token = OperatorToken::new("s3cret");
        assert!(token.is("s3cret"));
        assert!(!token.is("s3cre") && !token.is("") && !token.is("S3cret"));
    }
}
