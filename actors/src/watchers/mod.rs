//! Who brings to an end what was left open: [`recovery`] sagas, [`expiry`] what customers keep for too long, [`logins`]
//! registrations that lost their node, [`flights`] tickets whose flights were changed.

pub mod expiry;
pub mod flights;
pub mod logins;
pub mod recovery;
