//! Bodies of requests: however a body is written, it is read as the same; and who is kept as a passenger is told so that the same can be
//! sent again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_http::fuzzing::{kept, readings};
use serde_json::Value;

/// 27 November 2026.
const NOW: i64 = 1_795_780_800;

fuzz_target!(|bytes: &[u8]| {
    let read = readings(bytes, NOW);
    // what is skipped need be no more than well-formed
    if let Ok(value) = serde_json::from_slice::<Value>(bytes)
        && !read.is_empty()
    {
        let written = value.to_string();
        let again = readings(written.as_bytes(), NOW);
        for reading in &read {
            assert!(again.contains(reading), "{reading:?} of {written}");
        }
    }
    for (first, again) in kept(bytes, NOW) {
        assert_eq!(again, Ok(first));
    }
});
