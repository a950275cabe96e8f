//! What every company has a copy of: [`replication`] brings users, tickets and catalogues of the others,
//! [`anti_entropy`] finds out whether they are all here; [`believed`] says what of it is taken over; [`names`] asks for names that did not
//! come along.

pub mod anti_entropy;
mod believed;
pub mod names;
pub mod replication;
