//! Between companies: what travels, its bytes, who asks and who answers.
//!
//! * [`peer`]: the door, out and in; [`messages`], [`envelope`], [`traceparent`]: what travels, and its bytes;
//! * [`gateway`]: the one actor that other nodes reach; [`service`]: what a company answers, to its own drivers, too,
//!   and [`late`], until it can;
//! * [`standing`]: whether the company that asks may;
//! * [`companies`]: asks one company or all of them, our own as any other;
//! * [`fail_points`]: where a test may kill the process between asking and answering.

pub mod companies;
pub mod envelope;
pub mod fail_points;
pub mod frame;
pub mod gateway;
pub mod late;
pub mod messages;
pub mod peer;
pub mod service;
pub mod standing;
pub mod traceparent;
