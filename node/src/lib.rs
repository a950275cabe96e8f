//! The process: configuration, cluster, supervision, commands.

pub mod cli;
pub mod schedule;
