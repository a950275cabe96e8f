//! All that a run left behind: databases, offers, logs, and the history.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use super::alarms::Alarms;
use super::facts::Company;
use super::frees::Offer;
use crate::client::{Client, Session};
use crate::cluster::RunningCompany;
use crate::history::{Fault, History, Operation};

/// Pages of a company's catalogue that are compared with its database.
const PAGES_MAX: usize = 4;
const PAGE: usize = 100;

#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub companies: Vec<Company>,
    pub offers: Vec<Offer>,
    pub alarms: Vec<Alarms>,
    /// Alarms of each node that the scenario itself causes.
    pub alarms_allowed: usize,
    pub operations: Vec<Operation>,
    pub faults: Vec<Fault>,
}

impl Evidence {
    /// Of a cluster that has healed. `logs` is the folder with a folder for each company.
    pub async fn gather(
        cluster: &[RunningCompany],
        logs: &Path,
        client: &Client,
        session: &Session,
        history: &History,
    ) -> anyhow::Result<Self> {
        let mut evidence = Self {
            operations: history.operations()?,
            faults: history.faults(),
            ..Self::default()
        };
        for (node, running) in cluster.iter().enumerate() {
            let code = &running.company;
            let offer = offer(client, session, node)
                .await
                .with_context(|| format!("ask the node of {code} what it offers"))?;
            evidence.offers.push(offer);
            evidence.companies.push(Company::load(running).await?);
            let log = logs.join(code).join("node.log");
            evidence.alarms.push(Alarms::read(code, &log)?);
        }
        Ok(evidence)
    }
}

/// The first pages of a company's own catalogue.
async fn offer(client: &Client, session: &Session, node: usize) -> anyhow::Result<Offer> {
    let company = client.company(node).as_ref().to_owned();
    let mut next = Some(client.catalogue(node, &company, PAGE)?);
    let mut routes = BTreeMap::new();
    for _ in 0..PAGES_MAX {
        let Some(url) = next else {
            break;
        };
        let page = client.page(session, url).await?;
        anyhow::ensure!(
            page.unreachable.is_empty(),
            "company {company} cannot be reached from its own node"
        );
        for leg in page.legs {
            let route = i64::try_from(leg.id).context("a route's id")?;
            let free = leg.seats.iter().map(|seat| i32::from(seat.number));
            routes.insert(route, free.collect());
        }
        next = page.next;
    }
    Ok(Offer { company, routes })
}
