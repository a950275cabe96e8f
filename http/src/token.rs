//! Who is calling: tokens of users, signed by the company that logged them in and accepted by all.
//!
//! Invariants: only EdDSA; the key is one of the company that `kid` names, and `iss` says the same company; what is signed is
//! signed with the newest. Nothing here is logged. The time is handed in, in seconds since 1970.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use passcom_actors::company::credential::Consent;
use passcom_actors::company::tokens::{self, Tokens, Voucher};
use passcom_actors::domain::ids::{CompanyId, UserId};
use passcom_actors::people::accounts::Known;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_eddsa_type;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
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
/// Ours have some 400; a longer one is not worth parsing.
const LEN_MAX: usize = 2048;

/// Public keys of one company that are good at a time: what was signed with an old one is still to be proven.
const KEYS_MAX: usize = 4;
const KEY_ENDS: &str = "-----END PUBLIC KEY-----";
/// Bytes of a key's hash in its name.
const KID_BYTES: usize = 4;
/// Bytes of a public key of Ed25519, at the end of how it is encoded.
const PUBLIC_LEN: usize = 32;

/// A key that is none.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the {part} key of company {company} is not an Ed25519 key in PEM: {cause}")]
    NoKey {
        part: &'static str,
        company: CompanyId,
        cause: jsonwebtoken::errors::Error,
    },
    #[error("company {0} has more than {KEYS_MAX} public keys")]
    TooMany(CompanyId),
    #[error(
        "the private key of company {0} belongs to none of its public keys: add its public half to their file first"
    )]
    Unproven(CompanyId),
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
    /// That the issuer may speak for the user, signed by the user's key.
    #[serde(rename = "con", default, skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
}

/// Whom a token speaks for, and whose word that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub known: Known,
    pub issuer: CompanyId,
    /// It was found before that the issuer may speak for the user.
    pub is_vouched: bool,
}

impl Sealed for Voucher {
    const KIND: &'static str = "apresentado";
}

/// What a company says of tokens to others.
pub struct TokenDesk {
    pub issuer: Arc<TokenIssuer>,
    pub verifier: Arc<TokenVerifier>,
}

impl Tokens for TokenDesk {
    fn read(&self, token: &str, now: i64) -> Option<tokens::Shown> {
        let Shown { known, issuer, .. } = self.verifier.verify(token, now).ok()?;
        Some(tokens::Shown {
            user: known.user,
            version: known.version,
            issuer,
            consent: known.consent,
        })
    }

    fn vouch(&self, voucher: &Voucher) -> Option<String> {
        self.issuer.seal(voucher).ok()
    }

    fn vouched(&self, text: &str) -> Option<(CompanyId, Voucher)> {
        self.verifier.open(text).ok()
    }
}

/// Signs for one company, with one key at a time.
pub struct TokenIssuer {
    company: CompanyId,
    signing: RwLock<Arc<Signing>>,
}

struct Signing {
    kid: String,
    key: EncodingKey,
}

/// A company's key by name: its code, and the beginning of the key's hash.
fn kid(company: &str, public: &[u8]) -> String {
    let hash = Sha256::digest(public);
    let hash: String = hash
        .iter()
        .take(KID_BYTES)
        .fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
    format!("{company}.{hash}")
}

impl TokenIssuer {
    /// `private_pem` is an Ed25519 key in PKCS #8.
    pub fn from_pem(company: CompanyId, private_pem: &[u8]) -> Result<Self, KeyError> {
        let no_key = |cause| KeyError::NoKey {
            part: "private",
            company,
            cause,
        };
        let key = EncodingKey::from_ed_pem(private_pem).map_err(no_key)?;
        let public = public_half(private_pem);
        let public = public.ok_or_else(|| no_key(ErrorKind::InvalidKeyFormat.into()))?;
        let kid = kid(company.as_str(), &public);
        Ok(Self {
            company,
            signing: RwLock::new(Arc::new(Signing { kid, key })),
        })
    }

    pub(crate) fn company(&self) -> CompanyId {
        self.company
    }

    /// Signs as the other one does from now on.
    pub fn replace(&self, other: &Self) {
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = other.signing();
    }

