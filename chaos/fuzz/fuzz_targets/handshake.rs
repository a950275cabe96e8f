//! The frames before a peer is authenticated: whatever passes calls itself as it is certified, for every reader of protobuf.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_node::cluster::fuzzing::handshake;
use prost::Message;

const PEER: &str = "beta@beta.passcom.internal";
/// Frames of a whole handshake.
const FRAMES_MAX: usize = 3;

/// `NetworkMessage` of ractor_cluster, as far as it can name anybody.
#[derive(Message)]
struct Network {
    #[prost(message, optional, tag = "1")]
    auth: Option<Auth>,
    #[prost(bytes = "vec", optional, tag = "2")]
    node: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    control: Option<Vec<u8>>,
}

/// `AuthenticationMessage`; `NameMessage` and `Challenge` both begin with the name.
#[derive(Message)]
struct Auth {
    #[prost(message, optional, tag = "1")]
    name: Option<Named>,
    #[prost(message, optional, tag = "4")]
    challenge: Option<Named>,
}

#[derive(Message)]
struct Named {
    #[prost(string, tag = "1")]
    name: String,
}

// Who dials, then frames behind a byte each with their length.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut frames = Vec::new();
    while let Some((len, after)) = rest.split_first() {
        let Some((frame, after)) = after.split_at_checked(usize::from(*len)) else {
            break;
        };
        frames.push(frame);
        rest = after;
    }
    let (passed, is_over) = handshake(first & 1 == 1, frames.iter().copied(), PEER);
    assert!(passed <= FRAMES_MAX);
    assert!(!is_over || passed >= 2);
    let mut named = 0;
    for frame in &frames[..passed] {
        let Ok(network) = Network::decode(*frame) else {
            continue;
        };
        assert!(network.node.is_none() && network.control.is_none());
        let auth = network.auth.expect("nothing else passes");
        for told in [auth.name, auth.challenge].into_iter().flatten() {
            assert_eq!(told.name, PEER);
            named += 1;
        }
    }
    assert!(named <= 1, "a handshake has one name");
});
