//! All advisory locks in a company's database.

/// Who migrates.
pub(crate) const MIGRATION: i64 = 0x7061_7373_0001;
/// The node that runs on it, as long as it lives.
pub(crate) const NODE: i64 = 0x7061_7373_0002;
/// Shared by who reads how many seats a route has to sell one of them, alone for who takes seats away.
pub(crate) const SEATS: i64 = 0x7061_7373_0004;