    fn signing(&self) -> Arc<Signing> {
        let signing = self.signing.read().unwrap_or_else(PoisonError::into_inner);
        signing.clone()
    }

    fn sign<T: Serialize>(
        &self,
        mut header: Header,
        content: &T,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let signing = self.signing();
        header.kid = Some(signing.kid.clone());
        encode(&header, content, &signing.key)
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
            consent: known.consent.map(|consent| consent.to_string()),
        };
        self.sign(Header::new(Algorithm::EdDSA), &claims)
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

/// The public key that belongs to a private one.
fn public_half(private_pem: &[u8]) -> Option<Vec<u8>> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(private_pem).ok()?;
    let key = any_eddsa_type(&key).ok()?;
    let public = key.public_key()?;
    let from = public.len().checked_sub(PUBLIC_LEN)?;
    Some(public[from..].to_vec())
}

/// Accepts what any company of the cluster signed, with any of its keys.
pub struct TokenVerifier {
    /// Of each company, the newest first.
    keys: RwLock<Arc<[PublicKey]>>,
    seen: Seen,
}

struct PublicKey {
    company: CompanyId,
    kid: String,
    key: DecodingKey,
    validation: Validation,
}

impl TokenVerifier {
    /// All companies of the cluster with their Ed25519 public keys: of each a PEM file with one or several, the newest first.
    pub fn new(keys: Vec<(CompanyId, Vec<u8>)>) -> Result<Self, KeyError> {
        let all = keys.iter().map(|(company, pem)| read_keys(*company, pem));
        let all: Vec<Vec<PublicKey>> = all.collect::<Result<_, _>>()?;
        Ok(Self {
            keys: RwLock::new(all.into_iter().flatten().collect()),
            seen: Seen::default(),
        })
    }

    /// Accepts what the other one does from now on, and nothing else.
    pub fn replace(&self, other: &Self) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = other.keys();
        self.seen.forget();
    }

    /// That others can prove what the issuer signs.
    pub fn proves(&self, issuer: &TokenIssuer) -> Result<(), KeyError> {
        let kid = &issuer.signing().kid;
        let known = self.keys().iter().any(|key| key.kid == *kid);
        known
            .then_some(())
            .ok_or(KeyError::Unproven(issuer.company))
    }

    /// Each company's public keys, 32 bytes of Ed25519, by their names; the oldest of each also by the company's, as what was
    /// signed before keys had names of their own names it.
    pub(crate) fn public_keys(&self) -> Vec<(String, Vec<u8>)> {
        let keys = self.keys();
        let oldest = |at: usize| {
            let next: Option<&PublicKey> = keys.get(at + 1);
            next.is_none_or(|next| next.company != keys[at].company)
        };
        let mut told = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let Ok(bytes) = key.key.try_get_as_bytes() else {
                continue;
            };
            told.push((key.kid.clone(), bytes.to_vec()));
            if oldest(at) {
                told.push((key.company.to_string(), bytes.to_vec()));
            }
        }
        told
    }

    fn keys(&self) -> Arc<[PublicKey]> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.clone()
    }

    /// What the key makes of it that the header names, and whose key that is.
    fn with_key_of<T>(
        &self,
        header: &Header,
        open: impl Fn(&PublicKey) -> Result<T, jsonwebtoken::errors::Error>,
    ) -> Result<(CompanyId, T), TokenFault> {
        let kid = header.kid.as_deref().unwrap_or_default();
        let mut fault = TokenFault::UnknownKey;
        for key in self.keys().iter() {
            // what was signed before keys had names of their own names the company
            if key.kid != kid && key.company.as_str() != kid {
                continue;
            }
            match open(key) {
                Ok(opened) => return Ok((key.company, opened)),
                Err(cause) => fault = TokenFault::Invalid(cause),
            }
        }
        Err(fault)
    }

    /// What a token was issued for; whether that is of today, and whether its issuer may speak for the user, is not for its signature to say.
    pub(crate) fn verify(&self, token: &str, now: i64) -> Result<Shown, TokenFault> {
        if token.len() > LEN_MAX {
            return Err(TokenFault::TooLong);
        }
        if let Some(shown) = self.seen.shown(token, now) {
            return Ok(shown);
        }
        let claims = self.check(token)?;
        let consent = claims.consent.as_deref();
        let shown = Shown {
            known: Known {
                user: UserId(claims.sub),
                version: claims.version,
                consent: consent.and_then(Consent::of_text),
            },
            issuer: claims.iss,
            is_vouched: false,
        };
        let until = claims.exp.saturating_add(LEEWAY_SECONDS);
        if until < now {
            return Err(TokenFault::Expired);
        }
        let from = claims.nbf.unwrap_or(i64::MIN);
        if from > now.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenFault::NotYet);
        }
        self.seen.remember(token, shown, until, now);
        Ok(shown)
    }

    /// Its issuer may speak for the user: that needs not be looked at again.
    pub(crate) fn vouched(&self, token: &str) {
        self.seen.vouched(token);
    }

    fn check(&self, token: &str) -> Result<Claims, TokenFault> {
        let header = decode_header(token).map_err(TokenFault::Invalid)?;
        check_critical(&header)?;
        let open = |key: &PublicKey| decode(token, &key.key, &key.validation);
        let (_, token) = self.with_key_of(&header, open)?;
        Ok(token.claims)
    }
}

