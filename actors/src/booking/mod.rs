//! A booking while it is driven: [`drivers`] starts whoever drives one; [`actor`]: the shell of one saga; [`progress`]:
//! how it gets on.

pub mod actor;
pub mod drivers;
pub mod progress;
