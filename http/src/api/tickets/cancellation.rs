//! Cancelling a ticket or some of its seats in two steps: what comes back, then do it under these terms.
//!
//! The code of the first step is signed and says the terms, so the second one is done under what was shown lately or not at all. What came back
//! is recorded with the cancellation, and is the answer whenever a code for the same seats is sent again, be it this one or another.

use passcom_actors::domain::ids::{CompanyId, SeatId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::desk::NotAgreed;
use passcom_actors::people::refund::{Ground, Refund};
use serde::{Deserialize, Serialize};
use tracing::error;
use uuid::Uuid;

use super::super::bookings::company_down;
use super::super::{Client, RETRY};
use super::view::{named, shown};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, get, post};
use crate::token::Sealed;
use crate::wire;
use crate::wire::field::CODE;
use crate::wire::query::SEAT_IDS;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens/{uuid}/cancelamento", |client, call| {
        Box::pin(quote(client, call))
    }),
    post("/passagens/{uuid}/cancelamento", |client, call| {
        Box::pin(cancel(client, call))
    }),
];

/// How long what comes back may be agreed to, as it was shown.
const QUOTE_SECONDS: i64 = 15 * 60;

const CANCELLED: Text = Text::fixed("Passagem cancelada com sucesso", "Ticket cancelled");
const SEATS_CANCELLED: Text = Text::fixed("Assentos cancelados com sucesso", "Seats cancelled");

/// The terms of a cancellation, as its code says them.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    #[serde(rename = "u", with = "uuid::serde::simple")]
    ticket: Uuid,
    #[serde(rename = "s")]
    seats: Vec<Term>,
    /// When they were shown, in seconds since 1970.
    #[serde(rename = "t")]
    shown_at: i64,
}

/// Company, id of the seat, what comes back in minor units, and why.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Term(CompanyId, u64, i64, char);

impl Terms {
    /// They may not be agreed to any more at this second since 1970.
    fn is_stale(&self, now: i64) -> bool {
        now.saturating_sub(self.shown_at) > QUOTE_SECONDS
    }
}

impl Sealed for Terms {
    const KIND: &'static str = "cancelamento";
}

async fn quote(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let seats = wanted(&ticket, call.parameter(SEAT_IDS)?.as_deref())?;
    let refunds = client.desk.refunds(&ticket, &seats);
    let terms = Terms {
        ticket: ticket.id.0,
        seats: seat_terms(&refunds),
        shown_at: client.desk.clock().wall_seconds(),
    };
    let code = client.issuer.seal(&terms);
    let code = code.map_err(|cause| {
        error!(%cause, "the terms of a cancellation cannot be signed");
        Kind::Internal
    })?;
    let quote = wire::Quote::new(ticket.id.0, &refunds, &code);
    Ok(Answer::json(&quote))
}

async fn cancel(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let body: wire::CancelBody = call.json()?;
    let code = body.code.ok_or_else(|| {
        Problem::invalid(
            format!("{CODE} é obrigatório: use o da consulta"),
            format!("{CODE} is required: use that of the quote"),
        )
    })?;
    let (_, agreed) = client
        .verifier
        .open::<Terms>(&code)
        .map_err(|_| Kind::QuoteChanged)?;
    let refunds = agreed_refunds(&ticket, &agreed).ok_or(Kind::QuoteChanged)?;
    let seats: Vec<SeatRef> = refunds.iter().map(|refund| refund.seat).collect();
    let gone = seats.iter().filter(|seat| ticket.cancelled.contains(seat));
    let done_before = gone.count();
    let is_exchanged = |seat: &&SeatRef| {
        let recorded = ticket.refund_of(**seat);
        recorded.is_some_and(|refund| refund.ground == Ground::Exchanged)
    };
    if seats.iter().any(|seat| is_exchanged(&seat)) {
        return Err(Kind::TicketChanged.into());
    }
    let ticket = if done_before == seats.len() {
        ticket // it was sent again
    } else {
        let stale = agreed.is_stale(client.desk.clock().wall_seconds());
        let now = client.desk.refunds(&ticket, &seats);
        if stale || done_before > 0 || seat_terms(&now) != agreed.seats {
            return Err(Kind::QuoteChanged.into());
        }
        let cancelled = client.desk.cancel_agreed(&ticket, &refunds).await;
        cancelled.map_err(|not| match not {
            NotAgreed::Changed => Problem::from(Kind::QuoteChanged),
            NotAgreed::CompanyDown(company) => company_down(company),
            NotAgreed::NotKnownInTime => Problem::from(Kind::OutcomeUnknown).retry_after(RETRY),
        })?
    };
    let message = if ticket.is_cancelled() {
        CANCELLED
    } else {
        SEATS_CANCELLED
    };
    let ticket_shown = shown(client, &ticket, call.language);
    let message = message.to(call.language);
    Ok(Answer::json(&wire::Cancelled::new(
        message,
        &ticket,
        &seats,
        ticket_shown,
    )))
}

fn seat_terms(refunds: &[Refund]) -> Vec<Term> {
    let term = |refund: &Refund| {
        let seat = refund.seat;
        let id = seat.route.seat(seat.number).get();
        Term(seat.company, id, refund.amount.minor, letter(refund.ground))
    };
    refunds.iter().map(term).collect()
}

/// What the code says comes back; none if it is not of this ticket.
fn agreed_refunds(ticket: &Ticket, agreed: &Terms) -> Option<Vec<Refund>> {
    if agreed.ticket != ticket.id.0 {
        return None;
    }
    let refund = |Term(company, id, minor, letter): &Term| {
        let mut legs = ticket.order.legs.iter();
        let leg = legs.find(|leg| is_seat(leg.seat, Some(*company), *id))?;
        let mut amount = leg.price.clone();
        amount.minor = *minor;
        Some(Refund {
            seat: leg.seat,
            price: leg.price.clone(),
            amount,
            ground: ground(*letter)?,
        })
    };
    agreed.seats.iter().map(refund).collect()
}

