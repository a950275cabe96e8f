//! A QR code (ISO/IEC 18004) as squares on a page.

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around it, without which readers do not find it.
const QUIET: usize = 4;

/// A dark stretch of one row, in modules from the upper left.
pub(super) struct Stretch {
    pub x: usize,
    pub y: usize,
    pub length: usize,
}

/// Modules in a row with the white around, and what is dark. With as much redundancy as the length allows.
pub(super) fn draw(text: &str) -> Result<(usize, Vec<Stretch>), QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L))?;
    let side = code.width();
    let mut dark = Vec::new();
    for (y, row) in code.to_colors().chunks(side).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run[0] == Color::Dark {
                dark.push(Stretch {
                    x: x + QUIET,
                    y: y + QUIET,
                    length: run.len(),
                });
            }
            x += run.len();
        }
    }
    Ok((side + 2 * QUIET, dark))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of a module.
    const SCALE: usize = 4;

    fn read(text: &str) -> String {
        let (side, dark) = draw(text).unwrap();
        let is_dark = |x: usize, y: usize| {
            let on_row = dark.iter().filter(|stretch| stretch.y == y);
            let mut covering = on_row.filter(|one| (one.x..one.x + one.length).contains(&x));
            covering.next().is_some()
        };
        let shade = |x: usize, y: usize| match is_dark(x / SCALE, y / SCALE) {
            true => 0,
            false => 255,
        };
        let pixels = side * SCALE;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, shade);
        let (_, read) = image.detect_grids()[0].decode().unwrap();
        read
    }

    #[test]
    fn another_programs_reader_reads_what_was_drawn() {
        for text in [
            "a",
            "https://a.example/#/bilhete/eyJ0eXAi.ção",
            &"x".repeat(900),
        ] {
            assert_eq!(read(text), text);
        }
    }
}
