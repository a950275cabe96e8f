//! Every rule of the business, as plain values and functions: no async, no clock, no randomness, no I/O.
//!
//! * [`vote`], [`ballot`], [`ticket`], [`question`], [`outcome`]: the words that the rules speak in;
//! * [`saga`]: the driver of a booking; [`participant`]: a company's vote; [`register`]: the decision;
//!   [`replica`]: what everybody has a copy of; [`seat_map`]: who claims a route's seats right now.
//! * [`locator`]: what people call a booking; [`currency`]: how many digits an amount has; [`refund`]: what came back
//!   for a cancelled seat; [`settlement`]: what companies owe each other; [`corrections`]: of names on a ticket;
//!   [`payment`]: the customer's money for a hold;
//! * [`withheld`]: who is told the names of passengers; [`papers`]: what companies of a trip know of its people beside their names: each [`document`] by its own rule, [`birth`], [`phone`];
//! * [`entry`]: all of a company's durable steps, posted to the [`rows`] of one transaction.
//!
//! Invariants, wherever the system may have stopped:
//! * a seat is in at most one leg that is prepared or committed;
//! * no saga has both a committed or cancelled and a refused leg;
//! * a prepared leg never ends by a clock, only by the saga's outcome;
//! * a ticket exists only where Commit was chosen; a cancellation is never undone.

pub mod accounts;
pub mod ballot;
pub mod birth;
pub mod changes;
pub mod corrections;
pub mod currency;
pub mod document;
pub mod entry;
pub mod fencing;
/// Names and values for tests, here and in the crates above.
#[doc(hidden)]
pub mod fixtures;
pub mod flight;
pub mod forgotten;
pub mod ids;
pub mod letters;
pub mod locator;
pub mod order;
pub mod order_hash;
pub mod outcome;
pub mod papers;
pub mod participant;
pub mod payment;
pub mod phone;
pub mod question;
pub mod refund;
pub mod register;
pub mod replica;
pub mod rows;
pub mod saga;
pub mod seat_map;
pub mod settlement;
pub mod ticket;
pub mod time;
pub mod unbought;
pub mod vote;
pub mod withheld;
