//! Is the process alive, does it serve, and its numbers.

use super::Operator;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, get};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/healthz", |_, _| {
        Box::pin(async { Ok(Answer::text("ok\n")) })
    }),
    get("/readyz", |operator, _| Box::pin(ready(operator))),
    get("/metrics", |operator, call| {
        Box::pin(metrics(operator, call))
    }),
];

/// Needs no token: an orchestrator asks.
async fn ready(operator: &Operator) -> Answered {
    match operator.operations.ready().await {
        Ok(()) => Ok(Answer::text("ready\n")),
        Err(why) => Err(Problem::from(Kind::Unavailable).detailed(Text::new(why.clone(), why))),
    }
}

async fn metrics(operator: &Operator, call: Call) -> Answered {
    operator.permitted(&call)?;
    Ok(Answer::prometheus((operator.metrics)()))
}
