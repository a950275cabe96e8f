//! The bytes of values, between nodes and in the log. The only module that knows bincode.
//!
//! Invariant: a value is decoded whole or not at all: bytes that trail it are an error.

use bincode::config::{Configuration, standard};
use bincode::enc::write::SizeWriter;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bincode::error::{DecodeError as Undecodable, EncodeError as Unencodable};

const CONFIG: Configuration = standard();

/// Why bytes are no value of the type asked for.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{0} bytes trail the value")]
    Trailing(usize),
    #[error("not a value of this kind: {0}")]
    Invalid(#[from] Undecodable),
}

pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Unencodable> {
    bincode::serde::encode_to_vec(value, CONFIG)
}

/// Decodes what [`encode`] wrote. A decoder claims at most `LEN_MAX` bytes of memory for what the bytes say of lengths.
pub fn decode<T: DeserializeOwned, const LEN_MAX: usize>(bytes: &[u8]) -> Result<T, DecodeError> {
    let config = CONFIG.with_limit::<LEN_MAX>();
    let (value, read) = bincode::serde::decode_from_slice(bytes, config)?;
    match bytes.len() - read {
        0 => Ok(value),
        trailing => Err(DecodeError::Trailing(trailing)),
    }
}

/// How many of the first of these are at most this long together, in bytes.
pub fn fitting<T: Serialize>(items: &[T], len_max: usize) -> usize {
    let mut written = SizeWriter::default();
    let fits = items.iter().take_while(|item| {
        let encoded = bincode::serde::encode_into_writer(item, &mut written, CONFIG);
        encoded.is_ok() && written.bytes_written <= len_max
    });
    fits.count()
}
