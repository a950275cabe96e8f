//! Rows of the log, of every format: what is read can be written again, and is the same then.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_actors::company::log::record::Record;

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = Record::decode(bytes) else {
        return;
    };
    assert_eq!(Record::decode(&record.encode()).unwrap(), record);
});
