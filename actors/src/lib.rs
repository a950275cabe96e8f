//! PassCom's product: bookings over several companies, and the rules that keep them whole.
//!
//! ```text
//! desk ──▶ booking ──▶ companies ──▶ service ──▶ directory ──▶ route    claims in memory
//!                          │            └──────▶ ledger ──▶ store       what is durable
//!                          └──▶ peer ─ ─ ─▶ gateway ──▶ service …       the same at another company's node
//! ```
//! From the ground up; a folder imports only what stands before it (`tests/imports.rs`):
//! * [`domain`]: every rule, pure, in a package of its own. What follows feeds the rules events and carries out what
//!   they answer;
//! * [`clock`]: the time that shells hand to the rules; [`turns`]: computations that must not hold up everybody else;
//!   [`fail_point`]: where a test may kill the process, in a build of its own;
//! * [`catalogue`]: what is on sale at every company, and how seats lie in a cabin;
//! * [`company`]: what is durable at one company, its only writer, and who claims a seat meanwhile;
//! * [`mesh`]: what travels between companies, what each answers, and who asks them;
//! * [`booking`]: the actor that drives one saga;
//! * [`copies`]: users, tickets and catalogues of the others;
//! * [`people`]: what customers and operators hold;
//! * [`watchers`]: who brings to an end what was left open;
//! * [`assembly`]: a node out of all of them, started and stopped in order, over whatever database, mesh and lease
//!   table.
//!
//! Invariants:
//! * nothing that says a thing is durable leaves before its commit, and what memory shows as sold follows the commit;
//! * every message may come twice, late or never: it is answered with what is recorded;
//! * no handler of an actor waits for another actor, a peer or the database;
//! * leases, clocks and the catalogue make bookings fast and decide none of them;
//! * this crate knows no SQL, Redis or HTTP, and `domain` neither async nor time of its own.

pub mod assembly;
pub mod booking;
pub mod catalogue;
pub mod clock;
pub mod codec;
pub mod company;
pub mod copies;
pub mod fail_point;
pub mod mesh;
pub mod people;
pub mod turns;
pub mod watchers;

pub use passcom_domain as domain;
