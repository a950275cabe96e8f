//! The admin port: what operators ask of a node. English, apart from what is left of the old servers' own calls.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use passcom_actors::people::operations::{Act, Operations};
use serde::Deserialize;
use tokio::sync::watch;

use crate::Admin;
use crate::call::Call;
use crate::edge::Edge;
use crate::error::Problem;
use crate::language::Language;
use crate::rendering::Rendering;
use crate::router::Router;

mod certificates;
mod cluster;
mod company;
mod health;
mod lists;
mod money;
mod operators;
mod sagas;
mod verify;

pub use self::certificates::CertificateView;
use self::operators::Doorkeeper;
pub use self::operators::{OperatorAccess, Operators, Role};

/// Longest reason that an operator gives, in characters.
const REASON_LEN_MAX: usize = 500;

/// What the handlers act on.
struct Operator {
    operations: Operations,
    doorkeeper: Doorkeeper,
    certificates: Arc<dyn Fn() -> Vec<CertificateView> + Send + Sync>,
    renew: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    rendering: Rendering,
}

/// The admin port, ready to be served.
pub(crate) fn edge(
    admin: Admin,
    closing: watch::Receiver<bool>,
) -> Edge<impl Send + Sync + 'static> {
    let operator = Operator {
        operations: admin.operations,
        doorkeeper: Doorkeeper::new(admin.operators),
        certificates: admin.certificates,
        renew: admin.renew,
        metrics: admin.metrics,
        rendering: Rendering::new(),
    };
    Edge::new("admin", router(), operator, admin.options, closing).only_in(Language::English)
}

fn router() -> Router<Operator> {
    Router::new(&[
        health::ENDPOINTS,
        cluster::ENDPOINTS,
        certificates::ENDPOINTS,
        sagas::ENDPOINTS,
        lists::ENDPOINTS,
        money::ENDPOINTS,
        company::ENDPOINTS,
        verify::ENDPOINTS,
    ])
}

impl Operator {
    /// The operations, for whoever may ask for that.
    fn permitted(&self, call: &Call) -> Result<Permitted<'_>, Problem> {
        Ok(Permitted {
            name: self.doorkeeper.admit(call)?,
            operations: &self.operations,
        })
    }
}

/// The operations, in the hands of one operator.
struct Permitted<'a> {
    name: Arc<str>,
    operations: &'a Operations,
}

impl Permitted<'_> {
    fn act<'a>(&'a self, reason: &'a str) -> Act<'a> {
        Act {
            operator: &self.name,
            reason,
        }
    }
}

impl Deref for Permitted<'_> {
    type Target = Operations;

    fn deref(&self) -> &Operations {
        self.operations
    }
}

/// What an operator sends along with an act.
#[derive(Deserialize)]
struct ReasonBody {
    reason: Option<String>,
}

/// Why an operator acts: it stands in the audit trail.
fn reason(given: Option<String>) -> Result<String, Problem> {
    let given = given.map(|reason| reason.trim().to_owned());
    match given {
        Some(reason) if (1..=REASON_LEN_MAX).contains(&reason.chars().count()) => Ok(reason),
        _ => Err(Problem::invalid(
            format!("reason deve ter de 1 a {REASON_LEN_MAX} caracteres"),
            format!("reason must have 1 to {REASON_LEN_MAX} characters"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_required_and_bounded() {
        assert_eq!(
            reason(Some(" new release ".to_owned())),
            Ok("new release".to_owned())
        );
        for bad in [
            None,
            Some(String::new()),
            Some("  ".to_owned()),
            Some("x".repeat(REASON_LEN_MAX + 1)),
        ] {
            assert!(reason(bad).is_err());
        }
    }

    #[test]
    fn every_endpoint_is_documented() {
        let contract = include_str!("../../../docs/api.md");
        for (method, path) in router().list() {
            let heading = format!("`{method} {path}`");
            assert!(contract.contains(&heading), "docs/api.md lacks {heading}");
        }
    }

    #[test]
    fn every_documented_endpoint_is_there() {
        let contract = include_str!("../../../docs/api.md");
        let (_, admin) = contract
            .split_once("## Admin port")
            .expect("a chapter of it");
        let served = router().list().into_iter();
        let served: Vec<_> = served
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        let cells = admin.lines().filter_map(|line| line.strip_prefix("| `"));
        let cells = cells.map(|row| row.split(" | ").next().unwrap_or_default());
        let named = cells.flat_map(|cell| cell.split('`').step_by(2));
        let mut seen = 0;
        for endpoint in named.filter(|text| text.contains(" /")) {
            assert!(
                served.iter().any(|one| one == endpoint),
                "there is no {endpoint}"
            );
            seen += 1;
        }
        assert_eq!(seen, served.len());
    }
}
