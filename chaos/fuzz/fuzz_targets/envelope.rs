//! Requests and responses of other nodes: what is opened can be sealed again, and is the same then.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use passcom_actors::mesh::envelope::{Envelope, PROTOCOL_MAX, Response, decode, encode};

// The first byte says which of the two. The protocol's number is added: corpora outlive it.
fuzz_target!(|bytes: &[u8]| -> Corpus {
    match bytes {
        [b'q', rest @ ..] => {
            let sealed = [&PROTOCOL_MAX.to_be_bytes(), rest].concat();
            let Ok(envelope) = Envelope::open(&sealed) else {
                return Corpus::Keep;
            };
            let again = envelope.seal().expect("it came in as much room");
            assert_eq!(Envelope::open(&again), Ok(envelope));
        }
        [b'r', rest @ ..] => {
            let Ok(response) = decode::<Response>(rest) else {
                return Corpus::Keep;
            };
            let again = encode(&response).expect("it came in as much room");
            assert_eq!(decode::<Response>(&again).unwrap(), response);
        }
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});
