//! Text as it is printed: glyphs of fonts that are part of the program, shaped, in visual order, in lines that fit.
//!
//! Nothing is taken from the machine: a ticket is the same at every node. The fonts have the letters of almost every
//! passport in the world ([`fonts/README.md`](fonts/README.md)); a character that none of them has is printed as its
//! number, `[U+20BB7]`: never left out, and never as another one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, Collection, CollectionOptions, FontInfoOverride, SourceCache};
use parley::layout::{Alignment, AlignmentOptions, Cluster, Run};
use parley::style::{FontFamily, FontFamilyName, LineHeight, OverflowWrap, StyleProperty};
use parley::{FontContext, Layout, LayoutContext};
use unicode_normalization::UnicodeNormalization;

macro_rules! fonts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("fonts/", $name, ".ttf")) as &'static [u8])),*]
    };
}

/// A character is printed in the first of them that has it. The first of all is bold, for labels alone, which are
/// Portuguese or English.
static FONTS: [(&str, &[u8]); 22] = fonts![
    "NotoSans-Bold",
    "NotoSans-Regular",
    "NotoSansArabic-Regular",
    "NotoSansHebrew-Regular",
    "NotoSansDevanagari-Regular",
    "NotoSansBengali-Regular",
    "NotoSansGurmukhi-Regular",
    "NotoSansGujarati-Regular",
    "NotoSansTamil-Regular",
    "NotoSansTelugu-Regular",
    "NotoSansKannada-Regular",
    "NotoSansMalayalam-Regular",
    "NotoSansSinhala-Regular",
    "NotoSansThai-Regular",
    "NotoSansLao-Regular",
    "NotoSansKhmer-Regular",
    "NotoSansMyanmar-Regular",
    "NotoSansArmenian-Regular",
    "NotoSansGeorgian-Regular",
    "NotoSansEthiopic-Regular",
    "DroidSansFallback",
    "NotoEmoji-Regular",
];
/// Height of a line, in sizes of its text; some of the scripts are taller than Latin.
const LEADING: f32 = 1.36;

struct Library {
    context: FontContext,
    regular: Vec<FontFamilyName<'static>>,
    bold: Vec<FontFamilyName<'static>>,
    /// By the number of a font's bytes.
    faces: HashMap<u64, Font>,
}

/// Read once; each typesetter has a copy of the lists, and none of the bytes.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut collection = Collection::new(CollectionOptions {
        shared: false,
        system_fonts: false,
    });
    let mut bold = Vec::new();
    let mut faces = HashMap::new();
    for (name, bytes) in FONTS {
        let bytes = Arc::new(bytes);
        let blob = Blob::new(bytes.clone());
        let face = Font::new((bytes as Arc<dyn AsRef<[u8]> + Send + Sync>).into(), 0);
        faces.insert(
            blob.id(),
            face.unwrap_or_else(|| panic!("{name} is part of the program")),
        );
        let family = FontInfoOverride {
            family_name: Some(name),
            ..FontInfoOverride::default()
        };
        collection.register_fonts(blob, Some(family));
        bold.push(FontFamilyName::named(name));
    }
    Library {
        context: FontContext {
            collection,
            source_cache: SourceCache::default(),
        },
        regular: bold[1..].to_vec(),
        bold,
        faces,
    }
});

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// In points.
    pub size: f32,
    pub bold: bool,
}

/// Makes the texts of one document.
pub(super) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
}

/// A text in lines, as wide as it was asked to be.
pub(super) struct Text {
    content: String,
    layout: Layout<()>,
}

impl Typesetter {
    pub fn new() -> Self {
        Self {
            fonts: LIBRARY.context.clone(),
            layouts: LayoutContext::new(),
        }
    }

    /// The whole text, in as many lines of this width (in points) as it needs.
    pub fn set(&mut self, text: &str, style: Style, width: f32) -> Text {
        let mut content: String = text.nfc().filter_map(shown).collect();
        loop {
            let layout = self.layout(&content, style, width);
            let lacking = lacking(&layout);
            if lacking.is_empty() {
                return Text { content, layout };
            }
            // what stands for a character is ASCII, which the fonts have: less is lacking each time
            content = numbered(&content, &lacking);
        }
    }

    fn layout(&mut self, text: &str, style: Style, width: f32) -> Layout<()> {
        let library = &*LIBRARY;
        let families = match style.bold {
            true => &library.bold,
            false => &library.regular,
        };
        let mut builder = self
            .layouts
            .ranged_builder(&mut self.fonts, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(
            families.as_slice().into(),
        )));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(
            LEADING,
        )));
        let mut layout = builder.build(text);
        layout.break_all_lines(Some(width));
        // also what is written from the right: it stands in a column of its label
        layout.align(Alignment::Left, AlignmentOptions::default());
        layout
    }
}

impl Text {
    /// In points.
    pub fn height(&self) -> f32 {
        self.layout.height()
    }

    #[cfg(test)]
    pub fn lines(&self) -> usize {
        self.layout.len()
    }

    /// What stands on the page.
    #[cfg(test)]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Draws it with its upper left corner there.
    pub fn draw(&self, surface: &mut Surface<'_>, left: f32, top: f32) {
        for line in self.layout.lines() {
            let baseline = top + line.metrics().baseline;
            let mut x = left + line.metrics().offset;
            for run in line.runs() {
                let glyphs = glyphs(&run);
                let face = LIBRARY.faces[&run.font().data.id()].clone();
                let start = Point::from_xy(x, baseline);
                surface.draw_glyphs(start, &glyphs, face, &self.content, run.font_size(), false);
                x += run.advance();
            }
        }
    }
}

