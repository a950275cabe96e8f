//! A trip with one seat of every company: connecting flights if some are found soon, otherwise any.

use std::time::Duration;

use anyhow::{Context, bail};
use comfy_table::Table;
use futures_util::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::client::{Client, Leg};

/// Time to change planes.
const CONNECTION_MIN: SignedDuration = SignedDuration::from_mins(40);
/// First legs that are tried, and onward legs of each.
const FIRST_LEGS: usize = 12;
const ONWARD_LEGS: usize = 4;
/// A node that has just started learns of the others' legs within this.
const ON_SALE_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub struct Trip {
    legs: Vec<Leg>,
}

impl Trip {
    /// Waits until every company's legs are on sale here: they come from the other nodes.
    pub async fn find(client: &Client, companies: &[String]) -> anyhow::Result<Self> {
        let deadline = Instant::now() + ON_SALE_LIMIT;
        let any = loop {
            match Self::of_any_legs(client, companies).await? {
                Ok(trip) => break trip,
                Err(company) if Instant::now() > deadline => {
                    bail!("company {company} has nothing on sale")
                }
                Err(_) => sleep(LOOK_AGAIN).await,
            }
        };
        Ok(Self::of_connecting_legs(client, companies)
            .await?
            .unwrap_or(any))
    }

    async fn of_connecting_legs(
        client: &Client,
        companies: &[String],
    ) -> anyhow::Result<Option<Self>> {
        let (first, onward) = companies.split_first().context("there is no company")?;
        for leg in client.legs(first, None, FIRST_LEGS).await? {
            if let Some(legs) = connect(client, vec![leg], onward).await? {
                return Ok(Some(Self { legs }));
            }
        }
        Ok(None)
    }

    /// The first leg of each company, or the company that has none.
    async fn of_any_legs(
        client: &Client,
        companies: &[String],
    ) -> anyhow::Result<Result<Self, String>> {
        let mut legs = Vec::with_capacity(companies.len());
        for company in companies {
            match client.legs(company, None, 1).await?.pop() {
                Some(leg) => legs.push(leg),
                None => return Ok(Err(company.clone())),
            }
        }
        Ok(Ok(Self { legs }))
    }

    /// The body of a booking of it.
    pub fn order(&self) -> anyhow::Result<Value> {
        let items: anyhow::Result<Vec<_>> = self
            .legs
            .iter()
            .map(|leg| {
                let seat = leg
                    .assentos
                    .first()
                    .with_context(|| format!("leg {} has no free seat", leg.id))?;
                Ok(json!({"id_trecho": leg.id, "id_assento": seat.id, "company": leg.company}))
            })
            .collect();
        Ok(json!({"trechos": items?}))
    }

    pub fn len(&self) -> usize {
        self.legs.len()
    }

    pub fn table(&self) -> Table {
        let mut table = crate::cli::table([
            "company", "flight", "from", "to", "departs", "arrives", "seat",
        ]);
        for leg in &self.legs {
            let seat = leg
                .assentos
                .first()
                .map(|seat| seat.numero.to_string())
                .unwrap_or_default();
            table.add_row([
                &leg.company,
                &leg.voo,
                &leg.origem,
                &leg.destino,
                &leg.partida,
                &leg.chegada,
                &seat,
            ]);
        }
        table
    }
}

/// Depth first over the companies that are left. The depth is their number, which the configuration bounds.
fn connect<'a>(
    client: &'a Client,
    legs: Vec<Leg>,
    onward: &'a [String],
) -> BoxFuture<'a, anyhow::Result<Option<Vec<Leg>>>> {
    async move {
        let Some((next, rest)) = onward.split_first() else {
            return Ok(Some(legs));
        };
        let last = legs.last().context("a trip begins with a leg")?;
        let candidates = client
            .legs(next, Some(&last.destino), ONWARD_LEGS * 4)
            .await?;
        let reachable: Vec<_> = candidates
            .into_iter()
            .filter(|leg| connects(last, leg))
            .take(ONWARD_LEGS)
            .collect();
        for leg in reachable {
            let mut longer = legs.clone();
            longer.push(leg);
            if let Some(found) = connect(client, longer, rest).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
    .boxed()
}

/// A leg whose times are not said connects to nothing.
fn connects(first: &Leg, second: &Leg) -> bool {
    let (Ok(arrives), Ok(departs)) = (
        first.chegada.parse::<Timestamp>(),
        second.partida.parse::<Timestamp>(),
    ) else {
        return false;
    };
    departs.duration_since(arrives) >= CONNECTION_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(departs: &str, arrives: &str) -> Leg {
        let leg = json!({"id": 1, "company": "a", "origem": "São Paulo", "destino": "Recife", "partida": departs, "chegada": arrives,
            "assentos": [{"id": 1025, "numero": 1, "disponivel": 1}]});
        serde_json::from_value(leg).unwrap()
    }

    #[test]
    fn planes_are_changed_in_no_less_than_forty_minutes_across_time_zones() {
        let first = leg("2026-11-23T08:00:00-03:00", "2026-11-23T10:00:00-03:00");
        assert!(!connects(&first, &leg("2026-11-23T10:39:00-03:00", "")));
        assert!(connects(&first, &leg("2026-11-23T10:40:00-03:00", "")));
        assert!(connects(&first, &leg("2026-11-23T09:40:00-04:00", "")));
        assert!(!connects(&first, &leg("10:40", "")));
    }

    #[test]
    fn an_order_names_the_first_free_seat_of_each_leg() {
        let trip = Trip {
            legs: vec![leg("", "")],
        };
        let seats = json!([{"id_trecho": 1, "id_assento": 1025, "company": "a"}]);
        assert_eq!(trip.order().unwrap(), json!({"trechos": seats}));
    }
}
