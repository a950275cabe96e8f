//! The process: configuration, mesh, supervision, and the commands that a person types.

pub mod certificate;
pub mod certs;
pub mod cli;
pub mod cluster;
pub mod config;
mod exchange;
mod keys;
pub mod lease;
pub mod local;
mod mail;
pub mod migration;
pub mod node;
mod pause;
mod payment;
pub mod schedule;
pub mod telemetry;
