//! What must hold of customers' holds after every commit and every answer.
//!
//! * H1: a Commit is accepted by nobody before some company has the customer's request on record, made before the first
//!   flight's sale has closed by the clock of the node that took it;
//! * H2: whoever was told that its seats are kept for so long has them for so long, unless somebody asked for something
//!   else;
//! * H3: "kept" is told only of seats that every company has prepared;
//! * H4: no hold lasts beyond the close of its first flight's sale, but for a second where it begins at that instant.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{SagaRow, SagaState};
use passcom_actors::domain::vote::LegState::{self, Prepared, Refused};

use super::Decision;
use super::departures::SALE_CLOSES;
use crate::clients::Deed;
use crate::seen::Seen;

#[derive(Debug, Default)]
pub struct Holds(BTreeMap<SagaId, Hold>);

#[derive(Debug)]
struct Hold {
    seats: Vec<SeatRef>,
    begun_at: u64,
    /// When the first flight leaves, in seconds since 1970.
    departs: i64,
    /// From when it was ordered until then, in seconds, by the clock of who took the order: the most, if two nodes did.
    ahead: i64,
    /// The longest that any company was told to keep its seats, in seconds.
    longest: u32,
    /// Seats that were prepared at some time.
    kept: BTreeSet<SeatRef>,
    /// Some company waits for the customer no more, without a ballot having told it so.
    requested: bool,
    /// Until when its customer was told that it lasts.
    promised_until: Option<u64>,
    /// Its customer has asked for a ticket in time.
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
    ) -> Option<String> {
        let order = after.order.as_ref();
        if let Some((order, seconds)) = order.and_then(|order| Some((order, order.hold_seconds?))) {
            let departs = order.legs.iter().map(|leg| leg.departs).min()?;
            let ahead = departs - order.created_at / 1000;
            let hold = self.0.entry(saga).or_insert_with(|| Hold {
                seats: order.seats(),
                begun_at: now,
                departs,
                ahead,
                longest: seconds,
                kept: BTreeSet::new(),
                requested: false,
                promised_until: None,
                to_confirm: false,
                disturbed: false,
            });
            hold.ahead = hold.ahead.max(ahead);
        }
        let hold = self.0.get_mut(&saga)?;
        hold.longest = hold.longest.max(after.hold_seconds.unwrap_or_default());
        let waited = before.is_none_or(|before| before.hold_seconds.is_some());
        let waits = after.hold_seconds.is_some() || after.state != SagaState::Begun;
        hold.requested |= waited && !waits && !votes;
        let seconds = i64::from(after.hold_seconds?);
        let extended = before.is_some_and(|before| before.hold_seconds < after.hold_seconds);
        let ahead = hold.ahead - SALE_CLOSES;
        let most = if extended { ahead } else { ahead.max(1) };
        let objection = || {
            format!("H4: {saga} lasts for {seconds} s, {most} s are left (extended: {extended})")
        };
        (seconds > most).then(objection)
    }

    /// H1, as an acceptor takes a Commit.
    pub fn on_commit_accepted(&self, saga: SagaId) -> Option<String> {
        let hold = self.0.get(&saga)?;
        let objection = || format!("H1: {saga} is to be sold, and nobody confirmed it in time");
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

    /// Its customer was told that it lasts for so many seconds from its beginning, or until its sale closes.
    pub fn promise(&mut self, saga: SagaId, seconds: u32, seen: &mut Seen) {
        if let Some(hold) = self.0.get_mut(&saga) {
            let ahead = (hold.ahead - SALE_CLOSES).max(1) as u32;
            if ahead < seconds {
                seen.count("holds shortened by a close of sale");
            }
            let seconds = seconds.min(ahead);
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
    }

    /// Its customer asks for a ticket at a node whose clock shows this.
    pub fn on_confirm(&mut self, saga: SagaId, wall_ms: i64, seen: &mut Seen) {
        if let Some(hold) = self.0.get_mut(&saga) {
            let in_time = wall_ms < (hold.departs - SALE_CLOSES) * 1000;
            hold.to_confirm |= in_time;
            if !in_time {
                seen.count("confirmations asked for after a close of sale");
            }
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