/// RFC 7515, 4.1.11: what is critical must be understood, and none of it is here.
fn check_critical(header: &Header) -> Result<(), TokenFault> {
    match header.crit {
        None => Ok(()),
        Some(_) => Err(TokenFault::Critical),
    }
}

/// Those of a file.
fn read_keys(company: CompanyId, pem: &[u8]) -> Result<Vec<PublicKey>, KeyError> {
    let text = String::from_utf8_lossy(pem);
    let blocks: Vec<&str> = match text.trim() {
        "" => vec![""],
        text => text.split_inclusive(KEY_ENDS).collect(),
    };
    if blocks.len() > KEYS_MAX {
        return Err(KeyError::TooMany(company));
    }
    let keys = blocks.into_iter();
    keys.map(|block| PublicKey::new(company, block.trim().as_bytes()))
        .collect()
}

impl PublicKey {
    fn new(company: CompanyId, public_pem: &[u8]) -> Result<Self, KeyError> {
        let key = DecodingKey::from_ed_pem(public_pem).map_err(|cause| KeyError::NoKey {
            part: "public",
            company,
            cause,
        })?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false; // by the clock that is handed in
        validation.set_issuer(&[company]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        let bytes = key.try_get_as_bytes().unwrap_or_default();
        Ok(Self {
            company,
            kid: kid(company.as_str(), bytes),
            key,
            validation,
        })
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
        consent: None,
    };

    pub fn company(code: &str) -> CompanyId {
        code.parse().unwrap()
    }

    fn key_pair() -> (String, Vec<u8>) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        (pair.serialize_pem(), pair.public_key_pem().into_bytes())
    }

    fn claims_of(issuer: &TokenIssuer, nbf: Option<i64>) -> Claims {
        Claims {
            sub: USER.user.0,
            iss: issuer.company,
            aud: AUDIENCE.to_owned(),
            iat: NOW,
            exp: NOW + 600,
            nbf,
            version: USER.version,
            consent: None,
        }
    }

