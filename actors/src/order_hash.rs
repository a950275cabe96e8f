//! Identities that every node derives alike: a saga's id from the client's key, its acceptors from its legs, its hash.

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Order, OrderHash};
use crate::domain::register::Acceptors;
use crate::messages::Idempotency;

/// Namespace of saga ids (UUIDv5), fixed for ever.
const SAGA_NAMESPACE: Uuid = Uuid::from_u128(0x8a6e_0804_2bd0_4672_b79d_d970_27f9_071a);

/// The same key with the same request is the same saga, at whatever node it arrives.
pub fn saga_id(user: UserId, idempotency: &Idempotency) -> SagaId {
    let mut name = Vec::with_capacity(16 + 32 + idempotency.key.len());
    name.extend_from_slice(user.0.as_bytes());
    name.extend_from_slice(&idempotency.fingerprint);
    name.extend_from_slice(idempotency.key.as_bytes());
    SagaId(Uuid::new_v5(&SAGA_NAMESPACE, &name))
}

/// All legs of one company: that company. Otherwise every company; with more than [`Acceptors::MAX`] the participants,
/// filled up by rendezvous hash of the saga (Thaler & Ravishankar 1998), as long as they are not more themselves.
pub fn acceptors_of(saga: SagaId, order: &Order, companies: &[CompanyId]) -> Acceptors {
    let participants = order.companies();
    if participants.len() == 1 {
        return Acceptors(participants);
    }
    if companies.len() <= Acceptors::MAX {
        return Acceptors(companies.to_vec());
    }
    let mut others: Vec<CompanyId> = companies.to_vec();
    others.retain(|company| !participants.contains(company));
    others.sort_by_cached_key(|company| digest(&(saga, company)));
    let missing = Acceptors::MAX.saturating_sub(participants.len());
    let mut acceptors = participants;
    acceptors.extend(others.into_iter().take(missing));
    acceptors.sort_unstable();
    Acceptors(acceptors)
}

/// Covers everything the ticket will say and who decides.
pub fn order_hash(order: &Order, acceptors: &Acceptors) -> OrderHash {
    OrderHash(digest(&(order, acceptors)))
}

/// The membership list, for nodes that must not talk unless theirs are equal.
pub fn membership_hash(companies: &[CompanyId]) -> [u8; 32] {
    digest(&companies)
}

fn digest(value: &impl Serialize) -> [u8; 32] {
    let bytes =
        serde_json::to_vec(value).expect("ids and orders have no map with keys of other types");
    Sha256::digest(&bytes).into()
}
