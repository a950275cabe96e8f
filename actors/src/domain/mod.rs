//! Every rule of the business, as plain values and functions: no async, no clock, no randomness, no I/O.

pub mod accounts;
pub mod fencing;
pub mod ids;
pub mod order;
pub mod participant;
pub mod register;
pub mod replica;
pub mod time;
