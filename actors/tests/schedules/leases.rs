//! A lease table as the protocol distrusts it: it may be away, forget everything, or count from the start again.

use std::collections::BTreeMap;

use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;

#[derive(Default)]
pub struct Leases {
    held: BTreeMap<SeatRef, SagaId>,
    last: i64,
    pub away: bool,
}

impl Leases {
    pub fn acquire(&mut self, saga: SagaId, seats: &[SeatRef]) -> LeaseAnswer {
        if self.away {
            return LeaseAnswer::Away;
        }
        let busy = |seat: &&SeatRef| self.held.get(seat).is_some_and(|by| *by != saga);
        if let Some(seat) = seats.iter().find(busy) {
            return LeaseAnswer::Busy(*seat);
        }
        self.held.extend(seats.iter().map(|seat| (*seat, saga)));
        self.last += 1;
        LeaseAnswer::Granted(FencingToken(self.last))
    }

    pub fn release(&mut self, saga: SagaId) {
        self.held.retain(|_, by| *by != saga);
    }

    pub fn raise(&mut self, fence: FencingToken) {
        self.last = self.last.max(fence.0);
    }

    /// Every lease runs out, or was lost.
    pub fn forget(&mut self) {
        self.held.clear();
    }

    /// An old snapshot comes back.
    pub fn wipe(&mut self) {
        self.held.clear();
        self.last = 0;
    }
}
