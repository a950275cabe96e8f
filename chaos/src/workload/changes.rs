//! What a customer does about a ticket whose flight was changed: agrees, takes other seats in its place, or the money; some of it twice at
//! the same moment.

use std::sync::Arc;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::customer::{Customer, Kept};
use crate::history::{Answer, Meaning, Seat, SeatName};

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    Accept,
    Refund,
    Rebook,
    /// With one key at every node.
    RebookEverywhere,
    /// The same seats are given for two others at the same moment.
    RebookTwice,
    /// The same seats are given for others and for money at the same moment.
    RebookOrRefund,
}

/// Those that are equally likely.
const PLOTS: [Plot; 8] = [
    Plot::Accept,
    Plot::Refund,
    Plot::Rebook,
    Plot::Rebook,
    Plot::RebookEverywhere,
    Plot::RebookTwice,
    Plot::RebookTwice,
    Plot::RebookOrRefund,
];

impl Customer {
    /// Looks at a ticket whose flight was changed, and does something about it; without one, looks at anything.
    pub async fn change_trip(&mut self) -> Result<()> {
        let Some(kept) = self.any_changed() else {
            return self.read().await;
        };
        let (caller, market, session) = (self.caller(), self.market.clone(), self.session());
        let ticket = kept.ticket;
        let asked = async move { market.ticket(caller, &session, ticket).await };
        let Some(Answer::Ticket { changes, owed, .. }) = self.ask(asked).await? else {
            return Ok(());
        };
        let plot = PLOTS[self.rng.usize(..PLOTS.len())];
        match plot {
            Plot::Accept if changes > 0 => self.accept(&kept, changes).await,
            Plot::Refund if changes > 0 => self.cancel(ticket).await.map(drop),
            Plot::Accept | Plot::Refund => Ok(()),
            _ => match of_one_flight(&owed) {
                given if given.is_empty() => Ok(()),
                given => self.rebook(&kept, given, plot).await,
            },
        }
    }

    async fn accept(&mut self, kept: &Kept, changes: u32) -> Result<()> {
        let ticket = kept.ticket;
        let (caller, market, session) = (self.caller(), self.market.clone(), self.session());
        let asked = async move { market.accept(caller, &session, ticket, changes).await };
        self.ask(asked).await.map(drop)
    }

    async fn rebook(&mut self, kept: &Kept, given: Vec<SeatName>, plot: Plot) -> Result<()> {
        let ticket = kept.ticket;
        let Some(seats) = self.instead(&given) else {
            return Ok(());
        };
        let given: Arc<[SeatName]> = given.into();
        let mut wishes = match plot {
            Plot::RebookEverywhere => {
                let key: Arc<str> = self.new_key().into();
                let nodes = self.mix.nodes.iter();
                nodes
                    .map(|node| (*node, key.clone(), seats.clone()))
                    .collect()
            }
            _ => vec![(self.caller().node, self.new_key().into(), seats.clone())],
        };
        if plot == Plot::RebookTwice
            && let Some(others) = self.instead(&given)
        {
            wishes.push((self.caller().node, self.new_key().into(), others));
        }
        let refund = (plot == Plot::RebookOrRefund).then(|| self.caller().node);
        let (market, session, customer) = (self.market.clone(), self.session(), self.number);
        let first_wish = wishes[0].clone();
        let asked = {
            let (market, session, given) = (market.clone(), session.clone(), given.clone());
            async move {
                let rebook = wishes.iter().map(|(node, key, seats)| {
                    let exchange = (&*given, &**seats);
                    market.rebook((*node, customer), &session, key, ticket, exchange)
                });
                let refund = refund.iter().map(|node| {
                    let (market, session) = (&market, &session);
                    market.cancel_agreed(*node, customer, session, ticket)
                });
                let both = (try_join_all(rebook), try_join_all(refund));
                let (answers, _) = futures_util::future::try_join(both.0, both.1).await?;
                Ok(answers.into_iter().next())
            }
        };
        let answer = match self.wait_for(asked).await?.flatten() {
            Some(answer) if answer.meaning() != Meaning::Open => Some(answer),
            _ => {
                let (_, key, seats) = first_wish;
                self.insist(|caller, market, session| {
                    let (key, seats, given) = (key.clone(), seats.clone(), given.clone());
                    let at = (caller.node, caller.customer);
                    async move {
                        let exchange = (&*given, &*seats);
                        market.rebook(at, &session, &key, ticket, exchange).await
                    }
                })
                .await?
            }
        };
        if let Some(Meaning::Booked(new)) = answer.map(|answer| answer.meaning()) {
            self.remember(new, &seats);
        }
        Ok(())
    }

    fn instead(&mut self, given: &[SeatName]) -> Option<Arc<[Seat]>> {
        let stock = &self.market.stock;
        let seats = stock.instead(given.first()?, given.len(), &mut self.rng)?;
        Some(seats.into())
    }
}

/// Those of one flight with the first: they can be given for seats of one other.
fn of_one_flight(owed: &[SeatName]) -> Vec<SeatName> {
    let Some(first) = owed.first() else {
        return Vec::new();
    };
    let flight = |seat: &SeatName| (seat.company.clone(), seat.id >> crate::stock::SEAT_BITS);
    let same = owed.iter().filter(|seat| flight(seat) == flight(first));
    same.cloned().collect()
}
