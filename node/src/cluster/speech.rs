//! In whose name a peer speaks once it is authenticated. Pure.
//!
//! `ractor_cluster` hands what it receives to our gateway without saying from which session it came, and our own frames say themselves
//! who sends them. So the two are compared here, where the certificate is known. One frame is a protobuf
//! `NetworkMessage { node = 2: NodeMessage { cast = 1 | call = 2 | reply = 3 } }`, or a control message, which is of the links alone.
//!
//! Invariant: what our gateway is told names the company that the certificate proves, or cannot be read by the gateway either. A field
//! that appears twice, which other readers would merge, is refused.

use std::io;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::envelope::{Envelope, FRAME_LEN_MAX};
use passcom_actors::mesh::frame;

use super::first_frames::{Fields, PREFIX_LEN, Value, invalid, only_field};

const NODE: u64 = 2;
const CONTROL: u64 = 3;
// variants of NodeMessage
const CAST: u64 = 1;
const CALL: u64 = 2;
const REPLY: u64 = 3;
/// The payload of a cast or a call: each argument behind its length.
const WHAT: u64 = 2;
/// The variant of the gateway's message, by name.
const CAST_VARIANT: u64 = 3;
const CALL_VARIANT: u64 = 5;

/// The length of the frame that this prefix announces.
pub(super) fn frame_len(prefix: [u8; PREFIX_LEN]) -> io::Result<usize> {
    let len = usize::try_from(u64::from_be_bytes(prefix)).ok();
    len.filter(|len| *len <= FRAME_LEN_MAX)
        .ok_or_else(|| invalid("a frame longer than nodes send"))
}

/// Whom a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Our gateway, which knows who says it; so many bytes.
    ToGateway(usize),
    /// Our gateway, which cannot read it either, and says so.
    Unreadable,
    /// The session.
    ToSession,
}

/// Whether this frame (without its prefix) may pass, from a peer that is `expected`.
pub(super) fn check(frame: &[u8], expected: CompanyId) -> io::Result<Said> {
    let message = match only_field(frame)? {
        (NODE, message) => message,
        (CONTROL, _) => return Ok(Said::ToSession),
        _ => return Err(invalid("a handshake after the handshake")),
    };
    let (sender, len) = match only_field(message)? {
        (CAST, cast) => {
            let bytes = argument(cast, CAST_VARIANT, b"Frame")?;
            (frame::sender(bytes), bytes.len())
        }
        (CALL, call) => {
            let bytes = argument(call, CALL_VARIANT, b"Call")?;
            let envelope = Envelope::open(bytes);
            (envelope.map(|envelope| envelope.from), bytes.len())
        }
        (REPLY, _) => return Ok(Said::ToSession),
        _ => return Err(invalid("a message of a kind that nodes do not send")),
    };
    match sender {
        Ok(sender) if sender != expected => Err(invalid(&format!(
            "certified as {expected}, but it speaks as {sender}"
        ))),
        Ok(_) => Ok(Said::ToGateway(len)),
        Err(_) => Ok(Said::Unreadable),
    }
}

/// The only argument of a message for the gateway, which must be of this variant.
fn argument<'a>(message: &'a [u8], variant_field: u64, variant: &[u8]) -> io::Result<&'a [u8]> {
    let (mut what, mut named) = (None, None);
    for field in Fields(message) {
        let slot = match field? {
            (WHAT, Value::Bytes(bytes)) => what.replace(bytes),
            (field, Value::Bytes(bytes)) if field == variant_field => named.replace(bytes),
            _ => None,
        };
        if slot.is_some() {
            return Err(invalid("a field that appears twice"));
        }
    }
    if named != Some(variant) {
        return Err(invalid("a message that no gateway takes"));
    }
    let (len, bytes) = what
        .and_then(|what| what.split_first_chunk::<{ size_of::<u64>() }>())
        .ok_or_else(|| invalid("a message without content"))?;
    let len = usize::try_from(u64::from_be_bytes(*len)).ok();
    len.and_then(|len| bytes.get(..len))
        .ok_or_else(|| invalid("a message that ends too early"))
}

