//! Between companies: what travels, its bytes, and who answers.
//!
//! * [`peer`]: the door, out and in; [`messages`], [`envelope`], [`traceparent`]: what travels, and its bytes;
//! * [`gateway`]: the one actor that other nodes reach; [`service`]: what a company answers, its own drivers included.

pub mod envelope;
pub mod fail_points;
pub mod gateway;
pub mod messages;
pub mod peer;
pub mod service;
pub mod traceparent;
