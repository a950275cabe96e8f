//! The process: the only crate that knows every other one.

pub mod certs;
pub mod cli;
pub mod cluster;
