//! One flight of a day: to look at, or to change by the same way as an import.

use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber};
use std::ops::Range;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{Error, Lacking, Report, Scope, import_audited};
use crate::decode;
use crate::tables::route;

const FLIGHTS: &str = "
    select id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale,
        departs_offset, arrives_offset
    from route where flight = $1 and id >= $2 and id < $3 order by id";

// as the tables have them: a sale of the last moments is in the log alone
const SOLD: &str = "
    select owner.number, owner.saga_id, coalesce(ticket.id is not null, false) as ticketed
    from seat_owner as owner left join ticket on ticket.id = owner.saga_id
    where owner.route_id = $1 and owner.saga_id <> '00000000-0000-0000-0000-000000000000'
    order by owner.number";

/// A seat that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Sold {
    pub number: SeatNumber,
    pub saga: SagaId,
    /// False: a booking under way.
    pub ticketed: bool,
    /// The aircraft has no such seat.
    pub unseated: bool,
}

/// What an operator does to a flight, for the table `audit`.
#[derive(Debug, Clone)]
pub struct Act {
    pub action: &'static str,
    pub subject: String,
    pub reason: String,
}

/// The legs of this flight number with ids in the range, ascending.
pub async fn flights(
    client: &Client,
    flight: &str,
    ids: Range<RouteId>,
) -> Result<Vec<Route>, Error> {
    let (first, end) = (ids.start.0 as i64, ids.end.0 as i64);
    let rows = client.query(FLIGHTS, &[&flight, &first, &end]).await;
    let rows = rows.map_err(super::failed("look for the flight"))?;
    let routes = rows.iter().map(route).collect::<Result<_, _>>();
    routes.map_err(|failure| Error::Unreadable(failure.to_string()))
}

/// Who has seats of a leg.
pub async fn sold(client: &Client, leg: &Route) -> Result<Vec<Sold>, Error> {
    let rows = client.query(SOLD, &[&(leg.id.0 as i64)]).await;
    let rows = rows.map_err(super::failed("look for its passengers"))?;
    let sold = |row: &Row| {
        let number = decode::seat_number(row.try_get(0)?)?;
        Ok(Sold {
            number,
            saga: SagaId(row.try_get::<_, Uuid>(1)?),
            ticketed: row.try_get(2)?,
            unseated: number.0 > leg.seats,
        })
    };
    let sold = rows.iter().map(sold).collect::<decode::Decoded<_>>();
    sold.map_err(|failure| Error::Unreadable(failure.to_string()))
}

/// Makes one leg what it is said to be. Without an act it only finds out what that would change.
pub async fn change(client: &mut Client, route: Route, act: Option<&Act>) -> Result<Report, Error> {
    let scope = Scope {
        ids: route.id..RouteId(route.id.0 + 1),
        lacking: Lacking::Stay,
        dry_run: act.is_none(),
        alone: false,
    };
    import_audited(client, [route].into_iter(), &scope, act, |_| ()).await
}
