//! The bytes that cross nodes: bounds of what is encoded, and the envelope around every request.
//!
//! Invariants:
//! - Nothing longer than [`MESSAGE_LEN_MAX`] is ever handed to the transport: a frame over its limit would end the
//!   whole link, with every call that is under way on it.
//! - The first two bytes of a request are its protocol number, so that a node can name the ones it speaks to a peer
//!   that it understands nothing else of.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec;
use crate::company::log::lineage::{Lineage, Mark};
use crate::domain::ids::CompanyId;
use crate::domain::time::Timestamp;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::traceparent::Traceparent;

/// Longest frame that nodes accept from each other, in bytes.
pub const FRAME_LEN_MAX: usize = 256 * 1024;
/// What the transport's own framing may add to a message.
const FRAMING_LEN_MAX: usize = 1024;
/// Longest encoded message.
pub const MESSAGE_LEN_MAX: usize = FRAME_LEN_MAX - FRAMING_LEN_MAX;
/// What a message that lists items may give to them; the rest of it needs far less than it leaves.
const ITEMS_LEN_MAX: usize = MESSAGE_LEN_MAX - 1024;
/// How much a decoder may claim. Bincode counts an integer with its full width although it travels in as little as one
/// byte, so this is the longest message times the widest integer in common use.
const DECODED_LEN_MAX: usize = MESSAGE_LEN_MAX * size_of::<u64>();

/// Oldest and newest protocol that this build speaks.
pub const PROTOCOL_MIN: u16 = 11;
pub const PROTOCOL_MAX: u16 = 11;
const PROTOCOL_LEN: usize = size_of::<u16>();

#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error("a message of {len} bytes exceeds the limit of {MESSAGE_LEN_MAX}")]
    TooLong { len: usize },
    #[error("a value that has no encoding: {0}")]
    Invalid(#[from] codec::Unencodable),
}

#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("a message of {len} bytes exceeds the limit of {MESSAGE_LEN_MAX}")]
    TooLong { len: usize },
    #[error(transparent)]
    Invalid(#[from] codec::DecodeError),
}

/// Encodes a value for another node or for a column of bytes.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let bytes = codec::encode(value)?;
    if bytes.len() > MESSAGE_LEN_MAX {
        return Err(EncodeError::TooLong { len: bytes.len() });
    }
    Ok(bytes)
}

/// How many of the first of these one message holds together.
pub fn fitting<T: Serialize>(items: &[T]) -> usize {
    codec::fitting(items, ITEMS_LEN_MAX)
}

/// Decodes what [`encode`] wrote.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > MESSAGE_LEN_MAX {
        return Err(DecodeError::TooLong { len: bytes.len() });
    }
    Ok(codec::decode::<T, DECODED_LEN_MAX>(bytes)?)
}

/// A request with what its handling needs besides its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The company that asks, by its own word; refused where the connection proves another one.
    pub from: CompanyId,
    pub request_id: Uuid,
    pub traceparent: Traceparent,
    /// After this instant of the receiver's clock nobody waits for the answer any more. Every [`Body::Request`] has
    /// one.
    pub deadline: Option<Timestamp>,
    pub body: Body,
}

/// What is asked. Variants are only ever appended, together with a new protocol number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Who are you?
    Hello,
    /// Do you admit me, after what I told you in my own [`Hello`]? Waits for the verdict.
    Join {
        run: Uuid,
    },
    /// Are you there, what is your clock, whom do you see?
    Ping,
    Request(Request),
}

/// The response to a [`Body`]. Variants are only ever appended: those before `Hello` can be read by every version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// Not executed: the bytes are no envelope.
    BadRequest,
    /// Not executed: this node speaks other protocols.
    UnsupportedProtocol {
        min: u16,
        max: u16,
    },
    /// Not executed: the deadline had passed on arrival.
    Expired,
    /// Not executed: too many requests are under way here.
    Overloaded,
    /// Executed, but the reply does not fit a frame.
    ReplyTooLong,
    Hello(Box<Hello>),
    Joined(Result<(), String>),
    Pong(Pong),
    Reply(Box<Reply>),
}

/// What nodes must know of each other before they talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub company: CompanyId,
    /// Product version, for operators.
    pub version: String,
    pub protocol_min: u16,
    pub protocol_max: u16,
    /// Hash of the membership list: nodes with different lists do not talk.
    pub membership: [u8; 32],
    /// This start of the process.
    pub run: Uuid,
    pub clock: Timestamp,
    /// Of its log, with the incarnation of its database.
    pub lineage: Lineage,
    /// How far it has seen the logs of the others.
    pub seen: BTreeMap<CompanyId, Mark>,
}

