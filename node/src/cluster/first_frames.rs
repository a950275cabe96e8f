//! What a peer may say before it is authenticated, read as strictly as possible. Pure.
//!
//! `ractor_cluster` believes the name that a peer claims, and lets it take the place of the session that bears the name.
//! So the frames of its handshake are read here first. One frame is a big-endian u64 length and a protobuf
//! `NetworkMessage { auth = 1: AuthenticationMessage { oneof … } }`; the dialler sends its name, the other side answers
//! with a status and a challenge that carries its own name.
//!
//! Invariants:
//! - Nothing passes but the frames of the handshake in their order, none longer than [`FRAME_LEN_MAX`].
//! - No name passes but the expected one. A field that appears twice, which other readers would merge, is refused; so
//!   nobody can read another name out of the same bytes.

use std::io;

/// Longest frame before authentication. A name message has some 100 bytes.
const FRAME_LEN_MAX: u64 = 2 * 1024;
/// Length prefix of a frame.
pub(super) const PREFIX_LEN: usize = size_of::<u64>();

/// The frame that has to come next from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// We were dialled: the peer's name comes first.
    Name,
    /// We were dialled: whether the peer goes on although another connection lives, or its answer to our challenge.
    StatusOrAnswer,
    /// As the last, once the peer said that it goes on.
    Answer,
    /// We dialled: the peer's status.
    ServerStatus,
    /// We dialled: the peer's challenge, which carries its name.
    Challenge,
    /// We dialled: the peer's proof.
    Proof,
    /// The handshake is over as far as frames tell; the session checks the proofs in them.
    Open,
}

// numbers of the variants of AuthenticationMessage
const NAME: u64 = 1;
const SERVER_STATUS: u64 = 2;
const CLIENT_STATUS: u64 = 3;
const SERVER_CHALLENGE: u64 = 4;
const CLIENT_CHALLENGE: u64 = 5;
const SERVER_ACK: u64 = 6;

impl Stage {
    pub fn first(we_were_dialled: bool) -> Self {
        if we_were_dialled {
            Stage::Name
        } else {
            Stage::ServerStatus
        }
    }

    /// The stage after this frame (without its prefix), from a peer that must call itself `expected`.
    pub fn next(self, frame: &[u8], expected: &str) -> io::Result<Self> {
        let (kind, message) = authentication(frame)?;
        match (self, kind) {
            (Stage::Name, NAME) => {
                check_name(message, expected)?;
                Ok(Stage::StatusOrAnswer)
            }
            (Stage::StatusOrAnswer, CLIENT_STATUS) => Ok(Stage::Answer),
            (Stage::StatusOrAnswer | Stage::Answer, CLIENT_CHALLENGE) => Ok(Stage::Open),
            (Stage::ServerStatus, SERVER_STATUS) => Ok(Stage::Challenge),
            (Stage::Challenge, SERVER_CHALLENGE) => {
                check_name(message, expected)?;
                Ok(Stage::Proof)
            }
            (Stage::Proof, SERVER_ACK) => Ok(Stage::Open),
            _ => Err(invalid("a frame out of the order of the handshake")),
        }
    }
}

/// The length of the frame that this prefix announces.
pub(super) fn frame_len(prefix: [u8; PREFIX_LEN]) -> io::Result<usize> {
    let len = u64::from_be_bytes(prefix);
    if len > FRAME_LEN_MAX {
        return Err(invalid("a frame too long for a handshake"));
    }
    usize::try_from(len).map_err(|_| invalid("a frame too long for a handshake"))
}

fn check_name(message: &[u8], expected: &str) -> io::Result<()> {
    const NAME_FIELD: u64 = 1;
    let mut names = Vec::new();
    for field in Fields(message) {
        match field? {
            (NAME_FIELD, Value::Bytes(name)) => names.push(name),
            (NAME_FIELD, Value::Number) => return Err(invalid("a name that is no text")),
            _ => {}
        }
    }
    match names[..] {
        [name] if name == expected.as_bytes() => Ok(()),
        [name] => Err(invalid(&format!(
            "certified as {expected}, but it claims to be {:?}",
            String::from_utf8_lossy(name)
        ))),
        _ => Err(invalid("a name message with no name or several")),
    }
}

/// The variant of the only authentication message in the frame, and its bytes.
fn authentication(frame: &[u8]) -> io::Result<(u64, &[u8])> {
    const AUTH_FIELD: u64 = 1;
    match only_field(frame)? {
        (AUTH_FIELD, message) => only_field(message),
        _ => Err(invalid("a frame that belongs behind the handshake")),
    }
}

pub(super) fn only_field(message: &[u8]) -> io::Result<(u64, &[u8])> {
    let mut fields = Fields(message);
    match (fields.next().transpose()?, fields.next()) {
        (Some((number, Value::Bytes(bytes))), None) => Ok((number, bytes)),
        _ => Err(invalid("not exactly one message in a frame")),
    }
}

pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    /// Any number: none of them matters here.
    Number,
}

/// The fields of a protobuf message.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn field(&mut self) -> io::Result<(u64, Value<'a>)> {
        const VARINT: u64 = 0;
        const LENGTH_DELIMITED: u64 = 2;
        let key = self.varint()?;
        let value = match key & 7 {
            VARINT => {
                self.varint()?;
                Value::Number
            }
            LENGTH_DELIMITED => {
                let len = usize::try_from(self.varint()?).map_err(|_| truncated())?;
                let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(truncated)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return Err(invalid("a field of a type that no handshake has")),
        };
        Ok((key >> 3, value))
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or_else(truncated)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(invalid("a number of more than 64 bits"))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = io::Result<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[]; // what follows a broken field means nothing
        }
        Some(field)
    }
}

fn truncated() -> io::Error {
    invalid("a message that ends too early")
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("refused: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BETA: &str = "beta@beta.passcom.internal";

    /// A length-delimited field; short enough for lengths of one byte.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let len = u8::try_from(bytes.len()).expect("a short field");
        assert!(len < 0x80);
        [&[number << 3 | 2, len], bytes].concat()
    }

    fn auth(variant: u64, message: &[u8]) -> Vec<u8> {
        field(1, &field(u8::try_from(variant).unwrap(), message))
    }

    fn name(claimed: &str) -> Vec<u8> {
        let flags = field(2, &[1 << 3, 1]);
        let connection_id = [4 << 3, 0xff, 0x01];
        [&field(1, claimed.as_bytes())[..], &flags, &connection_id].concat()
    }

    #[test]
    fn both_handshakes_pass() {
        let dialled = [
            (NAME, name(BETA)),
            (CLIENT_STATUS, vec![]),
            (CLIENT_CHALLENGE, vec![]),
        ];
        let dialling = [
            (SERVER_STATUS, vec![]),
            (SERVER_CHALLENGE, name(BETA)),
            (SERVER_ACK, vec![]),
        ];
        for (we_were_dialled, frames) in [(true, &dialled), (false, &dialling)] {
            let mut stage = Stage::first(we_were_dialled);
            for (variant, message) in frames {
                assert_ne!(stage, Stage::Open);
                stage = stage.next(&auth(*variant, message), BETA).unwrap();
            }
            assert_eq!(stage, Stage::Open);
        }
    }

    #[test]
    fn another_name_is_refused_in_both_directions() {
        for claimed in [
            "gamma@gamma.passcom.internal",
            "",
            "beta@beta.passcom.internal2",
        ] {
            assert!(Stage::Name.next(&auth(NAME, &name(claimed)), BETA).is_err());
            assert!(
                Stage::Challenge
                    .next(&auth(SERVER_CHALLENGE, &name(claimed)), BETA)
                    .is_err()
            );
        }
    }

    #[test]
    fn bytes_that_could_be_read_in_two_ways_are_refused() {
        let twice = [name(BETA), name("gamma")].concat();
        assert!(Stage::Name.next(&auth(NAME, &twice), BETA).is_err());
        let two_messages = [auth(NAME, &name(BETA)), auth(NAME, &name("gamma"))].concat();
        assert!(Stage::Name.next(&two_messages, BETA).is_err());
        let two_variants = [field(1, &name(BETA)), field(1, &name("gamma"))].concat();
        assert!(Stage::Name.next(&field(1, &two_variants), BETA).is_err());
        let number = [1 << 3, 7];
        assert!(
            Stage::Name
                .next(&auth(NAME, &[&name(BETA)[..], &number].concat()), BETA)
                .is_err()
        );
    }

    #[test]
    fn a_frame_out_of_order_is_refused() {
        assert!(
            Stage::Name
                .next(&auth(CLIENT_CHALLENGE, &[]), BETA)
                .is_err()
        );
        assert!(Stage::Answer.next(&auth(CLIENT_STATUS, &[]), BETA).is_err());
        assert!(
            Stage::Name.next(&field(2, &name(BETA)), BETA).is_err(),
            "a call, not a handshake"
        );
        assert!(Stage::Name.next(&[], BETA).is_err());
        assert!(Stage::Open.next(&auth(NAME, &name(BETA)), BETA).is_err());
    }

    #[test]
    fn no_prefix_of_a_good_frame_is_good() {
        let whole = auth(NAME, &name(BETA));
        for len in 0..whole.len() {
            assert!(
                Stage::Name.next(&whole[..len], BETA).is_err(),
                "{len} bytes"
            );
        }
    }

    #[test]
    fn a_long_frame_is_refused_by_its_prefix() {
        assert!(frame_len(FRAME_LEN_MAX.to_be_bytes()).is_ok());
        assert!(frame_len((FRAME_LEN_MAX + 1).to_be_bytes()).is_err());
        assert!(frame_len([0xff; PREFIX_LEN]).is_err());
    }
}
