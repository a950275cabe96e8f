//! Money: what came back to customers, and what companies owe each other.
//!
//! * S1: what a company's books say of a pair of companies is what its tickets come to: prices less what came back;
//! * S2: every company's books say the same, day by day;
//! * S3: what a customer was told that came back is recorded at every company, unless another company decided it apart and
//!   gave at least as much.

use std::collections::BTreeMap;

use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::refund::{Ground, Refunded};
use passcom_memory::State;

use super::Evidence;

/// Of who sells, whose seats they are, and in what currency: sold and come back.
type Pairs = BTreeMap<(CompanyId, CompanyId, String), (i128, i128)>;

/// What the tickets of a company come to.
fn of_tickets(tables: &State) -> Pairs {
    let mut pairs = Pairs::new();
    for ticket in tables.tickets.values() {
        for leg in &ticket.order.legs {
            let owner = leg.seat.company;
            // tickets of before it was kept
            let seller = ticket.order.seller.unwrap_or(owner);
            let key = (seller, owner, leg.price.currency.clone());
            let pair = pairs.entry(key).or_default();
            pair.0 += i128::from(leg.price.minor);
            let back = ticket.refunds.iter().filter(|back| back.seat == leg.seat);
            pair.1 += back.map(|back| i128::from(back.amount.minor)).sum::<i128>();
        }
    }
    pairs.retain(|_, pair| *pair != (0, 0));
    pairs
}

fn of_books(tables: &State) -> Pairs {
    let mut pairs = Pairs::new();
    for (account, sum) in &tables.sums {
        let key = (account.seller, account.owner, account.currency.clone());
        let pair = pairs.entry(key).or_default();
        pair.0 += sum.sold;
        pair.1 += sum.refunded;
    }
    pairs.retain(|_, pair| *pair != (0, 0));
    pairs
}

pub fn s1_books_are_the_tickets(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        let (books, tickets) = (of_books(tables), of_tickets(tables));
        for key in books.keys().chain(tickets.keys()) {
            let (said, is) = (books.get(key), tickets.get(key));
            if said != is {
                objections.push(format!(
                    "{company} says that {key:?} has {said:?} sold and back, its tickets {is:?}"
                ));
            }
        }
        for ticket in tables.tickets.values() {
            let refunds = ticket.refunds.iter();
            let odd = refunds.filter(|refund| {
                let mut legs = ticket.order.legs.iter();
                let leg = legs.find(|leg| leg.seat == refund.seat);
                let of_leg = leg.is_some_and(|leg| {
                    leg.price.currency == refund.amount.currency
                        && (0..=leg.price.minor).contains(&refund.amount.minor)
                });
                !of_leg || !ticket.cancelled.contains(&refund.seat)
            });
            objections.extend(odd.map(|odd| format!("{} gave back {odd:?}", ticket.id)));
        }
    }
    objections
}

pub fn s2_the_same_books_everywhere(evidence: &Evidence) -> Vec<String> {
    let mut companies = evidence.tables.iter();
    let Some((first, expected)) = companies.next() else {
        return Vec::new();
    };
    let others = companies.filter(|(_, tables)| tables.sums != expected.sums);
    others
        .map(|(company, _)| format!("the books of {first} and {company} differ"))
        .collect()
}

pub fn s3_told_is_recorded(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (ticket, told) in &evidence.refunded {
        for (company, tables) in &evidence.tables {
            let recorded = tables.tickets.get(ticket);
            let recorded = recorded.and_then(|ticket| ticket.refund_of(told.seat));
            if !recorded.is_some_and(|recorded| keeps(told, recorded)) {
                objections.push(format!(
                    "{ticket}: told {told:?}, {company} has {recorded:?}"
                ));
            }
        }
    }
    objections
}

/// Two copies of what was decided, the second of which is as good as the first to whoever was told that.
pub fn keeps(told: &Refunded, recorded: &Refunded) -> bool {
    let apart = recorded.by != told.by && recorded.amount.minor >= told.amount.minor;
    // nobody was told that anything comes back of a seat that was given for another
    recorded == told || apart || told.ground == Ground::Exchanged
}

/// A company's ticket changes: what came back for a seat stays.
pub fn lost(saga: SagaId, before: &[Refunded], after: &[Refunded]) -> Option<String> {
    let kept = |known: &&Refunded| {
        let mut after = after.iter();
        after.any(|new| new.seat == known.seat && keeps(known, new))
    };
    let lost = before.iter().find(|known| !kept(known))?;
    Some(format!("S3: ticket {saga} has lost {lost:?}"))
}
