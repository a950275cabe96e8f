//! A booking while it is driven: [`actor`], the shell of one saga; [`progress`], how it gets on.

pub mod actor;
pub mod progress;
