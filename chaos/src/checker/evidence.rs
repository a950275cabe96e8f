//! All that a run left behind: databases, offers, logs, and the history.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;

use super::facts::Company;
use super::frees::Offer;
use super::logs::NodeLog;
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
    pub logs: Vec<NodeLog>,
    /// Alarms of each node that the scenario itself causes.
    pub alarms_allowed: usize,
    pub operations: Vec<Operation>,
    pub faults: Vec<Fault>,
    /// When the clock of the history stood at nothing.
    pub start: Timestamp,
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
            start: history.start(),
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
            evidence.logs.push(NodeLog::read(code, &log)?);
        }
        Ok(evidence)
    }

    /// When some node was without leases, by the clock of the history.
    pub(super) fn complaints(&self) -> Vec<(u64, u64)> {
        let since_start = |at: Timestamp| {
            // before the start is at the start
            u64::try_from(at.duration_since(self.start).as_micros()).unwrap_or_default()
        };
        let without = self.logs.iter().flat_map(|log| &log.without_leases);
        without
            .map(|(from, to)| (since_start(*from), to.map_or(u64::MAX, since_start)))
            .collect()
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
