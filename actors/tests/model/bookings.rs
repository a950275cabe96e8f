//! The model: every schedule of a configuration, one step at a time.
//!
//! * **Network.** A message stays for ever once it was sent, and arrives whenever the schedule says: lost, late, twice and in
//!   any order. An answer stays until its driver asks something else.
//! * **Crash and pause.** A driver that takes no further step has crashed; one that takes its next step late was paused. Every
//!   schedule contains both, so neither is a step of its own. What a crash leaves behind is taken up by a recovery.
//! * **Time.** A timer may go off at any moment. What a driver hears otherwise, it hears at instant 0: its deadlines are then
//!   the same numbers on every path, and nothing else in it depends on the clock.
//! * **Redis** may say anything that the configuration lists, whatever it said before: it forgets, lies, counts from the start.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::participant::{Prepare, Refusal, RefusalReason};
use passcom_actors::domain::rows::{SagaRow, SagaState};
use passcom_actors::domain::saga::{
    CompanyAnswer, Driver, Effect, Event, LeaseAnswer, NoAnswer, Origin, Question, Start,
};
use passcom_actors::domain::time::Timestamp;

use crate::company::Company;
use crate::config::{
    COMPANIES, Cancels, Cast, Config, DRIVERS, Known, Plan, USER, key, node, routes,
};
use crate::intern::{Id, Memo, Pool};
use crate::rules::Rules;
use crate::verdict::{Healed, Verdict};
use crate::world::{Action, Asker, Companies, Message, Network, Replies, Said, Slot, World};

const START: Timestamp = Timestamp(0);
/// A timer that goes off so late that the driver's patience with whatever it waits for is over.
const LATE: Timestamp = Timestamp(5_000);

/// The tables after an entry, and its receipt unless the database refused it.
type Posted = (Id<Company>, Option<Receipt>);
/// A driver after an event, and what it wants done.
pub type Step = (Id<Driver>, Arc<Vec<Effect>>);

pub struct Bookings {
    pub config: Config,
    pub cast: Cast,
    pub rules: Rules,
    pub companies: Pool<Company>,
    pub entries: Pool<Entry>,
    pub drivers: Pool<Driver>,
    pub events: Pool<Event>,
    pub networks: Pool<Network>,
    pub replies: Pool<Replies>,
    posts: Memo<(Id<Company>, Id<Entry>), Posted>,
    steps: Memo<(Id<Driver>, Timestamp, Id<Event>), Step>,
    pub verdicts: Memo<Companies, Arc<Verdict>>,
    pub healed: Memo<(Companies, Option<usize>), Healed>,
    pub whatever: Memo<Id<Company>, bool>,
    /// The one property to be checked, until it is first found broken: else all, to the end.
    pub only: Option<&'static str>,
    pub broken: AtomicBool,
    /// No timer of a driver goes off later than this, but the one that ends it.
    end_of_life: Timestamp,
}

impl Bookings {
    pub fn new(config: Config, rules: Rules) -> Self {
        let cast = Cast::new(&config);
        let life = Driver::new(cast.start(0, 0, 0, false)).next_wake();
        Self {
            config,
            cast,
            rules,
            companies: Pool::default(),
            entries: Pool::default(),
            drivers: Pool::default(),
            events: Pool::default(),
            networks: Pool::default(),
            replies: Pool::default(),
            posts: Memo::default(),
            steps: Memo::default(),
            verdicts: Memo::default(),
            healed: Memo::default(),
            whatever: Memo::default(),
            only: None,
            broken: AtomicBool::new(false),
            end_of_life: life.expect("a driver that has not begun will end"),
        }
    }

