//! The sagas that this company has recorded.

use std::time::Duration;

use passcom_actors::company::store::{SagaStatus, SagaView};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::people::desk::Unavailable;
use passcom_actors::people::operations::Driven;
use serde::de::{IntoDeserializer, value};
use serde::{Deserialize, Serialize};

use super::{Operator, ReasonBody, reason};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, get, post};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/admin/sagas", |operator, call| {
        Box::pin(list(operator, call))
    }),
    get("/admin/sagas/{id}", |operator, call| {
        Box::pin(one(operator, call))
    }),
    post("/admin/sagas/{id}/retry", |operator, call| {
        Box::pin(drive(operator, call, "retry"))
    }),
    post("/admin/sagas/{id}/abort", |operator, call| {
        Box::pin(drive(operator, call, "abort"))
    }),
];

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;

#[derive(Serialize)]
struct Sagas {
    sagas: Vec<SagaView>,
}

async fn list(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    let older_than = call.parsed("older_than")?.map(Duration::from_secs);
    let sagas = operations.sagas(state(&call)?, older_than, limit).await?;
    Ok(Answer::json(&Sagas { sagas }))
}

async fn one(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let id = SagaId(call.uuid(0).ok_or(Kind::UnknownSaga)?);
    let saga = operations.saga(id).await?.ok_or(Kind::UnknownSaga)?;
    Ok(Answer::json(&saga))
}

/// Both end a saga by its register: one that may be committed is not aborted because somebody wishes so.
async fn drive(operator: &Operator, call: Call, action: &str) -> Answered {
    let operations = operator.permitted(&call)?;
    let id = SagaId(call.uuid(0).ok_or(Kind::UnknownSaga)?);
    let reason = reason(call.json::<ReasonBody>()?.reason)?;
    match operations.drive(id, action, operations.act(&reason)).await {
        Driven::Ended(saga) => Ok(Answer::json(&saga)),
        Driven::StillOpen => Err(Kind::OutcomeUnknown.into()),
        Driven::Unknown => Err(Kind::UnknownSaga.into()),
        Driven::Unavailable => Err(Unavailable.into()),
    }
}

fn state(call: &Call) -> Result<Option<SagaStatus>, Problem> {
    let Some(state) = call.parameter("state")? else {
        return Ok(None);
    };
    let state: Result<SagaStatus, value::Error> =
        SagaStatus::deserialize(state.as_str().into_deserializer());
    state.map(Some).map_err(|_| {
        Problem::invalid(
            "state deve ser begun, held, committed ou aborted",
            "state must be begun, held, committed or aborted",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn a_state_is_one_that_a_saga_can_have() {
        let state = |query: &str| state(&call(&format!("/admin/sagas{query}"), &[], b""));
        assert_eq!(state(""), Ok(None));
        assert_eq!(state("?state=begun"), Ok(Some(SagaStatus::Begun)));
        assert_eq!(state("?state=held"), Ok(Some(SagaStatus::Held)));
        assert!(state("?state=stuck").is_err());
    }
}
