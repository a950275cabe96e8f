//! What must hold of customers' holds after every commit and every answer.
//!
//! * H1: a Commit is accepted by nobody before some company has the customer's request on record;
//! * H2: whoever was told that its seats are kept for so long has them for so long, unless somebody asked for something
//!   else;
//! * H3: "kept" is told only of seats that every company has prepared.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{SagaRow, SagaState};
use passcom_actors::domain::vote::LegState::{self, Prepared, Refused};

use super::Decision;
use crate::clients::Deed;
use crate::seen::Seen;

#[derive(Debug, Default)]
pub struct Holds(BTreeMap<SagaId, Hold>);

#[derive(Debug)]
struct Hold {
    seats: Vec<SeatRef>,
    begun_at: u64,
    /// The longest that any company was told to keep its seats, in seconds.
    longest: u32,
    /// Seats that were prepared at some time.
    kept: BTreeSet<SeatRef>,
    /// Some company waits for the customer no more, without a ballot having told it so.
    requested: bool,
    /// Until when its customer was told that it lasts.
    promised_until: Option<u64>,
    /// Its customer has asked for a ticket.
    to_confirm: bool,
    /// Somebody has asked for more than to keep the seats: its end may come at any time.
    disturbed: bool,
}

impl Holds {
    /// A company's row of a saga has changed. `votes` where it has accepted a Commit of it in the same transaction.
    pub fn on_saga(
        &mut self,
        now: u64,
        saga: SagaId,
        before: Option<&SagaRow>,
        after: &SagaRow,
        votes: bool,
    ) {
        let order = after.order.as_ref();
        if let Some((order, seconds)) = order.and_then(|order| Some((order, order.hold_seconds?))) {
            self.0.entry(saga).or_insert_with(|| Hold {
                seats: order.seats(),
                begun_at: now,
                longest: seconds,
                kept: BTreeSet::new(),
                requested: false,
                promised_until: None,
                to_confirm: false,
                disturbed: false,
            });
        }
        let Some(hold) = self.0.get_mut(&saga) else {
            return;
        };
        hold.longest = hold.longest.max(after.hold_seconds.unwrap_or_default());
        let waited = before.is_none_or(|before| before.hold_seconds.is_some());
        let waits = after.hold_seconds.is_some() || after.state != SagaState::Begun;
        hold.requested |= waited && !waits && !votes;
    }

    /// H1, as an acceptor takes a Commit.
    pub fn on_commit_accepted(&self, saga: SagaId) -> Option<String> {
        let hold = self.0.get(&saga)?;
        let objection = || format!("H1: {saga} is to be sold, and nobody confirmed it");
        (!hold.requested || !hold.to_confirm).then(objection)
    }

    /// H2, as a leg moves.
    pub fn on_leg(
        &mut self,
        now: u64,
        saga: SagaId,
        seat: SeatRef,
        before: Option<LegState>,
        after: LegState,
    ) -> Option<String> {
        let hold = self.0.get_mut(&saga)?;
        if after == Prepared {
            hold.kept.insert(seat);
        }
        let until = hold.promised_until.filter(|until| now < *until)?;
        let ends = before == Some(Prepared) && after == Refused;
        let objection = || format!("H2: {saga} gave {seat:?} up at {now} ms, promised to {until}");
        (ends && !hold.disturbed).then(objection)
    }

    /// H3, as somebody is told, or it is written down to be told.
    pub fn on_held(&self, saga: SagaId) -> Option<String> {
        let Some(hold) = self.0.get(&saga) else {
            return Some(format!("H3: {saga} is no hold, and was told as one"));
        };
        let missing = hold.seats.iter().find(|seat| !hold.kept.contains(seat));
        missing.map(|seat| format!("H3: {saga} was told as held, {seat:?} never was"))
    }

    /// Its customer was told that it lasts for so many seconds from its beginning.
    pub fn promise(&mut self, saga: SagaId, seconds: u32) {
        if let Some(hold) = self.0.get_mut(&saga) {
            let until = hold.begun_at + u64::from(seconds) * 1_000;
            hold.promised_until = hold.promised_until.max(Some(until));
        }
    }

    /// Somebody asks for more than to keep the seats, or asks for the same hold again.
    pub fn disturb(&mut self, saga: SagaId) {
        if let Some(hold) = self.0.get_mut(&saga) {
            hold.disturbed = true;
        }
    }

    /// Its customer wants this done.
    pub fn on_deed(&mut self, saga: SagaId, deed: Deed) {
        if deed != Deed::Extend {
            self.disturb(saga);
        }
        if let Some(hold) = self.0.get_mut(&saga) {
            hold.to_confirm |= deed == Deed::Confirm;
        }
    }

    /// Those that some company keeps for longer than until now.
    pub fn unexpired(&self, now: u64) -> BTreeSet<SagaId> {
        let lasts = |hold: &Hold| hold.begun_at + u64::from(hold.longest) * 1_000 > now;
        let holds = self.0.iter().filter(|(_, hold)| lasts(hold));
        holds.map(|(saga, _)| *saga).collect()
    }

    pub fn count_chosen(&self, now: u64, saga: SagaId, decision: Decision, seen: &mut Seen) {
        let Some(hold) = self.0.get(&saga) else {
            return;
        };
        let over = hold.promised_until.is_some_and(|until| now >= until);
        match decision {
            Decision::Commit(_) => {
                seen.count("holds confirmed");
                if over {
                    seen.count("confirmations that came before an end that was due");
                }
            }
            Decision::Abort if hold.requested && hold.to_confirm => {
                seen.count("holds aborted after a request to confirm");
            }
            Decision::Abort if over && !hold.disturbed => {
                seen.count("holds expired");
            }
            Decision::Abort | Decision::Account(_) => {}
        }
    }
}
