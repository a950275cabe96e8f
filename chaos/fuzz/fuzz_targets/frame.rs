//! Frames of other nodes: what is opened can be sealed again, is the same then, and names one sender.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_actors::mesh::envelope::PROTOCOL_MAX;
use passcom_actors::mesh::frame::{Frame, PARTS_MAX, open, sender};

// The protocol's number is added: corpora outlive it.
fuzz_target!(|bytes: &[u8]| {
    let sealed = [&PROTOCOL_MAX.to_be_bytes(), bytes].concat();
    let Ok((from, parts)) = open(&sealed) else {
        return;
    };
    assert_eq!(sender(&sealed), Ok(from));
    assert!(parts.len() <= PARTS_MAX);
    let mut rest = parts.iter().cloned();
    let Some(first) = rest.next() else {
        return;
    };
    let mut frame = Frame::new(from, first);
    rest.for_each(|part| frame.push(part));
    assert_eq!(open(&frame.seal()), Ok((from, parts)));
});
