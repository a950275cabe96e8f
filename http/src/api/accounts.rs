//! Registering, logging in, and a fresh token for a valid one.

use std::ops::RangeInclusive;

use passcom_actors::domain::accounts::Mailbox;
use passcom_actors::people::accounts::{Known, LoggedIn, Registered, Renewed, Unfit};
use passcom_actors::people::desk::Unavailable;
use passcom_actors::people::mail_address;
use passcom_actors::people::spelling::Misspelt;
use tracing::error;

use super::{Client, RETRY, RETRY_COMPANY, too_many};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::{Language, Text};
use crate::router::{Endpoint, post};
use crate::token::LIFETIME_SECONDS;
use crate::wire;
use crate::wire::field::{EMAIL, NEW_PASSWORD};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    post("/register-all", |client, call| {
        Box::pin(register(client, call))
    }),
    post("/login", |client, call| Box::pin(log_in(client, call))),
    post("/renovar", |client, call| Box::pin(renew(client, call))),
    post("/sair", |client, call| Box::pin(leave(client, call))),
    post("/conta/senha", |client, call| {
        Box::pin(change_password(client, call))
    }),
    post("/conta/sair", |client, call| {
        Box::pin(sign_out(client, call))
    }),
];

/// Lengths in characters.
pub(super) const LOGIN_LEN: RangeInclusive<usize> = 3..=64;
pub(super) const PASSWORD_LEN: RangeInclusive<usize> = 8..=128;

const SIGNED_OUT: Text = Text::fixed("Todas as sessões foram encerradas", "Signed out everywhere");
const LEFT: Text = Text::fixed("Você saiu", "Signed out");
const CREATED: Text = Text::fixed("Usuário criado com sucesso", "User created");

async fn register(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    check_new("login", &login, LOGIN_LEN)?;
    check_new("password", &password, PASSWORD_LEN)?;
    let body: wire::FirstEmail = call.json()?;
    let email = body.email.filter(|email| !email.trim().is_empty());
    let mailbox = email.map(|email| mailbox_at(&email, call.language));
    let mailbox = mailbox.transpose()?;
    let address = mailbox.as_ref().map(|mailbox| mailbox.address.clone());
    if let Some(from) = &call.from {
        let check = client.registrations.check(from);
        check.map_err(too_many)?;
    }
    let registered = client
        .accounts
        .register(&login, &password, mailbox, call.from);
    match registered.await {
        Registered::Created { user, is_reachable } => Ok(Answer::json(&wire::Registered {
            message: CREATED.to(call.language),
            user_uuid: user,
            email: address.filter(|_| is_reachable),
        })),
        Registered::Taken => Err(Kind::LoginTaken.into()),
        Registered::LoginMisspelt(why) => Err(misspelt("login", why)),
        Registered::PasswordUnfit(why) => Err(unfit("password", why)),
        Registered::NoMajority => Err(Problem::from(Kind::NoMajority).retry_after(RETRY_COMPANY)),
        Registered::Overloaded => Err(Problem::from(Kind::Overloaded).retry_after(RETRY)),
    }
}

async fn log_in(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    if !could_exist(&login, &password) {
        return Err(Kind::BadCredentials.into());
    }
    match client.accounts.log_in(&login, &password, call.from).await {
        LoggedIn::Welcome(known) => session(client, &call, known),
        LoggedIn::Denied => Err(Kind::BadCredentials.into()),
        LoggedIn::TooMany(wait) => Err(too_many(wait)),
        LoggedIn::Overloaded => Err(Problem::from(Kind::Overloaded).retry_after(RETRY)),
        LoggedIn::Unavailable => Err(Unavailable.into()),
    }
}

async fn renew(client: &Client, call: Call) -> Answered {
    session(client, &call, client.caller(&call).await?)
}

