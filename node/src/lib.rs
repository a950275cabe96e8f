//!

pub mod cluster;
