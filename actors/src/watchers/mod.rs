//! Who brings to an end what was left open: [`recovery`] sagas, [`holds`] what customers keep for too long, [`logins`]
//! registrations that lost their node.

pub mod holds;
pub mod logins;
pub mod recovery;
