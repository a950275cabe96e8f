//! The root of the actors of a node.
//!
//! ```text
//! supervisor
//! ├── route actors    directory.rs; one per route in use; a crash costs claims in memory, the next use starts it anew
//! └── booking actors  drivers.rs; one per saga being driven; a crash leaves the saga to the watcher, recovery.rs
//! ```
//! The gateway has no supervisor: it holds nothing, and the node ends with it.

use metrics::counter;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use ractor_cluster::RactorMessage;
use tracing::error;

/// The supervisor is never spoken to.
#[derive(RactorMessage)]
pub enum Never {}

pub struct Supervisor;

impl Actor for Supervisor {
    type Msg = Never;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Never>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Never>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(actor, cause) = event {
            counter!("passcom_actor_failures_total").increment(1);
            error!(actor = %actor.get_id(), %cause, "actor failed");
        }
        Ok(())
    }
}
