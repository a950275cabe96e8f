//! Seats of an earlier ticket that end with another order, as company a sees it: [`SAGA`] is the ticket, [`OTHER`] what takes its place.

use super::*;
use crate::order::Exchange;
use crate::vote::LegState;

const THIRD: SagaId = SagaId(Uuid::from_u128(3));

/// Ticket [`SAGA`] with seats 1 of companies a and b, sold.
fn sold() -> Rows {
    let mut rows = rows();
    prepare_entry().posted(&mut rows);
    settle_entry().posted(&mut rows);
    rows.outbox.clear();
    rows
}

/// An order of these seats in place of those of the ticket.
fn instead(saga: SagaId, seats: &[SeatRef], replaced: &[SeatRef]) -> Prepare {
    let mut order = (*order(seats)).clone();
    order.exchange = Some(Exchange {
        ticket: SAGA,
        seats: replaced.to_vec(),
        companies: ["a", "b"].map(company).to_vec(),
    });
    Prepare {
        saga,
        order: Arc::new(order),
        ..trip()
    }
}

fn both() -> Vec<SeatRef> {
    vec![seat("a", 1), seat("b", 1)]
}

fn vote(prepare: &Prepare) -> Entry {
    Entry::from(Question::Prepare(Box::new(prepare.clone())))
}

fn voted(rows: &mut Rows, prepare: &Prepare) -> Vote {
    match vote(prepare).posted(rows) {
        Receipt::Answer(CompanyAnswer::Vote(vote)) => vote,
        other => panic!("{other:?}"),
    }
}

fn told(prepare: &Prepare) -> Entry {
    Entry::from(Question::Commit {
        saga: prepare.saga,
        hash: HASH,
        exchanged: Some(SAGA),
    })
}

fn released(prepare: &Prepare) -> Entry {
    Entry::from(Question::Release {
        saga: prepare.saga,
        seats: prepare.order.claims_of(company("a")),
        reason: RefusalReason::Sold,
    })
}

fn cancelled(rows: &mut Rows) -> Receipt {
    cancel_entry().posted(rows)
}

fn refused(reason: RefusalReason) -> Vote {
    Vote::No(Refusal {
        seat: claim(company("a"), SAGA),
        reason,
    })
}

fn left(rows: &Rows) -> Vec<SeatRef> {
    rows.ticket(&SAGA).unwrap().seats_left()
}

#[test]
fn the_seats_of_the_ticket_end_with_the_commit_and_not_before() {
    for seats in [vec![seat("a", 2)], vec![seat("c", 2)]] {
        let mut rows = sold();
        let new = instead(OTHER, &seats, &both());
        assert_eq!(new.order.companies()[..2], ["a", "b"].map(company));
        assert_eq!(voted(&mut rows, &new), Vote::Yes);
        assert_eq!(left(&rows), both());
        assert_eq!(
            rows.leg(&leg_key(SAGA, 1)).unwrap().state,
            LegState::Committed
        );

        told(&new).posted(&mut rows);
        assert_eq!(left(&rows), []);
        assert_eq!(
            rows.leg(&leg_key(SAGA, 1)).unwrap().state,
            LegState::Cancelled
        );
        assert_eq!(rows.seat_use(&(ROUTE, SeatNumber(1))), SeatUse::Free);
        assert_eq!(rows.ticket(&OTHER).unwrap().order, new.order);
        // the others are told of what ended
        let ended = rows.ticket(&SAGA).unwrap().clone();
        assert_eq!(rows.outbox, [Replicated::Ticket(ended)]);

        let once = rows.clone();
        told(&new).posted(&mut rows);
        assert_eq!(rows, once, "told again");
        assert_eq!(rows.alarms, [""; 0]);
    }
}

#[test]
fn an_exchange_that_is_given_up_leaves_the_ticket_as_it_was() {
    let mut rows = sold();
    let ticket = rows.ticket(&SAGA).cloned();
    let new = instead(OTHER, &[seat("a", 2)], &both());
    voted(&mut rows, &new);
    assert_eq!(cancelled(&mut rows), Receipt::Cancelled(Cancelled::Changed));
    released(&new).posted(&mut rows);
    assert_eq!(rows.ticket(&SAGA), ticket.as_ref());
    assert_eq!(
        rows.leg(&leg_key(SAGA, 1)).unwrap().state,
        LegState::Committed
    );
    // and it can be exchanged or cancelled after all
    assert_eq!(
        voted(&mut rows, &instead(THIRD, &[seat("a", 3)], &both())),
        Vote::Yes
    );
    assert_eq!(rows.alarms, [""; 0]);
}

#[test]
fn of_two_exchanges_of_a_ticket_one_is_decided_at_a_time() {
    let mut rows = sold();
    let new = instead(OTHER, &[seat("a", 2)], &both());
    let rival = instead(THIRD, &[seat("a", 3)], &[seat("a", 1)]);
    voted(&mut rows, &new);
    assert_eq!(voted(&mut rows, &rival), refused(RefusalReason::Held));
    told(&new).posted(&mut rows);
    let late = Prepare {
        saga: SagaId(Uuid::from_u128(4)),
        ..rival
    };
    assert_eq!(voted(&mut rows, &late), refused(RefusalReason::Changed));
}

