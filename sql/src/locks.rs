//! All advisory locks in a company's database.

/// Who migrates.
pub(crate) const MIGRATION: i64 = 0x7061_7373_0001;
/// The node that runs on it, as long as it lives.
pub(crate) const NODE: i64 = 0x7061_7373_0002;
