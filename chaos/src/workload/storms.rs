//! What several customers do at the same moment, and one customer at several nodes.

use std::sync::Arc;

use futures_util::future::try_join_all;
use uuid::Uuid;

use super::customer::Customer;
use super::market::{Caller, Order};
use crate::history::{Answer, Meaning};

/// Customers who want the same seats.
const STORM: std::ops::RangeInclusive<usize> = 4..=8;

/// Percent of the requests of a storm, where customers hold seats at all.
const HOLDS: u8 = 25;

impl Customer {
    /// Several users want the same seats, which nobody has wanted before, some of them for later: who of them gets through can be judged. They are
    /// never given back.
    pub async fn storm(&mut self) -> anyhow::Result<()> {
        let seats: Arc<[_]> = self.choose(false)?.into();
        let rivals = self.rng.usize(STORM);
        let bookings: Vec<_> = (0..rivals)
            .map(|_| {
                let (caller, key, order) = (self.caller(), self.new_key(), self.any_order());
                let session = self.sessions[self.rng.usize(..self.sessions.len())].clone();
                let (market, seats) = (self.market.clone(), seats.clone());
                async move { market.order(caller, &session, &key, &seats, order).await }
            })
            .collect();
        self.wait_for(try_join_all(bookings)).await.map(drop)
    }

    /// One booking or hold, sent to every node at once, as by a client that trusts none of them; and once more when it is over.
    pub async fn retry_storm(&mut self) -> anyhow::Result<()> {
        let seats: Arc<[_]> = self.choose(false)?.into();
        let key: Arc<str> = self.new_key().into();
        let (nodes, last) = (self.mix.nodes.clone(), self.caller().node);
        let (market, session, customer) = (self.market.clone(), self.session(), self.number);
        let (order, wanted) = (self.any_order(), seats.clone());
        let sent = async move {
            let send = |node| {
                let caller = Caller { customer, node };
                market.order(caller, &session, &key, &seats, order)
            };
            try_join_all(nodes.into_iter().map(send)).await?;
            send(last).await
        };
        let answer = self.wait_for(sent).await?;
        if let Some(Meaning::Booked(id) | Meaning::Held(id)) = answer.map(|answer| answer.meaning())
        {
            self.remember(id, &wanted);
        }
        Ok(())
    }

    fn any_order(&mut self) -> Order {
        match self.mix.holds > 0 && self.rng.u8(..100) < HOLDS {
            true => Order::Hold,
            false => Order::Booking,
        }
    }

    /// A new login, registered at every node at once, then used at every node.
    pub async fn login_storm(&mut self) -> anyhow::Result<()> {
        let login = format!("storm-{}", Uuid::new_v4().simple());
        let (market, customer) = (self.market.clone(), self.number);
        let callers: Vec<_> = self
            .mix
            .nodes
            .iter()
            .map(|node| Caller {
                customer,
                node: *node,
            })
            .collect();
        let sent = async move {
            let register = callers.iter().map(|at| market.register(*at, &login));
            let registered = try_join_all(register).await?;
            let is_user = |answer: &Answer| matches!(answer, Answer::User { .. });
            if registered.iter().any(is_user) {
                try_join_all(callers.iter().map(|at| market.login(*at, &login))).await?;
            }
            Ok(())
        };
        self.wait_for(sent).await.map(drop)
    }
}
