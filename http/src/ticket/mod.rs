//! What a traveller takes along: the e-ticket as PDF with a signed QR code, and the flights for a calendar.
//!
//! * [`code`]: what a QR code says, signed, so that any node can tell a true one without asking anybody;
//! * [`travellers`]: whose seats are whose; [`calendar`]: RFC 5545; [`pdf`]: the pages, with [`text`] and [`qr`];
//!   [`masked`]: documents as they are shown; [`e_ticket`]: all of them with their codes; [`printer`]: when they are made, and for how long they are kept.
//!
//! All of it is made from a ticket alone. A cancelled seat is on no page and in no code; but a code that was made before does not know
//! that: it says who bought what, not that it still holds.

pub(crate) mod calendar;
pub(crate) mod code;
pub(crate) mod e_ticket;
pub(crate) mod masked;
pub(crate) mod pdf;
pub(crate) mod printer;
mod qr;
mod text;
pub(crate) mod travellers;
