//! The append: one statement, which is one transaction.

use passcom_actors::company::store::{Append, HandedOver};
use uuid::Uuid;

use super::session::Session;
use crate::decode;
use crate::error::Failure;

pub(super) const APPEND: &str =
    "select append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Seats with who keeps them, as columns.
#[derive(Default)]
struct Owners {
    routes: Vec<i64>,
    numbers: Vec<i32>,
    sagas: Vec<Uuid>,
}

impl From<HandedOver> for Owners {
    fn from(seats: HandedOver) -> Self {
        let mut owners = Self::default();
        for ((route, number), saga) in seats {
            owners.routes.push(decode::route_number(route));
            owners.numbers.push(i32::from(number.0));
            owners.sagas.push(saga.0);
        }
        owners
    }
}

/// Answers with the time of the row, in milliseconds since 1970.
pub(super) async fn append(
    session: &Session,
    epoch: i64,
    row: &Append<'_>,
) -> Result<i64, Failure> {
    let (freed, taken) = row.handed_over();
    let (freed, taken) = (Owners::from(freed), Owners::from(taken));
    let new_sagas: Vec<Uuid> = row.assumed.sagas.iter().map(|saga| saga.0).collect();
    let keys = row.assumed.keys.iter();
    let (users, keys): (Vec<Uuid>, Vec<&str>) =
        keys.map(|(user, key)| (user.0, key.as_str())).unzip();
    let rows = session
        .query(
            APPEND,
            &[
                &row.seq.0,
                &epoch,
                &row.version,
                &row.body,
                &freed.routes,
                &freed.numbers,
                &freed.sagas,
                &taken.routes,
                &taken.numbers,
                &taken.sagas,
                &new_sagas,
                &users,
                &keys,
            ],
        )
        .await?;
    Ok(rows[0].try_get(0)?)
}
