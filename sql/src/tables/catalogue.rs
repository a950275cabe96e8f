//! Reads of routes and of who has their seats.

use std::collections::HashMap;

use jiff::Timestamp;
use passcom_actors::catalogue::{Published, Route, SeatState, SeatStates};
use passcom_actors::domain::ids::{RouteId, SagaId};
use passcom_actors::domain::order::{Offsets, Price};
use passcom_actors::domain::rows::{SeatKey, SeatUse};
use passcom_actors::domain::vote::LegState;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PgTables;
use crate::decode::{self, Decoded};
use crate::error::Failure;

const SEAT: &str = "
select owner.saga_id, leg.state
from route
left join seat_owner as owner on owner.route_id = route.id and owner.number = $2
left join leg on leg.saga_id = owner.saga_id and leg.route_id = route.id and leg.number = $2
where route.id = $1 and $2 between 1 and route.seats
";

const CATALOGUE_VERSION: &str = "select version from catalogue_version";

/// All in one statement: page by page, the planner would sooner or later sort what is left for each of them.
const ROUTES: &str = "
select id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale,
       departs_offset, arrives_offset
from route
where version > $1
order by id
";

// apart from the routes, of which most have none; a leg may be behind its seat
const TAKEN: &str = "
select owner.route_id,
       case when owner.saga_id = '00000000-0000-0000-0000-000000000000' then 'blocked' else coalesce(leg.state, 'prepared') end as state,
       array_agg(owner.number) as numbers
from seat_owner as owner
left join leg on leg.saga_id = owner.saga_id and leg.route_id = owner.route_id and leg.number = owner.number
where exists (select from route where id = owner.route_id and version > $1)
group by 1, 2
";

/// Routes handed over together.
const PAGE: usize = 200;

impl PgTables {
    pub(super) async fn read_seat(&self, seat: SeatKey) -> Result<Option<SeatUse>, Failure> {
        let (route, number) = (decode::route_number(seat.0), i32::from(seat.1.0));
        let row = self.reader().await?.row(SEAT, &[&route, &number]).await?;
        row.as_ref().map(seat_use).transpose()
    }

    pub(super) async fn read_catalogue_version(&self) -> Result<i64, Failure> {
        let row = self.reader().await?.row(CATALOGUE_VERSION, &[]).await?;
        match row {
            Some(row) => Ok(row.try_get("version")?),
            None => Ok(0),
        }
    }

    pub(super) async fn read_routes(
        &self,
        changed_after: i64,
        take: &mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Result<(), Failure> {
        let reader = self.reader().await?;
        let mut taken: HashMap<RouteId, SeatStates> = HashMap::new();
        let note = |row: &Row| take_note(&mut taken, row);
        reader.each_row(TAKEN, changed_after, note).await?;
        let mut page = Vec::new();
        let published = |row: &Row| {
            let route = route(row)?;
            let seats = taken.remove(&route.id).unwrap_or_default();
            page.push(Published { route, seats });
            if page.len() == PAGE {
                take(std::mem::take(&mut page));
            }
            Ok(())
        };
        reader.each_row(ROUTES, changed_after, published).await?;
        take(page);
        Ok(())
    }
}

fn seat_use(row: &Row) -> Decoded<SeatUse> {
    let owner: Option<Uuid> = row.try_get("saga_id")?;
    let state: Option<&str> = row.try_get("state")?;
    Ok(match (owner, state.map(decode::leg_state).transpose()?) {
        (None, _) => SeatUse::Free,
        (Some(nobody), _) if nobody.is_nil() => SeatUse::Blocked,
        (Some(owner), Some(LegState::Committed)) => SeatUse::Sold { to: SagaId(owner) },
        (Some(owner), _) => SeatUse::Prepared { by: SagaId(owner) },
    })
}

/// A seat that is owned is what its owner makes it, blocked or not.
fn take_note(taken: &mut HashMap<RouteId, SeatStates>, row: &Row) -> Decoded<()> {
    let route = decode::route_id(row.try_get("route_id")?);
    let owned = match row.try_get("state")? {
        "blocked" => None,
        state => Some(decode::leg_state(state)?),
    };
    let numbers: Vec<i32> = row.try_get("numbers")?;
    let seats = taken.entry(route).or_default();
    for number in numbers {
        let number = decode::seat_number(number)?;
        match owned {
            Some(LegState::Committed) => seats.set(number, SeatState::Sold),
            Some(_) => seats.set(number, SeatState::Held),
            None if seats.get(number) == SeatState::Free => seats.set(number, SeatState::Blocked),
            None => {}
        }
    }
    Ok(())
}

/// By place in [`ROUTES`]: finding columns by name takes as long as all the rest.
pub(crate) fn route(row: &Row) -> Decoded<Route> {
    let departs: Timestamp = row.try_get(4)?;
    let arrives: Timestamp = row.try_get(5)?;
    let departs_offset: Option<i16> = row.try_get(11)?;
    let arrives_offset: Option<i16> = row.try_get(12)?;
    Ok(Route {
        id: decode::route_id(row.try_get(0)?),
        flight: row.try_get(1)?,
        origin: row.try_get(2)?,
        destination: row.try_get(3)?,
        departs: departs.as_second(),
        arrives: arrives.as_second(),
        offsets: departs_offset
            .zip(arrives_offset)
            .map(|(departs, arrives)| Offsets { departs, arrives }),
        seats: decode::seat_number(row.try_get(6)?)?.0,
        price: Price {
            minor: row.try_get(7)?,
            currency: row.try_get(8)?,
        },
        equipment: row.try_get(9)?,
        on_sale: row.try_get(10)?,
    })
}
