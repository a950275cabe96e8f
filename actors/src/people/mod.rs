//! What people hold: handles without actors, peers and timeouts.
//!
//! * customers: [`desk`]: book, hold, cancel, look up; [`accounts`]: who is who, [`mail_address`], where they get mail, and [`spelling`], how they are
//!   spelt; [`refund`]: what comes back for a cancelled seat;
//! * operators: [`operations`].

pub mod accounts;
pub mod desk;
pub mod mail_address;
pub mod operations;
pub mod refund;
pub mod spelling;
