use super::*;

const ANNA: Uuid = Uuid::from_u128(1);
const BERT: Uuid = Uuid::from_u128(2);
const EVER: u64 = u64::MAX;

fn event(what: What, begin_us: u64, end_us: u64) -> Event {
    Event {
        begin_us,
        end_us,
        what,
    }
}

fn booked(ticket: Uuid, begin_us: u64, end_us: u64) -> Event {
    event(What::Booked(ticket), begin_us, end_us)
}

fn freed(ticket: Uuid, begin_us: u64, end_us: u64) -> Event {
    event(What::Freed(ticket), begin_us, end_us)
}

fn is_explained(events: &[Event]) -> bool {
    match search(events) {
        Found::Order => true,
        Found::None { .. } => false,
        Found::Undecided { tried } => panic!("undecided after {tried}"),
    }
}

#[test]
fn one_owner_after_the_other_is_explained() {
    assert!(is_explained(&[]));
    assert!(is_explained(&[
        booked(ANNA, 0, 10),
        freed(ANNA, 20, 30),
        booked(BERT, 25, 40),
    ]));
    // the cancellation took effect long after it was asked for
    assert!(is_explained(&[
        booked(ANNA, 0, 10),
        freed(ANNA, 20, EVER),
        booked(BERT, 50, 60),
        freed(BERT, 70, EVER),
    ]));
}

#[test]
fn two_owners_at_once_are_not() {
    assert!(!is_explained(&[booked(ANNA, 0, 10), booked(BERT, 5, 15)]));
    let overlap = [
        booked(ANNA, 0, 10),
        booked(BERT, 5, 15),
        freed(ANNA, 20, EVER),
        freed(BERT, 20, EVER),
    ];
    assert!(
        !is_explained(&overlap),
        "both were told before either gave it back"
    );
    let Found::None { stuck_at } = search(&overlap) else {
        panic!("it was just not explained");
    };
    assert!(stuck_at.contains(&BERT.to_string()), "{stuck_at}");
}

#[test]
fn an_answer_that_never_came_may_have_happened_late() {
    assert!(is_explained(&[
        booked(ANNA, 0, EVER),
        booked(BERT, 5, 15),
        freed(BERT, 20, EVER),
    ]));
    assert!(
        !is_explained(&[booked(ANNA, 0, EVER), booked(BERT, 5, 15)]),
        "but both keep it"
    );
}

#[test]
fn the_choice_of_the_first_owner_is_searched() {
    // whoever ends first was not necessarily first
    assert!(is_explained(&[
        booked(ANNA, 0, 100),
        booked(BERT, 0, 50),
        event(What::SeenOf(ANNA), 20, 30),
        freed(ANNA, 10, 45),
        freed(BERT, 60, EVER),
    ]));
}

#[test]
fn reads_must_agree() {
    let owned = |what, begin_us, end_us| {
        [
            booked(ANNA, 0, 10),
            event(what, begin_us, end_us),
            freed(ANNA, 100, 110),
        ]
    };
    assert!(is_explained(&owned(What::SeenOf(ANNA), 20, 30)));
    assert!(is_explained(&owned(What::SeenTaken, 20, 30)));
    assert!(!is_explained(&owned(What::SeenFree, 20, 30)), "stale");
    assert!(!is_explained(&owned(What::SeenOf(BERT), 20, 30)));
    assert!(is_explained(&owned(What::SeenFree, 5, 30)), "before it");
    assert!(is_explained(&owned(What::SeenFree, 120, 130)));
    assert!(!is_explained(&owned(What::SeenTaken, 120, 130)));
    assert!(!is_explained(&owned(What::SeenOf(ANNA), 120, 130)));
}

/// Many at once, and what they see, in an order that is known to exist; then one of them made impossible.
#[test]
fn long_histories_are_decided_either_way() {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut events = Vec::new();
    for turn in 0..2_000 {
        let (ticket, at) = (
            Uuid::from_u128(turn + 1),
            u64::try_from(turn).unwrap() * 100,
        );
        let mut around = |instant: u64| {
            let begin = instant.saturating_sub(rng.u64(0..150));
            (begin, instant + rng.u64(0..150))
        };
        let (begin, end) = around(at + 10);
        events.push(booked(ticket, begin, end));
        let (begin, end) = around(at + 30);
        events.push(event(What::SeenOf(ticket), begin, end));
        let (begin, _) = around(at + 50);
        events.push(freed(ticket, begin, EVER));
        let (begin, end) = around(at + 70);
        events.push(event(What::SeenFree, begin, end));
    }
    assert!(is_explained(&events));
    let last = 2_000 * 100 + 1_000;
    events.push(event(What::SeenOf(ANNA), last, last + 1));
    assert!(!is_explained(&events), "the first owner came back");
}
