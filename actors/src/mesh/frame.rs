//! What waits for a link travels together: a frame holds requests and responses, each encoded on its own, so that one that
//! cannot be read hurts itself only.
//!
//! ```text
//! protocol (2 bytes) │ length of the head (4) │ head: who sends, and each part's kind, call and length │ parts
//! ```

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::envelope::{
    DecodeError, MESSAGE_LEN_MAX, OpenError, PROTOCOL_MAX, PROTOCOL_MIN, decode, encode,
};
use crate::domain::ids::CompanyId;

/// Most parts of a frame.
pub const PARTS_MAX: usize = 256;
/// What the head of a frame and its first part's entry take at most.
const HEAD_LEN_MAX: usize = 128;
/// What the entry of another part takes at most: its kind, a call, a length.
const ENTRY_LEN_MAX: usize = 1 + 17 + 5;
/// Longest part.
pub const PART_LEN_MAX: usize = MESSAGE_LEN_MAX - HEAD_LEN_MAX;
const PROTOCOL_LEN: usize = size_of::<u16>();
const LENGTH_LEN: usize = size_of::<u32>();

/// A request or a response. The call ties the two together; nobody but who makes it and who answers it can know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub kind: Kind,
    pub call: Uuid,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An [`Envelope`](super::envelope::Envelope).
    Request,
    /// A [`Response`](super::envelope::Response).
    Response,
}

#[derive(Serialize, Deserialize)]
struct Head {
    from: CompanyId,
    entries: Vec<(Kind, Uuid, u32)>,
}

/// A frame that is being filled.
pub struct Frame {
    head: Head,
    parts: Vec<u8>,
}

impl Frame {
    pub fn new(from: CompanyId, first: Part) -> Self {
        let mut frame = Self {
            head: Head {
                from,
                entries: Vec::new(),
            },
            parts: Vec::new(),
        };
        frame.push(first);
        frame
    }

    /// Whether this part may be pushed, too.
    pub fn has_room_for(&self, part: &Part) -> bool {
        let entries = self.head.entries.len();
        let len = HEAD_LEN_MAX + entries * ENTRY_LEN_MAX + self.parts.len() + part.bytes.len();
        entries < PARTS_MAX && len <= MESSAGE_LEN_MAX
    }

    pub fn push(&mut self, part: Part) {
        let len = u32::try_from(part.bytes.len()).expect("a part is shorter than a frame");
        self.head.entries.push((part.kind, part.call, len));
        if self.parts.is_empty() {
            self.parts = part.bytes;
        } else {
            self.parts.extend_from_slice(&part.bytes);
        }
    }

    /// The bytes that travel, in the newest protocol.
    pub fn seal(&self) -> Vec<u8> {
        let head = encode(&self.head).expect("a head is shorter than a frame");
        let len = u32::try_from(head.len()).expect("it is shorter than a frame");
        let mut bytes =
            Vec::with_capacity(PROTOCOL_LEN + LENGTH_LEN + head.len() + self.parts.len());
        bytes.extend_from_slice(&PROTOCOL_MAX.to_be_bytes());
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&self.parts);
        bytes
    }
}

/// Who sent a frame, by its own word: to be compared with what the connection proves.
pub fn sender(bytes: &[u8]) -> Result<CompanyId, OpenError> {
    Ok(open_head(bytes)?.0.from)
}

/// The head of a frame, and its parts as they follow.
fn open_head(bytes: &[u8]) -> Result<(Head, &[u8]), OpenError> {
    let (protocol, rest) = bytes
        .split_first_chunk::<PROTOCOL_LEN>()
        .ok_or(OpenError::Malformed)?;
    if !(PROTOCOL_MIN..=PROTOCOL_MAX).contains(&u16::from_be_bytes(*protocol)) {
        return Err(OpenError::UnsupportedProtocol);
    }
    let (len, rest) = rest
        .split_first_chunk::<LENGTH_LEN>()
        .ok_or(OpenError::Malformed)?;
    let (head, rest) = usize::try_from(u32::from_be_bytes(*len))
        .ok()
        .and_then(|len| rest.split_at_checked(len))
        .ok_or(OpenError::Malformed)?;
    let head: Result<Head, DecodeError> = decode(head);
    Ok((head.map_err(|_| OpenError::Malformed)?, rest))
}

/// A frame that arrived: who sent it, and its parts. That nobody names another company is seen to where frames come in.
pub fn open(bytes: &[u8]) -> Result<(CompanyId, Vec<Part>), OpenError> {
    let (head, mut rest) = open_head(bytes)?;
    if head.entries.len() > PARTS_MAX {
        return Err(OpenError::Malformed);
    }
    let mut parts = Vec::with_capacity(head.entries.len());
    for (kind, call, len) in head.entries {
        let (part, after) = usize::try_from(len)
            .ok()
            .and_then(|len| rest.split_at_checked(len))
            .ok_or(OpenError::Malformed)?;
        let bytes = part.to_vec();
        parts.push(Part { kind, call, bytes });
        rest = after;
    }
    match rest.is_empty() {
        true => Ok((head.from, parts)),
        false => Err(OpenError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u8, len: usize) -> Part {
        Part {
            kind: match number % 2 {
                0 => Kind::Request,
                _ => Kind::Response,
            },
            call: Uuid::from_u128(u128::MAX - u128::from(number)),
            bytes: vec![number; len],
        }
    }

    fn longest_name() -> CompanyId {
        let mut names = (1..=64).rev().map(|len| "x".repeat(len).parse());
        names
            .find_map(Result::ok)
            .expect("some name is short enough")
    }

    #[test]
    fn parts_come_out_as_they_went_in() {
        let from = "a".parse().unwrap();
        let mut frame = Frame::new(from, part(0, 3));
        frame.push(part(1, 0));
        frame.push(part(2, 500));
        let parts = vec![part(0, 3), part(1, 0), part(2, 500)];
        assert_eq!(open(&frame.seal()), Ok((from, parts)));
    }

    #[test]
    fn a_full_frame_is_as_long_as_a_message_may_be_at_most() {
        let mut frame = Frame::new(longest_name(), part(0, PART_LEN_MAX));
        assert!(frame.seal().len() <= MESSAGE_LEN_MAX);
        assert!(!frame.has_room_for(&part(1, 1)));

        frame = Frame::new(longest_name(), part(0, 1));
        let mut count = 1;
        while frame.has_room_for(&part(7, 900)) {
            frame.push(part(7, 900));
            count += 1;
        }
        assert_eq!(count, PARTS_MAX);
        assert!(frame.seal().len() <= MESSAGE_LEN_MAX);

        frame = Frame::new(longest_name(), part(0, 1));
        while frame.has_room_for(&part(7, 3000)) {
            frame.push(part(7, 3000));
        }
        assert!(frame.seal().len() <= MESSAGE_LEN_MAX);
        assert!(frame.seal().len() > MESSAGE_LEN_MAX - 3000 - PARTS_MAX * ENTRY_LEN_MAX);
    }

    #[test]
    fn junk_is_malformed_and_another_protocol_is_named_as_such() {
        let sealed = Frame::new("a".parse().unwrap(), part(0, 9)).seal();
        for len in 0..sealed.len() {
            assert_eq!(open(&sealed[..len]), Err(OpenError::Malformed), "{len}");
        }
        let trailed = [&sealed[..], &[0]].concat();
        assert_eq!(open(&trailed), Err(OpenError::Malformed));
        let newer = [&(PROTOCOL_MAX + 1).to_be_bytes()[..], b"whatever comes"].concat();
        assert_eq!(open(&newer), Err(OpenError::UnsupportedProtocol));
    }
}
