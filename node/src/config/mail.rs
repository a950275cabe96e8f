//! `[company.mail]`: the server through which a company's mail leaves. Without it the company sends none.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use super::{Fault, fault, secret};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Host that is dialled, and whose name its certificate has.
    pub server: String,
    pub port: u16,
    pub tls: Tls,
    /// `Name <address>`, or the address alone.
    pub from: String,
    /// With a password in one of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The name of a variable of the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// Certificate (PEM) of an authority that signs the server's, where it is none of the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

/// How the server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte (port 465).
    Always,
    /// From the command STARTTLS on, before anything that matters (port 587).
    Starttls,
    /// In the clear: only a server on this machine.
    Never,
}

impl Mail {
    pub(super) fn check(&self, owner: &str) -> Result<(), Fault> {
        let field = |name: &str| format!("{owner}.mail.{name}");
        if self.server.is_empty()
            || self
                .server
                .contains(|c: char| c.is_whitespace() || c == ':')
        {
            return fault(&field("server"), "is no host name");
        }
        if self.port == 0 {
            return fault(&field("port"), "is 0; write 465 or 587");
        }
        if self.tls == Tls::Never && !is_here(&self.server) {
            return fault(
                &field("tls"),
                "\"never\" is for a server on this machine only; write \"always\" or \"starttls\"",
            );
        }
        if self.from.parse::<Mailbox>().is_err() {
            return fault(
                &field("from"),
                "is no address; write for example \"Company A <bookings@a.example>\"",
            );
        }
        let passwords = [self.password_file.is_some(), self.password_env.is_some()];
        match (&self.user, passwords.into_iter().filter(|is| *is).count()) {
            (Some(_), 1) | (None, 0) => Ok(()),
            (Some(_), _) => fault(
                &field("password_file"),
                "with user, write exactly one of password_file and password_env",
            ),
            (None, _) => fault(&field("user"), "is missing, and there is a password"),
        }
    }

    /// User and password; an error is half a sentence that begins with the field.
    pub(super) fn credentials(&self) -> Result<Option<(String, String)>, Fault> {
        let Some(user) = self.user.clone() else {
            return Ok(None);
        };
        let password = match (&self.password_file, &self.password_env) {
            (Some(file), _) => {
                let read = secret::read(file);
                read.map_err(|problem| ("password_file".to_owned(), problem))?
            }
            (None, Some(variable)) => match std::env::var(variable) {
                Ok(password) if !password.is_empty() => password,
                _ => return fault("password_env", format!("{variable} is not set")),
            },
            (None, None) => unreachable!("checked when it was loaded: one of the two is there"),
        };
        Ok(Some((user, password)))
    }

    pub(super) fn make_paths_absolute(&mut self, base: &Path) {
        let paths = [self.password_file.as_mut(), self.ca.as_mut()];
        for path in paths.into_iter().flatten() {
            *path = base.join(&*path); // an absolute path replaces the base
        }
    }
}

fn is_here(server: &str) -> bool {
    server == "localhost"
        || server
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        server = "smtp.example"
        port = 587
        tls = "starttls"
        from = "Company A <bookings@a.example>"
        user = "a"
        password_file = "mail.password"
    "#;

    fn checked(text: &str) -> Result<Mail, String> {
        let mail: Mail = toml::from_str(text).map_err(|error| error.to_string())?;
        match mail.check("company a") {
            Ok(()) => Ok(mail),
            Err((field, problem)) => Err(format!("{field}: {problem}")),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(checked(GOOD).is_ok());
        for (from, to, expected) in [
            (
                "smtp.example",
                "smtp.example:587",
                "company a.mail.server: ",
            ),
            ("587", "0", "company a.mail.port: "),
            ("starttls", "never", "company a.mail.tls: \"never\" is for"),
            ("bookings@a.example", "bookings", "company a.mail.from: "),
            ("user = \"a\"", "", "company a.mail.user: is missing"),
            (
                "password_file = \"mail.password\"",
                "",
                "company a.mail.password_file: with user",
            ),
            (
                "user = \"a\"",
                "user = \"a\"\npassword_env = \"P\"",
                "company a.mail.password_file: with user",
            ),
            ("starttls", "maybe", "unknown variant `maybe`"),
            ("server", "sever", "unknown field `sever`"),
        ] {
            let problem = checked(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn a_server_of_this_machine_needs_no_secret() {
        let text = "server = '127.0.0.1'\nport = 25\ntls = 'never'\nfrom = 'a@a.example'";
        let mail = checked(text).unwrap();
        assert_eq!(mail.credentials(), Ok(None));
        for elsewhere in ["10.0.0.1", "localhost.example"] {
            assert!(checked(&text.replace("127.0.0.1", elsewhere)).is_err());
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let env = GOOD.replace(
            "password_file = \"mail.password\"",
            "password_env = \"PASSCOM_NO_SUCH\"",
        );
        let problem = checked(&env).unwrap().credentials().unwrap_err();
        assert_eq!(problem.0, "password_env");
        assert_eq!(problem.1, "PASSCOM_NO_SUCH is not set");
    }
}
