//! Who exchanges seats of a ticket travels by the old ones or by the new, never by both and never by none.
//!
//! * X1: at a company of the old ticket its claim on it ends with the old seats; and whoever was told of a rebooking has just that: the seats
//!   that were asked for in the place of those that were given.
//! * X2: no seat of a ticket is given for two others.
//! * X3: every copy of a ticket has lost what was given, and nothing that nobody cancelled or gave.
//! * X4: nobody has another flight and the money, too.
//!
//! That the new seats are sold at every company is I2's and I3's to say, as of any booking.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, LegState, SoldSeat};
use crate::history::{Answer, Operation, Request};

/// As the tables name what was given for another flight.
const EXCHANGED: &str = "exchanged";

/// Of how many tickets it was judged, and what was wrong.
pub fn check(companies: &[Company], history: &[Operation]) -> (usize, Vec<Violation>) {
    let cancels: HashSet<Uuid> = history.iter().filter_map(cancelled).collect();
    let mut violations = twice(companies);
    for company in companies {
        let at = At::new(company);
        violations.extend(at.claims());
        violations.extend(at.lost(&cancels));
        violations.extend(at.paid());
        violations.extend(at.told(history));
    }
    let judged = companies.iter().map(|company| company.tickets.len()).sum();
    (judged, violations)
}

fn cancelled(operation: &Operation) -> Option<Uuid> {
    match operation.request {
        Request::Cancel { ticket, .. } => Some(ticket),
        _ => None,
    }
}

/// X2.
fn twice(companies: &[Company]) -> Vec<Violation> {
    let mut given: BTreeMap<&SoldSeat, BTreeSet<Uuid>> = BTreeMap::new();
    for exchange in companies.iter().flat_map(|company| &company.exchanges) {
        given.entry(&exchange.old).or_default().insert(exchange.new);
    }
    let twice = given.into_iter().filter(|(_, new)| new.len() > 1);
    twice
        .map(|(old, new)| Violation::new("X2", format!("{old:?} is given for {new:?}")))
        .collect()
}

/// One company's rows.
struct At<'a> {
    company: &'a Company,
    /// What took the place of each seat.
    given: HashMap<&'a SoldSeat, Uuid>,
    /// What each new ticket took the place of.
    by_new: HashMap<Uuid, BTreeSet<&'a SoldSeat>>,
    lost: BTreeSet<SoldSeat>,
}

impl<'a> At<'a> {
    fn new(company: &'a Company) -> Self {
        let mut by_new: HashMap<Uuid, BTreeSet<&SoldSeat>> = HashMap::new();
        for exchange in &company.exchanges {
            by_new
                .entry(exchange.new)
                .or_default()
                .insert(&exchange.old);
        }
        let lost = company.ticket_legs.iter().filter(|leg| leg.cancelled);
        let lost = lost.map(|leg| SoldSeat {
            ticket: leg.ticket,
            company: leg.company.clone(),
            route: leg.route,
            number: leg.sold_as,
        });
        let given = company.exchanges.iter();
        Self {
            given: given
                .map(|exchange| (&exchange.old, exchange.new))
                .collect(),
            by_new,
            lost: lost.collect(),
            company,
        }
    }

    fn violation(&self, invariant: &'static str, what: &str) -> Violation {
        Violation::new(invariant, format!("at {}: {what}", self.company.code))
    }

    /// X1 and I7: a claim ends as its rebooking does.
    fn claims(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for claim in &self.company.claims {
            let new = claim.saga;
            let given = self.by_new.get(&new);
            let wrong = match claim.state {
                LegState::Prepared => Some(("I7", "is still being decided")),
                LegState::Committed => Some(("X1", "is sold, and its claim has not ended")),
                LegState::Cancelled if given.is_none() => {
                    Some(("X1", "has taken the place of nothing"))
                }
                LegState::Refused if given.is_some() => {
                    Some(("X1", "was refused, and has taken the place of another"))
                }
                LegState::Cancelled | LegState::Refused => None,
            };
            violations.extend(wrong.map(|(invariant, what)| {
                self.violation(invariant, &format!("rebooking {new} {what}"))
            }));
        }
        violations
    }

    /// X3.
    fn lost(&self, cancels: &HashSet<Uuid>) -> Vec<Violation> {
        let kept = self
            .given
            .iter()
            .filter(|(old, _)| !self.lost.contains(**old));
        let kept = kept.map(|(old, new)| {
            self.violation("X3", &format!("{old:?} was given for {new}, and is kept"))
        });
        let lost = self
            .lost
            .iter()
            .filter(|seat| !self.given.contains_key(seat) && !cancels.contains(&seat.ticket));
        let lost =
            lost.map(|seat| self.violation("X3", &format!("{seat:?} is lost, and nobody gave it")));
        kept.chain(lost).collect()
    }

    /// X4.
    fn paid(&self) -> Vec<Violation> {
        let entries = self.company.entries.iter();
        let paid = entries.filter_map(|entry| {
            let refund = entry.refund.as_ref()?;
            let seat = SoldSeat {
                ticket: entry.ticket,
                company: entry.owner.clone(),
                route: entry.route,
                number: entry.number,
            };
            let new = self.given.get(&seat);
            match (new, refund.ground == EXCHANGED) {
                (Some(_), true) | (None, false) => None,
                (Some(new), false) => Some(format!("{new} has the place of {entry:?}")),
                (None, true) => Some(format!("{entry:?} was given for nothing")),
            }
        });
        paid.map(|what| self.violation("X4", &what)).collect()
    }

