//! What must hold in every state, and what must be reached in some. Names as in docs/protocol.md.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use stateright::{Model, Property};

use crate::audit::{Breach, Decision};
use crate::bookings::Bookings;
use crate::config::Plan;
use crate::ending::Healed;
use crate::verdict::Answered;
use crate::witness::*;
use crate::world::{Action, Said, Slot, World};

pub const I1: &str = "I1 a seat has one owner";
pub const I2: &str = "I2 a saga is sold whole, or not at all";
pub const I3: &str = "I3 booked means Commit, for ever";
pub const I4: &str = "I4 refused means never sold";
pub const I5: &str = "I5 one definite answer per key";
pub const I6: &str = "I6 a leg frees its own seat, once";
pub const I7: &str = "I7 everything ends";
pub const N1: &str = "N1 everything ends without any one company";
pub const P1: &str = "P1 one value is chosen";
pub const T1: &str = "T1 sold or ticketed means Commit chosen";
pub const T2: &str = "T2 told booked, the ticket is there, or owed";
pub const C1: &str = "C1 cancelled means asked for, and stays";
pub const F1: &str = "F1 nobody takes a seat under an old token";
pub const D1: &str = "D1 nothing begun means nothing begun";
pub const A1: &str = "A1 no alarm";
pub const H1: &str = "H1 a hold is sold if its customer asked";
pub const L0: &str = "L0 the lattice holds, whatever arrives";