    pub fn initial(&self) -> World {
        let mut companies = self.cast.companies.iter().copied();
        let nobody = self.cast.companies[0];
        let companies = std::array::from_fn::<_, COMPANIES, _>(|_| {
            let me = companies.next().unwrap_or(nobody);
            self.companies.id(Company::new(me, routes()))
        });
        let slot = Slot {
            started: false,
            driver: None,
            tag: 0,
            leasing: None,
            replies: self.replies.id(Replies::new()),
            said: Said::Nothing,
        };
        let mut world = World {
            companies,
            slots: [slot; DRIVERS],
            network: self.networks.id(Network::new()),
            silences: self.config.silences,
        };
        for slot in 0..self.config.drivers.len() {
            if self.config.reduced && self.is_only_client(slot) {
                self.start(&mut world, slot);
            }
        }
        world
    }

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
        let votes = matches!(&*entry, Entry::Prepare { .. } | Entry::Book { .. });
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
        }
    }

    /// Whether the watcher of this company drives the saga: it is in doubt here, or this node's own and not finished.
    pub fn is_open(&self, at: usize, row: &SagaRow) -> bool {
        let own = row.driver == node(self.cast.companies[at]);
        row.state == SagaState::Begun || own && !row.finished
    }

    pub fn next(&self, world: &World, action: Action) -> Option<World> {
        let mut next = *world;
        match action {
            Action::Start { slot } => self.start(&mut next, slot),
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
        };
        world.slots[slot].driver = Some(self.drivers.id(Driver::new(start)));
        self.tell(world, slot, Event::Started);
    }

    /// What the desk replays to a client whose key it knows.
    fn recorded_answer(&self, world: &World, at: usize, saga: usize) -> Option<Said> {
        let company = self.companies.get(world.companies[at]);
        let row = company.keys.get(&(USER, key(saga).key))?;
        row.answer.map(Said::from)
    }

    /// The start of a driver that takes up what is recorded.
    pub fn recovery(&self, at: usize, saga: SagaId, row: &SagaRow) -> Start {
        let order = row
            .order
            .clone()
            .expect("a saga's row is written with its order");
        let known = Known {
            order,
            hash: row.hash,
            acceptors: row.acceptors.clone(),
        };
        self.cast.recovery(at, saga, known, Origin::Recovery)
    }

    /// One transaction at a company.
    pub fn post(&self, companies: &mut Companies, at: usize, entry: Entry) -> Option<Receipt> {
        let entry = self.entries.id(entry);
        self.post_known(companies, at, entry)
    }

    pub fn post_known(
        &self,
        companies: &mut Companies,
        at: usize,
        entry: Id<Entry>,
    ) -> Option<Receipt> {
        let company = companies[at];
        let (after, receipt) = self.posts.get((company, entry), || {
            let (company, entry) = (self.companies.get(company), self.entries.get(entry));
            let (after, receipt) = self.rules.post(&company, &entry);
            (self.companies.id(after), receipt)
        });
        companies[at] = after;
        receipt
    }

    fn arrive(&self, world: &mut World, message: Message, claimed: bool, lost: bool) {
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
                answer: Ok(answer_of(receipt)),
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
            Entry::Book { .. } => |message| {
                Some(Message {
                    executed: true,
                    ..message
                })
            },
            _ => return,
        };
        self.replace(world, message, change(message));
    }

    fn replace(&self, world: &mut World, message: Message, by: Option<Message>) {
        let network = self.networks.get(world.network);
        let others = network.iter().filter(|other| **other != message).copied();
        world.network = self.networks.id(ascending(others.chain(by)));
    }

    fn fall_silent(&self, world: &mut World, message: Message, not_sent: bool) {
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

    /// What a driver makes of an event. A timer goes off at the one instant that its driver has set.
    pub fn step(&self, driver: Id<Driver>, at: Timestamp, event: Id<Event>) -> Step {
        self.steps.get((driver, at, event), || {
            let (mut driver, event) = ((*self.drivers.get(driver)).clone(), self.events.get(event));
            let timer = driver.next_wake().filter(|_| *event == Event::Wake);
            let now = timer.map_or(at, |timer| timer.max(at));
            let effects = self.rules.step(&mut driver, now, &event);
            (self.drivers.id(driver), Arc::new(effects))
        })
    }

    /// Tells a driver an event and carries out what it wants.
    fn tell(&self, world: &mut World, slot: usize, event: Event) {
        self.tell_at(world, slot, START, event);
    }

    fn tell_at(&self, world: &mut World, slot: usize, at: Timestamp, event: Event) {
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

    /// Carries out an effect. What the driver hears of it at once, it hears next.
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
                let waits = matches!(self.config.drivers[slot], Plan::Client { .. });
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
            Plan::Client { at, .. } | Plan::Recovery { at, .. } => at,
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

    /// Nobody hears an answer to what was asked before the last tag, or after the end.
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

    /// What a company's node posts for a question; with the client's key where it drives the saga itself.
    fn entry_of(&self, slot: usize, question: &Question, own: bool) -> Entry {
        let idempotency = match self.config.drivers[slot] {
            Plan::Client { saga, .. } => (own && self.config.keys).then(|| key(saga)),
            Plan::Recovery { .. } => None,
        };
        entry_of(question.clone(), idempotency)
    }
}

fn ascending(messages: impl Iterator<Item = Message>) -> Network {
    let mut network: Network = messages.collect();
    network.sort_unstable();
    network.dedup();
    network
}

pub fn entry_of(
    question: Question,
    idempotency: Option<passcom_actors::domain::entry::Idempotency>,
) -> Entry {
    match question {
        Question::Prepare(prepare) => Entry::Prepare {
            prepare,
            lost: None,
            idempotency,
        },
        Question::Book(prepare) => Entry::Book {
            prepare,
            lost: None,
            idempotency,
        },
        Question::Promise {
            key,
            acceptors,
            ballot,
        } => Entry::Promise {
            key,
            acceptors,
            ballot,
        },
        Question::Accept {
            key,
            acceptors,
            ballot,
            value,
        } => Entry::Accept {
            key,
            acceptors,
            ballot,
            value,
        },
        Question::Confirm { saga, hash } => Entry::Confirm { saga, hash },
        Question::Release {
            saga,
            seats,
            reason,
        } => Entry::Release {
            saga,
            seats,
            reason,
        },
    }
}

pub fn answer_of(receipt: Receipt) -> CompanyAnswer {
    match receipt {
        Receipt::Vote(vote) => CompanyAnswer::Vote(vote),
        Receipt::Booked(booked) => CompanyAnswer::Booked(booked),
        Receipt::Promise(promise) => CompanyAnswer::Promise(promise),
        Receipt::Accept(accept) => CompanyAnswer::Accept(accept),
        _ => CompanyAnswer::Done,
    }
}

/// The same vote, asked for while the route's memory has promised the seat to another booking.
fn with_claim(entry: &Entry, me: passcom_actors::domain::ids::CompanyId) -> Entry {
    let held = |prepare: &Prepare| {
        let seats: Vec<SeatRef> = prepare.order.seats_of(me);
        seats.first().map(|seat| Refusal {
            seat: *seat,
            reason: RefusalReason::Held,
        })
    };
    let mut entry = entry.clone();
    if let Entry::Prepare { prepare, lost, .. } | Entry::Book { prepare, lost, .. } = &mut entry {
        *lost = held(prepare);
    }
    entry
}
