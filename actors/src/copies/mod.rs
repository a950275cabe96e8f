//! What every company has a copy of: [`replication`] brings users, tickets and catalogues of the others,
//! [`anti_entropy`] finds out whether they are all here.

pub mod anti_entropy;
pub mod replication;
