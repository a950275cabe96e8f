//! `[company.payment]`: whether a company wants to be paid before a ticket, and by whom it is paid. Without it, it takes no payments and lets
//! everything go unpaid. Every node reads of every company whether it wants to be paid, and its own secrets only.

use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{Fault, fault, secret};

/// As many secrets may be good at a time: the old one and the new one.
const SECRETS_MAX: usize = 2;
/// Fewer characters can be guessed.
const SECRET_LEN_MIN: usize = 24;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Nothing is confirmed that is not paid for.
    #[serde(default)]
    pub required: bool,
    pub provider: Provider,
    /// How the provider is called in the address of its notices and in the tables; "test" where it is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Files with a secret each, or names of variables of the environment: one, or two while one takes the other's place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_files: Vec<PathBuf>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_envs: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Takes no money: whoever pays chooses what comes of it.
    Test,
    /// A gateway that is asked and that tells, both signed.
    Signed,
}

impl Payment {
    pub fn provider_name(&self) -> &str {
        self.name.as_deref().unwrap_or("test")
    }

    pub(super) fn check(&self, owner: &str) -> Result<(), Fault> {
        let field = |name: &str| format!("{owner}.payment.{name}");
        let secrets = self.secret_files.len() + self.secret_envs.len();
        if self.provider == Provider::Test {
            return match self.name.is_none() && self.url.is_none() && secrets == 0 {
                true => Ok(()),
                false => fault(
                    &field("provider"),
                    "\"test\" has neither name nor url nor secrets",
                ),
            };
        }
        let name = self.name.as_deref().unwrap_or_default();
        let fits = (1..=32).contains(&name.len()) && name != "test";
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !fits || !name.bytes().all(plain) {
            return fault(
                &field("name"),
                "must be 1 to 32 of a-z, 0-9 and -, and not \"test\"",
            );
        }
        let url = self.url.as_deref().unwrap_or_default();
        if !is_safe(url) {
            return fault(
                &field("url"),
                "is no https:// address; http:// is for a gateway on this machine only",
            );
        }
        if !(1..=SECRETS_MAX).contains(&secrets) {
            return fault(
                &field("secret_files"),
                format!("write 1 to {SECRETS_MAX} of secret_files and secret_envs together"),
            );
        }
        Ok(())
    }

    /// An error is half a sentence that begins with the field.
    pub(super) fn secrets(&self) -> Result<Vec<String>, Fault> {
        let long_enough = |field: &str, secret: String| match secret.len() >= SECRET_LEN_MIN {
            true => Ok(secret),
            false => fault(
                field,
                format!("a secret has fewer than {SECRET_LEN_MIN} characters"),
            ),
        };
        let files = self.secret_files.iter().map(|file| {
            let field = "secret_files";
            let read = secret::read(file).map_err(|problem| (field.to_owned(), problem))?;
            long_enough(field, read)
        });
        let variables = self.secret_envs.iter().map(|variable| {
            let field = "secret_envs";
            match std::env::var(variable) {
                Ok(secret) if !secret.is_empty() => long_enough(field, secret),
                _ => fault(field, format!("{variable} is not set")),
            }
        });
        files.chain(variables).collect()
    }

    pub(super) fn make_paths_absolute(&mut self, base: &Path) {
        for path in &mut self.secret_files {
            *path = base.join(&*path); // an absolute path replaces the base
        }
    }
}

/// Nobody between here and there reads or changes what is sent.
fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let is_here = url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    });
    let has_user = !url.username().is_empty() || url.password().is_some();
    url.host_str().is_some()
        && !has_user
        && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        required = true
        provider = "signed"
        name = "gateway"
        url = "https://gateway.example/payments"
        secret_files = ["payment.new", "payment.old"]
    "#;

    fn checked(text: &str) -> Result<Payment, String> {
        let payment: Payment = toml::from_str(text).map_err(|error| error.to_string())?;
        match payment.check("company a") {
            Ok(()) => Ok(payment),
            Err((field, problem)) => Err(format!("{field}: {problem}")),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(checked(GOOD).is_ok());
        assert!(checked("provider = 'test'").is_ok_and(|payment| !payment.required));
        for (from, to, expected) in [
            ("\"gateway\"", "\"Gate way\"", "company a.payment.name: "),
            ("\"gateway\"", "\"test\"", "company a.payment.name: "),
            ("https:", "http:", "company a.payment.url: "),
            ("https://", "https://me:pass@", "company a.payment.url: "),
            (
                "[\"payment.new\", \"payment.old\"]",
                "[]",
                "company a.payment.secret_files: ",
            ),
            (
                "[\"payment",
                "[\"payment.older\", \"payment",
                "company a.payment.secret_files: ",
            ),
            ("\"signed\"", "\"test\"", "company a.payment.provider: "),
            ("required", "require", "unknown field `require`"),
        ] {
            let problem = checked(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
        for here in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "http://localhost/pay",
        ] {
            let text = GOOD.replace("https://gateway.example/payments", here);
            assert!(checked(&text).is_ok(), "{here}");
        }
    }

    #[test]
    fn a_secret_that_is_missing_is_named() {
        let text = GOOD.replace(
            "secret_files = [\"payment.new\", \"payment.old\"]",
            "secret_envs = [\"PASSCOM_NO_SUCH\"]",
        );
        let problem = checked(&text).unwrap().secrets().unwrap_err();
        assert_eq!(problem.0, "secret_envs");
        assert_eq!(problem.1, "PASSCOM_NO_SUCH is not set");
    }
}
