//! Signatures over what goes to a gateway and comes from it, as [Standard Webhooks](https://www.standardwebhooks.com/) has them:
//! HMAC-SHA256 over `id.timestamp.body`, written `v1,` and base64. Two secrets may be good at a time: what we send has a signature by each,
//! what we get needs one by either.

use anyhow::{Context, ensure};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How far the clock of who has signed may be from ours: as long, and no longer, can what was sent be sent once more.
const TOLERANCE_SECONDS: i64 = 300;
/// Signatures of one notice that are looked at.
const SIGNATURES_MAX: usize = 4;
const ID_LEN_MAX: usize = 128;
/// Before a secret that is written in base64.
const ENCODED: &str = "whsec_";
const VERSION: &str = "v1,";

/// Shows nothing of them.
pub struct Secrets(Vec<Key>);

impl Secrets {
    pub fn new(secrets: &[String]) -> anyhow::Result<Self> {
        ensure!(!secrets.is_empty(), "there is no secret");
        let key = |secret: &String| {
            let bytes = match secret.strip_prefix(ENCODED) {
                Some(encoded) => STANDARD
                    .decode(encoded)
                    .context("a secret that begins with whsec_ goes on in base64")?,
                None => secret.clone().into_bytes(),
            };
            anyhow::Ok(Key::new(HMAC_SHA256, &bytes))
        };
        Ok(Self(secrets.iter().map(key).collect::<Result<_, _>>()?))
    }

    /// By every secret, with blanks between.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signed = signed(id, timestamp, body);
        let sign = |key: &Key| format!("{VERSION}{}", STANDARD.encode(hmac::sign(key, &signed)));
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }

    /// Whether one of the signatures is by one of the secrets, and made now. They are compared in constant time.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: i64,
    ) -> bool {
        // no dot, so that what was signed can be read in one way only
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let is_id = (1..=ID_LEN_MAX).contains(&id.len()) && id.bytes().all(plain);
        let Some(timestamp) = timestamp.parse::<i64>().ok().filter(|_| is_id) else {
            return false;
        };
        if timestamp.abs_diff(now) > TOLERANCE_SECONDS as u64 {
            return false;
        }
        let signed = signed(id, timestamp, body);
        let given = signatures.split(' ').take(SIGNATURES_MAX);
        let given = given.filter_map(|one| STANDARD.decode(one.strip_prefix(VERSION)?).ok());
        let is_by = |tag: &[u8]| {
            let mut keys = self.0.iter();
            keys.any(|key| hmac::verify(key, &signed, tag).is_ok())
        };
        given.into_iter().any(|tag| is_by(&tag))
    }
}

fn signed(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp}.").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "another secret, not in base64";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn secrets(texts: &[&str]) -> Secrets {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Secrets::new(&texts).unwrap()
    }

    fn is_good(secrets: &Secrets, signatures: &str, now: i64) -> bool {
        secrets.verify(ID, &AT.to_string(), signatures, BODY, now)
    }

    /// The example of the libraries of Standard Webhooks.
    #[test]
    fn it_is_as_others_make_it() {
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(secrets(&[OLD]).sign(ID, AT, BODY), expected);
        assert!(is_good(&secrets(&[OLD]), expected, AT));
    }

    #[test]
    fn either_secret_is_good_while_one_takes_the_others_place() {
        let (old, both, new) = (secrets(&[OLD]), secrets(&[NEW, OLD]), secrets(&[NEW]));
        for sender in [&old, &both, &new] {
            assert!(is_good(&both, &sender.sign(ID, AT, BODY), AT));
        }
        for receiver in [&old, &new] {
            assert!(is_good(receiver, &both.sign(ID, AT, BODY), AT));
        }
        assert!(!is_good(&new, &old.sign(ID, AT, BODY), AT));
    }

    #[test]
    fn nothing_else_is_good() {
        let secrets = secrets(&[OLD]);
        let good = secrets.sign(ID, AT, BODY);
        let at = AT.to_string();
        for (now, is) in [(300, true), (301, false), (-300, true), (-301, false)] {
            assert_eq!(is_good(&secrets, &good, AT + now), is, "{now}");
        }
        assert!(!secrets.verify("msg_other", &at, &good, BODY, AT));
        let later = (AT + 1).to_string();
        assert!(!secrets.verify(ID, &later, &good, BODY, AT));
        assert!(!secrets.verify(ID, &at, &good, br#"{"test": 2432232315}"#, AT));
        let other = self::secrets(&[NEW]).sign(ID, AT, BODY);
        let bare = good.trim_start_matches(VERSION);
        let cut = &good[..good.len() - 4];
        let many = format!("{}{good}", "v1,AAAA ".repeat(SIGNATURES_MAX));
        for bad in ["", "v1,", "v1", bare, cut, &other, &many] {
            assert!(!is_good(&secrets, bad, AT), "{bad}");
        }
        for (id, timestamp) in [
            ("", &*at),
            ("msg.1", &at),
            (ID, ""),
            (ID, "1e9"),
            (ID, "-1"),
        ] {
            assert!(
                !secrets.verify(id, timestamp, &good, BODY, AT),
                "{id} {timestamp}"
            );
        }
    }
}
