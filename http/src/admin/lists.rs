//! What operators look through: the routes in use, the leases, the audit trail, who is left without a seat.

use passcom_actors::company::store::AuditView;
use passcom_actors::people::operations::UnseatedView;
use serde::Serialize;

use super::Operator;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::router::{Endpoint, get};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/admin/routes", |operator, call| {
        Box::pin(routes(operator, call))
    }),
    get("/admin/leases", |operator, call| {
        Box::pin(leases(operator, call))
    }),
    get("/admin/audit", |operator, call| {
        Box::pin(audit(operator, call))
    }),
    get("/admin/unseated", |operator, call| {
        Box::pin(unseated(operator, call))
    }),
];

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;

#[derive(Serialize)]
struct Audit {
    audit: Vec<AuditView>,
    /// To go on with, as `before`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

async fn routes(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    Ok(Answer::json(&operations.routes(limit).await))
}

async fn leases(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    Ok(Answer::json(&operations.leases(limit).await))
}

#[derive(Serialize)]
struct Unseated {
    unseated: Vec<UnseatedView>,
}

async fn unseated(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    let unseated = operations.unseated(limit).await?;
    Ok(Answer::json(&Unseated { unseated }))
}

async fn audit(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    let audit = operations
        .audit_trail(call.parsed("before")?, limit)
        .await?;
    let full = audit.len() == limit;
    let next = audit.last().filter(|_| full).map(|last| last.id);
    Ok(Answer::json(&Audit { audit, next }))
}