fn is_done(receipt: &Receipt) -> bool {
    matches!(receipt, Receipt::Cancelled(Cancelled::Done(_)))
}

#[test]
fn what_is_cancelled_is_not_exchanged_and_what_is_exchanged_is_not_cancelled() {
    let new = instead(OTHER, &[seat("a", 2)], &both());
    let mut rows = sold();
    assert!(is_done(&cancelled(&mut rows)));
    assert_eq!(voted(&mut rows, &new), refused(RefusalReason::Changed));

    let mut rows = sold();
    voted(&mut rows, &new);
    told(&new).posted(&mut rows);
    let agreed = Entry::Cancel {
        ticket: SAGA,
        seats: both(),
        agreed: true,
        refunds: Vec::new(),
    };
    // all of them are gone: asked again, and nothing of it is new
    let before = durable(rows.clone());
    assert!(is_done(&agreed.posted(&mut rows)));
    assert_eq!(durable(rows), before);
}

#[test]
fn some_seats_of_a_ticket_are_exchanged_and_the_others_stay() {
    let mut rows = sold();
    let new = instead(OTHER, &[seat("a", 2)], &[seat("b", 1)]);
    voted(&mut rows, &new);
    told(&new).posted(&mut rows);
    assert_eq!(left(&rows), [seat("a", 1)]);
    assert_eq!(
        rows.leg(&leg_key(SAGA, 1)).unwrap().state,
        LegState::Committed
    );
    assert!(is_done(&cancelled(&mut rows)));
    assert_eq!(left(&rows), []);
}

#[test]
fn nobody_exchanges_what_is_not_theirs() {
    let other_companies = |exchange: &mut Exchange| exchange.companies = vec![company("a")];
    let not_on_it = |exchange: &mut Exchange| exchange.seats.push(seat("b", 2));
    let another = |exchange: &mut Exchange| exchange.ticket = THIRD;
    let wrong: [&dyn Fn(&mut Exchange); 3] = [&other_companies, &not_on_it, &another];
    for wrong in wrong {
        let mut rows = sold();
        let mut new = instead(OTHER, &[seat("a", 2)], &both());
        wrong(Arc::make_mut(&mut new.order).exchange.as_mut().unwrap());
        let vote = voted(&mut rows, &new);
        let Vote::No(refusal) = vote else {
            panic!("{vote:?}");
        };
        assert_eq!(refusal.reason, RefusalReason::Changed);
    }
    let mut rows = sold();
    let mut new = instead(OTHER, &[seat("a", 2)], &both());
    Arc::make_mut(&mut new.order).user = UserId(Uuid::from_u128(10));
    assert_eq!(voted(&mut rows, &new), refused(RefusalReason::Changed));
    assert_eq!(left(&rows), both());
}

#[test]
fn an_exchange_within_one_company_is_one_step() {
    let mut rows = rows();
    book_entry().posted(&mut rows);
    let mut new = instead(OTHER, &[seat("a", 2)], &[seat("a", 1)]);
    let exchange = Arc::make_mut(&mut new.order).exchange.as_mut().unwrap();
    exchange.companies = vec![company("a")];
    new.acceptors = alone().acceptors;
    let book = Entry::asked(Question::Book(Box::new(new)), None, None);
    let booked = Receipt::Answer(CompanyAnswer::Vote(Vote::Yes));
    assert_eq!(book.posted(&mut rows), booked);
    assert_eq!(left(&rows), []);
    assert_eq!(rows.seat_use(&(ROUTE, SeatNumber(1))), SeatUse::Free);
    let sold = SeatUse::Sold { to: OTHER };
    assert_eq!(rows.seat_use(&(ROUTE, SeatNumber(2))), sold);
    assert_eq!(book.posted(&mut rows), booked, "asked again");
    assert_eq!(rows.alarms, [""; 0]);
}

/// Who drives it, without a leg or a claim, settles as ever: what ends of the ticket comes from its companies.
#[test]
fn a_company_that_is_in_neither_only_keeps_the_new_ticket() {
    let mut rows = rows();
    let mut new = instead(OTHER, &[seat("c", 2)], &[seat("b", 1)]);
    let exchange = Arc::make_mut(&mut new.order).exchange.as_mut().unwrap();
    exchange.companies = vec![company("b")];
    let value = Value::Commit {
        hash: HASH,
        order: new.order.clone(),
    };
    let settle = Entry::Settle(
        Box::new(Decision {
            saga: OTHER,
            ..*decision(value)
        }),
        None,
    );
    assert_eq!(settle.posted(&mut rows), Receipt::Done);
    assert_eq!(rows.ticket(&OTHER).unwrap().order, new.order);
    assert_eq!(rows.ticket(&SAGA), None);
    assert_eq!(rows.alarms, [""; 0]);
}
