//! Two companies with keys that are always the same, so that a corpus can hold what they have signed. They are keys of nothing.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::prelude::{BASE64_STANDARD, Engine};
use passcom_actors::domain::fixtures::{SAGA, USER, company, order, seat};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::accounts::Known;
use passcom_http::fuzzing::codes;
use passcom_http::{TokenIssuer, TokenVerifier};

/// A day in 2026, in seconds since 1970.
pub const NOW: i64 = 1_780_000_000;

/// Who signs, and what they have signed.
pub struct Cluster {
    pub verifier: TokenVerifier,
    /// Of `b`, who signs what it likes.
    pub pair: Ed25519KeyPair,
    pub ticket: Ticket,
    /// Everything that was signed, here and in `tokens`.
    pub codes: Vec<String>,
    pub tokens: Vec<String>,
}

/// `a` and `b`, and one ticket over both.
pub static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let pair = |seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let (a, b) = (pair(1), pair(2));
    let issuers = [("a", &a), ("b", &b)].map(|(code, pair)| {
        let private = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        TokenIssuer::from_pem(company(code), private.as_bytes()).unwrap()
    });
    let public = |pair: &Ed25519KeyPair| {
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        pem("PUBLIC KEY", der.as_ref()).into_bytes()
    };
    let keys = vec![(company("a"), public(&a)), (company("b"), public(&b))];
    let ticket = Ticket::new(SAGA, order(&[seat("a", 1), seat("b", 2)]));
    let known = Known {
        user: USER,
        version: 1,
        consent: None,
    };
    Cluster {
        verifier: TokenVerifier::new(keys).unwrap(),
        pair: b,
        codes: issuers
            .iter()
            .flat_map(|issuer| codes(issuer, &ticket, NOW))
            .collect(),
        tokens: issuers
            .iter()
            .map(|issuer| issuer.issue(known, NOW).unwrap())
            .collect(),
        ticket,
    }
});

fn pem(what: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}