fn letter(ground: Ground) -> char {
    match ground {
        Ground::Regret => 'r',
        Ground::Tariff => 't',
        Ground::Departed => 'd',
        Ground::Changed => 'c',
        Ground::Exchanged => 'x',
    }
}

fn ground(letter: char) -> Option<Ground> {
    let all = [
        Ground::Regret,
        Ground::Tariff,
        Ground::Departed,
        Ground::Changed,
    ];
    all.into_iter()
        .find(|ground| self::letter(*ground) == letter)
}

/// The seats that `3073,G3:4097` names; without it, all that are left. The company may stand before an id, and must where the
/// seats of two companies have the same one.
pub(super) fn wanted(ticket: &Ticket, text: Option<&str>) -> Result<Vec<SeatRef>, Problem> {
    let Some(text) = text else {
        return Ok(ticket.seats_left());
    };
    let mut seats = Vec::new();
    for item in text.split(',') {
        let seat = one_wanted(ticket, item.trim())?;
        if ticket.cancelled.contains(&seat) {
            let detail = Text::new(
                format!("o assento {item} já foi cancelado"),
                format!("seat {item} was cancelled before"),
            );
            return Err(Problem::from(Kind::QuoteChanged)
                .detailed(detail)
                .about(seat));
        }
        if !seats.contains(&seat) {
            seats.push(seat);
        }
    }
    Ok(seats)
}

fn one_wanted(ticket: &Ticket, item: &str) -> Result<SeatRef, Problem> {
    let (company, id) = match item.split_once(':') {
        Some((company, id)) => (company.parse().ok(), id),
        None => (None, item),
    };
    let id = id.parse().ok().and_then(|id| SeatId::new(id).ok());
    let seats = ticket.order.legs.iter().map(|leg| leg.seat);
    let mut found = seats.filter(|seat| id.is_some_and(|id| is_seat(*seat, company, id.get())));
    match (found.next(), found.next()) {
        (Some(seat), None) => Ok(seat),
        (Some(_), Some(_)) => Err(Problem::invalid(
            format!("{SEAT_IDS}: {item} é de duas companhias; escreva companhia:id"),
            format!("{SEAT_IDS}: {item} is of two companies; write company:id"),
        )),
        (None, _) => Err(Problem::invalid(
            format!("{SEAT_IDS}: {item} não é um assento desta passagem"),
            format!("{SEAT_IDS}: {item} is no seat of this ticket"),
        )),
    }
}

pub(super) fn is_seat(seat: SeatRef, company: Option<CompanyId>, id: u64) -> bool {
    company.is_none_or(|company| company == seat.company)
        && seat.route.seat(seat.number).get() == id
}

#[cfg(test)]
mod tests {
    use passcom_actors::catalogue::ConnectionTimes;
    use passcom_actors::people::refund::{Tariff, refunds};

    use super::*;
    use crate::ticket::travellers::tests::{leg, ticket};

    #[test]
    fn seats_are_named_by_id_and_by_company_where_need_be() {
        let mut two = ticket(vec![
            leg("a", 3, 1, None),
            leg("b", 3, 1, None),
            leg("b", 4, 1, None),
        ]);
        let seats: Vec<SeatRef> = two.order.legs.iter().map(|leg| leg.seat).collect();
        let of = |ticket: &Ticket, text| wanted(ticket, text).map_err(|problem| problem.kind());
        assert_eq!(of(&two, None), Ok(seats.clone()));
        assert_eq!(of(&two, Some("4097")), Ok(vec![seats[2]]));
        assert_eq!(
            of(&two, Some("b:3073, 4097,4097")),
            Ok(vec![seats[1], seats[2]])
        );
        for bad in ["3073", "", "x", "5121", "a:4097", "z:3073"] {
            assert_eq!(of(&two, Some(bad)), Err(Kind::InvalidRequest), "{bad}");
        }
        two.cancelled = vec![seats[2]];
        assert_eq!(of(&two, Some("4097")), Err(Kind::QuoteChanged));
        assert_eq!(of(&two, None), Ok(seats[..2].to_vec()));
    }

    #[test]
    fn terms_are_agreed_to_for_a_quarter_of_an_hour() {
        let terms = Terms {
            ticket: Uuid::nil(),
            seats: Vec::new(),
            shown_at: 1_780_000_000,
        };
        assert!(!terms.is_stale(1_780_000_900));
        assert!(terms.is_stale(1_780_000_901));
    }

    #[test]
    fn the_code_says_the_terms_of_its_ticket_only() {
        let one = ticket(vec![leg("a", 3, 1, None), leg("b", 3, 1, None)]);
        let tariff = Tariff { refund_percent: 70 };
        let times = ConnectionTimes::default();
        let shown = refunds(&one, &one.seats_left(), &times, 0, tariff);
        let agreed = Terms {
            ticket: one.id.0,
            seats: seat_terms(&shown),
            shown_at: 0,
        };
        assert_eq!(agreed_refunds(&one, &agreed), Some(shown));
        let other = Ticket {
            id: passcom_actors::domain::ids::SagaId(Uuid::nil()),
            ..one.clone()
        };
        assert_eq!(agreed_refunds(&other, &agreed), None);
        let smaller = Ticket {
            order: ticket(vec![leg("a", 3, 1, None)]).order,
            ..one
        };
        assert_eq!(agreed_refunds(&smaller, &agreed), None);
    }
}
