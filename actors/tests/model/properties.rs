//! What must hold in every state, and what must be reached in some. Names as in docs/protocol.md.

use std::collections::BTreeSet;

use passcom_actors::domain::participant::LegState::{Cancelled, Committed, Prepared, Refused};
use passcom_actors::domain::register::Ballot;
use stateright::{Model, Property};

use crate::audit::{Breach, Decision};
use crate::bookings::Bookings;
use crate::company::Company;
use crate::config::Plan;
use crate::verdict::{Answered, Healed};
use crate::world::{Action, Said, World};

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
pub const C1: &str = "C1 cancelled means asked for, and stays";
pub const F1: &str = "F1 nobody takes a seat under an old token";
pub const D1: &str = "D1 nothing begun means nothing begun";
pub const A1: &str = "A1 no alarm";
pub const L0: &str = "L0 the lattice holds, whatever arrives";

pub const COMMITTED: &str = "commit chosen in ballot 0";
pub const RECOVERED: &str = "commit chosen in a recovery ballot only";
pub const ABORTED: &str = "abort chosen though every company had said yes";
pub const TOMBSTONE: &str = "released before it was prepared";
pub const OVERTAKEN: &str = "cancelled at one company, prepared at another";
pub const RESOLD: &str = "sold again after a cancel";
pub const REUSED: &str = "sold to another after a release";
pub const TWO_ORDERS: &str = "two orders prepared under one saga";
pub const SECOND_ORDER: &str = "the second order committed";
pub const BOOKED: &str = "a client was told booked";
pub const REFUSED: &str = "a client was told refused";
pub const NOTHING_BEGUN: &str = "a client was told that nothing was begun";
pub const STALE: &str = "two tokens on one seat";

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
        let mut properties = always();
        properties.extend(sometimes());
        properties
    }
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
        (Plan::Client { saga: of, .. }, said) if *of == saga => match said {
            Said::Booked(ticket) => Some(Answered::Booked(ticket)),
            Said::Refused => Some(Answered::Refused),
            Said::Nothing | Said::NothingBegun => None,
        },
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

fn sometimes() -> Vec<Property<Bookings>> {
    vec![
        seen(COMMITTED, |model, world| {
            any_saga(model, world, |companies, saga| {
                let zero =
                    |company: &&Company| company.audit.votes.contains_key(&(saga, Ballot::ZERO));
                companies.iter().copied().filter(zero).count() >= 2
            })
        }),
        seen(RECOVERED, |model, world| {
            let verdict = model.verdict(world.companies);
            let commit =
                |index: usize| matches!(verdict.fates[index].chosen, Some(Decision::Commit(_)));
            let tables = model.tables(world.companies);
            (0..verdict.fates.len())
                .filter(|index| commit(*index))
                .any(|index| {
                    let zero = (model.cast.sagas[index], Ballot::ZERO);
                    tables
                        .iter()
                        .filter(|company| company.audit.votes.contains_key(&zero))
                        .count()
                        == 1
                        && model.cast.orders[index][0].acceptors.0.len() > 1
                })
        }),
        seen(ABORTED, |model, world| {
            let verdict = model.verdict(world.companies);
            let tables = model.tables(world.companies);
            (0..verdict.fates.len()).any(|index| {
                let saga = model.cast.sagas[index];
                let legs = tables.iter().flat_map(|company| &company.legs);
                let of_saga = legs.filter(|(key, _)| key.saga == saga);
                let prepared = of_saga.filter(|(_, leg)| leg.state == Prepared).count();
                verdict.fates[index].chosen == Some(Decision::Abort)
                    && prepared == model.cast.orders[index][0].order.legs.len()
            })
        }),
        seen(TOMBSTONE, |model, world| {
            any_saga(model, world, |companies, saga| {
                companies.iter().any(|company| {
                    let mut legs = company.legs.iter();
                    legs.any(|(key, leg)| key.saga == saga && leg.hash.0 == [0; 32])
                })
            })
        }),
        seen(OVERTAKEN, |model, world| {
            any_saga(model, world, |companies, saga| {
                let has = |state| {
                    companies.iter().any(|company| {
                        company
                            .legs
                            .iter()
                            .any(|(key, leg)| key.saga == saga && leg.state == state)
                    })
                };
                has(Cancelled) && has(Prepared)
            })
        }),
        seen(RESOLD, |model, world| resold(model, world, Cancelled)),
        seen(REUSED, |model, world| resold(model, world, Refused)),
        seen(TWO_ORDERS, |model, world| {
            any_saga(model, world, |companies, saga| {
                let legs = companies.iter().flat_map(|company| &company.legs);
                let prepared = legs.filter(|(key, leg)| key.saga == saga && leg.state == Prepared);
                let hashes: BTreeSet<_> = prepared.map(|(_, leg)| leg.hash).collect();
                hashes.len() > 1
            })
        }),
        seen(SECOND_ORDER, |model, world| {
            let verdict = model.verdict(world.companies);
            verdict
                .fates
                .iter()
                .zip(&model.cast.orders)
                .any(|(fate, orders)| {
                    let second = orders.get(1).map(|known| Decision::Commit(known.hash));
                    second.is_some() && fate.chosen == second
                })
        }),
        seen(BOOKED, |_, world| {
            world
                .slots
                .iter()
                .any(|slot| matches!(slot.said, Said::Booked(_)))
        }),
        seen(REFUSED, |_, world| {
            world.slots.iter().any(|slot| slot.said == Said::Refused)
        }),
        seen(NOTHING_BEGUN, |_, world| {
            world
                .slots
                .iter()
                .any(|slot| slot.said == Said::NothingBegun)
        }),
        seen(STALE, |model, world| {
            let tables = model.tables(world.companies);
            tables.iter().any(|company| {
                company.legs.iter().any(|(key, leg)| {
                    let seat = company.seats.get(&key.seat());
                    seat.is_some_and(|seat| seat.fence > leg.fence)
                })
            })
        }),
    ]
}

fn any_saga(
    model: &Bookings,
    world: &World,
    is: impl Fn(&[&Company], passcom_actors::domain::ids::SagaId) -> bool,
) -> bool {
    let tables = model.tables(world.companies);
    let companies: Vec<&Company> = tables.iter().map(|company| &**company).collect();
    model.cast.sagas.iter().any(|saga| is(&companies, *saga))
}

/// A seat that one saga gave up, in this state, and another has.
fn resold(
    model: &Bookings,
    world: &World,
    given_up: passcom_actors::domain::participant::LegState,
) -> bool {
    model.tables(world.companies).iter().any(|company| {
        let mut before = company.legs.iter().filter(|(_, leg)| leg.state == given_up);
        before.any(|(old, leg)| {
            let kept = leg.hash.0 != [0; 32];
            let mut owners = company.owners(old.seat());
            kept && owners.any(|(new, leg)| new.saga != old.saga && leg.state == Committed)
        })
    })
}
