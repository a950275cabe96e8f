//! Reads of routes with who keeps their seats, for those who tell tickets of changes; and of who is left without a seat.

use passcom_actors::company::store::Kept;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use passcom_actors::domain::order::SeatRef;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PgTables;
use super::catalogue::route;
use super::reader::limit as row_limit;
use crate::cells::seat_key;
use crate::decode::{self, Decoded};
use crate::error::Failure;

/// Routes of this page, in the columns that [`route`] reads, with their keepers.
macro_rules! kept {
    ($page:literal) => {
        concat!(
            "
select page.id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale,
       departs_offset, arrives_offset, version, equipment_before, seats_before, owner.numbers, owner.sagas
from (",
            $page,
            ") as page
cross join lateral (
    select coalesce(array_agg(number order by number), '{}') as numbers,
           coalesce(array_agg(saga_id order by number), '{}') as sagas
    from seat_owner where route_id = page.id
) as owner
order by version, page.id
"
        )
    };
}

const KEPT: &str =
    kept!("select * from route where (version, id) > ($1, $2) order by version, id limit $3");
const KEPT_OF: &str = kept!("select * from route where id = any ($1)");

const SWEPT: &str = "select swept from node_state";
const NOTE_SWEPT: &str = "update node_state set swept = $1 where swept < $1";

const UNSEATED: &str = "
select ticket_id, route_id, number from changed_leg
where unseated and company = $1 and not exists (
    select from cancelled_leg as gone
    where (gone.ticket_id, gone.company, gone.route_id, gone.number)
        = (changed_leg.ticket_id, changed_leg.company, changed_leg.route_id, changed_leg.number)
)
order by ticket_id, route_id, number limit $2
";

impl PgTables {
    pub(super) async fn read_kept(
        &self,
        (version, after): (i64, RouteId),
        limit: usize,
    ) -> Result<Vec<Kept>, Failure> {
        let after = decode::route_number(after);
        let reader = self.reader().await?;
        let rows = reader
            .rows(KEPT, &[&version, &after, &row_limit(limit)])
            .await?;
        rows.iter().map(kept).collect()
    }

    pub(super) async fn read_kept_of(&self, routes: &[RouteId]) -> Result<Vec<Kept>, Failure> {
        let routes = routes.iter().copied().map(decode::route_number);
        let routes: Vec<i64> = routes.collect();
        let rows = self.reader().await?.rows(KEPT_OF, &[&routes]).await?;
        rows.iter().map(kept).collect()
    }

    pub(super) async fn read_swept(&self) -> Result<i64, Failure> {
        let row = self.reader().await?.row(SWEPT, &[]).await?;
        Ok(row.map_or(Ok(0), |row| row.try_get(0))?)
    }

    pub(super) async fn write_swept(&self, version: i64) -> Result<(), Failure> {
        self.reader().await?.rows(NOTE_SWEPT, &[&version]).await?;
        Ok(())
    }

    pub(super) async fn read_unseated(
        &self,
        company: CompanyId,
        limit: usize,
    ) -> Result<Vec<(SagaId, SeatRef)>, Failure> {
        let reader = self.reader().await?;
        let rows = reader
            .rows(UNSEATED, &[&company.as_str(), &row_limit(limit)])
            .await?;
        let unseated = |row: &Row| {
            let (route, number) = seat_key(row)?;
            let seat = SeatRef {
                company,
                route,
                number,
            };
            Ok((SagaId(row.try_get("ticket_id")?), seat))
        };
        rows.iter().map(unseated).collect()
    }
}

fn kept(row: &Row) -> Decoded<Kept> {
    let equipment: Option<String> = row.try_get("equipment_before")?;
    let seats: Option<i32> = row.try_get("seats_before")?;
    let seats = seats.map(decode::seat_number).transpose()?;
    let numbers: Vec<i32> = row.try_get("numbers")?;
    let sagas: Vec<Uuid> = row.try_get("sagas")?;
    let owner = |(number, saga)| Ok((decode::seat_number(number)?, SagaId(saga)));
    Ok(Kept {
        version: row.try_get("version")?,
        route: route(row)?,
        aircraft_before: equipment.zip(seats.map(|SeatNumber(seats)| seats)),
        owners: numbers
            .into_iter()
            .zip(sagas)
            .map(owner)
            .collect::<Decoded<_>>()?,
    })
}
