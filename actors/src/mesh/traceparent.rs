//! W3C trace context: which trace a piece of work belongs to, across tasks and nodes.
//!
//! A booking's actor keeps it, between nodes it travels in the envelope. Spans end with the request or the call that they are
//! of: actors are not told of them, for that cost every message a share of a booking's time.
//! Invariant: a [`Traceparent`] is always a valid header value of version 00.

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `00-<32 hex: trace>-<16 hex: parent>-<2 hex: flags>`
const LEN: usize = 55;
const SAMPLED: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u128, u64, u8)", into = "(u128, u64, u8)")]
pub struct Traceparent {
    trace: u128,
    parent: u64,
    flags: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent of version 00")]
pub struct InvalidTraceparent;

tokio::task_local! {
    static CURRENT: Traceparent;
}

impl Traceparent {
    /// Begins a new trace.
    pub fn generate() -> Self {
        Self {
            trace: fastrand::u128(1..),
            parent: fastrand::u64(1..),
            flags: SAMPLED,
        }
    }

    /// A new trace of this id, for work that has an id already; a zero id is none.
    pub fn of(trace: u128) -> Self {
        let new = Self::generate();
        match trace {
            0 => new,
            trace => Self { trace, ..new },
        }
    }

    /// The trace that this task works for, or a new one.
    pub fn current() -> Self {
        CURRENT
            .try_with(|current| *current)
            .unwrap_or_else(|_| Self::generate())
    }

    /// The same trace, seen from a new piece of work.
    pub fn child(self) -> Self {
        Self {
            parent: fastrand::u64(1..),
            ..self
        }
    }

    /// Runs the future as a part of this trace: [`Traceparent::current`] answers it there.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace, self.parent, self.flags
        )
    }
}

impl FromStr for Traceparent {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, InvalidTraceparent> {
        let shaped = text.len() == LEN
            && text
                .bytes()
                .all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let fields: Vec<&str> = text.split('-').collect();
        let [version, trace, parent, flags] = fields[..] else {
            return Err(InvalidTraceparent);
        };
        if !shaped || version != "00" || trace.len() != 32 || parent.len() != 16 {
            return Err(InvalidTraceparent);
        }
        let invalid = |_| InvalidTraceparent;
        let trace = u128::from_str_radix(trace, 16).map_err(invalid)?;
        let parent = u64::from_str_radix(parent, 16).map_err(invalid)?;
        let flags = u8::from_str_radix(flags, 16).map_err(invalid)?;
        (trace, parent, flags).try_into()
    }
}

impl TryFrom<(u128, u64, u8)> for Traceparent {
    type Error = InvalidTraceparent;

    fn try_from((trace, parent, flags): (u128, u64, u8)) -> Result<Self, InvalidTraceparent> {
        if trace == 0 || parent == 0 {
            return Err(InvalidTraceparent);
        }
        Ok(Self {
            trace,
            parent,
            flags,
        })
    }
}

impl From<Traceparent> for (u128, u64, u8) {
    fn from(t: Traceparent) -> Self {
        (t.trace, t.parent, t.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_standard_parses_and_prints() {
        assert_eq!(EXAMPLE.parse::<Traceparent>().unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for bad in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0-",
        ] {
            assert_eq!(bad.parse::<Traceparent>(), Err(InvalidTraceparent), "{bad}");
        }
    }

    #[tokio::test]
    async fn work_inside_a_scope_belongs_to_its_trace() {
        let outer: Traceparent = EXAMPLE.parse().unwrap();
        let inner = outer.scope(async { Traceparent::current() }).await;
        assert_eq!(inner, outer);
        assert_ne!(Traceparent::current(), outer);
    }
}