    fn shown(by: &str) -> Shown {
        Shown {
            known: USER,
            issuer: company(by),
            is_vouched: false,
        }
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
            let shown = shown(issuer.company.as_str());
            assert_eq!(verifier.verify(&token, NOW), Ok(shown));
            assert_eq!(verifier.verify(&token, NOW), Ok(shown), "seen before");
            verifier.vouched(&token);
            let seen = verifier.verify(&token, NOW).unwrap();
            assert!(seen.is_vouched && seen.known == USER);
        }
    }

    #[test]
    fn a_token_lives_fifteen_minutes_and_the_clocks_difference() {
        let (a, _, verifier) = two_companies();
        let token = a.issue(USER, NOW).unwrap();
        let last = NOW + LIFETIME_SECONDS + LEEWAY_SECONDS;
        assert_eq!(verifier.verify(&token, last + 1), Err(TokenFault::Expired));
        assert_eq!(verifier.verify(&token, last), Ok(shown("a")));
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
    fn keys_change_without_an_interruption() {
        let (old, new) = (key_pair(), key_pair());
        let issuer = TokenIssuer::from_pem(company("a"), old.0.as_bytes()).unwrap();
        let verifier = TokenVerifier::new(vec![(company("a"), old.1.clone())]).unwrap();
        let before = issuer.issue(USER, NOW).unwrap();
        let next = TokenIssuer::from_pem(company("a"), new.0.as_bytes()).unwrap();
        assert!(verifier.proves(&issuer).is_ok());
        assert!(matches!(verifier.proves(&next), Err(KeyError::Unproven(_))));

        let with = |files: &[&[u8]]| TokenVerifier::new(vec![(company("a"), files.concat())]);
        verifier.replace(&with(&[&new.1, b"\n", &old.1]).unwrap());
        issuer.replace(&next);
        assert!(verifier.proves(&issuer).is_ok());
        let after = issuer.issue(USER, NOW).unwrap();
        assert_eq!(verifier.verify(&before, NOW), Ok(shown("a")));
        assert_eq!(verifier.verify(&after, NOW), Ok(shown("a")));
        assert_eq!(verifier.public_keys().len(), 3, "the oldest by two names");

        verifier.replace(&with(&[&new.1]).unwrap());
        assert_eq!(verifier.verify(&before, NOW), Err(TokenFault::UnknownKey));
        assert_eq!(verifier.verify(&after, NOW), Ok(shown("a")));
        let many = [&*new.1; KEYS_MAX + 1];
        assert!(matches!(with(&many), Err(KeyError::TooMany(_))));
        assert!(with(&[&new.1, b"-----BEGIN"]).is_err());
    }

    #[test]
    fn what_names_the_company_only_is_of_before_and_proven_with_any_of_its_keys() {
        let (a, _, verifier) = two_companies();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("a".to_owned());
        let claims = claims_of(&a, None);
        let old = encode(&header, &claims, &a.signing().key).unwrap();
        assert_eq!(verifier.verify(&old, NOW), Ok(shown("a")));
        header.kid = Some("b".to_owned());
        let of_b = encode(&header, &claims, &a.signing().key).unwrap();
        assert!(verifier.verify(&of_b, NOW).is_err());
    }

    #[test]
    fn a_token_that_is_not_good_yet_or_wants_to_be_understood_is_refused() {
        let (a, _, verifier) = two_companies();
        let signed = |crit, nbf| {
            let mut header = Header::new(Algorithm::EdDSA);
            header.crit = crit;
            a.sign(header, &claims_of(&a, Some(nbf))).unwrap()
        };
        let early = signed(None, NOW + LEEWAY_SECONDS + 1);
        assert_eq!(verifier.verify(&early, NOW), Err(TokenFault::NotYet));
        assert_eq!(verifier.verify(&early, NOW + 1), Ok(shown("a")));
        let critical = signed(Some(vec!["b64".to_owned()]), NOW);
        assert_eq!(verifier.verify(&critical, NOW), Err(TokenFault::Critical));
    }

    #[test]
    fn any_change_breaks_a_token() {
        let (a, _, verifier) = two_companies();
        let token = a.issue(USER, NOW).unwrap();
        assert_eq!(verifier.verify(&token, NOW), Ok(shown("a")));
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
        let (mut a, b, verifier) = two_companies();
        let signed_as = |by: &TokenIssuer, kid: &str| {
            let mut header = Header::new(Algorithm::EdDSA);
            header.kid = Some(kid.to_owned());
            encode(&header, &claims_of(by, None), &by.signing().key).unwrap()
        };
        let kid_of_b = b.signing().kid.clone();
        for kid in ["b", &kid_of_b] {
            let forged = signed_as(&a, kid);
            assert!(verifier.verify(&forged, NOW).is_err(), "a's key as b's");
        }
        a.company = company("b");
        assert!(
            verifier.verify(&a.issue(USER, NOW).unwrap(), NOW).is_err(),
            "b as issuer under a's key"
        );
        for kid in ["c", "", "b.", "c.00000000"] {
            let unknown = verifier.verify(&signed_as(&b, kid), NOW);
            assert_eq!(unknown, Err(TokenFault::UnknownKey), "{kid}");
        }
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
            consent: None,
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
}
