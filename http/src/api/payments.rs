//! Paying for a hold at the company that sold it, and what a provider has to say of that.

use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::Order;
use passcom_actors::domain::payment::{ATTEMPTS_MAX, Standing, is_free, price_of};
use passcom_actors::people::desk::{BookingState, BookingStatus};
use passcom_actors::people::payment::Unpaid;
use warp::http::HeaderName;

use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::payment::{NotHeard, Notice, Shown, Till, Wanted};
use crate::router::{Endpoint, get, post};
use crate::wire;
use crate::wire::field::{ATTEMPT, MEANS};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    post("/retencoes/{uuid}/pagamento", |client, call| {
        Box::pin(begin(client, call))
    }),
    get("/retencoes/{uuid}/pagamento", |client, call| {
        Box::pin(show(client, call))
    }),
    post("/pagamentos/avisos/{provedor}", |client, call| {
        Box::pin(hear(client, call))
    }),
];

const MEANS_LEN_MAX: usize = 128;

// of a notice, as Standard Webhooks has them
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

const HEARD: Text = Text::fixed("Aviso recebido", "Notice received");

async fn begin(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call).await?;
    let body: wire::PaymentBody = call.json()?;
    let means = body.means.unwrap_or_default();
    let fits = (1..=MEANS_LEN_MAX).contains(&means.len());
    if !fits || !means.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::invalid(
            format!("{MEANS} deve ter de 1 a {MEANS_LEN_MAX} caracteres ASCII visíveis"),
            format!("{MEANS} must have 1 to {MEANS_LEN_MAX} visible ASCII characters"),
        ));
    }
    let look = client.look(user)?;
    let status = client.desk.hold(user, hold).await;
    let status = client.shown(look, status, Kind::UnknownHold)?;
    let order = status.order.as_deref().ok_or(Kind::UnknownHold)?;
    let till = till(client, order)?;
    if status.state != BookingState::Held {
        // what was begun is told, also when it is over
        return match till.newest(hold).await? {
            Some(shown) => Ok(view(client, &status, Some(&shown))),
            None if status.state == BookingState::Confirmed => {
                Err(Problem::from(Kind::AlreadyBooked).about(hold))
            }
            None => Err(Kind::HoldExpired.into()),
        };
    }
    let amount = price_of(order).filter(|_| !is_free(order));
    let amount = amount.ok_or_else(|| {
        not_payable(
            "a retenção não custa nada, ou seus preços são em mais de uma moeda",
            "the hold costs nothing, or its prices have more than one currency",
        )
    })?;
    let wanted = Wanted {
        hold,
        user,
        attempt: body.attempt.unwrap_or(1),
        means,
        amount,
    };
    let begun = till.begin(wanted).await?.ok_or_else(|| {
        Problem::invalid(
            format!("{ATTEMPT} deve ser a seguinte à última recusada, até {ATTEMPTS_MAX}"),
            format!("{ATTEMPT} must follow the last one that was refused, up to {ATTEMPTS_MAX}"),
        )
    })?;
    Ok(view(client, &status, Some(&begun)))
}

async fn show(client: &Client, call: Call) -> Answered {
    let (user, hold) = named(client, &call).await?;
    let look = client.look(user)?;
    let status = client.desk.hold(user, hold).await;
    let status = client.shown(look, status, Kind::UnknownHold)?;
    let order = status.order.as_deref().ok_or(Kind::UnknownHold)?;
    let shown = till(client, order)?.newest(hold).await?;
    Ok(view(client, &status, shown.as_ref()))
}

async fn named(client: &Client, call: &Call) -> Result<(UserId, SagaId), Problem> {
    let user = client.user(call).await?;
    let hold = call.uuid(0).ok_or(Kind::UnknownHold)?;
    Ok((user, SagaId(hold)))
}

/// The payments of who sold it, which are here or nowhere.
fn till<'c>(client: &'c Client, order: &Order) -> Result<&'c dyn Till, Problem> {
    match order.seller {
        Some(seller) if seller != client.me => Err(unpaid(Unpaid::AskSeller(seller))),
        Some(_) => client.payments.as_deref().ok_or_else(|| {
            not_payable(
                "esta companhia não recebe pagamentos aqui",
                "this company takes no payments here",
            )
        }),
        None => Err(Kind::UnknownHold.into()),
    }
}

fn not_payable(portuguese: &'static str, english: &'static str) -> Problem {
    Problem::from(Kind::NotPayable).detailed(Text::fixed(portuguese, english))
}

fn view(client: &Client, status: &BookingStatus, shown: Option<&Shown>) -> Answer {
    let order = status.order.as_deref();
    let price = order.and_then(price_of);
    let required = order.is_some_and(|order| client.desk.wants_payment(order));
    let means = client
        .payments
        .as_ref()
        .map_or(&[][..], |till| till.means());
    let view = wire::Payment::new(status.saga, required, price.as_ref(), shown, means);
    let answer = Answer::json(&view);
    let standing = shown.map(|shown| shown.payment.standing);
    match standing {
        Some(Standing::Asked | Standing::Pending) => answer.later(),
        _ => answer,
    }
}

/// Why a hold is not confirmed.
pub(super) fn unpaid(why: Unpaid) -> Problem {
    match why {
        Unpaid::NotPaid => Kind::PaymentRequired.into(),
        Unpaid::NotKnown => Problem::from(Kind::Unavailable).retry_after(RETRY),
        Unpaid::AskSeller(seller) => {
            let detail = Text::new(
                format!("foi feita na companhia {seller}: pague e confirme lá"),
                format!("it was made at company {seller}: pay and confirm there"),
            );
            Problem::from(Kind::SoldElsewhere)
                .detailed(detail)
                .about(seller)
        }
    }
}

/// No token: who says it is known by the signature.
async fn hear(client: &Client, call: Call) -> Answered {
    let provider = call.arguments.first().map(String::as_str);
    let till = client.payments.as_deref();
    let till = till.filter(|till| Some(till.provider()) == provider);
    let till = till.ok_or(Kind::UnknownPath)?;
    let header = |name: &HeaderName| {
        // of two, nobody knows which was signed
        let mut values = call.headers.get_all(name).iter();
        let value = values.next().and_then(|value| value.to_str().ok());
        value
            .filter(|_| values.next().is_none())
            .unwrap_or_default()
    };
    let notice = Notice {
        id: header(&ID),
        timestamp: header(&TIMESTAMP),
        signatures: header(&SIGNATURE),
        body: &call.body,
    };
    match till.hear(notice).await {
        Ok(()) => Ok(Answer::json(&wire::Message {
            message: HEARD.to(call.language),
        })),
        Err(NotHeard::Forged) => Err(Kind::BadSignature.into()),
        Err(NotHeard::Malformed) => Err(Problem::invalid(
            "o aviso não diz o que aconteceu com um pagamento, ou diz outro valor",
            "the notice does not say what became of a payment, or names another amount",
        )),
        Err(NotHeard::UnknownPayment) => Err(Kind::UnknownPayment.into()),
        Err(NotHeard::Unavailable) => Err(Problem::from(Kind::Unavailable).retry_after(RETRY)),
    }
}