pub const BOOKED: &str = "a client was told booked";
pub const REFUSED: &str = "a client was told refused";
pub const HELD: &str = "a client was told held";
pub const CONFIRMED: &str = "a client was told that its hold is confirmed";
pub const ENDED: &str = "a client was told that its hold is over";
pub const NOTHING_BEGUN: &str = "a client was told that nothing was begun";
impl Model for Bookings {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.initial()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.actions_of(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        self.next(world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        if let Some(only) = self.only {
            return vec![holds(only, is_unbroken)];
        }
        let mut properties = always();
        properties.extend(sometimes());
        properties
    }
}

/// The one property that is checked, until it was broken once: the trace to that state is a shortest one.
fn is_unbroken(model: &Bookings, world: &World) -> bool {
    let all = always();
    let property = all
        .iter()
        .find(|property| Some(property.name) == model.only);
    let property = property.expect("one of the properties");
    (property.condition)(model, world) || model.broken.swap(true, Ordering::Relaxed)
}

fn has(model: &Bookings, world: &World, breach: &Breach) -> bool {
    model.verdict(world.companies).breaches.contains(breach)
}

type Condition = fn(&Bookings, &World) -> bool;

fn holds(name: &'static str, condition: Condition) -> Property<Bookings> {
    Property::always(name, condition)
}

fn seen(name: &'static str, condition: Condition) -> Property<Bookings> {
    Property::sometimes(name, condition)
}

fn always() -> Vec<Property<Bookings>> {
    vec![
        holds(I1, |model, world| !has(model, world, &Breach::TwoOwners)),
        holds(I2, |model, world| {
            let verdict = model.verdict(world.companies);
            !verdict.fates.iter().any(|fate| fate.torn)
        }),
        holds(I3, is_booked_kept),
        holds(I4, is_refused_kept),
        holds(I5, |model, world| {
            let sagas = 0..model.cast.sagas.len();
            !has(model, world, &Breach::Answer)
                && sagas
                    .into_iter()
                    .all(|saga| answers(model, world, saga).len() <= 1)
        }),
        holds(I6, |model, world| {
            !has(model, world, &Breach::ForeignLeg) && !has(model, world, &Breach::Arrow)
        }),
        holds(I7, |model, world| {
            matches!(model.heal(world.companies, None), Healed::Well(_))
        }),
        holds(N1, |model, world| {
            let mut dead = 0..model.config.companies;
            dead.all(|dead| matches!(model.heal(world.companies, Some(dead)), Healed::Well(_)))
        }),
        holds(P1, |model, world| {
            let verdict = model.verdict(world.companies);
            let lost = [Breach::TwoVotes, Breach::Promise];
            !verdict.fates.iter().any(|fate| fate.split)
                && !lost.iter().any(|breach| verdict.breaches.contains(breach))
        }),
        holds(T1, |model, world| !model.verdict(world.companies).unfounded),
        holds(T2, is_ticket_there),
        holds(C1, |model, world| {
            let verdict = model.verdict(world.companies);
            !verdict.cancelled_unasked && !verdict.breaches.contains(&Breach::Ticket)
        }),
        holds(F1, |model, world| !has(model, world, &Breach::Fence)),
        holds(D1, is_nothing_begun_true),
        holds(A1, |model, world| {
            let verdict = model.verdict(world.companies);
            !verdict
                .breaches
                .iter()
                .any(|breach| matches!(breach, Breach::Alarm(_)))
        }),
        holds(H1, |model, world| {
            !model.verdict(world.companies).unrequested
        }),
        holds(L0, |model, world| {
            let living = model.living(None);
            living
                .into_iter()
                .all(|at| model.keeps_the_lattice(world.companies[at]))
        }),
    ]
}

/// Every definite answer that was given or recorded under a saga's key.
fn answers(model: &Bookings, world: &World, saga: usize) -> BTreeSet<Answered> {
    let plans = model.config.drivers.iter().zip(&world.slots);
    let told = plans.filter_map(|(plan, slot)| match (plan, slot.said) {
        (Plan::Client { saga: of, .. } | Plan::Confirm { saga: of, .. }, said) if *of == saga => {
            match said {
                Said::Booked(ticket) => Some(Answered::Booked(ticket)),
                Said::Refused => Some(Answered::Refused),
                Said::Nothing | Said::Held | Said::NothingBegun => None,
            }
        }
        _ => None,
    });
    let mut answers: BTreeSet<Answered> = told.collect();
    answers.extend(&model.verdict(world.companies).answers[saga]);
    answers
}

/// Whether a saga ends in Commit, with any company dead or none: at most one of the two can be true of a state.
fn ends(model: &Bookings, world: &World, saga: usize, in_commit: bool) -> bool {
    let dead = (0..model.config.companies).map(Some).chain([None]);
    dead.into_iter()
        .all(|dead| match model.heal(world.companies, dead) {
            Healed::Well(ends) => (ends >> saga & 1 == 1) == in_commit,
            Healed::Ill(_) => true, // told by I7 or N1
        })
}

fn is_booked_kept(model: &Bookings, world: &World) -> bool {
    let verdict = model.verdict(world.companies);
    (0..model.cast.sagas.len()).all(|saga| {
        let booked = |answer: &Answered| matches!(answer, Answered::Booked(_));
        let commit = matches!(verdict.fates[saga].chosen, Some(Decision::Commit(_)));
        !answers(model, world, saga).iter().any(booked) || commit && ends(model, world, saga, true)
    })
}

fn is_refused_kept(model: &Bookings, world: &World) -> bool {
    let verdict = model.verdict(world.companies);
    (0..model.cast.sagas.len()).all(|saga| {
        !answers(model, world, saga).contains(&Answered::Refused)
            || !verdict.fates[saga].sold && ends(model, world, saga, false)
    })
}

/// A read that follows the answer at the same node finds the ticket, or waits for it. Where the node has died since, it is not
/// forgotten: the saga is open there.
fn is_ticket_there(model: &Bookings, world: &World) -> bool {
    let mut plans = model.config.drivers.iter().zip(&world.slots);
    plans.all(|(plan, slot)| match (plan, slot.said) {
        (Plan::Client { at, .. } | Plan::Confirm { at, .. }, Said::Booked(ticket)) => {
            let company = model.companies.get(world.companies[*at]);
            let is_open = || {
                let row = company.sagas.get(&ticket);
                row.is_some_and(|row| !row.finished)
            };
            company.tickets.contains_key(&ticket)
                || match slot.driver {
                    Some(driver) => model.drivers.get(driver).owes_ticket(),
                    None => is_open(),
                }
        }
        _ => true,
    })
}

/// Where the only client of a saga was told that nothing was begun, the saga has no leg and no ticket, now or later.
fn is_nothing_begun_true(model: &Bookings, world: &World) -> bool {
    let clients = |of: usize| {
        let plans = model.config.drivers.iter().zip(&world.slots);
        plans.filter(move |(plan, slot)| {
            matches!(plan, Plan::Client { saga, .. } if *saga == of) && slot.started
        })
    };
    (0..model.cast.sagas.len()).all(|saga| {
        let none = clients(saga).all(|(_, slot)| slot.said == Said::NothingBegun);
        let started = clients(saga).next().is_some();
        let id = model.cast.sagas[saga];
        !(none && started)
            || model.tables(world.companies).iter().all(|company| {
                !company.legs.keys().any(|key| key.saga == id) && !company.tickets.contains_key(&id)
            })
    })
}

/// Shown by the tables of a state.
fn shows(model: &Bookings, world: &World, witness: &str) -> bool {
    model.verdict(world.companies).witnesses.contains(witness)
}

/// The answers that confirming customers were told.
fn of_confirm(model: &Bookings, world: &World) -> impl Iterator<Item = Said> {
    let plans = model.config.drivers.iter().zip(world.slots);
    plans
        .filter(|(plan, _)| matches!(plan, Plan::Confirm { .. }))
        .map(|(_, slot)| slot.said)
}

fn sometimes() -> Vec<Property<Bookings>> {
    vec![
        seen(COMMITTED, |model, world| shows(model, world, COMMITTED)),
        seen(RECOVERED, |model, world| shows(model, world, RECOVERED)),
        seen(ABORTED, |model, world| shows(model, world, ABORTED)),
        seen(TOMBSTONE, |model, world| shows(model, world, TOMBSTONE)),
        seen(OVERTAKEN, |model, world| shows(model, world, OVERTAKEN)),
        seen(RESOLD, |model, world| shows(model, world, RESOLD)),
        seen(REUSED, |model, world| shows(model, world, REUSED)),
        seen(TWO_ORDERS, |model, world| shows(model, world, TWO_ORDERS)),
        seen(SECOND_ORDER, |model, world| {
            shows(model, world, SECOND_ORDER)
        }),
        seen(TWO_TOKENS, |model, world| shows(model, world, TWO_TOKENS)),
        seen(BOOKED, |_, world| {
            let booked = |slot: &Slot| matches!(slot.said, Said::Booked(_));
            world.slots.iter().any(booked)
        }),
        seen(REFUSED, |_, world| {
            world.slots.iter().any(|slot| slot.said == Said::Refused)
        }),
        seen(REFUSED_REQUEST, |model, world| {
            shows(model, world, REFUSED_REQUEST)
        }),
        seen(HELD, |_, world| {
            world.slots.iter().any(|slot| slot.said == Said::Held)
        }),
        seen(CONFIRMED, |model, world| {
            of_confirm(model, world).any(|said| matches!(said, Said::Booked(_)))
        }),
        seen(ENDED, |model, world| {
            of_confirm(model, world).any(|said| said == Said::Refused)
        }),
        seen(NOTHING_BEGUN, |_, world| {
            world
                .slots
                .iter()
                .any(|slot| slot.said == Said::NothingBegun)
        }),
    ]
}
