//! Fewer states for the same behaviour. Each rule leaves out an order of steps that nobody can tell from one that is
//! kept; the configurations named `plain` do without them all.
//!
//! * A message that nobody waits for and that would change nothing now will never change anything: rows only move
//!   forward.
//! * A client without a rival for its key begins at once: what it sends arrives later all the same.
//! * Where Redis has only one answer, it is given at once.
//! * An answer is heard when it leaves, or never: what its driver then does arrives later all the same, and one that
//!   comes after the driver went on is not heard. (One that would be the same on asking again is always heard.)
//! * A raised ballot round is seen by nobody else, so that it is raised and heard of in one step. A driver that is out
//!   of ballots has crashed.

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::question::Question;

use crate::bookings::Bookings;
use crate::company::Company;
use crate::config::Plan;
use crate::world::{Message, Network, World};

impl Bookings {
    /// Whether no other client sends the same request.
    pub fn is_only_client(&self, slot: usize) -> bool {
        let Plan::Client { saga, .. } = self.config.drivers[slot] else {
            return false;
        };
        let clients = self.config.drivers.iter();
        let rivals =
            clients.filter(|plan| matches!(plan, Plan::Client { saga: of, .. } if *of == saga));
        rivals.count() == 1
    }

    pub fn prune(&self, world: &mut World) {
        let network = self.networks.get(world.network);
        let spent = |message: &&Message| message.asker.is_none() && self.is_spent(world, message);
        if network.iter().any(|message| spent(&message)) {
            let kept: Network = network
                .iter()
                .filter(|message| !spent(message))
                .copied()
                .collect();
            world.network = self.networks.id(kept);
        }
    }

    fn is_spent(&self, world: &World, message: &Message) -> bool {
        let at = message.to as usize;
        let mut companies = world.companies;
        self.post_known(&mut companies, at, message.entry);
        if companies != world.companies {
            return false;
        }
        match &*self.entries.get(message.entry) {
            // it may come before the row that it finishes
            Entry::Finish { saga } => self.companies.get(companies[at]).sagas.contains_key(saga),
            _ => true,
        }
    }

    /// The one receipt of a raised round; none where the ballots are used up.
    pub fn raise_round(&self, world: &mut World, at: usize, entry: &Entry) -> Option<Receipt> {
        let company = self.companies.get(world.companies[at]);
        if !self.has_ballot_left(at, &company, entry) {
            return None;
        }
        self.post(&mut world.companies, at, entry.clone())
    }

    pub fn has_ballot_left(&self, at: usize, company: &Company, entry: &Entry) -> bool {
        let Entry::NextRound { above } = entry else {
            return true;
        };
        company.round.max(*above) < self.config.rounds[at]
    }

    /// Whether the loss of a company's answer matters to its driver: asked again, the company may answer otherwise, and
    /// of three promises any two count.
    pub fn may_lose_answer(&self, entry: &Entry) -> bool {
        self.config.reduced
            && matches!(
                entry,
                Entry::Asked {
                    question: Question::Prepare(_)
                        | Question::Book(_)
                        | Question::Promise { .. }
                        | Question::Accept { .. },
                    ..
                }
            )
    }
}