/// The glyphs of a run from left to right, each with the text that it stands for.
fn glyphs(run: &Run<'_, ()>) -> Vec<KrillaGlyph> {
    let size = run.font_size();
    let mut atoms: Vec<(Cluster<'_, ()>, Range<usize>)> = Vec::new();
    for cluster in run.clusters() {
        match atoms.last_mut() {
            Some((_, range)) if cluster.is_ligature_continuation() => {
                range.end = cluster.text_range().end;
            }
            _ => {
                let range = cluster.text_range();
                atoms.push((cluster, range));
            }
        }
    }
    if run.is_rtl() {
        atoms.reverse();
    }
    let mut glyphs = Vec::new();
    for (cluster, range) in atoms {
        let of_cluster = cluster.glyphs().map(|glyph| {
            KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance / size,
                glyph.x / size,
                glyph.y / size,
                0.0,
                range.clone(),
                None,
            )
        });
        glyphs.extend(of_cluster);
    }
    glyphs
}

/// Where the text has no glyph, in ascending order.
fn lacking(layout: &Layout<()>) -> Vec<Range<usize>> {
    let runs = layout.lines().flat_map(|line| line.runs());
    let clusters = runs.flat_map(|run| run.clusters());
    let mut lacking: Vec<Range<usize>> = clusters
        .filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0))
        .map(|cluster| cluster.text_range())
        .collect();
    lacking.sort_by_key(|range| range.start);
    lacking
}

/// The text with the numbers of these characters in their place.
fn numbered(text: &str, lacking: &[Range<usize>]) -> String {
    let mut numbered = String::with_capacity(text.len() + 10 * lacking.len());
    for (at, character) in text.char_indices() {
        let is_lacking = lacking.iter().any(|range| range.contains(&at));
        match character {
            _ if !is_lacking => numbered.push(character),
            ' '..='~' => numbered.push(character),
            other => numbered.push_str(&format!("[U+{:04X}]", u32::from(other))),
        }
    }
    numbered
}

/// What cannot be seen is left out but for the two that join and part letters; a line break is a blank.
fn shown(character: char) -> Option<char> {
    match character {
        _ if character.is_control() => Some(' '),
        '\u{2028}' | '\u{2029}' => Some(' '),
        // soft hyphen, marks of direction, fillers, variation selectors, tags
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => {
            None
        }
        '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' => None,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        size: 14.0,
        bold: false,
    };

    fn set(text: &str, width: f32) -> Text {
        Typesetter::new().set(text, STYLE, width)
    }

    #[test]
    fn the_first_font_is_the_bold_one() {
        assert_eq!(FONTS[0].0, "NotoSans-Bold");
        assert_eq!(LIBRARY.regular.len() + 1, LIBRARY.bold.len());
    }

    #[test]
    fn names_of_all_the_world_have_their_letters() {
        for name in [
            "Łukasz Żółć",
            "Nguyễn Thị Ngọc Huyền",
            "王小明",
            "さくら サクラ",
            "김민준",
            "محمد بن عبد الله",
            "שרה כהן",
            "Екатерина Їжак",
            "Ελένη Παπαδοπούλου",
            "श्रीकृष्ण शर्मा",
            "রবীন্দ্রনাথ",
            "தமிழ்ச்செல்வி",
            "สมชาย ใจดี",
            "ສົມສັກ",
            "សុខា",
            "မောင်မောင်",
            "Արմեն",
            "გიორგი",
            "አበበ",
            "Ana 😀",
            "ʻOkina Ā",
        ] {
            assert_eq!(set(name, 500.0).content(), name.nfc().collect::<String>());
        }
    }

    #[test]
    fn what_no_font_has_is_told_by_its_number() {
        assert_eq!(set("𠮷田 Ana", 500.0).content(), "[U+20BB7]田 Ana");
        assert_eq!(set("\u{378}", 500.0).content(), "[U+0378]");
        assert_eq!(set("x\u{1dc0}", 500.0).content().chars().next(), Some('x'));
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_a_decomposed_letter_is_one() {
        assert_eq!(set("a\u{202e}b\u{200b}c\nd", 500.0).content(), "abc d");
        assert_eq!(set("Conceic\u{327}a\u{303}o", 500.0).content(), "Conceição");
    }

    #[test]
    fn a_text_is_wrapped_and_nothing_of_it_is_cut() {
        let long = "Maria Aparecida da Conceição Albuquerque de Vasconcelos e Souza Cavalcanti";
        let text = set(long, 295.0);
        assert_eq!(text.content(), long);
        assert!(text.lines() > 1 && text.layout.width() <= 295.0);
        // also where there is no blank to break at
        let text = set(&"W".repeat(120), 295.0);
        assert_eq!(text.content().len(), 120);
        assert!(text.lines() > 3 && text.layout.width() <= 295.0);
    }

    #[test]
    fn arabic_letters_are_joined_and_stand_from_the_right() {
        let text = set("بب", 295.0);
        let line = text.layout.lines().next().unwrap();
        let run = line.runs().next().unwrap();
        assert!(run.is_rtl());
        let glyphs = glyphs(&run);
        assert_ne!(
            glyphs[0].glyph_id, glyphs[1].glyph_id,
            "first and last form"
        );
        assert_eq!(glyphs[0].text_range, 2..4, "the last letter is leftmost");
    }
}
