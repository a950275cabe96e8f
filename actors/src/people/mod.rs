//! What people hold: handles without actors, peers and timeouts.
//!
//! * customers: [`desk`]: book, hold, cancel, look up; [`accounts`]: who is who, [`mail_address`], where they get mail, and
//!   [`spelling`], how they are spelt; [`common_passwords`]; [`surname`], by which a booking is found; [`refund`]: what comes back
//!   for a cancelled seat; [`payment`]: whether it was paid; [`remedy`]: what is owed for a changed flight,
//!   and [`rebooking`], by which other flights it may be paid; [`saved`]: passengers for the next booking;
//! * operators: [`operations`].

pub mod accounts;
pub mod common_passwords;
pub mod desk;
pub mod mail_address;
pub mod operations;
pub mod payment;
pub mod rebooking;
pub mod refund;
pub mod remedy;
pub mod saved;
pub mod spelling;
