//! Reads of log and tables for who compares them.

use passcom_actors::company::log::Seq;
use passcom_actors::company::log::comparison::Claim;
use passcom_actors::company::log::hot::Loaded;
use passcom_actors::company::log::said;
use passcom_actors::company::store::{AsOf, Claims, Logged};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::rows::Footprint;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::PgTables;
use super::reader::{Reader, limit as row_limit};
use crate::cells::{self, cells, seat_key};
use crate::decode::{self, Decoded};
use crate::error::Failure;
use crate::ledger_store::load;

const PLACES: &str = "
select projected, (select coalesce(max(seq), projected) from log) as last from node_state
";

const OFF_SALE: &str = "
select seat.route_id, seat.number
from unnest($1::bigint[], $2::int[]) as asked (route_id, number)
join seat on seat.route_id = asked.route_id and seat.number = asked.number
where blocked
";

// all three: after saga $1, route $2, number $3; each row with whether the other side says the same. A page begins where the index has
// its place, so that the last one costs as little as the first.

const OWNERS: &str = "
select page.saga_id, page.route_id, page.number, case
        when page.saga_id = '00000000-0000-0000-0000-000000000000' then coalesce(seat.blocked, false)
        else coalesce(leg.state in ('prepared', 'committed'), false)
    end as agreed
from (
    select saga_id, route_id, number from seat_owner
    where $1::uuid is not null and (route_id, number) > ($2::bigint, $3::int) order by route_id, number limit $4
) as page
left join leg on leg.saga_id = page.saga_id and leg.route_id = page.route_id and leg.number = page.number
left join seat on seat.route_id = page.route_id and seat.number = page.number
order by page.route_id, page.number
";

const LEGS: &str = "
select page.saga_id, page.route_id, page.number,
       (page.state in ('prepared', 'committed')) = coalesce(seat_owner.saga_id = page.saga_id, false) as agreed
from (
    select saga_id, route_id, number, state from leg
    where (saga_id, route_id, number) > ($1::uuid, $2::bigint, $3::int)
    order by saga_id, route_id, number limit $4
) as page
left join seat_owner on seat_owner.route_id = page.route_id and seat_owner.number = page.number
order by page.saga_id, page.route_id, page.number
";

const OFF_SALE_PAGE: &str = "
select '00000000-0000-0000-0000-000000000000'::uuid as saga_id, page.route_id, page.number,
       coalesce(seat_owner.saga_id = '00000000-0000-0000-0000-000000000000', false) as agreed
from (
    select route_id, number from seat
    where $1::uuid is not null and blocked and (route_id, number) > ($2::bigint, $3::int) order by route_id, number limit $4
) as page
left join seat_owner on seat_owner.route_id = page.route_id and seat_owner.number = page.number
order by page.route_id, page.number
";

impl PgTables {
    pub(super) async fn read_logged(
        &self,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Logged>, Failure> {
        let reader = self.reader().await?;
        let rows = reader
            .rows(load::LOG, &[&after.0, &row_limit(limit)])
            .await?;
        rows.iter().map(load::logged).collect()
    }

    pub(super) async fn read_as_of(&self, footprint: &Footprint) -> Result<AsOf, Failure> {
        self.reader()
            .await?
            .of_one_moment(async |reader| as_of(reader, footprint).await)
            .await
    }

    pub(super) async fn read_claims(
        &self,
        of: Claims,
        after: Option<Claim>,
        limit: usize,
    ) -> Result<Vec<(Claim, bool)>, Failure> {
        let statement = match of {
            Claims::Owners => OWNERS,
            Claims::Legs => LEGS,
            Claims::OffSale => OFF_SALE_PAGE,
        };
        // from the beginning: below every row there is
        let first = (Uuid::nil(), i64::MIN, i32::MIN);
        let (saga, route, number) = after.map_or(first, |claim| {
            let (route, number) = said::place(claim.seat);
            (claim.saga.0, route, number)
        });
        let reader = self.reader().await?;
        let rows = reader
            .rows(statement, &[&saga, &route, &number, &row_limit(limit)])
            .await?;
        rows.iter().map(claim).collect()
    }
}

async fn as_of(reader: &Reader, footprint: &Footprint) -> Result<AsOf, Failure> {
    let ids: Vec<Uuid> = footprint.sagas.iter().map(|saga| saga.0).collect();
    let seats = footprint.seats.iter();
    let (routes, numbers): (Vec<i64>, Vec<i32>) = seats
        .map(|(route, number)| (decode::route_number(*route), i32::from(number.0)))
        .unzip();
    let logins: Vec<&str> = footprint.users.iter().map(String::as_str).collect();
    let keys = footprint.keys.iter();
    let (users, keys): (Vec<Uuid>, Vec<&str>) =
        keys.map(|(user, key)| (user.0, key.as_str())).unzip();
    type One<'p> = [&'p (dyn ToSql + Sync); 1];
    type Two<'p> = [&'p (dyn ToSql + Sync); 2];
    let (by_id, by_login): (One<'_>, One<'_>) = ([&ids], [&logins]);
    let (by_seat, by_key): (Two<'_>, Two<'_>) = ([&routes, &numbers], [&users, &keys]);
    let (places, saga_rows, leg_rows, login_rows, key_rows, seat_rows, off_sale) = tokio::try_join!(
        biased;
        reader.rows(PLACES, &[]),
        reader.rows(cells::SAGAS, &by_id),
        reader.rows(cells::LEGS, &by_id),
        reader.rows(load::LOGINS, &by_login),
        reader.rows(load::KEYS, &by_key),
        reader.rows(load::SEATS, &by_seat),
        reader.rows(OFF_SALE, &by_seat),
    )?;
    let mut rows = Loaded {
        sagas: cells(&saga_rows, &leg_rows)?,
        logins: login_rows.iter().map(load::login).collect::<Decoded<_>>()?,
        keys: key_rows.iter().map(load::key).collect::<Decoded<_>>()?,
        ..Loaded::default()
    };
    for row in &seat_rows {
        load::owner(row, &mut rows)?;
    }
    Ok(AsOf {
        tables: Seq(places[0].try_get("projected")?),
        log: Seq(places[0].try_get("last")?),
        rows,
        off_sale: off_sale.iter().map(seat_key).collect::<Decoded<_>>()?,
    })
}

fn claim(row: &Row) -> Decoded<(Claim, bool)> {
    let saga = SagaId(row.try_get("saga_id")?);
    let seat = seat_key(row)?;
    Ok((Claim { saga, seat }, row.try_get("agreed")?))
}
