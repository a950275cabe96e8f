//! What a company remembers, in PostgreSQL.

pub mod schedule_store;
