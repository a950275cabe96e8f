//! `passcom`: one program, one command per job.

use std::process::ExitCode;

/// A booking makes many small allocations in several threads; the system's allocator takes a fifth of a node's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    passcom_node::cli::main()
}
