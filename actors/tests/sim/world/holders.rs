//! What clients do with seats that are kept for them: confirm, release, extend, at any node and more than once; or
//! nothing.

use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::people::desk::{
    BookAnswer, BookingStatus, ConfirmAnswer, ExtendAnswer, ReleaseAnswer, Wait,
};

use super::customers::TRIES_MAX;
use super::*;
use crate::checker::Told;
use crate::clients::{Answer, Deed};
use crate::life::Life;
use crate::trace::Short;

impl World {
    /// A client was told for the first time that its seats are kept.
    pub(super) fn on_first_held(&mut self, number: usize) {
        let errand = &self.errands[number];
        let Some(hold) = &errand.hold else {
            let objection = format!("{} is held, and nobody asked for a hold", errand.saga);
            return self.hub.lock().history.object(objection);
        };
        let (seconds, deeds) = (hold.seconds, hold.deeds.clone());
        self.promise(number, seconds);
        for (delay, deed) in deeds {
            self.after(delay, Happening::Do(number, deed));
        }
    }

    pub(super) fn on_deed(&mut self, number: usize, deed: Deed) {
        let errand = &mut self.errands[number];
        let (user, saga) = (errand.user, errand.saga);
        let hold = errand.hold.as_mut().expect("deeds are a holder's");
        if hold.is_done(deed) || hold.tries >= TRIES_MAX {
            return;
        }
        hold.tries += 1;
        let Some((at, door)) = self.some_door() else {
            return self.again(About::Holding(number, deed));
        };
        self.tell(at, format_args!("asked to {deed:?} {}", Short(saga)));
        self.hub.lock().history.holds.on_deed(saga, deed);
        let life = self.life(at);
        let answer = async move {
            match deed {
                Deed::Confirm => {
                    asked_to_confirm(&life, saga);
                    match door.desk.confirm(user, saga, Wait::ForAnswer).await {
                        ConfirmAnswer::Answered(BookAnswer::Overloaded)
                            if door.desk.is_draining() =>
                        {
                            Answer::Nothing
                        }
                        answer => Answer::Confirming(answer),
                    }
                }
                Deed::Release => Answer::Releasing(door.desk.release(user, saga).await),
                Deed::Extend => Answer::Extending(door.desk.extend(user, saga).await),
            }
        };
        self.ask(About::Holding(number, deed), at, answer);
    }

    pub(super) fn on_confirm_answer(&mut self, number: usize, at: usize, answer: ConfirmAnswer) {
        let released = {
            let hold = self.errands[number].hold.as_ref();
            hold.is_some_and(|hold| hold.wants(Deed::Release))
        };
        match answer {
            ConfirmAnswer::Answered(BookAnswer::Definite(Outcome::Booked { .. })) => {
                self.on_confirmed(number, at);
            }
            ConfirmAnswer::Answered(BookAnswer::Definite(Outcome::Held { .. })) => {
                let saga = self.errands[number].saga;
                let objection = format!("{saga} is held, its customer wants a ticket");
                self.hub.lock().history.object(objection);
            }
            ConfirmAnswer::Ended if !released => {
                let what = "confirmations that came too late";
                self.on_deed_done(number, Deed::Confirm, Some(Told::Ended), what);
            }
            ConfirmAnswer::Ended
            | ConfirmAnswer::Answered(BookAnswer::Definite(Outcome::Refused(_))) => {
                let what = "confirmations that failed";
                self.on_deed_done(number, Deed::Confirm, Some(Told::Ended), what);
            }
            ConfirmAnswer::NotFound | ConfirmAnswer::Unpaid(_) | ConfirmAnswer::Answered(_) => {
                self.again(About::Holding(number, Deed::Confirm));
            }
        }
    }

