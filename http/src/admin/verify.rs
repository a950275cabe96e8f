//! Whether log, memory and tables say the same. It takes its time: one call begins it, another asks how far it is.

use serde::Deserialize;

use super::Operator;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::router::{Endpoint, get, post};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/admin/verify", |operator, call| {
        Box::pin(latest(operator, call))
    }),
    post("/admin/verify", |operator, call| {
        Box::pin(begin(operator, call))
    }),
];

#[derive(Deserialize)]
struct Extent {
    /// Rows of the log, from its end; all that are kept if absent.
    last: Option<u64>,
}

async fn latest(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    Ok(Answer::json(&operations.verification()))
}

async fn begin(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let extent: Extent = call.json()?;
    Ok(Answer::json(&operations.verify(extent.last)))
}
