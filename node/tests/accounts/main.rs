//! Accounts over several real nodes: each with its PostgreSQL, and one customer who goes from one to another.

mod cluster;
mod cookie;
mod finding;
mod flights;
mod gateway;
mod keys;
mod mail;
mod payments;
mod people;
mod sessions;
mod smtp;
