//! PassCom's product: booking actors, seat actors and the rules they share.

pub mod accounts;
pub mod airports;
pub mod booking;
pub mod catalogue;
pub mod clock;
pub mod desk;
pub mod directory;
pub mod domain;
pub mod envelope;
pub mod gateway;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod messages;
pub mod operations;
pub mod order_hash;
pub mod peer;
pub mod recovery;
pub mod replication;
pub mod route;
pub mod service;
pub mod store;
pub mod supervisor;
pub mod traceparent;
