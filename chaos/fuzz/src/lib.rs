//! What the fuzz targets share. Each target is a file of `fuzz_targets`, with what is true of whatever comes.

pub mod schedule;
pub mod signed;