/// No token is asked for: who knows login and password may, and who has stolen a token may not.
async fn change_password(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    let body: wire::NewPassword = call.json()?;
    let new = present(NEW_PASSWORD, body.new_password)?;
    check_new(NEW_PASSWORD, &new, PASSWORD_LEN)?;
    if !could_exist(&login, &password) {
        return Err(Kind::BadCredentials.into());
    }
    let changed = client
        .accounts
        .change_password(&login, &password, &new, call.from);
    session(client, &call, renewed(changed.await)?)
}

async fn sign_out(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    if !could_exist(&login, &password) {
        return Err(Kind::BadCredentials.into());
    }
    let signed_out = client.accounts.sign_out(&login, &password, call.from);
    renewed(signed_out.await)?;
    let answer = Answer::json(&wire::Message {
        message: SIGNED_OUT.to(call.language),
    });
    Ok(client.cookie.ended(&call, answer))
}

/// Ends the page's session in this browser, whosever it is: nothing else depends on it.
async fn leave(client: &Client, call: Call) -> Answered {
    let answer = Answer::json(&wire::Message {
        message: LEFT.to(call.language),
    });
    Ok(client.cookie.ended(&call, answer))
}

pub(super) fn renewed(answer: Renewed) -> Result<Known, Problem> {
    match answer {
        Renewed::Done(known) => Ok(known),
        Renewed::Denied => Err(Kind::BadCredentials.into()),
        Renewed::PasswordUnfit(why) => Err(unfit(NEW_PASSWORD, why)),
        Renewed::TooMany(wait) => Err(too_many(wait)),
        Renewed::Overloaded => Err(Problem::from(Kind::Overloaded).retry_after(RETRY)),
        Renewed::Unavailable => Err(Unavailable.into()),
    }
}

/// A fresh token: told, or kept in the cookie of the page that asks.
pub(super) fn session(client: &Client, call: &Call, known: Known) -> Answered {
    let now = client.desk.clock().wall_seconds();
    let user_uuid = known.user;
    let access_token = client.issuer.issue(known, now).map_err(|cause| {
        error!(%cause, "token not signed");
        Kind::Internal
    })?;
    let told = |access_token| {
        Answer::json(&wire::Session {
            access_token,
            user_uuid,
            expires_in: LIFETIME_SECONDS,
        })
    };
    if !client.cookie.is_wanted(call) {
        return Ok(told(Some(access_token)));
    }
    let (name, value) = client.cookie.keep(&access_token);
    Ok(told(None).with(name, value))
}

/// Login and password, both there and neither empty.
pub(super) fn credentials(call: &Call) -> Result<(String, String), Problem> {
    let wire::Credentials { login, password } = call.json()?;
    Ok((present("login", login)?, present("password", password)?))
}

/// Where mail for a user goes, in the language of the request.
pub(super) fn mailbox_at(email: &str, language: Language) -> Result<Mailbox, Problem> {
    let address = mail_address::normalised(email.trim()).ok_or_else(|| {
        Problem::invalid(
            format!("{EMAIL} não é um endereço de e-mail"),
            format!("{EMAIL} is not an e-mail address"),
        )
    })?;
    Ok(Mailbox { address, language })
}

pub(super) fn present(field: &str, value: Option<String>) -> Result<String, Problem> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Problem::invalid(
            format!("{field} é obrigatório"),
            format!("{field} is required"),
        )
    })
}

pub(super) fn check_new(
    field: &str,
    value: &str,
    len: RangeInclusive<usize>,
) -> Result<(), Problem> {
    let (min, max) = (len.start(), len.end());
    if !len.contains(&value.chars().count()) {
        return Err(Problem::invalid(
            format!("{field} deve ter de {min} a {max} caracteres"),
            format!("{field} must have {min} to {max} characters"),
        ));
    }
    if value.contains(char::is_control) {
        return Err(Problem::invalid(
            format!("{field} não pode ter caracteres de controle"),
            format!("{field} must not have control characters"),
        ));
    }
    Ok(())
}

