//! One company: what is durable, the only way to change it, and who claims a seat meanwhile.
//!
//! * [`ledger`]: the only writer, one transaction for all that waits; [`store`]: what it and the readers need of a database,
//!   [`memory`] being one without durability;
//! * [`directory`], [`route`]: who claims a route's seats right now; [`lease`]: who goes first, over all companies;
//! * [`running`]: which sagas are driven here; [`supervisor`]: the root of the actors.

pub mod directory;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod route;
pub mod running;
pub mod store;
pub mod supervisor;
