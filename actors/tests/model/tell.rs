//! A trace in words.

use stateright::Path;

use crate::bookings::Bookings;
use crate::ending::Healed;
use crate::world::{Action, World};

impl Bookings {
    pub fn tell_path(&self, path: Path<World, Action>) {
        let last = *path.last_state();
        for (step, action) in path.into_actions().into_iter().enumerate() {
            println!("  {:>2} {}", step + 1, self.tell_action(action));
        }
        for dead in [None, Some(0), Some(1), Some(2)] {
            let healed: Healed = self.heal(last.companies, dead);
            println!("  dead {dead:?}: {healed:?}");
        }
        println!("  breaches: {:?}", self.verdict(last.companies).breaches);
    }

    fn tell_action(&self, action: Action) -> String {
        match action {
            Action::Arrive {
                message,
                claimed,
                lost,
            } => {
                let entry = self.entries.get(message.entry);
                let name = self.cast.companies[message.to as usize];
                let claimed = if claimed { " (claimed)" } else { "" };
                let lost = if lost { " (answer lost)" } else { "" };
                format!(
                    "at {name}{claimed}{lost}: {}",
                    shortened(&format!("{entry:?}"))
                )
            }
            Action::Hear { slot, event } => {
                let event = self.events.get(event);
                format!("driver {slot} hears {}", shortened(&format!("{event:?}")))
            }
            Action::Silence { message, not_sent } => {
                let entry = self.entries.get(message.entry);
                format!(
                    "no answer (not sent: {not_sent}) to {}",
                    shortened(&format!("{entry:?}"))
                )
            }
            action => format!("{action:?}"),
        }
    }
}

/// Orders are long and all alike.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("Order {") {
        let end = rest[at..]
            .find("hold_seconds: ")
            .and_then(|field| Some(at + field + rest[at + field..].find('}')? + 1))
            .unwrap_or(rest.len());
        short.push_str(&rest[..at]);
        short.push_str("order");
        rest = &rest[end..];
    }
    short.push_str(rest);
    short
}
