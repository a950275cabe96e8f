//! What a customer does with a hold: a few requests at their times, some of which race with one another or with the end of the hold.

use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use futures_util::future::try_join_all;
use tokio::time::sleep;
use uuid::Uuid;

use super::RETRY_AFTER;
use super::customer::Customer;
use super::market::{Market, Order};
use crate::client::{HoldAction, Session};
use crate::history::{Answer, Meaning};

/// Around the end of a hold, in milliseconds.
const LAST_MOMENT: std::ops::Range<u64> = 0..500;
/// Requests of one node after another until somebody says what became of a hold, or of its ticket.
const FOLLOW_UPS_MAX: usize = 8;

/// One request of a hold's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Act {
    after: Duration,
    node: usize,
    action: HoldAction,
}

/// How a hold goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    Confirmed,
    ConfirmedEverywhere,
    /// Confirmed and given up at the same moment.
    ConfirmedOrReleased,
    Released,
    /// Extended, and confirmed when it would have been over.
    Extended,
    /// Extended when it is nearly over, or just is, and confirmed later.
    ExtendedLate,
    /// Confirmed everywhere when it is nearly over, or just is.
    ConfirmedLate,
    Abandoned,
}

/// With their shares.
const PLOTS: [(u8, Plot); 8] = [
    (25, Plot::Confirmed),
    (15, Plot::ConfirmedEverywhere),
    (15, Plot::ConfirmedOrReleased),
    (10, Plot::Released),
    (10, Plot::Extended),
    (5, Plot::ExtendedLate),
    (10, Plot::ConfirmedLate),
    (10, Plot::Abandoned),
];

impl Plot {
    fn draw(rng: &mut Rng) -> Self {
        let shares: u8 = PLOTS.iter().map(|(share, _)| share).sum();
        let mut drawn = rng.u8(..shares);
        for (share, plot) in PLOTS {
            if drawn < share {
                return plot;
            }
            drawn -= share;
        }
        Self::Abandoned
    }

    /// The requests of a hold that has `left` to last.
    fn acts(self, left: Duration, nodes: &[usize], rng: &mut Rng) -> Vec<Act> {
        let now = Duration::ZERO;
        let node = |rng: &mut Rng| nodes[rng.usize(..nodes.len())];
        let act = |after, node, action| Act {
            after,
            node,
            action,
        };
        let late = |rng: &mut Rng| {
            let nearly = left.saturating_sub(Duration::from_millis(LAST_MOMENT.end / 2));
            nearly + Duration::from_millis(rng.u64(LAST_MOMENT))
        };
        match self {
            Self::Confirmed => vec![act(now, node(rng), HoldAction::Confirm)],
            Self::ConfirmedEverywhere => nodes
                .iter()
                .map(|node| act(now, *node, HoldAction::Confirm))
                .collect(),
            Self::ConfirmedOrReleased => vec![
                act(now, node(rng), HoldAction::Confirm),
                act(now, node(rng), HoldAction::Release),
            ],
            Self::Released => vec![act(now, node(rng), HoldAction::Release)],
            Self::Extended => vec![
                act(now, node(rng), HoldAction::Extend),
                act(late(rng), node(rng), HoldAction::Confirm),
            ],
            Self::ExtendedLate => {
                let (extended, node_then) = (late(rng), node(rng));
                vec![
                    act(extended, node_then, HoldAction::Extend),
                    act(extended + left / 2, node(rng), HoldAction::Confirm),
                ]
            }
            Self::ConfirmedLate => nodes
                .iter()
                .map(|node| act(late(rng), *node, HoldAction::Confirm))
                .collect(),
            Self::Abandoned => Vec::new(),
        }
    }
}

/// A hold with all that is to be asked of it. It goes on by itself when its customer has turned to something else.
struct Play {
    market: Market,
    session: Session,
    customer: usize,
    hold: Uuid,
    acts: Vec<Act>,
    /// Asked one after another where nobody said what became of it.
    nodes: Vec<usize>,
    /// The ticket is given back.
    cancels: bool,
}