    fn on_confirmed(&mut self, number: usize, at: usize) {
        let errand = &self.errands[number];
        let hold = errand.hold.as_ref();
        let again = hold.is_some_and(|hold| hold.done(Deed::Confirm) > 0);
        let elsewhere = errand.told_at.is_some_and(|first| first != at);
        let cancels = errand.cancels && !again;
        let what = match (again, elsewhere) {
            (true, _) => "holds told as confirmed again",
            (false, true) => "holds confirmed at another node",
            (false, false) => "holds confirmed at the same node",
        };
        self.on_deed_done(number, Deed::Confirm, Some(Told::Booked), what);
        if cancels {
            self.again(About::Cancelling(number));
        }
    }

    pub(super) fn on_release_answer(&mut self, number: usize, answer: ReleaseAnswer) {
        let (told, what) = match answer {
            ReleaseAnswer::Released => (Told::Ended, "holds released"),
            ReleaseAnswer::Booked => (Told::Booked, "releases that came too late"),
            ReleaseAnswer::NotFound
            | ReleaseAnswer::StillRunning(_)
            | ReleaseAnswer::NotKnownInTime(_) => {
                return self.again(About::Holding(number, Deed::Release));
            }
        };
        self.on_deed_done(number, Deed::Release, Some(told), what);
    }

    pub(super) fn on_extend_answer(&mut self, number: usize, answer: ExtendAnswer) {
        match answer {
            ExtendAnswer::Extended(status) => self.on_extended(number, &status),
            // no word on how it ends
            ExtendAnswer::Ended => {
                let what = "extensions that came too late";
                self.on_deed_done(number, Deed::Extend, None, what);
            }
            // it was extended again and again, and the answers got lost; or the sale of its first leg is about to close
            ExtendAnswer::AtLimit => {
                let leaves = self.errands[number].leaves();
                let what = if leaves {
                    "extensions stopped by a close of sale"
                } else {
                    "extensions that came too late"
                };
                self.on_deed_done(number, Deed::Extend, None, what);
            }
            ExtendAnswer::Booked => {
                let (told, what) = (Some(Told::Booked), "extensions of what is booked");
                self.on_deed_done(number, Deed::Extend, told, what);
            }
            ExtendAnswer::NotExtended(_) => {
                self.hub.lock().seen.count("holds not extended");
                self.again(About::Holding(number, Deed::Extend));
            }
            ExtendAnswer::NotFound => self.again(About::Holding(number, Deed::Extend)),
        }
    }

    fn on_extended(&mut self, number: usize, status: &BookingStatus) {
        let saga = self.errands[number].saga;
        match status.hold {
            Some(terms) => {
                if self.errands[number].leaves() && !terms.can_extend() {
                    let seen = &mut self.hub.lock().seen;
                    seen.count("holds extended to a close of sale");
                }
                self.promise(number, terms.seconds);
            }
            None => {
                let objection = format!("{saga} is extended, nobody says for how long");
                self.hub.lock().history.object(objection);
            }
        }
        self.on_deed_done(number, Deed::Extend, None, "holds extended");
    }

    /// Its seats are its own for so long: unless it has asked for them twice, and one of the two requests cannot have
    /// them.
    pub(super) fn promise(&mut self, number: usize, seconds: u32) {
        let errand = &self.errands[number];
        if errand.tries == 1 {
            let hub = &mut *self.hub.lock();
            let holds = &mut hub.history.holds;
            holds.promise(errand.saga, seconds, &mut hub.seen);
        }
    }

    /// A definite answer.
    fn on_deed_done(&mut self, number: usize, deed: Deed, told: Option<Told>, what: &'static str) {
        let errand = &mut self.errands[number];
        {
            let hub = &mut *self.hub.lock();
            hub.seen.count(what);
            if let Some(told) = told {
                hub.history.on_told(errand.saga, told);
            }
        }
        let hold = errand.hold.as_mut().expect("deeds are a holder's");
        if hold.once_more(deed) {
            self.again(About::Holding(number, deed));
        }
    }
}

/// To be called within the node's runtime, as it takes the request.
fn asked_to_confirm(life: &Life, saga: SagaId) {
    let hub = &mut *life.hub.lock();
    let holds = &mut hub.history.holds;
    holds.on_confirm(saga, life.wall_ms(), &mut hub.seen);
}
