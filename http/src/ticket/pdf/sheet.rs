//! Sheets of paper with what stands where, and how they become the pages and the tags of a document.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{
    ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup, TagKind, TagTree,
};

use super::{HEIGHT, Text, WIDTH};
use crate::ticket::qr::Stretch;

/// Thickness of a rule, in points.
const RULE: f32 = 0.5;

/// What is said of one traveller, under this name in the table of contents.
pub(super) struct Section {
    pub name: String,
    /// At least one.
    pub sheets: Vec<Sheet>,
}

#[derive(Default)]
pub(super) struct Sheet {
    /// In the order of reading.
    pub blocks: Vec<Block>,
}

/// What belongs together.
pub(super) struct Block {
    pub role: Role,
    pub marks: Vec<Mark>,
}

/// What a reader that speaks makes of it.
pub(super) enum Role {
    Structure(Box<TagKind>),
    /// Nothing: it repeats what was said, or adorns.
    Artifact(ArtifactType),
}

pub(super) enum Mark {
    Text {
        text: Box<Text>,
        left: f32,
        top: f32,
    },
    Rule {
        left: f32,
        top: f32,
        width: f32,
    },
    Code {
        /// In a row, with the white around.
        modules: usize,
        dark: Vec<Stretch>,
        left: f32,
        top: f32,
        side: f32,
    },
}

impl Section {
    pub fn first(&mut self) -> &mut Sheet {
        self.sheets.first_mut().expect("it has one")
    }
}

/// A heading of this level; its text is also its title.
pub(super) fn heading(level: u16, title: &str) -> TagKind {
    let level = NonZeroU16::new(level).expect("levels count from 1");
    Tag::Hn(level, Some(title.to_owned())).into()
}

/// Draws the sheets as pages of the document, with their tags and a table of contents.
pub(super) fn draw(document: &mut Document, sections: &[Section]) {
    let mut tree = TagTree::new();
    let mut outline = Outline::new();
    let mut pages = 0;
    for section in sections {
        let start = XyzDestination::new(pages, Point::from_xy(0.0, 0.0));
        outline.push_child(OutlineNode::new(section.name.clone(), start));
        let mut group = TagGroup::new(Tag::Section);
        for sheet in &section.sheets {
            let size = PageSettings::from_wh(WIDTH, HEIGHT).expect("a sheet of A4 has a size");
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            for block in &sheet.blocks {
                block.draw(&mut surface, &mut group);
            }
            surface.finish();
            page.finish();
            pages += 1;
        }
        tree.push(group);
    }
    document.set_outline(outline);
    document.set_tag_tree(tree);
}

impl Block {
    fn draw(&self, surface: &mut Surface<'_>, parent: &mut TagGroup) {
        match &self.role {
            Role::Artifact(kind) => {
                surface.start_tagged(ContentTag::Artifact(*kind));
                self.marks.iter().for_each(|mark| mark.draw(surface));
                surface.end_tagged();
            }
            Role::Structure(tag) => {
                let mut group = TagGroup::new(TagKind::clone(tag));
                for mark in &self.marks {
                    group.push(mark.tagged(surface));
                }
                parent.push(group);
            }
        }
    }
}

impl Mark {
    pub fn text(text: Text, left: f32, top: f32) -> Self {
        let text = Box::new(text);
        Self::Text { text, left, top }
    }

    fn tagged(&self, surface: &mut Surface<'_>) -> Identifier {
        let tag = match self {
            Self::Text { .. } => ContentTag::Span(SpanTag::empty()),
            Self::Rule { .. } | Self::Code { .. } => ContentTag::Other,
        };
        let identifier = surface.start_tagged(tag);
        self.draw(surface);
        surface.end_tagged();
        identifier
    }

    fn draw(&self, surface: &mut Surface<'_>) {
        let mut path = PathBuilder::new();
        let mut fill = |left: f32, top: f32, width: f32, height: f32| {
            if let Some(rect) = Rect::from_xywh(left, top, width, height) {
                path.push_rect(rect);
            }
        };
        match self {
            Self::Text { text, left, top } => return text.draw(surface, *left, *top),
            Self::Rule { left, top, width } => fill(*left, *top, *width, RULE),
            Self::Code {
                modules,
                dark,
                left,
                top,
                side,
            } => {
                let module = side / *modules as f32;
                for stretch in dark {
                    fill(
                        left + stretch.x as f32 * module,
                        top + stretch.y as f32 * module,
                        stretch.length as f32 * module,
                        module,
                    );
                }
            }
        }
        if let Some(path) = path.finish() {
            surface.draw_path(&path);
        }
    }
}
