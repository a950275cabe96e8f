//! Who sees whom, and taking a node out of service.

use passcom_actors::people::operations::{Member, Peer};
use serde::Serialize;

use super::{CertificateView, Operator, ReasonBody, reason};
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
        Box::pin(drain(operator, call, true))
    }),
    post("/admin/resume", |operator, call| {
        Box::pin(drain(operator, call, false))
    }),
];

#[derive(Serialize)]
struct Cluster {
    members: Vec<Member>,
    certificates: Vec<CertificateView>,
}

#[derive(Serialize)]
struct Peers {
    peers: Vec<Peer>,
}

#[derive(Serialize)]
struct Draining<'a> {
    draining: bool,
    reason: &'a str,
}

async fn cluster(operator: &Operator, call: Call) -> Answered {
    let members = operator.permitted(&call)?.members().await;
    let certificates = (operator.certificates)();
    Ok(Answer::json(&Cluster {
        members,
        certificates,
    }))
}

async fn peers(operator: &Operator, call: Call) -> Answered {
    let peers = operator.permitted(&call)?.peers().await;
    Ok(Answer::json(&Peers { peers }))
}

async fn drain(operator: &Operator, call: Call, draining: bool) -> Answered {
    let operations = operator.permitted(&call)?;
    let reason = reason(call.json::<ReasonBody>()?.reason)?;
    match draining {
        true => operations.drain(operations.act(&reason)).await,
        false => operations.resume(operations.act(&reason)).await,
    }
    Ok(Answer::json(&Draining {
        draining,
        reason: &reason,
    }))
}
