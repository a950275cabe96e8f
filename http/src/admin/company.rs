//! What the old servers asked of one another and is not a cluster message today: this company's own legs, seats and tickets.

use passcom_actors::domain::ids::{SagaId, SeatId, UserId};
use passcom_actors::people::desk::Unavailable;
use passcom_actors::people::operations::{Blocked, Operations};
use uuid::Uuid;

use super::{Operator, reason};
use crate::answer::{Answer, Answered};
use crate::api::{catalogue, tickets};
use crate::call::Call;
use crate::cursor;
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, delete, get, put};
use crate::wire::field::FREE;
use crate::wire::{self, SaidOfSeats, query};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/trechos", |operator, call| Box::pin(legs(operator, call))),
    get("/assentos/{id}", |operator, call| {
        Box::pin(seat(operator, call))
    }),
    put("/assentos/{id}", |operator, call| {
        Box::pin(block(operator, call))
    }),
    get("/passagem/user/{user_uuid}", |operator, call| {
        Box::pin(tickets_here(operator, call))
    }),
    delete("/passagem/{user_uuid}/{ticket_uuid}", |operator, call| {
        Box::pin(cancel(operator, call))
    }),
];

/// Operators are no customers: all of them have one turn.
const NOBODY: UserId = UserId(Uuid::nil());
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 500;
/// Stands in the audit trail where an old client could give no reason.
const NO_REASON: &str = "no reason given";

async fn legs(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit(query::LIMIT, PAGE_DEFAULT, PAGE_MAX)?;
    let (operations, after) = (operations.clone(), cursor::given(&call)?);
    let make = move |call: &Call| {
        let page = operations.own_legs(after, limit);
        Ok(catalogue::legs(&page, SaidOfSeats::default(), call))
    };
    operator.rendering.make(NOBODY, call, make).await
}

async fn seat(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    one_seat(&operations, seat_id(&call)?).await
}

async fn one_seat(operations: &Operations, id: SeatId) -> Answered {
    let seat = operations.seat(id).await?.ok_or(Kind::UnknownSeat)?;
    Ok(Answer::json(&wire::OneSeat::from(seat)))
}

async fn block(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let id = seat_id(&call)?;
    let body: wire::BlockBody = call.json()?;
    let blocked = blocked(body.free)?;
    let reason = reason(body.reason.or_else(|| Some(NO_REASON.to_owned())))?;
    let done = operations.block(id, blocked, operations.act(&reason)).await;
    match done {
        Blocked::Done => one_seat(&operations, id).await,
        Blocked::InUse => Err(Kind::SeatInUse.into()),
        Blocked::Unknown => Err(Kind::UnknownSeat.into()),
        Blocked::Unavailable => Err(Unavailable.into()),
    }
}

async fn tickets_here(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let user = UserId(call.uuid(0).ok_or(Kind::NoTickets)?);
    let page = operations.tickets_here(user).await?;
    if page.tickets.is_empty() {
        return Err(Kind::NoTickets.into());
    }
    Ok(tickets::tickets(&page.tickets))
}

async fn cancel(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let user = UserId(call.uuid(0).ok_or(Kind::UnknownTicket)?);
    let ticket = SagaId(call.uuid(1).ok_or(Kind::UnknownTicket)?);
    let reason = reason(
        call.parameter("reason")?
            .or_else(|| Some(NO_REASON.to_owned())),
    )?;
    tickets::cancelled(
        operations
            .cancel_for(user, ticket, operations.act(&reason))
            .await,
        call.language,
    )
}

fn seat_id(call: &Call) -> Result<SeatId, Problem> {
    let id = call.arguments.first().and_then(|id| id.parse().ok());
    let seat = id.and_then(|id| SeatId::new(id).ok());
    seat.ok_or_else(|| Kind::UnknownSeat.into())
}

fn blocked(free: Option<u8>) -> Result<bool, Problem> {
    match free {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(Problem::invalid(
            format!("{FREE} deve ser 0 ou 1"),
            format!("{FREE} must be 0 or 1"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn what_is_no_seats_id_is_an_unknown_seat() {
        let id = |argument: &str| {
            let mut call = call("/assentos", &[], b"");
            call.arguments = vec![argument.to_owned()];
            seat_id(&call)
        };
        assert_eq!(id("3073").map(SeatId::get), Ok(3073));
        for bad in ["", "x", "-1", "0", "3072", "99999999999999999999"] {
            assert_eq!(id(bad), Err(Kind::UnknownSeat.into()), "{bad}");
        }
    }

    #[test]
    fn a_seat_is_made_free_or_not() {
        assert_eq!(blocked(Some(0)), Ok(true));
        assert_eq!(blocked(Some(1)), Ok(false));
        assert!(blocked(Some(2)).is_err() && blocked(None).is_err());
    }
}