#[cfg(test)]
mod tests {
    use passcom_actors::mesh::envelope::Body;
    use passcom_actors::mesh::frame::{Frame, Kind, Part};
    use passcom_actors::mesh::traceparent::Traceparent;
    use uuid::Uuid;

    use super::*;

    fn company(code: &str) -> CompanyId {
        code.parse().unwrap()
    }

    /// A length-delimited field.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut len = bytes.len();
        let mut field = vec![number << 3 | 2];
        while len >= 0x80 {
            field.push((len & 0x7f) as u8 | 0x80);
            len >>= 7;
        }
        field.push(len as u8);
        field.extend_from_slice(bytes);
        field
    }

    fn what(argument: &[u8]) -> Vec<u8> {
        let len = u64::try_from(argument.len()).unwrap().to_be_bytes();
        field(2, &[&len[..], argument].concat())
    }

    fn frame_of(from: &str) -> Vec<u8> {
        let part = Part {
            kind: Kind::Request,
            call: Uuid::from_u128(1),
            bytes: vec![0; 300],
        };
        Frame::new(company(from), part).seal()
    }

    fn cast(argument: &[u8], variant: &str) -> Vec<u8> {
        let to = [1 << 3, 7];
        let cast = [&to[..], &what(argument), &field(3, variant.as_bytes())].concat();
        field(2, &field(1, &cast))
    }

    fn call(from: &str) -> Vec<u8> {
        let envelope = Envelope {
            from: company(from),
            request_id: Uuid::nil(),
            traceparent: Traceparent::generate(),
            deadline: None,
            body: Body::Join { run: Uuid::nil() },
        };
        let sealed = envelope.seal().unwrap();
        let call = [
            &[1 << 3, 7][..],
            &what(&sealed),
            &[3 << 3, 1],
            &field(5, b"Call"),
        ]
        .concat();
        field(2, &field(2, &call))
    }

    #[test]
    fn a_peer_speaks_in_its_own_name_and_in_no_other() {
        for (from, passes) in [("b", true), ("a", false), ("c", false)] {
            let frame = cast(&frame_of(from), "Frame");
            let said = Some(Said::ToGateway(frame_of(from).len())).filter(|_| passes);
            assert_eq!(check(&frame, company("b")).ok(), said, "{from}");
            assert_eq!(check(&call(from), company("b")).is_ok(), passes, "{from}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let (own, another) = (what(&frame_of("b")), what(&frame_of("a")));
        let variant = field(3, b"Frame");
        let twice = [&own[..], &another, &variant].concat();
        assert!(check(&field(2, &field(1, &twice)), company("b")).is_err());
        let two_casts = [cast(&frame_of("b"), "Frame"), cast(&frame_of("a"), "Frame")].concat();
        assert!(check(&two_casts, company("b")).is_err());
        let two_names = [&own[..], &variant, &variant].concat();
        assert!(check(&field(2, &field(1, &two_names)), company("b")).is_err());
    }

    #[test]
    fn what_is_no_message_for_the_gateway_is_refused_and_what_is_of_the_links_passes() {
        assert!(check(&cast(&frame_of("b"), "Call"), company("b")).is_err());
        assert!(
            check(&field(1, &field(1, b"x")), company("b")).is_err(),
            "a handshake"
        );
        assert!(check(&field(2, &field(4, b"x")), company("b")).is_err());
        assert!(
            check(&field(3, &field(1, b"x")), company("b")).unwrap() == Said::ToSession,
            "control"
        );
        assert!(
            check(&field(2, &field(3, b"x")), company("b")).is_ok(),
            "a reply"
        );
        assert!(
            check(&cast(b"junk", "Frame"), company("b")).unwrap() == Said::Unreadable,
            "the gateway says so"
        );
    }

    #[test]
    fn a_frame_longer_than_nodes_send_is_refused_by_its_prefix() {
        let prefix = |len: usize| u64::try_from(len).unwrap().to_be_bytes();
        assert!(frame_len(prefix(FRAME_LEN_MAX)).is_ok());
        assert!(frame_len(prefix(FRAME_LEN_MAX + 1)).is_err());
    }
}
