//! The process: configuration, cluster, supervision, commands.

pub mod schedule;