impl Customer {
    /// Holds seats of a trip, and goes on with the hold in one of several ways.
    pub async fn hold_trip(&mut self) -> Result<()> {
        let hot = self.wants_hot();
        let seats = self.choose(hot)?;
        let Some(Answer::Hold { hold, left_ms, .. }) = self.order(&seats, Order::Hold).await?
        else {
            return Ok(());
        };
        self.remember(hold, &seats);
        let left = Duration::from_millis(left_ms);
        let mut nodes = self.mix.nodes.clone();
        self.rng.shuffle(&mut nodes);
        let play = Play {
            market: self.market.clone(),
            session: self.session(),
            customer: self.number,
            hold,
            acts: Plot::draw(&mut self.rng).acts(left, &nodes, &mut self.rng),
            nodes,
            cancels: hot || self.rng.u8(..100) < self.mix.cancels,
        };
        let is_free = self.wait_for(play.perform()).await?;
        if is_free == Some(true) && !hot {
            self.market.stock.give_back(&seats);
        }
        Ok(())
    }
}

impl Play {
    /// Answers whether its seats are known to be free again.
    async fn perform(self) -> Result<bool> {
        let answers = try_join_all(self.acts.iter().map(|act| self.act(act))).await?;
        let told = self.acts.iter().zip(&answers);
        // one that is being confirmed cannot be extended, and is not over
        let told = told.filter(|(act, _)| act.action != HoldAction::Extend);
        let sold = match told.filter_map(|(_, answer)| is_sold(answer)).next() {
            None if self.confirms() => self.find_out().await?,
            known => known,
        };
        match sold {
            Some(true) if self.cancels => self.cancel().await,
            sold => Ok(sold == Some(false)),
        }
    }

    async fn act(&self, act: &Act) -> Result<Answer> {
        sleep(act.after).await;
        self.ask(act.node, act.action).await
    }

    async fn ask(&self, node: usize, action: HoldAction) -> Result<Answer> {
        let Self {
            market,
            session,
            customer,
            hold,
            ..
        } = self;
        market.act(node, *customer, session, *hold, action).await
    }

    fn confirms(&self) -> bool {
        let mut actions = self.acts.iter().map(|act| act.action);
        actions.any(|action| action == HoldAction::Confirm)
    }

    fn nodes(&self) -> impl Iterator<Item = usize> {
        self.nodes.iter().copied().cycle().take(FOLLOW_UPS_MAX)
    }

    /// Whether it is sold. What nobody tells will be asked again when the run is over.
    async fn find_out(&self) -> Result<Option<bool>> {
        for node in self.nodes() {
            sleep(RETRY_AFTER).await;
            let answer = self.ask(node, HoldAction::Confirm).await?;
            let sold = is_sold(&answer);
            if sold.is_some() {
                return Ok(sold);
            }
        }
        Ok(None)
    }

    /// True if it was answered that it is done.
    async fn cancel(&self) -> Result<bool> {
        for node in self.nodes() {
            let Self {
                market,
                session,
                customer,
                hold,
                ..
            } = self;
            let answer = market.cancel(node, *customer, session, *hold).await?;
            if answer == Answer::Cancelled {
                return Ok(true);
            }
            sleep(RETRY_AFTER).await;
        }
        Ok(false)
    }
}

/// Whether a hold is sold, or over, where an answer says so.
fn is_sold(answer: &Answer) -> Option<bool> {
    match answer.meaning() {
        Meaning::Booked(_) => Some(true),
        Meaning::Refused | Meaning::Ended => Some(false),
        Meaning::Held(_) | Meaning::NothingBegun | Meaning::Open => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plot_is_drawn_and_asks_only_nodes_of_its_own() {
        let mut rng = Rng::with_seed(1);
        let mut drawn = [0; PLOTS.len()];
        for _ in 0..1000 {
            let plot = Plot::draw(&mut rng);
            let place = PLOTS.iter().position(|(_, known)| *known == plot);
            drawn[place.unwrap()] += 1;
            let acts = plot.acts(Duration::from_secs(4), &[1, 2], &mut rng);
            assert!(acts.iter().all(|act| [1, 2].contains(&act.node)));
            assert_eq!(acts.is_empty(), plot == Plot::Abandoned);
        }
        assert!(drawn.iter().all(|times| *times > 20), "{drawn:?}");
    }

    #[test]
    fn a_late_request_comes_around_the_end() {
        let (left, mut rng) = (Duration::from_secs(4), Rng::with_seed(1));
        let mut times: Vec<Duration> = (0..100)
            .flat_map(|_| Plot::ConfirmedLate.acts(left, &[0, 1, 2], &mut rng))
            .map(|act| act.after)
            .collect();
        times.sort_unstable();
        assert!(times[0] < left && left < times[299]);
        assert!(times[0] > Duration::from_secs(3) && times[299] < Duration::from_secs(5));
    }
}
