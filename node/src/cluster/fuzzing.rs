//! What reads bytes of strangers here, for the fuzz targets in `chaos/fuzz`. Built for them, and with the tests, so that it keeps up.

use std::io;

use passcom_actors::domain::ids::CompanyId;

use super::first_frames::Stage;
use super::speech;

/// Whether this frame (without its prefix) of an open link may pass, from a peer that is `expected`.
pub fn speech(frame: &[u8], expected: CompanyId) -> io::Result<()> {
    speech::check(frame, expected).map(drop)
}

/// How many of these frames (without their prefixes) pass as a handshake, in this order, from a peer that must call itself
/// `expected`; and whether it is over then.
pub fn handshake<'f>(
    we_were_dialled: bool,
    frames: impl IntoIterator<Item = &'f [u8]>,
    expected: &str,
) -> (usize, bool) {
    let mut stage = Stage::first(we_were_dialled);
    let mut passed = 0;
    for frame in frames {
        match stage.next(frame, expected) {
            Ok(next) => stage = next,
            Err(_) => break,
        }
        passed += 1;
    }
    (passed, stage == Stage::Open)
}
