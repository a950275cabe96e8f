//! Fail points around what a node asks of its peers and of the lease table, and around what it answers. What they are
//! is said in [`crate::fail_point`].

use std::sync::Arc;

use crate::company::lease::LeaseTable;
use crate::mesh::peer::Serve;

#[cfg(feature = "failpoints")]
pub mod steps;
#[cfg(feature = "failpoints")]
mod watched;

/// The table, with points around each call.
#[cfg(feature = "failpoints")]
pub fn around_leases(leases: Arc<dyn LeaseTable>) -> Arc<dyn LeaseTable> {
    Arc::new(watched::Watched(leases))
}

/// The service, with points around each answer.
#[cfg(feature = "failpoints")]
pub fn around_answers(service: Arc<dyn Serve>) -> Arc<dyn Serve> {
    Arc::new(watched::Watched(service))
}

#[cfg(not(feature = "failpoints"))]
pub fn around_leases(leases: Arc<dyn LeaseTable>) -> Arc<dyn LeaseTable> {
    leases
}

#[cfg(not(feature = "failpoints"))]
pub fn around_answers(service: Arc<dyn Serve>) -> Arc<dyn Serve> {
    service
}
