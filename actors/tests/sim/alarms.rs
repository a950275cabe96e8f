//! Listens to what the product logs: its alarms are objections; when a run is printed, so is every word.

use std::cell::RefCell;
use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static ALARMS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Listens on this thread until the guard is dropped.
pub fn listen(print: bool) -> DefaultGuard {
    take();
    tracing::subscriber::set_default(Listener { print })
}

/// What was logged as an error since the last time.
pub fn take() -> Vec<String> {
    ALARMS.take()
}

struct Listener {
    print: bool,
}

impl Subscriber for Listener {
    /// Threads listen to different levels.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("passcom");
        ours && metadata.is_event() && (self.print || *metadata.level() == Level::ERROR)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if self.print {
            println!("{:>15} {}", event.metadata().level(), text.0);
        }
        if *event.metadata().level() == Level::ERROR {
            ALARMS.with_borrow_mut(|alarms| alarms.push(text.0));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = write!(self.0, "{}={value:?} ", field.name());
        written.expect("a string takes everything");
    }
}
