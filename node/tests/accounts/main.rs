//! Accounts over several real nodes: each with its PostgreSQL, and one customer who goes from one to another.

mod cluster;
mod mail;
mod sessions;
mod smtp;
