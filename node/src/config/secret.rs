//! Secrets come from files that not everybody may read. A problem is told as a half sentence, to which the caller puts the field's name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Largest configuration or secret file that is read.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Permission bits of "every user of this machine".
const OTHERS: u32 = 0o007;

/// The content without surrounding white space; never empty.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|cause| format!("cannot read {shown}: {cause}"))?;
    if metadata.permissions().mode() & OTHERS != 0 {
        return Err(format!(
            "{shown} is open to every user of this machine; run: chmod 600 {shown}"
        ));
    }
    let text = read_bounded(path).map_err(|cause| format!("cannot read {shown}: {cause}"))?;
    match text.trim() {
        "" => Err(format!("{shown} is empty")),
        secret => Ok(secret.to_owned()),
    }
}

pub(super) fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "it has more than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}
