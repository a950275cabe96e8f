//! The steps that are possible in a state, and the state after each.

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::saga::{Driver, Event, LeaseAnswer, Origin, Start};

use crate::bookings::{Bookings, LATE, START};
use crate::company::Company;
use crate::config::{Cancels, Plan, USER, key};
use crate::world::{Action, Companies, Message, Said, World};

impl Bookings {
    pub fn actions_of(&self, world: &World, actions: &mut Vec<Action>) {
        for (slot, plan) in self.config.drivers.iter().enumerate() {
            self.driver_actions(world, slot, *plan, actions);
        }
        for message in self.networks.get(world.network).iter() {
            self.message_actions(world, *message, actions);
        }
        for (at, id) in world.companies[..self.config.companies].iter().enumerate() {
            let company = self.companies.get(*id);
            self.client_actions(at, &company, actions);
            if self.config.replication {
                let peers = (0..self.config.companies).filter(|to| *to != at);
                let rows = 0..company.outbox.len();
                let all = peers.flat_map(|to| rows.clone().map(move |row| (to, row)));
                actions.extend(all.map(|(to, row)| Action::Replicate { from: at, to, row }));
            }
            if self.rules.misbehave(&company).is_some() {
                actions.push(Action::Misbehave { at });
            }
        }
    }

    fn driver_actions(&self, world: &World, slot: usize, plan: Plan, actions: &mut Vec<Action>) {
        let own = &world.slots[slot];
        if !own.started {
            if self.may_start(world, plan) {
                actions.push(Action::Start { slot });
            }
            self.ends_of_holds(world, slot, plan, actions);
            return;
        }
        let Some(driver) = own.driver else {
            return;
        };
        if let Some(least) = own.leasing {
            let honest = LeaseAnswer::Granted(least);
            let raised = (least != FencingToken::NONE).then_some(honest);
            let answers = self.config.leases.iter().copied().chain(raised);
            actions.extend(answers.map(|answer| Action::Lease { slot, answer }));
        }
        let replies = self.replies.get(own.replies);
        actions.extend(replies.iter().map(|event| Action::Hear {
            slot,
            event: *event,
        }));
        let wake = self.drivers.get(driver).next_wake();
        if wake.is_some_and(|at| at < self.end_of_life) {
            actions.push(Action::Wake { slot, late: false });
            if self.config.silences > 0 {
                actions.push(Action::Wake { slot, late: true });
            }
        }
    }

    fn message_actions(&self, world: &World, message: Message, actions: &mut Vec<Action>) {
        let entry = self.entries.get(message.entry);
        let at = message.to as usize;
        let company = self.companies.get(world.companies[at]);
        let waits = message.asker.is_some();
        let votes =
            matches!(&*entry, Entry::Asked { question, .. } if question.votes_on().is_some());
        for claimed in [false, true] {
            let round = matches!(&*entry, Entry::NextRound { .. });
            if claimed && !(self.config.refusals && votes)
                || round && !(waits && self.has_ballot_left(at, &company, &entry))
            {
                continue;
            }
            for lost in [false, true] {
                if !lost || waits && self.may_lose_answer(&entry) {
                    actions.push(Action::Arrive {
                        message,
                        claimed,
                        lost,
                    });
                }
            }
        }
        if let Some(asker) = message.asker.filter(|_| world.silences > 0) {
            actions.push(Action::Silence {
                message,
                not_sent: false,
            });
            if !asker.own_entry && !message.executed {
                actions.push(Action::Silence {
                    message,
                    not_sent: true,
                });
            }
        }
    }

    fn client_actions(&self, at: usize, company: &Company, actions: &mut Vec<Action>) {
        let parts: &[bool] = match self.config.cancels {
            Cancels::None => &[],
            Cancels::Whole => &[false],
            Cancels::Part => &[false, true],
        };
        for saga in company.tickets.keys().copied() {
            actions.extend(parts.iter().map(|part| Action::Cancel {
                at,
                saga,
                part: *part,
            }));
        }
    }

    fn may_start(&self, world: &World, plan: Plan) -> bool {
        match plan {
            Plan::Client { .. } => true,
            Plan::Recovery { at, saga } => {
                let company = self.companies.get(world.companies[at]);
                let row = company.sagas.get(&self.cast.sagas[saga]);
                row.is_some_and(|row| self.is_open(at, row))
            }
            Plan::Expiry { at, saga } => {
                let company = self.companies.get(world.companies[at]);
                let row = company.sagas.get(&self.cast.sagas[saga]);
                row.is_some_and(|row| row.held_for().is_some())
            }
            Plan::Confirm { .. } | Plan::Release { .. } => false,
        }
    }

    fn ends_of_holds(&self, world: &World, slot: usize, plan: Plan, actions: &mut Vec<Action>) {
        let (Plan::Confirm { saga, .. } | Plan::Release { saga, .. }) = plan else {
            return;
        };
        let known = |from: &usize| {
            let company = self.companies.get(world.companies[*from]);
            company.sagas.contains_key(&self.cast.sagas[saga])
        };
        let companies = (0..self.config.companies).filter(known);
        actions.extend(companies.map(|from| Action::End { slot, from }));
    }

