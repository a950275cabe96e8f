//! PassCom's product: bookings over several companies, and the rules that keep them whole.
//!
//! ```text
//! desk ──▶ booking ──▶ service ──▶ directory ──▶ route     claims in memory
//!             │           └──────▶ ledger ──▶ store        what is durable
//!             └─────▶ peer ─ ─ ─▶ gateway ──▶ service …    the same at another company's node
//! ```
//! Rules:
//! * [`domain`]: all of them, pure. What follows feeds them events and carries out what they answer.
//! * [`order_hash`]: the identities that every node derives alike.
//!
//! A booking:
//! * [`desk`]: what HTTP holds: book, cancel, look up; [`booking`]: the actor that drives one saga; [`progress`]: how it gets on;
//! * [`service`]: what a company answers to drivers; [`directory`], [`route`]: who claims a route's seats right now;
//! * [`ledger`]: the only writer, one transaction for all that waits; [`store`]: what it and the readers need of a database,
//!   [`memory`] being one without durability;
//! * [`lease`]: who goes first; [`recovery`]: whatever was left unfinished; [`holds`]: what
//!   customers keep for too long; [`supervisor`]: the root of the actors.
//!
//! Between companies:
//! * [`peer`]: the door, out and in; [`gateway`]: the one actor that other nodes reach; [`messages`], [`envelope`],
//!   [`traceparent`]: what travels, and its bytes;
//! * [`replication`]: users, tickets and catalogues of the others; [`anti_entropy`]: whether they are all here.
//!
//! [`fail_point`]: where a test may kill the process, in a build of its own.
//!
//! For people: [`catalogue`] and [`airports`]: what is on sale; [`cabin`]: where a seat is; [`accounts`]: who is who;
//! [`operations`]: what operators ask; [`refund`]: what comes back for a cancelled seat; [`history`]: what happened to a booking.
//! [`clock`]: the time that shells hand to the rules; [`turns`]: computations that must not hold up everybody else.
//!
//! Invariants:
//! * nothing that says a thing is durable leaves before its commit, and what memory shows as sold follows the commit;
//! * every message may come twice, late or never: it is answered with what is recorded;
//! * no handler of an actor waits for another actor, a peer or the database;
//! * leases, clocks and the catalogue make bookings fast and decide none of them;
//! * this crate knows no SQL, Redis or HTTP, and `domain` neither async nor time of its own.

pub mod accounts;
pub mod airports;
pub mod anti_entropy;
pub mod booking;
pub mod cabin;
pub mod catalogue;
pub mod clock;
pub mod desk;
pub mod directory;
pub mod domain;
pub mod envelope;
pub mod fail_point;
pub mod gateway;
pub mod history;
pub mod holds;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod messages;
pub mod operations;
pub mod order_hash;
pub mod peer;
pub mod progress;
pub mod recovery;
pub mod refund;
pub mod replication;
pub mod route;
pub mod service;
pub mod store;
pub mod supervisor;
pub mod traceparent;
pub mod turns;
