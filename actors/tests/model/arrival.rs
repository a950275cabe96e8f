//! A message arrives at a company, or nobody hears of it: one ledger entry, and the answer on its way back.

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::saga::{Event, NoAnswer};
use passcom_actors::domain::vote::{Prepare, Refusal, RefusalReason};

use crate::bookings::Bookings;
use crate::driving::ascending;
use crate::world::{Message, Slot, World};

impl Bookings {
    pub fn arrive(&self, world: &mut World, message: Message, claimed: bool, lost: bool) {
        let at = message.to as usize;
        let entry = self.entries.get(message.entry);
        let receipt = if claimed {
            let claimed = with_claim(&entry, self.cast.companies[at]);
            self.post(&mut world.companies, at, claimed)
        } else {
            self.post_known(&mut world.companies, at, message.entry)
        };
        self.mark_executed(world, message, &entry);
        let (Some(asker), Some(receipt)) = (message.asker.filter(|_| !lost), receipt) else {
            return;
        };
        let event = if asker.own_entry {
            Event::Posted {
                tag: asker.tag,
                receipt: Some(receipt),
            }
        } else {
            Event::Answered {
                from: self.cast.companies[at],
                tag: asker.tag,
                answer: Ok(answer_in(receipt)),
            }
        };
        let slot = asker.slot as usize;
        if self.config.reduced {
            self.tell(world, slot, event);
        } else {
            self.reply(&mut world.slots[slot], event);
        }
    }

    fn reply(&self, slot: &mut Slot, event: Event) {
        let mut replies = (*self.replies.get(slot.replies)).clone();
        replies.insert(self.events.id(event));
        slot.replies = self.replies.id(replies);
    }

    fn mark_executed(&self, world: &mut World, message: Message, entry: &Entry) {
        let change: fn(Message) -> Option<Message> = match entry {
            // every arrival uses a ballot up, so there is one
            Entry::NextRound { .. } => |_| None,
            Entry::Asked {
                question: Question::Book(_),
                ..
            } => |message| {
                Some(Message {
                    executed: true,
                    ..message
                })
            },
            _ => return,
        };
        self.replace(world, message, change(message));
    }

    pub fn replace(&self, world: &mut World, message: Message, by: Option<Message>) {
        let network = self.networks.get(world.network);
        let others = network.iter().filter(|other| **other != message).copied();
        world.network = self.networks.id(ascending(others.chain(by)));
    }

    pub fn fall_silent(&self, world: &mut World, message: Message, not_sent: bool) {
        let Some(asker) = message.asker else {
            return;
        };
        world.silences -= 1;
        let event = if asker.own_entry {
            // written or not, or about to be
            self.replace(
                world,
                message,
                Some(Message {
                    asker: None,
                    ..message
                }),
            );
            Event::Posted {
                tag: asker.tag,
                receipt: None,
            }
        } else {
            if not_sent {
                self.replace(world, message, None);
            }
            let answer = Err(if not_sent {
                NoAnswer::NotSent
            } else {
                NoAnswer::Silence
            });
            let from = self.cast.companies[message.to as usize];
            Event::Answered {
                from,
                tag: asker.tag,
                answer,
            }
        };
        self.tell(world, asker.slot as usize, event);
    }
}

/// The answer in the receipt of what was asked.
pub fn answer_in(receipt: Receipt) -> CompanyAnswer {
    receipt.answer().expect("the receipt of what was asked")
}

/// The same vote, asked for while the route's memory has promised the seat to another booking.
fn with_claim(entry: &Entry, me: CompanyId) -> Entry {
    let held = |prepare: &Prepare| {
        let seats = prepare.order.claims_of(me);
        seats.first().map(|seat| Refusal {
            seat: *seat,
            reason: RefusalReason::Held,
        })
    };
    let mut entry = entry.clone();
    if let Entry::Asked { question, lost, .. } = &mut entry {
        *lost = question.votes_on().and_then(held);
    }
    entry
}
