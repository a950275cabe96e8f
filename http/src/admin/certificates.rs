//! Keys and certificates: reading them anew.

use jiff::Timestamp;
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;

use super::{Operator, ReasonBody, reason};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::Problem;
use crate::router::{Endpoint, post};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[post("/admin/renew", |operator, call| {
    Box::pin(renew(operator, call))
})];

/// A certificate that a node shows, believes or has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateView {
    /// `mesh`, `mesh-ca`, `http`, `admin`, or `peer`.
    #[serde(rename = "use")]
    pub used_for: &'static str,
    pub company: CompanyId,
    pub expires: Timestamp,
    pub days_left: i64,
    /// It ends soon, or has ended.
    pub renew: bool,
}

#[derive(Serialize)]
struct Renewed {
    certificates: Vec<CertificateView>,
}

async fn renew(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let reason = reason(call.json::<ReasonBody>()?.reason)?;
    operations
        .audit_of_node("renew", operations.act(&reason))
        .await;
    let renewed = (operator.renew)().await;
    renewed.map_err(|problem| Problem::invalid(problem.clone(), problem))?;
    Ok(Answer::json(&Renewed {
        certificates: (operator.certificates)(),
    }))
}
