//! Short codes kept inline: a season has hundreds of thousands of legs, and each names two airports, a flight and a type.

/// At most `N` bytes of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code<const N: usize>([u8; N]);

impl<const N: usize> Code<N> {
    /// None if the text is longer or has a zero byte.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        let fits = text.len() <= N && !text.contains('\0');
        fits.then(|| {
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Self(bytes)
        })
    }

    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        std::str::from_utf8(&self.0[..len]).expect("made of a text, whole")
    }
}