/// Response to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    pub clock: Timestamp,
    /// Companies that the peer can call now.
    pub sees: Vec<CompanyId>,
    /// How far its log is durable.
    pub mark: Mark,
}

/// Why the bytes of a request cannot be handled.
#[derive(Debug, PartialEq, Eq)]
pub enum OpenError {
    Malformed,
    UnsupportedProtocol,
}

impl Envelope {
    /// Seals the envelope in the newest protocol.
    pub fn seal(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = encode(self)?;
        bytes.splice(..0, PROTOCOL_MAX.to_be_bytes());
        if bytes.len() > MESSAGE_LEN_MAX {
            return Err(EncodeError::TooLong { len: bytes.len() });
        }
        Ok(bytes)
    }

    pub fn open(bytes: &[u8]) -> Result<Self, OpenError> {
        let (protocol, rest) = bytes
            .split_first_chunk::<PROTOCOL_LEN>()
            .ok_or(OpenError::Malformed)?;
        if !(PROTOCOL_MIN..=PROTOCOL_MAX).contains(&u16::from_be_bytes(*protocol)) {
            return Err(OpenError::UnsupportedProtocol);
        }
        decode(rest).map_err(|_| OpenError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::messages::Whom;

    fn ping() -> Envelope {
        Envelope {
            from: "a".parse().unwrap(),
            request_id: Uuid::from_u128(7),
            traceparent: Traceparent::generate(),
            deadline: Some(Timestamp(9)),
            body: Body::Ping,
        }
    }

    #[test]
    fn an_envelope_comes_out_as_it_went_in() {
        let request = Envelope {
            body: Body::Request(Request::FindUser(Whom::Login("ana".into()))),
            ..ping()
        };
        assert_eq!(Envelope::open(&request.seal().unwrap()), Ok(request));
    }

    #[test]
    fn junk_is_malformed_and_another_protocol_is_named_as_such() {
        let sealed = ping().seal().unwrap();
        assert_eq!(Envelope::open(&[]), Err(OpenError::Malformed));
        assert_eq!(
            Envelope::open(&sealed[..sealed.len() - 1]),
            Err(OpenError::Malformed)
        );
        let trailed = [&sealed[..], &[0]].concat();
        assert_eq!(Envelope::open(&trailed), Err(OpenError::Malformed));
        let newer = [&(PROTOCOL_MAX + 1).to_be_bytes()[..], b"whatever comes"].concat();
        assert_eq!(Envelope::open(&newer), Err(OpenError::UnsupportedProtocol));
    }

    #[test]
    fn the_longest_message_decodes_and_one_byte_more_is_not_encoded() {
        let prefix =
            encode(&vec![0u64; MESSAGE_LEN_MAX - 100]).unwrap().len() - (MESSAGE_LEN_MAX - 100);
        let longest = vec![0u64; MESSAGE_LEN_MAX - prefix];
        let bytes = encode(&longest).unwrap();
        assert_eq!(bytes.len(), MESSAGE_LEN_MAX);
        assert_eq!(decode::<Vec<u64>>(&bytes).unwrap(), longest);

        let longer = vec![0u64; longest.len() + 1];
        assert!(
            matches!(encode(&longer), Err(EncodeError::TooLong { len }) if len == MESSAGE_LEN_MAX + 1)
        );
        assert!(matches!(
            decode::<Vec<u8>>(&vec![0; MESSAGE_LEN_MAX + 1]),
            Err(DecodeError::TooLong { .. })
        ));
    }

    #[test]
    fn as_many_items_go_into_a_message_as_it_holds() {
        let items = vec![(7i64, "é".repeat(500)); 1000];
        let some = fitting(&items);
        let encoded = |count| encode(&(7u64, &items[..count]));
        assert!(encoded(some).is_ok());
        assert!(encoded(some + 3).is_err());
        assert_eq!(fitting(&items[..some - 1]), some - 1);
    }

    #[test]
    fn a_length_that_lies_is_refused_without_an_allocation_of_that_size() {
        let lie = encode(&u64::MAX).unwrap();
        assert!(matches!(
            decode::<String>(&lie),
            Err(DecodeError::Invalid(_))
        ));
        assert!(matches!(
            decode::<Vec<u8>>(&lie),
            Err(DecodeError::Invalid(_))
        ));
    }
}
