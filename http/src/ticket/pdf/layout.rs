//! Lays out one document, from top to bottom: where the next thing has room, and what stands on every sheet.

use krilla::tagging::{ArtifactType, Tag, TagKind};
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::ticket::Ticket;

use super::sheet::{self, Block, Mark, Role, Section, Sheet};
use super::words::Words;
use super::{BESIDE, HEIGHT, LINE, MARGIN};
use crate::airlines::Airlines;
use crate::ticket::text::{Style, Typesetter};

/// Where the header begins, and what follows it; nothing but the notes is below the end.
pub(super) const TOP: f32 = 50.0;
const BELOW_HEADER: f32 = 172.0;
const END: f32 = HEIGHT - MARGIN - 30.0;
const NOTES: f32 = HEIGHT - MARGIN - 18.0;

const TITLE: Style = style(20.0, true);
const CODE: Style = style(22.0, true);
pub(super) const NAME: Style = style(14.0, false);
pub(super) const BODY: Style = style(12.0, false);
pub(super) const STRONG: Style = style(12.0, true);
pub(super) const VALUE: Style = style(10.0, false);
pub(super) const SMALL: Style = style(9.0, false);
pub(super) const LABEL: Style = style(9.0, true);
pub(super) const FACT: Style = style(8.0, true);
pub(super) const NOTE: Style = style(8.0, false);

const fn style(size: f32, bold: bool) -> Style {
    Style { size, bold }
}

pub(super) struct Layout<'a> {
    pub typesetter: Typesetter,
    pub ticket: &'a Ticket,
    pub airlines: &'a Airlines,
    pub words: &'a Words,
    pub sections: Vec<Section>,
    /// How far down the newest sheet is taken.
    pub y: f32,
}

impl<'a> Layout<'a> {
    pub fn new(ticket: &'a Ticket, airlines: &'a Airlines, words: &'a Words) -> Self {
        Self {
            typesetter: Typesetter::new(),
            ticket,
            airlines,
            words,
            sections: Vec::new(),
            y: TOP,
        }
    }

    /// Header and notes are told of the first sheet only: once is enough for those who hear them.
    pub fn begin_section(&mut self, name: &str) {
        self.sections.push(Section {
            name: name.to_owned(),
            sheets: Vec::new(),
        });
        self.begin_sheet();
    }

    fn begin_sheet(&mut self) {
        let first = self.section().sheets.is_empty();
        let words = self.words;
        let role = |tag: TagKind, artifact: ArtifactType| match first {
            true => Role::Structure(Box::new(tag)),
            false => Role::Artifact(artifact),
        };
        let mut sheet = Sheet::default();
        let title = [
            self.text("PassCom", TITLE, BESIDE, MARGIN, TOP),
            self.text(words.title, BODY, BESIDE, MARGIN, TOP + 28.0),
        ];
        let heading = sheet::heading(1, &format!("PassCom {}", words.title));
        sheet.blocks.push(Block {
            role: role(heading, ArtifactType::Header),
            marks: title.into(),
        });
        let locator = Locator::of(self.ticket.id).to_string();
        let locator = [
            self.text(words.locator, LABEL, BESIDE, MARGIN, TOP + 48.0),
            self.text(&locator, CODE, BESIDE, MARGIN, TOP + 58.0),
        ];
        sheet.blocks.push(Block {
            role: role(Tag::P.into(), ArtifactType::Header),
            marks: locator.into(),
        });
        // by the clock of where the trip begins
        let legs = &self.ticket.order.legs;
        let origin = legs.first().map_or("", |leg| &leg.origin_iata);
        let bought = words.when(self.ticket.order.created_at / 1000, origin, None);
        let number = format!("{} {}", words.ticket, self.ticket.id);
        let bought = format!("{}: {bought}", words.issued);
        for (line, top) in [(number, TOP + 92.0), (bought, TOP + 105.0)] {
            sheet.blocks.push(Block {
                role: role(Tag::P.into(), ArtifactType::Header),
                marks: vec![self.text(&line, SMALL, BESIDE, MARGIN, top)],
            });
        }
        for (note, top) in words.notes.into_iter().zip([NOTES, NOTES + 12.0]) {
            sheet.blocks.push(Block {
                role: role(Tag::P.into(), ArtifactType::Footer),
                marks: vec![self.text(note, NOTE, LINE, MARGIN, top)],
            });
        }
        self.section().sheets.push(sheet);
        self.y = BELOW_HEADER;
    }

    pub fn section(&mut self) -> &mut Section {
        self.sections.last_mut().expect("one was begun")
    }

    fn text(&mut self, text: &str, style: Style, width: f32, left: f32, top: f32) -> Mark {
        let text = self.typesetter.set(text, style, width);
        Mark::text(text, left, top)
    }

    /// Where something of this height begins: here, or at the top of another sheet.
    pub fn room(&mut self, height: f32) -> f32 {
        if self.y + height > END {
            self.begin_sheet();
        }
        let top = self.y;
        self.y += height;
        top
    }

    pub fn block(&mut self, role: Role, marks: Vec<Mark>) {
        let sheet = self.section().sheets.last_mut().expect("one was begun");
        sheet.blocks.push(Block { role, marks });
    }

    pub fn paragraph(&mut self, text: &str, style: Style, width: f32) {
        let text = self.typesetter.set(text, style, width);
        let top = self.room(text.height());
        self.block(said(), vec![Mark::text(text, MARGIN, top)]);
    }

    /// A heading of the second level, with room below it.
    pub fn heading(&mut self, text: &str, style: Style) {
        let heading = Role::Structure(Box::new(sheet::heading(2, text)));
        let title = self.typesetter.set(text, style, LINE);
        let top = self.room(title.height() + 6.0);
        self.block(heading, vec![Mark::text(title, MARGIN, top)]);
    }

    pub fn labelled(&mut self, label: &str, text: &str, style: Style) {
        let label = self.typesetter.set(label, LABEL, BESIDE);
        let text = self.typesetter.set(text, style, BESIDE);
        let gap = label.height() + 2.0;
        let top = self.room(gap + text.height() + 6.0);
        let marks = [(label, top), (text, top + gap)];
        let marks = marks.map(|(text, top)| Mark::text(text, MARGIN, top));
        self.block(said(), marks.into());
    }

    /// A thin line over the whole width, which is nothing to hear.
    pub fn rule(&mut self, top: f32) {
        let rule = Mark::Rule {
            left: MARGIN,
            top,
            width: LINE,
        };
        self.block(Role::Artifact(ArtifactType::Other), vec![rule]);
    }
}

/// A paragraph, for those who hear it.
pub(super) fn said() -> Role {
    Role::Structure(Box::new(Tag::P.into()))
}
