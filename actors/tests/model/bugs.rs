//! Bugs that the properties must catch.

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::saga::{Driver, Effect, Event, Start};

use crate::company::Company;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    None_,
}

impl Bug {
    pub fn before_post(self, _: &mut Company, _: &mut Entry) {}
    pub fn after_post(self, _: &Company, _: &Entry, _: &mut Company, _: &mut Receipt) {}
    pub fn told(self, event: &Event) -> Vec<Event> {
        vec![event.clone()]
    }
    pub fn done(self, _: &Driver, _: &Event, effects: Vec<Effect>) -> Vec<Effect> {
        effects
    }
    pub fn start(self, start: Start) -> Start {
        start
    }
    pub fn misbehave(self, _: &Company) -> Option<Company> {
        None
    }
}
