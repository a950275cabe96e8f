//! A customer's hold at one company that keeps its seats: how long the company waits for the customer.
//!
//! Once `hold_seconds` is cleared it stays so: an extension of a hold that is over, everywhere or at one company, is
//! refused.

use crate::ids::SagaId;
use crate::order::{HOLD_SECONDS_MAX, OrderHash};
use crate::rows::{Rows, SagaRow};

/// An end of this saga is asked for: nobody waits for the customer any more.
pub fn end_hold(rows: &mut Rows, saga: SagaId) {
    if let Some(row) = held(rows, saga) {
        let hold_seconds = None;
        rows.sagas.put(
            saga,
            SagaRow {
                hold_seconds,
                ..row
            },
        );
    }
}

/// Every company keeps the seats of this order of a hold: none of them needs to be asked again when it is confirmed.
pub fn note_votes(rows: &mut Rows, saga: SagaId, hash: OrderHash) {
    if let Some(row) = held(rows, saga).filter(|row| row.hash == hash) {
        rows.sagas.put(saga, SagaRow { voted: true, ..row });
    }
}

/// Keeps the seats of a hold for at least this long. Answers with how long they are kept, or none if they are not held
/// here any more.
pub fn extend_hold(rows: &mut Rows, saga: SagaId, seconds: u32) -> Option<u32> {
    let row = held(rows, saga)?;
    let seconds = row.hold_seconds.max(Some(seconds.min(HOLD_SECONDS_MAX)));
    rows.sagas.put(
        saga,
        SagaRow {
            hold_seconds: seconds,
            ..row
        },
    );
    seconds
}

/// The time of a hold is over after so many seconds: from now on nobody extends it. If its seats are kept for longer,
/// nothing changes, and the answer is for how long.
pub fn expire_hold(rows: &mut Rows, saga: SagaId, seconds: u32) -> Option<u32> {
    let kept = held(rows, saga)?.hold_seconds;
    let longer = kept.filter(|kept| *kept > seconds);
    if longer.is_none() {
        end_hold(rows, saga);
    }
    longer
}

fn held(rows: &Rows, saga: SagaId) -> Option<SagaRow> {
    let row = rows.saga(&saga)?;
    row.held_for().map(|_| row.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Prepare, Vote, on_prepare, on_release};
    use super::*;
    use crate::fixtures::*;
    use crate::order::Order;
    use crate::vote::RefusalReason;

    fn hold() -> Prepare {
        let prepare = prepare(&[seat("a", 1), seat("b", 1)]);
        let order = Order {
            hold_seconds: Some(900),
            ..(*prepare.order).clone()
        };
        Prepare {
            order: Arc::new(order),
            ..prepare
        }
    }

    fn kept() -> Rows {
        let mut rows = rows();
        assert_eq!(on_prepare(&mut rows, &hold(), None), Vote::Yes);
        rows
    }

    #[test]
    fn it_is_extended_up_to_the_limit_and_never_made_shorter() {
        let mut rows = kept();
        assert_eq!(extend_hold(&mut rows, SAGA, 1_800), Some(1_800));
        assert_eq!(extend_hold(&mut rows, SAGA, 900), Some(1_800));
        let limit = Some(HOLD_SECONDS_MAX);
        assert_eq!(extend_hold(&mut rows, SAGA, u32::MAX), limit);
    }

    #[test]
    fn one_that_is_over_is_extended_no_more_and_one_that_was_extended_is_not_over() {
        let mut rows = kept();
        extend_hold(&mut rows, SAGA, 1_800);
        assert_eq!(expire_hold(&mut rows, SAGA, 900), Some(1_800));
        assert_eq!(expire_hold(&mut rows, SAGA, 1_800), None);
        assert_eq!(extend_hold(&mut rows, SAGA, 2_700), None);
        let vote = on_prepare(&mut rows, &hold(), None);
        assert_eq!(vote, Vote::Yes, "its seats are kept until it is decided");
        on_release(&mut rows, SAGA, &[], RefusalReason::Released);
        assert_eq!(extend_hold(&mut rows, SAGA, 2_700), None);
    }

    #[test]
    fn votes_are_noted_for_the_order_that_they_are_for() {
        let mut rows = kept();
        let voted = |rows: &Rows| rows.saga(&SAGA).unwrap().voted;
        note_votes(&mut rows, SAGA, OTHER_HASH);
        assert!(!voted(&rows));
        note_votes(&mut rows, SAGA, HASH);
        assert!(voted(&rows));
    }
}
