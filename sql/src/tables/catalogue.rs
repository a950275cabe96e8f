//! Reads of routes and of who has their seats.

use passcom_actors::catalogue::{Published, Route, SeatState, SeatStates};
use passcom_actors::domain::ids::{RouteId, SagaId};
use passcom_actors::domain::order::Price;
use passcom_actors::domain::rows::{SeatKey, SeatUse};
use passcom_actors::domain::vote::LegState;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PgTables;
use super::reader::limit as row_limit;
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

const ROUTES: &str = "
select page.id, page.flight, page.origin, page.destination, page.seats, page.price_minor, page.currency,
       page.equipment, page.on_sale, extract(epoch from page.departs)::bigint as departs,
       extract(epoch from page.arrives)::bigint as arrives,
       taken.sold, taken.held, taken.blocked
from (select * from route where version > $1 and id > $2 order by id limit $3) as page
cross join lateral (
    select coalesce(array_agg(owner.number) filter (where leg.state = 'committed'), '{}') as sold,
           coalesce(array_agg(owner.number) filter (where leg.state is distinct from 'committed' and owner.saga_id <> $4), '{}') as held,
           coalesce(array_agg(owner.number) filter (where owner.saga_id = $4), '{}') as blocked
    from seat_owner as owner
    left join leg on leg.saga_id = owner.saga_id and leg.route_id = owner.route_id and leg.number = owner.number
    where owner.route_id = page.id
) as taken
order by page.id
";

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
        after: RouteId,
        limit: usize,
    ) -> Result<Vec<Published>, Failure> {
        let after = decode::route_number(after);
        let reader = self.reader().await?;
        let rows = reader
            .rows(
                ROUTES,
                &[&changed_after, &after, &row_limit(limit), &Uuid::nil()],
            )
            .await?;
        rows.iter().map(published).collect()
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
fn published(row: &Row) -> Decoded<Published> {
    let mut seats = SeatStates::default();
    let columns = [
        ("blocked", SeatState::Blocked),
        ("held", SeatState::Held),
        ("sold", SeatState::Sold),
    ];
    for (column, state) in columns {
        let numbers: Vec<i32> = row.try_get(column)?;
        for number in numbers {
            seats.set(decode::seat_number(number)?, state);
        }
    }
    Ok(Published {
        route: route(row)?,
        seats,
    })
}

fn route(row: &Row) -> Decoded<Route> {
    Ok(Route {
        id: decode::route_id(row.try_get("id")?),
        flight: row.try_get("flight")?,
        origin: row.try_get("origin")?,
        destination: row.try_get("destination")?,
        departs: row.try_get("departs")?,
        arrives: row.try_get("arrives")?,
        seats: decode::seat_number(row.try_get("seats")?)?.0,
        price: Price {
            minor: row.try_get("price_minor")?,
            currency: row.try_get("currency")?,
        },
        equipment: row.try_get("equipment")?,
        on_sale: row.try_get("on_sale")?,
    })
}
