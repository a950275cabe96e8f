//! Long answers, made in turns on threads of their own: a page of the catalogue with its seats is some megabytes, and what
//! takes a thread for milliseconds must take none from those that answer bookings and peers.
//!
//! Here is all that depends on how much a client asks for. Hashes, searches and documents have turns of their own.

use passcom_actors::domain::ids::UserId;
use passcom_actors::turns::fair::{Bounds, FairTurns};
use passcom_actors::turns::half_of_cores;

use crate::answer::Answered;
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::unread;

/// Answers that wait for their turn, at a node.
const WAITING_MAX: usize = 256;
/// With those that are being made, of one user.
const OF_ONE_USER_MAX: usize = 32;

pub(crate) struct Rendering(FairTurns<UserId>);

impl Rendering {
    pub fn new() -> Self {
        Self(FairTurns::new(Bounds {
            at_once: half_of_cores(),
            waiting: WAITING_MAX,
            of_one: OF_ONE_USER_MAX,
        }))
    }

    /// What the work makes for this call of this user, compressed where the client takes that. Nothing is made for who does not read.
    pub async fn make(
        &self,
        user: UserId,
        call: Call,
        work: impl FnOnce(&Call) -> Answered + Send + 'static,
    ) -> Answered {
        if call.is_behind {
            return Err(Problem::from(Kind::TooManyRequests).retry_after(unread::RETRY));
        }
        let work = move || work(&call).map(|answer| answer.compressed(&call));
        let made = self.0.take(user, work).await;
        made.unwrap_or_else(|| Err(Problem::from(Kind::Overloaded).retry_after(super::api::RETRY)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::future::join_all;
    use uuid::Uuid;

    use super::*;
    use crate::answer::Answer;
    use crate::call::tests::call;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn nothing_is_made_for_who_has_not_read_what_was_made_before() {
        let mut late = call("/all-trechos", &[], b"");
        late.is_behind = true;
        let work = |_: &Call| -> Answered { panic!("it is not made") };
        let answer = Rendering::new().make(user(1), late, work).await;
        assert_eq!(
            answer.err().map(|problem| problem.kind()),
            Some(Kind::TooManyRequests)
        );
    }

    /// On one thread, as every other test of tokio: were the work done on it, nothing could end the work.
    #[tokio::test]
    async fn a_long_answer_is_made_away_from_who_answers_and_not_too_many_of_one_user() {
        let rendering = Rendering::new();
        let make = |number, work: Box<dyn FnOnce() + Send>| {
            let call = call("/all-trechos", &[], b"");
            let work = move |_: &Call| {
                work();
                Ok(Answer::text(""))
            };
            rendering.make(user(number), call, work)
        };
        let at_once = half_of_cores();
        let (finish, slow): (Vec<_>, Vec<_>) = (0..at_once)
            .map(|_| {
                let (finish, finished) = mpsc::channel::<()>();
                (finish, make(0, Box::new(move || _ = finished.recv())))
            })
            .unzip();
        let waiting = (0..OF_ONE_USER_MAX - at_once + 1).map(|_| make(0, Box::new(|| ())));
        let release = async { drop(finish) };
        let (_, waiting, other, ()) = tokio::join!(
            biased;
            join_all(slow), join_all(waiting), make(1, Box::new(|| ())), release
        );
        let refused = waiting.iter().filter(|answer| answer.is_err()).count();
        assert_eq!((refused, other.is_ok()), (1, true));
    }
}
