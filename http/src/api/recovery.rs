//! Who an account belongs to, where its mail goes, and another password for who has forgotten the old one.

use passcom_actors::people::accounts::codes::{ASKED_WITHIN, Asked, Codes};
use passcom_actors::people::accounts::{Renewed, new_password};
use passcom_actors::people::spelling;
use tracing::error;

use super::accounts::{
    LOGIN_LEN, PASSWORD_LEN, check_new, could_exist, credentials, mailbox_at, present, renewed,
    session,
};
use super::{Client, RETRY, too_many};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::mail::reset_code;
use crate::router::{Endpoint, delete, get, post};
use crate::wire;
use crate::wire::field::{CODE, EMAIL, NEW_PASSWORD};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/conta", |client, call| Box::pin(show(client, call))),
    post("/conta/email", |client, call| {
        Box::pin(change_mailbox(client, call))
    }),
    delete("/conta", |client, call| Box::pin(end(client, call))),
    get("/conta/dados", |client, call| {
        Box::pin(export(client, call))
    }),
    post("/conta/senha/codigo", |client, call| {
        Box::pin(ask_code(client, call))
    }),
    post("/conta/senha/nova", |client, call| {
        Box::pin(reset_password(client, call))
    }),
];

/// Tickets on a page of what is kept of a user.
const EXPORT_PAGE: usize = 200;

const GONE: Text = Text::fixed("Conta excluída", "Account deleted");
const CODE_ASKED: Text = Text::fixed(
    "Se existe uma conta com este login e ela tem e-mail, enviamos um código. Ele vale por 15 minutos.",
    "If there is an account with this login and it has an e-mail address, a code is on its way. It is good for 15 minutes.",
);

async fn show(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let profile = client.accounts.profile(user).await?;
    // a user who has come to be elsewhere a moment ago is here in a moment
    let profile = profile.ok_or_else(|| Problem::from(Kind::Unavailable).retry_after(RETRY))?;
    Ok(Answer::json(&wire::Profile {
        user_uuid: user,
        login: &profile.login,
        email: profile.mailbox.as_ref().map(|mailbox| &*mailbox.address),
        sends_mail: client.codes.is_some(),
    }))
}

/// All that is kept of the user as a person, page by page: account, holds and saved passengers are on the first.
async fn export(client: &Client, call: Call) -> Answered {
    let (user, caller) = client.with_proof(&call).await?;
    let after = cursor::given(&call)?;
    let page = client.desk.all_tickets(user, after, EXPORT_PAGE).await?;
    let listed = client.desk.with_names(&caller, page.tickets).await;
    let profile = client.accounts.profile(user).await?;
    let profile = profile.ok_or_else(|| Problem::from(Kind::Unavailable).retry_after(RETRY))?;
    let holds = match after {
        None => {
            let mut holds = client.desk.holds(user).await;
            client.desk.with_names_in(&caller, &mut holds.open).await;
            Some(holds)
        }
        Some(_) => None,
    };
    let saved = match after {
        None => client.saved.of(user).await?,
        Some(_) => Vec::new(),
    };
    let mut papers = Vec::new();
    for ticket in &listed {
        let of_ticket = client.desk.papers(ticket).await;
        papers.extend(of_ticket.map(|papers| (ticket.id, papers)));
    }
    let now = client.desk.clock().wall_ms();
    let showing = client.showing(call.language);
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    let make = move |_: &Call| {
        let open = holds.iter().flat_map(|holds| &holds.open);
        let tickets = listed.iter();
        let mailbox = profile.mailbox.as_ref();
        let data = wire::PersonalData {
            account: wire::AccountData {
                user_uuid: user,
                login: &profile.login,
                email: mailbox.map(|mailbox| &*mailbox.address),
                language: mailbox.map(|mailbox| mailbox.language.tag()),
            },
            holds: open
                .filter_map(|hold| wire::Hold::new(hold, now, showing.teller()))
                .collect(),
            tickets: tickets.map(|ticket| showing.ticket(ticket)).collect(),
            papers: papers
                .iter()
                .map(|(ticket, papers)| wire::TicketPapers::new(*ticket, papers))
                .collect(),
            saved: saved.iter().map(wire::SavedPerson::from).collect(),
        };
        let unreachable = holds.as_ref().map_or(&[][..], |holds| &holds.unreachable);
        Ok(Answer::json(&data).linked(next).without(unreachable))
    };
    client.rendering.make(user, call, make).await
}

