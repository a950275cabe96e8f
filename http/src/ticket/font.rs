//! Text in Helvetica, one of the fonts that every reader of PDF has: its encoding and its widths.
//!
//! The encoding is WinAnsi, which has all of Portuguese. A character that it lacks is written by its base letter (Ł is not, so it becomes `?`):
//! travel documents write names without marks anyway.

use unicode_normalization::UnicodeNormalization;

/// Widths of the characters from space to `~` in thousandths of the size (Adobe's metrics of Helvetica).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// No character is wider.
const WIDEST: u16 = 1015;

/// The text as a reader of PDF wants it.
pub(super) fn encode(text: &str) -> Vec<u8> {
    text.nfc().map(byte).collect()
}

fn byte(character: char) -> u8 {
    match character {
        ' '..='~' => character as u8,
        '\u{a0}'..='\u{ff}' => character as u8, // as in Latin-1
        '–' => 0x96,
        '—' => 0x97,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '€' => 0x80,
        other => base(other).map_or(b'?', |letter| letter as u8),
    }
}

/// The letter without its marks.
fn base(character: char) -> Option<char> {
    let first = std::iter::once(character).nfd().next();
    first.filter(char::is_ascii_graphic)
}

/// Width of a text at this size; never too small.
pub(super) fn width(text: &str, size: f32) -> f32 {
    let thousandths: u32 = text.nfc().map(|c| u32::from(width_of(c))).sum();
    thousandths as f32 * size / 1000.0
}

/// A letter with a mark is as wide as without it.
fn width_of(character: char) -> u16 {
    let letter = base(character).unwrap_or(character);
    let index = (letter as usize).checked_sub(' ' as usize);
    index
        .and_then(|index| WIDTHS.get(index).copied())
        .unwrap_or(WIDEST)
}

/// As much of the text as fits, with an ellipsis where something is missing.
pub(super) fn fitting(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while !kept.is_empty() && width(&kept, size) + width("...", size) > room {
        kept.pop();
    }
    kept + "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portuguese_is_written_as_it_is_and_the_rest_by_its_letters() {
        assert_eq!(
            encode("São João, àçêü"),
            b"S\xe3o Jo\xe3o, \xe0\xe7\xea\xfc"
        );
        assert_eq!(encode("Dvor\u{30c}a\u{301}k"), b"Dvor\xe1k");
        assert_eq!(encode("Łódź 东"), b"?\xf3dz ?");
    }

    #[test]
    fn a_text_is_cut_where_it_must_be() {
        assert_eq!(fitting("Ana", 10.0, 100.0), "Ana");
        let cut = fitting(&"W".repeat(100), 10.0, 100.0);
        assert!(cut.ends_with("...") && width(&cut, 10.0) <= 100.0, "{cut}");
        assert_eq!(width("ã", 10.0), width("a", 10.0));
    }
}
