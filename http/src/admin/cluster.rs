//! Who sees whom, and taking a node out of service.

use passcom_actors::operations::{Member, Peer};
use serde::{Deserialize, Serialize};

use super::{Operator, reason};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::router::{Endpoint, get, post};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/admin/cluster", |operator, call| {
        Box::pin(cluster(operator, call))
    }),
    get("/admin/peers", |operator, call| {
        Box::pin(peers(operator, call))
    }),
    post("/admin/drain", |operator, call| {
        Box::pin(drain(operator, call))
    }),
];

#[derive(Serialize)]
struct Cluster {
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Peers {
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct DrainBody {
    reason: Option<String>,
}

#[derive(Serialize)]
struct Draining<'a> {
    draining: bool,
    reason: &'a str,
}

async fn cluster(operator: &Operator, call: Call) -> Answered {
    let members = operator.permitted(&call)?.members().await;
    Ok(Answer::json(&Cluster { members }))
}

async fn peers(operator: &Operator, call: Call) -> Answered {
    let peers = operator.permitted(&call)?.peers().await;
    Ok(Answer::json(&Peers { peers }))
}

async fn drain(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let reason = reason(call.json::<DrainBody>()?.reason)?;
    operations.drain(&reason).await;
    Ok(Answer::json(&Draining {
        draining: true,
        reason: &reason,
    }))
}