    /// X1, as customers were told.
    fn told(&self, history: &[Operation]) -> Vec<Violation> {
        let mut violations = Vec::new();
        for operation in history {
            let (Request::Rebook { ticket, given, .. }, Answer::Booked { ticket: new }) =
                (&operation.request, &operation.answer)
            else {
                continue;
            };
            let asked: BTreeSet<_> = given
                .iter()
                .map(|seat| (*ticket, seat.company.as_str(), seat.id))
                .collect();
            let has = self.by_new.get(new).into_iter().flatten();
            let has: BTreeSet<_> = has
                .map(|old| {
                    let route = old.route.cast_unsigned();
                    let id = (route << 10) | u64::from(old.number.unsigned_abs());
                    (old.ticket, old.company.as_str(), id)
                })
                .collect();
            if asked != has {
                let what = format!("{new} was to take the place of {asked:?}, and has {has:?}");
                violations.push(self.violation("X1", &what));
            }
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{ExchangeRow, LegRow, TicketLegRow};
    use super::super::money::entry;
    use super::*;
    use crate::history::SeatName;

    const OLD: Uuid = Uuid::from_u128(1);
    const NEW: Uuid = Uuid::from_u128(2);
    const RIVAL: Uuid = Uuid::from_u128(3);

    fn old() -> SoldSeat {
        SoldSeat {
            ticket: OLD,
            company: "a".to_owned(),
            route: 7,
            number: 1,
        }
    }

    /// A seat of a that was given for another one, which a rival wanted, too.
    fn company(code: &str) -> Company {
        let claim = |saga, state| LegRow {
            saga,
            route: 99,
            number: 1,
            state,
        };
        let mut given = entry(OLD, "a", Some(10_000));
        given.refund.as_mut().unwrap().ground = EXCHANGED.to_owned();
        Company {
            code: code.to_owned(),
            claims: vec![
                claim(NEW, LegState::Cancelled),
                claim(RIVAL, LegState::Refused),
            ],
            tickets: [OLD, NEW].map(|ticket| (ticket, String::new())).into(),
            ticket_legs: vec![TicketLegRow {
                ticket: OLD,
                company: "a".to_owned(),
                route: 7,
                // it had been moved before
                number: 2,
                sold_as: 1,
                cancelled: true,
            }],
            entries: vec![given, entry(NEW, "a", None)],
            exchanges: vec![ExchangeRow {
                new: NEW,
                old: old(),
            }],
            ..Company::default()
        }
    }

    fn rebook(answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us: 1,
            request: Request::Rebook {
                user: Uuid::nil(),
                key: "k".to_owned(),
                ticket: OLD,
                given: vec![SeatName {
                    company: "a".to_owned(),
                    id: (7 << 10) | 1,
                }],
                seats: Vec::new(),
            },
            answer,
        }
    }

    fn found(change: impl FnOnce(&mut Company)) -> Vec<&'static str> {
        let mut companies = ["a", "b"].map(company);
        change(&mut companies[1]);
        let (_, violations) = check(&companies, &[rebook(Answer::Booked { ticket: NEW })]);
        let names = violations.iter().map(|violation| violation.invariant);
        names.collect()
    }

    #[test]
    fn a_rebooking_that_is_whole_passes() {
        assert_eq!(found(|_| {}), [""; 0]);
        assert_eq!(check(&["a", "b"].map(company), &[]).0, 4, "tickets judged");
    }

    #[test]
    fn both_trips_and_none_are_found() {
        assert_eq!(found(|b| b.ticket_legs[0].cancelled = false), ["X3"]);
        // the old seat is gone, and the new ticket is not there
        let none = found(|b| b.exchanges.clear());
        assert!(none.contains(&"X3") && none.contains(&"X1"), "{none:?}");
    }

    #[test]
    fn a_claim_that_does_not_end_as_its_rebooking_is_found() {
        let states = [
            (LegState::Committed, "X1"),
            (LegState::Refused, "X1"),
            (LegState::Prepared, "I7"),
        ];
        for (state, name) in states {
            assert_eq!(found(|b| b.claims[0].state = state), [name], "{state:?}");
        }
        let nothing = |b: &mut Company| b.claims[1].state = LegState::Cancelled;
        assert_eq!(found(nothing), ["X1"]);
    }

    #[test]
    fn a_seat_that_is_given_twice_is_found() {
        let twice = found(|b| {
            let (new, old) = (RIVAL, old());
            b.exchanges.push(ExchangeRow { new, old });
        });
        assert!(twice.contains(&"X2"), "{twice:?}");
    }

    #[test]
    fn another_flight_and_the_money_too_is_found() {
        let ground = |b: &mut Company| b.entries[0].refund.as_mut().unwrap().ground.push('z');
        assert_eq!(found(ground), ["X4"]);
        let nothing = found(|b| b.entries[1].refund = b.entries[0].refund.clone());
        assert_eq!(nothing, ["X4"]);
    }

    #[test]
    fn what_was_told_is_what_was_given() {
        let companies = ["a", "b"].map(company);
        let mut told = rebook(Answer::Booked { ticket: NEW });
        if let Request::Rebook { given, .. } = &mut told.request {
            given[0].id += 1;
        }
        let (_, violations) = check(&companies, &[told]);
        assert_eq!(violations.len(), 2, "{violations:?}");
        let other = rebook(Answer::Booked { ticket: RIVAL });
        assert_eq!(check(&companies, &[other]).1.len(), 2);
        let lost = rebook(Answer::Lost { why: String::new() });
        assert_eq!(check(&companies, &[lost]).1, []);
    }
}
