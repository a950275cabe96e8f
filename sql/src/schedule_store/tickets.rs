//! The tickets whose flights an import moves or withdraws, as the tables have them: a sale of the last moments, which is in
//! the log alone, is not counted.

use std::fmt;

use tokio_postgres::{Error, Transaction};
use uuid::Uuid;

/// Flights of tickets that are listed.
pub const TICKETS_LISTED: i64 = 20;

// a price or a number of seats that changes is none of a ticket's business
const TOUCHED: &str = "
    create temp table touched on commit drop as
    with touched as (
        select r.id, r.flight, r.departs, false as moved, true as told, r.seats as seats_left
        from route r
        where $3 and r.id >= $1 and r.id < $2 and r.on_sale
            and not exists (select from incoming i where i.id = r.id)
        union all
        select r.id, r.flight, r.departs, true,
            (r.flight, r.origin, r.destination, r.departs, r.arrives, r.equipment, r.on_sale)
                is distinct from (i.flight, i.origin, i.destination, i.departs, i.arrives, i.equipment, i.on_sale),
            i.seats
        from route r
        join incoming i using (id)
        where (r.flight, r.origin, r.destination, r.departs, r.arrives, r.equipment, r.on_sale, r.seats)
            is distinct from (i.flight, i.origin, i.destination, i.departs, i.arrives, i.equipment, i.on_sale, i.seats)
    )
    select touched.*, owner.saga_id, owner.number, moved and owner.number > seats_left as lost
    from touched
    join seat_owner owner on owner.route_id = touched.id
    where owner.saga_id <> '00000000-0000-0000-0000-000000000000' and (told or owner.number > seats_left)";

const TOTALS: &str = "
    select count(distinct saga_id), count(*), count(*) filter (where not moved), count(*) filter (where lost) from touched";

const LISTED: &str = "
    select saga_id, flight, to_char(departs at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), moved, count(*), count(*) filter (where lost)
    from touched
    group by saga_id, id, flight, departs, moved
    order by departs, id, saga_id
    limit $1";

/// Tickets, and bookings under way, with a seat on a flight that an import changes or withdraws.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Touched {
    pub tickets: u64,
    /// Their seats on these flights.
    pub seats: u64,
    /// Those of them on flights that are withdrawn.
    pub seats_withdrawn: u64,
    /// Those of them that the new aircraft does not have: their owners are given others.
    pub seats_lost: u64,
    /// The first of them by departure, at most [`TICKETS_LISTED`].
    pub listed: Vec<TouchedTicket>,
}

/// One ticket on one flight.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TouchedTicket {
    pub ticket: Uuid,
    pub flight: String,
    /// As it was, UTC.
    pub departs: String,
    /// Another time, airport, number or aircraft; else it is withdrawn.
    pub moved: bool,
    pub seats: u64,
    /// Those of them that the new aircraft does not have.
    pub seats_lost: u64,
}

impl fmt::Display for TouchedTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.moved { "changed" } else { "withdrawn" };
        let (ticket, flight, departs) = (self.ticket, &self.flight, &self.departs);
        write!(
            f,
            "{ticket}: {flight} {departs} UTC {what}, {} seats",
            self.seats
        )?;
        match self.seats_lost {
            0 => Ok(()),
            lost => write!(f, ", {lost} of them not in the new aircraft"),
        }
    }
}

/// Before anything is written. Of the ids from `first` to before `end`, those that the schedule lacks are withdrawn if
/// `withdraws`.
pub async fn touched(
    transaction: &Transaction<'_>,
    (first, end): (i64, i64),
    withdraws: bool,
) -> Result<Touched, Error> {
    transaction
        .execute(TOUCHED, &[&first, &end, &withdraws])
        .await?;
    let totals = transaction.query_one(TOTALS, &[]).await?;
    let rows = transaction.query(LISTED, &[&TICKETS_LISTED]).await?;
    let listed = rows.iter().map(|row| {
        Ok(TouchedTicket {
            ticket: row.try_get(0)?,
            flight: row.try_get(1)?,
            departs: row.try_get(2)?,
            moved: row.try_get(3)?,
            seats: row.try_get::<_, i64>(4)? as u64,
            seats_lost: row.try_get::<_, i64>(5)? as u64,
        })
    });
    Ok(Touched {
        tickets: totals.try_get::<_, i64>(0)? as u64,
        seats: totals.try_get::<_, i64>(1)? as u64,
        seats_withdrawn: totals.try_get::<_, i64>(2)? as u64,
        seats_lost: totals.try_get::<_, i64>(3)? as u64,
        listed: listed.collect::<Result<_, Error>>()?,
    })
}