fn unfit(field: &str, why: Unfit) -> Problem {
    match why {
        Unfit::Misspelt(why) => misspelt(field, why),
        Unfit::Common => Problem::invalid(
            format!("{field} é das primeiras que alguém tentaria; escolha outra"),
            format!("{field} is among the first that anybody would guess; choose another one"),
        ),
    }
}

/// The answer to a text that is not taken in this field.
pub(super) fn misspelt(field: &str, why: Misspelt) -> Problem {
    let (portuguese, english) = match why {
        Misspelt::Character => (
            "tem um caractere que não é permitido (um espaço onde não cabe, um invisível ou de controle)",
            "has a character that is not allowed (a blank out of place, an invisible or a control character)",
        ),
        Misspelt::MixedScripts => (
            "mistura letras de alfabetos diferentes, como o latino e o cirílico",
            "mixes letters of different scripts, such as Latin and Cyrillic",
        ),
        Misspelt::NoLetter => ("não tem nenhuma letra", "has no letter"),
    };
    Problem::invalid(
        format!("{field} {portuguese}"),
        format!("{field} {english}"),
    )
}

/// What breaks the published rules belongs to nobody; no password is hashed to find that out.
pub(super) fn could_exist(login: &str, password: &str) -> bool {
    check_new("login", login, LOGIN_LEN).is_ok()
        && check_new("password", password, PASSWORD_LEN).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::call::tests::call;
    use crate::language::Language;

    fn given(body: &str) -> Result<(String, String), Problem> {
        credentials(&call(
            "/login",
            &[("content-type", "application/json")],
            body.as_bytes(),
        ))
    }

    #[test]
    fn both_credentials_are_required_and_the_missing_one_is_named() {
        let missing = |body| {
            given(body)
                .unwrap_err()
                .detail(Language::English)
                .to_owned()
        };
        assert_eq!(missing("{}"), "login is required");
        assert_eq!(missing(r#"{"login":"maria"}"#), "password is required");
        assert_eq!(missing(r#"{"password":"12345678"}"#), "login is required");
        assert_eq!(
            missing(r#"{"login":"","password":""}"#),
            "login is required"
        );
        assert!(given(r#"{"login":7,"password":[]}"#).is_err());
        assert_eq!(
            given(r#"{"login":"a","password":"b"}"#),
            Ok(("a".into(), "b".into()))
        );
    }

    #[test]
    fn every_answer_to_a_change_of_password_is_told() {
        let kind = |answer| renewed(answer).map_err(|problem| problem.kind());
        let known = Known {
            user: passcom_actors::domain::ids::UserId(uuid::Uuid::nil()),
            version: 64,
            consent: None,
        };
        assert_eq!(kind(Renewed::Done(known)), Ok(known));
        assert_eq!(kind(Renewed::Denied), Err(Kind::BadCredentials));
        assert_eq!(kind(Renewed::Overloaded), Err(Kind::Overloaded));
        let many = renewed(Renewed::TooMany(Duration::from_secs(7))).unwrap_err();
        assert_eq!(many, too_many(Duration::from_secs(7)));
        let wrong =
            renewed(Renewed::PasswordUnfit(Unfit::Misspelt(Misspelt::Character))).unwrap_err();
        assert_eq!(wrong.kind(), Kind::InvalidRequest);
        let detail = wrong.detail(Language::Portuguese);
        assert!(
            detail.starts_with("new_password tem um caractere"),
            "{detail}"
        );
    }

    #[test]
    fn lengths_count_characters() {
        for (login, fits) in [
            ("ab", false),
            ("abc", true),
            ("çãé", true),
            (&*"x".repeat(64), true),
            (&*"x".repeat(65), false),
        ] {
            assert_eq!(
                check_new("login", login, LOGIN_LEN).is_ok(),
                fits,
                "{login}"
            );
        }
        assert!(check_new("login", "a\0bc", LOGIN_LEN).is_err());
        assert!(could_exist("maria", "12345678") && !could_exist("maria", "1234567"));
    }
}
