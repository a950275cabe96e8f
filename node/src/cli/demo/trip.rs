//! A trip with one seat of every company: connecting flights if some are found soon, otherwise any.

use anyhow::{Context, bail};
use comfy_table::Table;
use futures_util::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::{Client, Leg};

/// Time to change planes.
const CONNECTION_MIN: SignedDuration = SignedDuration::from_mins(40);
/// First legs that are tried, and onward legs of each.
const FIRST_LEGS: usize = 12;
const ONWARD_LEGS: usize = 4;

#[derive(Debug)]
pub struct Trip {
    legs: Vec<Leg>,
}

impl Trip {
    pub async fn find(client: &Client, companies: &[String]) -> anyhow::Result<Self> {
        let (first, onward) = companies.split_first().context("there is no company")?;
        for leg in client.legs(first, None, FIRST_LEGS).await? {
            if let Some(legs) = connect(client, vec![leg], onward).await? {
                return Ok(Self { legs });
            }
        }
        Self::of_any_legs(client, companies).await
    }

    async fn of_any_legs(client: &Client, companies: &[String]) -> anyhow::Result<Self> {
        let mut legs = Vec::with_capacity(companies.len());
        for company in companies {
            match client.legs(company, None, 1).await?.into_iter().next() {
                Some(leg) => legs.push(leg),
                None => bail!("{company} has nothing on sale"),
            }
        }
        Ok(Self { legs })
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
