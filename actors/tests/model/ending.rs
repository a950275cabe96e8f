//! Whether a state ends well once no fault happens any more, all alive or one company dead for good.

use std::sync::Arc;

use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::{Leg, Order, SeatRef};
use passcom_actors::domain::vote::LegState::{Cancelled, Prepared};

use crate::audit::Decision;
use crate::bookings::Bookings;
use crate::company::{Company, is_sold};
use crate::config::COMPANIES;
use crate::verdict::Fate;
use crate::world::Companies;

/// How a state ends where no fault happens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Healed {
    Well(Ends),
    /// What is wrong in the end.
    Ill(&'static str),
}

/// One bit per saga: its Commit is the decision.
pub type Ends = u8;

impl Bookings {
    /// The end of a state with these tables, all alive or with one company dead.
    pub fn heal(&self, companies: Companies, dead: Option<usize>) -> Healed {
        self.healed.get((companies, dead), || {
            let mut healed = companies;
            if !self.recover_all(&mut healed, dead) {
                return Healed::Ill("a recovery goes on for ever");
            }
            let early = match self.examine(healed, dead) {
                Healed::Well(ends) => ends,
                ill => return ill,
            };
            self.prepare_late(&mut healed, dead);
            if !self.recover_all(&mut healed, dead) {
                return Healed::Ill("a recovery after late votes goes on for ever");
            }
            match self.examine(healed, dead) {
                Healed::Well(late) if late & early != early => Healed::Ill("a Commit was undone"),
                healed => healed,
            }
        })
    }

    fn examine(&self, healed: Companies, dead: Option<usize>) -> Healed {
        let verdict = self.verdict(healed);
        if !verdict.breaches.is_empty() {
            return Healed::Ill("recovery raises an alarm");
        }
        if verdict.unfounded || verdict.fates.iter().any(|fate| fate.torn || fate.split) {
            return Healed::Ill("sold by halves, or without a decision");
        }
        let tables = self.tables(healed);
        for (saga, fate) in self.cast.sagas.iter().zip(&verdict.fates) {
            if let Some(ill) = self.unhealed(&tables, dead, *saga, *fate) {
                return Healed::Ill(ill);
            }
        }
        let commits = verdict.fates.iter().enumerate();
        let commits = commits.filter(|(_, fate)| matches!(fate.chosen, Some(Decision::Commit(_))));
        Healed::Well(commits.map(|(saga, _)| 1 << saga).sum())
    }

    fn unhealed(
        &self,
        tables: &[Arc<Company>; COMPANIES],
        dead: Option<usize>,
        saga: SagaId,
        fate: Fate,
    ) -> Option<&'static str> {
        let living: Vec<&Company> = self.living(dead).map(|at| &*tables[at]).collect();
        let legs = || {
            living
                .iter()
                .flat_map(|company| &company.legs)
                .filter(|(key, _)| key.saga == saga)
        };
        let waits = |company: &&Company| {
            let row = company.sagas.get(&saga);
            row.is_some_and(|row| self.lacks_majority(&row.acceptors.0, dead))
        };
        if living.iter().any(waits) {
            return None; // nobody can know
        }
        if legs().any(|(_, leg)| leg.state == Prepared) {
            return Some("a leg stays prepared");
        }
        let row_is_open = |(at, company): (usize, &&Company)| {
            company
                .sagas
                .get(&saga)
                .is_some_and(|row| self.is_open(at, row))
        };
        if dead.is_none() && living.iter().enumerate().any(row_is_open) {
            return Some("a saga stays unfinished");
        }
        let tickets: Vec<_> = living
            .iter()
            .map(|company| company.tickets.get(&saga))
            .collect();
        if matches!(fate.chosen, Some(Decision::Commit(_))) {
            let lives = |leg: &Leg| living.iter().any(|company| company.me == leg.seat.company);
            let order = self.chosen_order(saga, fate.chosen);
            let sold = legs().filter(|(_, leg)| is_sold(leg.state)).count();
            if order.legs.iter().filter(|leg| lives(leg)).count() != sold {
                return Some("a committed saga is not sold whole");
            }
            // a booking of nothing but the dead company's seats comes back with that company
            let issued = dead.is_some_and(|dead| tables[dead].tickets.contains_key(&saga));
            if tickets.iter().all(Option::is_none) && (sold > 0 || !issued) {
                return Some("a committed saga has no ticket");
            }
            let cancelled = |seat| {
                tickets
                    .iter()
                    .flatten()
                    .any(|ticket| ticket.cancelled.contains(&seat))
            };
            let wrong = |company: &&Company| {
                company.legs.iter().any(|(key, leg)| {
                    let seat = SeatRef {
                        company: company.me,
                        route: key.route,
                        number: key.number,
                    };
                    key.saga == saga && cancelled(seat) != (leg.state == Cancelled)
                })
            };
            if living.iter().any(wrong) {
                return Some("a cancellation and its seat disagree");
            }
        } else if fate.sold {
            return Some("sold without a Commit");
        }
        tickets
            .iter()
            .any(|ticket| *ticket != tickets[0])
            .then_some("tickets differ")
    }

    fn chosen_order(&self, saga: SagaId, chosen: Option<Decision>) -> &Order {
        let index = self.cast.sagas.iter().position(|known| *known == saga);
        let mut orders = self.cast.orders[index.expect("a saga of the cast")].iter();
        let known = orders.find(|known| chosen == Some(Decision::Commit(known.hash)));
        &known.expect("only an order of the cast is chosen").order
    }

    fn lacks_majority(&self, acceptors: &[CompanyId], dead: Option<usize>) -> bool {
        let dead = dead.map(|dead| self.cast.companies[dead]);
        let living = acceptors
            .iter()
            .filter(|company| Some(**company) != dead)
            .count();
        living < acceptors.len() / 2 + 1
    }
}
