//! Messages of Redis (RESP2 and RESP3) as bytes: whole ones are passed on, and a command's words are read. Nothing else is understood.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Of a line, of a text and of a whole message: far beyond what nodes send.
const LENGTH_MAX: usize = 1024 * 1024;
/// Values within values.
const DEPTH_MAX: usize = 8;

/// One message, as it came. None at the end of the stream.
pub(super) async fn message(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
) -> io::Result<Option<Vec<u8>>> {
    if stream.fill_buf().await?.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    value(stream, &mut bytes, 0).await?;
    Ok(Some(bytes))
}

async fn value(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
    bytes: &mut Vec<u8>,
    depth: usize,
) -> io::Result<()> {
    if depth > DEPTH_MAX {
        return Err(invalid("a message that is nested too deeply"));
    }
    let (kind, rest) = line(stream, bytes).await?;
    let count = |factor: usize| -> io::Result<usize> {
        match rest.parse::<i64>() {
            Ok(-1) => Ok(0), // null
            Ok(count) => usize::try_from(count)
                .ok()
                .filter(|count| *count <= LENGTH_MAX)
                .map(|count| count * factor)
                .ok_or_else(|| invalid("a message that is too long")),
            Err(_) => Err(invalid("a length that is no number")),
        }
    };
    match kind {
        b'$' | b'=' | b'!' if rest != "-1" => text(stream, bytes, count(1)?).await,
        b'*' | b'~' | b'>' => values(stream, bytes, count(1)?, depth).await,
        b'%' => values(stream, bytes, count(2)?, depth).await,
        _ => Ok(()), // it was all on its line
    }
}

async fn values(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
    bytes: &mut Vec<u8>,
    count: usize,
    depth: usize,
) -> io::Result<()> {
    for _ in 0..count {
        Box::pin(value(stream, bytes, depth + 1)).await?;
    }
    Ok(())
}

/// The first byte of the next line, and what follows it without its end.
async fn line(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
    bytes: &mut Vec<u8>,
) -> io::Result<(u8, String)> {
    let start = bytes.len();
    let room = LENGTH_MAX.saturating_sub(start);
    (&mut *stream)
        .take(room as u64)
        .read_until(b'\n', bytes)
        .await?;
    let line = &bytes[start..];
    let Some((kind, rest)) = line
        .strip_suffix(b"\r\n")
        .and_then(|line| line.split_first())
    else {
        return Err(invalid("a line without an end"));
    };
    Ok((*kind, String::from_utf8_lossy(rest).into_owned()))
}

async fn text(
    stream: &mut BufReader<impl AsyncRead + Unpin>,
    bytes: &mut Vec<u8>,
    length: usize,
) -> io::Result<()> {
    let start = bytes.len();
    let end = start + length + 2; // its end of line
    if end > LENGTH_MAX {
        return Err(invalid("a message that is too long"));
    }
    bytes.resize(end, 0);
    stream.read_exact(&mut bytes[start..]).await.map(drop)
}

/// The words of a command, which is an array of texts.
pub(super) fn words(message: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let mut rest = message;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (head, tail) = (&rest[..end], &rest[end + 2..]);
        rest = tail;
        let length = head.strip_prefix(b"$").map(String::from_utf8_lossy);
        if let Some(length) = length.and_then(|length| length.parse::<usize>().ok())
            && let Some(word) = tail.get(..length)
        {
            words.push(word);
            rest = tail.get(length + 2..).unwrap_or_default();
        }
    }
    words
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("Redis or a node sent {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn split(stream: &[u8]) -> Vec<String> {
        let mut stream = BufReader::with_capacity(3, stream);
        let mut messages = Vec::new();
        while let Some(bytes) = message(&mut stream).await.unwrap() {
            messages.push(String::from_utf8(bytes).unwrap());
        }
        messages
    }

    #[tokio::test]
    async fn a_stream_falls_into_its_messages() {
        let messages = [
            "+OK\r\n",
            ":-5\r\n",
            "$-1\r\n",
            "$4\r\na\r\nb\r\n",
            "*3\r\n$7\r\ngranted\r\n:3\r\n*1\r\n+x\r\n",
            "%1\r\n+k\r\n:1\r\n",
        ];
        assert_eq!(split(messages.concat().as_bytes()).await, messages);
    }

    #[tokio::test]
    async fn what_is_no_message_is_an_error() {
        for wrong in ["$9999999999\r\n", "*x\r\n", "+half", "$5\r\nab"] {
            let mut stream = BufReader::new(wrong.as_bytes());
            assert!(message(&mut stream).await.is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_of_a_command() {
        let command = b"*3\r\n$7\r\nEVALSHA\r\n$1\r\n2\r\n$11\r\nfence:epoch\r\n";
        assert_eq!(words(command), [&b"EVALSHA"[..], b"2", b"fence:epoch"]);
    }
}