/// As for a change of password, no token is asked for.
async fn end(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    if !could_exist(&login, &password) {
        return Err(Kind::BadCredentials.into());
    }
    let deleted = client.accounts.delete(&login, &password, call.from);
    let deleted = renewed(deleted.await)?;
    // elsewhere they go when the account is known to be gone
    client.saved.keep(deleted.user, Vec::new()).await?;
    let answer = Answer::json(&wire::Message {
        message: GONE.to(call.language),
    });
    Ok(client.cookie.ended(&call, answer))
}

/// As for a change of password, no token is asked for.
async fn change_mailbox(client: &Client, call: Call) -> Answered {
    let (login, password) = credentials(&call)?;
    let body: wire::NewEmail = call.json()?;
    let mailbox = match body.email {
        None => {
            return Err(Problem::invalid(
                format!("{EMAIL} é obrigatório: um endereço, ou null para não ter nenhum"),
                format!("{EMAIL} is required: an address, or null for none"),
            ));
        }
        Some(None) => None,
        Some(Some(email)) => Some(mailbox_at(&email, call.language)?),
    };
    if !could_exist(&login, &password) {
        return Err(Kind::BadCredentials.into());
    }
    let changed = client
        .accounts
        .change_mailbox(&login, &password, mailbox, call.from);
    session(client, &call, renewed(changed.await)?)
}

/// The answer and the work before it are the same whoever has the login, or nobody.
async fn ask_code(client: &Client, call: Call) -> Answered {
    let codes = codes(client)?;
    let body: wire::CodeWanted = call.json()?;
    let login = present("login", body.login)?;
    if check_new("login", &login, LOGIN_LEN).is_ok() {
        let asked = codes.ask(spelling::key(&login), call.language).await?;
        match asked {
            Asked::Noted => {}
            Asked::TooMany => {
                return Err(too_many(ASKED_WITHIN));
            }
            Asked::Full => return Err(Problem::from(Kind::Overloaded).retry_after(RETRY)),
        }
    }
    Ok(Answer::json(&wire::Message {
        message: CODE_ASKED.to(call.language),
    })
    .later())
}

async fn reset_password(client: &Client, call: Call) -> Answered {
    let codes = codes(client)?;
    let body: wire::NewPasswordByCode = call.json()?;
    let login = present("login", body.login)?;
    let given = present(CODE, body.code)?;
    let new = present(NEW_PASSWORD, body.new_password)?;
    check_new(NEW_PASSWORD, &new, PASSWORD_LEN)?;
    // before a try is spent on it
    if let Err(why) = new_password(&login, &new) {
        return renewed(Renewed::PasswordUnfit(why))
            .and_then(|known| session(client, &call, known));
    }
    if check_new("login", &login, LOGIN_LEN).is_err() {
        return Err(Kind::BadCode.into());
    }
    let attempt = codes.attempt(spelling::key(&login)).await?;
    let id = attempt.ok_or(Kind::BadCode)?;
    let right = reset_code::of(&client.issuer, id).map_err(|cause| {
        error!(%cause, "a code for a password cannot be made");
        Kind::Internal
    })?;
    if reset_code::read(&given) != Some(right) || !codes.redeem(id).await? {
        return Err(Kind::BadCode.into());
    }
    let reset = client.accounts.reset_password(&login, &new, call.from);
    match reset.await {
        // the mailbox is gone since, or a registration was never finished
        Renewed::Denied => Err(Kind::BadCode.into()),
        answer => session(client, &call, renewed(answer)?),
    }
}

fn codes(client: &Client) -> Result<&dyn Codes, Problem> {
    client.codes.as_deref().ok_or(Kind::NoMail.into())
}
