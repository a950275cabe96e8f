//! PassCom's product: booking actors, seat actors and the rules they share.

pub mod accounts;
pub mod catalogue;
pub mod desk;
pub mod domain;
pub mod lease;
pub mod memory;
pub mod messages;
pub mod operations;
pub mod peer;
pub mod store;
