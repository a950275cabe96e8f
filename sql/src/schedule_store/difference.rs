//! Some of the changed routes, field by field, for a person to judge a schedule by before it is imported.

use std::fmt;

use tokio_postgres::{Error, Row, Transaction};

use super::EXAMPLES_MAX;

// as text: it is read by people, in UTC
const EXAMPLES: &str = "
    select r.id, r.flight, to_char(r.departs at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
        array[r.flight, r.origin, r.destination, to_char(r.departs at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
            to_char(r.arrives at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), r.seats::text, r.price_minor::text, r.currency,
            r.equipment, r.on_sale::text],
        array[i.flight, i.origin, i.destination, to_char(i.departs at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
            to_char(i.arrives at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), i.seats::text, i.price_minor::text, i.currency,
            i.equipment, i.on_sale::text]
    from route r join incoming i using (id)
    where (r.flight, r.origin, r.destination, r.departs, r.arrives, r.seats, r.price_minor, r.currency, r.equipment, r.on_sale)
        is distinct from
        (i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment, i.on_sale)
    order by r.id
    limit $1";

/// The fields in the order of the arrays above.
const FIELDS: [&str; 10] = [
    "flight",
    "origin",
    "destination",
    "departs",
    "arrives",
    "seats",
    "price_minor",
    "currency",
    "equipment",
    "on_sale",
];

/// A route that an import changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    pub route: i64,
    pub flight: String,
    /// As it was, UTC.
    pub departs: String,
    pub fields: Vec<FieldChange>,
}

/// One field of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldChange {
    pub field: &'static str,
    pub from: String,
    pub to: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} UTC:", self.flight, self.departs)?;
        for change in &self.fields {
            write!(f, " {} {} -> {};", change.field, change.from, change.to)?;
        }
        Ok(())
    }
}

pub async fn examples(transaction: &Transaction<'_>) -> Result<Vec<Change>, Error> {
    let rows = transaction.query(EXAMPLES, &[&EXAMPLES_MAX]).await?;
    rows.iter().map(change).collect()
}

fn change(row: &Row) -> Result<Change, Error> {
    let (old, new): (Vec<String>, Vec<String>) = (row.try_get(3)?, row.try_get(4)?);
    let fields = FIELDS
        .into_iter()
        .zip(old.into_iter().zip(new))
        .filter(|(_, (from, to))| from != to)
        .map(|(field, (from, to))| FieldChange { field, from, to })
        .collect();
    Ok(Change {
        route: row.try_get(0)?,
        flight: row.try_get(1)?,
        departs: row.try_get(2)?,
        fields,
    })
}
