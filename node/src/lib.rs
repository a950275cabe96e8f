//! The process: the only crate that knows every other one.

pub mod lease;
