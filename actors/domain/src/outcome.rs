//! How a booking ended, for its client, and under which key.

use serde::{Deserialize, Serialize};

use super::ids::SagaId;
use super::vote::Refusal;

/// A definite answer to a booking: recorded under its key, the same for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    Booked {
        ticket: SagaId,
    },
    /// The seats of a hold are kept at every company, until its customer decides or it expires.
    Held {
        hold: SagaId,
    },
    Refused(Refusal),
}

/// A client's idempotency key with the fingerprint of the request that it came with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}
