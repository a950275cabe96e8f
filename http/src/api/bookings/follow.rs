//! The events of a booking: its steps while it is driven here, and its state at the end wherever it is driven.

use std::time::Duration;

use futures_util::stream;
use passcom_actors::booking::progress::Follower;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::people::desk::{BookingState, Desk, NotShown};
use tokio::time::{Instant, sleep};
use warp::hyper::body::Bytes;

use crate::events::{self, Events, RETRY_LINE};
use crate::wire;

/// How often a booking that is driven elsewhere is asked for.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long: longer than any driver lives. Then its state is told as it is.
const ASK_FOR: Duration = Duration::from_secs(60);

/// A booking that a client follows.
pub(super) struct Followed {
    desk: Desk,
    user: UserId,
    saga: SagaId,
    stage: Stage,
}

enum Stage {
    Opening(Option<Follower>),
    /// It is driven here, or was a moment ago.
    Steps(Follower),
    /// Until it has ended, or it is time to say that it has not.
    Asking {
        until: Instant,
    },
    Over,
}

impl Followed {
    pub async fn new(
        desk: &Desk,
        user: UserId,
        saga: SagaId,
        seen: usize,
    ) -> Result<Self, NotShown> {
        let follower = desk.follow(user, saga, seen);
        if follower.is_none() {
            desk.booking(user, saga).await?;
        }
        Ok(Self {
            desk: desk.clone(),
            user,
            saga,
            stage: Stage::Opening(follower),
        })
    }

    pub fn events(self) -> Events {
        Box::pin(stream::unfold(self, |mut this| async move {
            this.next().await.map(|event| (event, this))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Stage::Opening(follower) = &mut self.stage {
            self.stage = follower.take().map_or_else(Stage::asking, Stage::Steps);
            return Some(RETRY_LINE);
        }
        if let Stage::Steps(follower) = &mut self.stage {
            if let Some(told) = follower.next().await {
                let id = told.number.to_string();
                let step = wire::BookingStep::from(&told);
                return Some(events::encode("passo", Some(&id), &step));
            }
            self.stage = Stage::asking();
        }
        let Stage::Asking { until } = self.stage else {
            return None;
        };
        let end = self.end(until).await;
        self.stage = Stage::Over;
        end
    }

    /// The state that it ended in, or the one that it has when the time is over; none if nobody who answers knows it then.
    async fn end(&self, until: Instant) -> Option<Bytes> {
        loop {
            let status = self.desk.booking(self.user, self.saga).await;
            let has_ended = |state| state != BookingState::Running;
            let ended = status.as_ref().is_ok_and(|status| has_ended(status.state));
            if ended || Instant::now() >= until {
                let booking = wire::Booking::new(&status.ok()?, self.desk.clock().wall_ms());
                return Some(events::encode("fim", None, &booking));
            }
            sleep(ASK_EVERY).await;
        }
    }
}

impl Stage {
    fn asking() -> Self {
        Self::Asking {
            until: Instant::now() + ASK_FOR,
        }
    }
}