    pub fn next(&self, world: &World, action: Action) -> Option<World> {
        let mut next = *world;
        match action {
            Action::Start { slot } => self.start(&mut next, slot),
            Action::End { slot, from } => self.end_hold(&mut next, slot, from),
            Action::Lease { slot, answer } => {
                next.slots[slot].leasing = None;
                self.tell(&mut next, slot, Event::Leased(answer));
            }
            Action::Arrive {
                message,
                claimed,
                lost,
            } => {
                self.arrive(&mut next, message, claimed, lost);
            }
            Action::Hear { slot, event } => {
                let event = self.events.get(event);
                self.tell(&mut next, slot, (*event).clone());
            }
            Action::Silence { message, not_sent } => self.fall_silent(&mut next, message, not_sent),
            Action::Wake { slot, late } => {
                let at = if late { LATE } else { START };
                self.tell_at(&mut next, slot, at, Event::Wake);
            }
            Action::Cancel { at, saga, part } => {
                let company = self.companies.get(next.companies[at]);
                let mut seats = company.tickets.get(&saga)?.order.seats();
                seats.truncate(if part { 1 } else { seats.len() });
                self.post(
                    &mut next.companies,
                    at,
                    Entry::Cancel {
                        ticket: saga,
                        seats,
                        agreed: false,
                        refunds: Vec::new(),
                    },
                );
            }
            Action::Replicate { from, to, row } => {
                let row = self.companies.get(next.companies[from]).outbox[row].clone();
                let entry = Entry::Merge {
                    rows: vec![row],
                    cursor: None,
                };
                self.post(&mut next.companies, to, entry);
            }
            Action::Misbehave { at } => {
                let company = self.companies.get(next.companies[at]);
                next.companies[at] = self.companies.id(self.rules.misbehave(&company)?);
            }
        }
        if self.config.reduced {
            self.prune(&mut next);
        }
        (next != *world).then_some(next)
    }

    pub fn start(&self, world: &mut World, slot: usize) {
        let start = match self.config.drivers[slot] {
            Plan::Client { at, saga, order } => {
                world.slots[slot].started = true;
                let start = self.cast.start(at, saga, order, self.config.keys);
                let start = self.rules.start(start);
                if let Some(said) = self.recorded_answer(world, at, saga) {
                    world.slots[slot].said = said;
                    return;
                }
                start
            }
            Plan::Recovery { at, saga } => {
                world.slots[slot].started = true;
                let company = self.companies.get(world.companies[at]);
                let saga = self.cast.sagas[saga];
                self.rules
                    .start(self.recovery(at, saga, &company.sagas[&saga]))
            }
            Plan::Expiry { at, saga } => {
                world.slots[slot].started = true;
                let saga = self.cast.sagas[saga];
                self.expire(&mut world.companies, at, saga);
                let company = self.companies.get(world.companies[at]);
                self.rules
                    .start(self.recovery(at, saga, &company.sagas[&saga]))
            }
            Plan::Confirm { .. } | Plan::Release { .. } => return,
        };
        world.slots[slot].driver = Some(self.drivers.id(Driver::new(start)));
        self.tell(world, slot, Event::Started);
    }

    /// The desk drives a hold that this company has told it of.
    fn end_hold(&self, world: &mut World, slot: usize, from: usize) {
        let (at, saga, confirms) = match self.config.drivers[slot] {
            Plan::Confirm { at, saga } => (at, saga, true),
            Plan::Release { at, saga } => (at, saga, false),
            _ => return,
        };
        let company = self.companies.get(world.companies[from]);
        let saga = self.cast.sagas[saga];
        let row = &company.sagas[&saga];
        let voted = row.voted;
        let origin = if confirms {
            Origin::Confirm { voted }
        } else {
            Origin::Recovery
        };
        let start = self.recovery(at, saga, row);
        let start = self.rules.start(Start { origin, ..start });
        world.slots[slot].started = true;
        world.slots[slot].driver = Some(self.drivers.id(Driver::new(start)));
        self.tell(world, slot, Event::Started);
    }

    /// By this company's clock the time of a hold is over.
    pub fn expire(&self, companies: &mut Companies, at: usize, saga: SagaId) {
        let company = self.companies.get(companies[at]);
        let row = company.sagas.get(&saga);
        if let Some(seconds) = row.and_then(|row| row.held_for()) {
            self.post(companies, at, Entry::EndHold { saga, seconds });
        }
    }

    /// The recorded answer that the desk repeats to a client whose key it knows.
    fn recorded_answer(&self, world: &World, at: usize, saga: usize) -> Option<Said> {
        let company = self.companies.get(world.companies[at]);
        let row = company.keys.get(&(USER, key(saga).key))?;
        row.answer.map(Said::from)
    }
}
