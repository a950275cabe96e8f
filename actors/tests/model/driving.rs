//! A driver's step: it is told an event, and its effects are carried out.

use std::collections::VecDeque;

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::question::Question;
use passcom_actors::domain::saga::{Effect, Event};
use passcom_actors::domain::time::Timestamp;

use crate::bookings::{Bookings, START};
use crate::config::{Plan, key};
use crate::intern::Id;
use crate::world::{Asker, Message, Network, Replies, Said, World};

impl Bookings {
    /// Tells a driver an event and carries out its effects.
    pub fn tell(&self, world: &mut World, slot: usize, event: Event) {
        self.tell_at(world, slot, START, event);
    }

    pub fn tell_at(&self, world: &mut World, slot: usize, at: Timestamp, event: Event) {
        let mut events = VecDeque::from([(at, event)]);
        while let Some((at, event)) = events.pop_front() {
            let Some(driver) = world.slots[slot].driver else {
                return;
            };
            let (after, effects) = self.step(driver, at, self.events.id(event));
            world.slots[slot].driver = Some(after);
            if effects.is_empty() {
                continue;
            }
            for effect in effects.iter() {
                let heard = self.perform(world, slot, effect);
                events.extend(heard.map(|event| (START, event)));
            }
            self.forget_the_past(world, slot);
        }
    }

    /// Carries out an effect. Returns the event that the driver hears of it at once, if any.
    fn perform(&self, world: &mut World, slot: usize, effect: &Effect) -> Option<Event> {
        let own = &mut world.slots[slot];
        match effect {
            Effect::AcquireLease(_) => match self.config.leases[..] {
                [answer] if self.config.reduced => return Some(Event::Leased(answer)),
                _ => own.leasing = Some(FencingToken::NONE),
            },
            Effect::RaiseFence(fence) => own.leasing = Some(*fence),
            Effect::ReleaseLease(_) => {}
            Effect::Send { to, tag, question } => {
                let to = self.cast.company(*to);
                let own = to == self.home(slot);
                self.send(
                    world,
                    slot,
                    to,
                    *tag,
                    self.entry_of(slot, question, own),
                    false,
                );
            }
            Effect::Post { tag, entry } => return self.post_own(world, slot, *tag, entry),
            Effect::Answer(answer) => {
                let plan = self.config.drivers[slot];
                let waits = matches!(plan, Plan::Client { .. } | Plan::Confirm { .. });
                if waits && own.said == Said::Nothing {
                    own.said = Said::from(*answer);
                }
            }
            Effect::Stop => own.driver = None,
        }
        None
    }

    /// The company whose node this driver runs at.
    fn home(&self, slot: usize) -> usize {
        match self.config.drivers[slot] {
            Plan::Client { at, .. }
            | Plan::Recovery { at, .. }
            | Plan::Confirm { at, .. }
            | Plan::Release { at, .. }
            | Plan::Expiry { at, .. } => at,
        }
    }

    fn post_own(&self, world: &mut World, slot: usize, tag: u32, entry: &Entry) -> Option<Event> {
        let at = self.home(slot);
        let is_round = matches!(entry, Entry::NextRound { .. });
        if !(is_round && self.config.reduced && self.config.silences == 0) {
            self.send(world, slot, at, tag, entry.clone(), true);
            return None;
        }
        world.slots[slot].tag = tag;
        match self.raise_round(world, at, entry) {
            None => world.slots[slot].driver = None,
            receipt => return Some(Event::Posted { tag, receipt }),
        }
        None
    }

    fn send(
        &self,
        world: &mut World,
        slot: usize,
        to: usize,
        tag: u32,
        entry: Entry,
        own_entry: bool,
    ) {
        let own = &mut world.slots[slot];
        own.tag = own.tag.max(tag);
        let slot = u8::try_from(slot).expect("few drivers");
        let network = self.networks.get(world.network);
        let message = Message {
            to: u8::try_from(to).expect("few companies"),
            entry: self.entries.id(entry),
            asker: Some(Asker {
                slot,
                tag,
                own_entry,
            }),
            executed: false,
        };
        let network = network.iter().copied().chain([message]);
        world.network = self.networks.id(ascending(network));
    }

    /// Nobody hears an answer to an older tag's question, or after the driver's end.
    fn forget_the_past(&self, world: &mut World, slot: usize) {
        let own = &mut world.slots[slot];
        let network = self.networks.get(world.network);
        let is_late = |message: &Message| {
            message.asker.is_some_and(|asker| {
                let past = asker.tag < own.tag || own.driver.is_none();
                asker.slot as usize == slot && past
            })
        };
        if network.iter().any(is_late) {
            let kept = network.iter().filter_map(|message| {
                let round = || matches!(&*self.entries.get(message.entry), Entry::NextRound { .. });
                let nobodys = Message {
                    asker: None,
                    executed: false,
                    ..*message
                };
                match is_late(message) {
                    false => Some(*message),
                    true => (!round()).then_some(nobodys),
                }
            });
            world.network = self.networks.id(ascending(kept));
        }
        let current = |event: &&Id<Event>| match &*self.events.get(**event) {
            Event::Answered { tag, .. } | Event::Posted { tag, .. } => *tag == own.tag,
            _ => true,
        };
        let replies = self.replies.get(own.replies);
        let kept: Replies = if own.driver.is_none() {
            Replies::new()
        } else {
            replies.iter().filter(current).copied().collect()
        };
        own.replies = self.replies.id(kept);
        if own.driver.is_none() {
            (own.tag, own.leasing) = (0, None);
        }
    }

    /// The entry of a company that is asked; with the client's key where its own node drives the saga.
    fn entry_of(&self, slot: usize, question: &Question, own: bool) -> Entry {
        let idempotency = match self.config.drivers[slot] {
            Plan::Client { saga, .. } => (own && self.config.keys).then(|| key(saga)),
            _ => None,
        };
        Entry::asked(question.clone(), None, idempotency)
    }
}

pub fn ascending(messages: impl Iterator<Item = Message>) -> Network {
    let mut network: Network = messages.collect();
    network.sort_unstable();
    network.dedup();
    network
}
