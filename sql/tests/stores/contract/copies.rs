//! Registers, and what other companies have a copy of.

use passcom_actors::company::buckets::{Bucket, Slice, id_of};
use passcom_actors::domain::accounts::{Language, Mailbox, Renewal, User};
use passcom_actors::domain::ballot::{Accept, Acceptors, Ballot, Key, Promise, Value};
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::ids::{Incarnation, RouteId, SeatNumber, UserId};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::{OutboxCursor, Replicated, SeatUse};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::{Refusal, RefusalReason};
use uuid::Uuid;

use super::{Node, book, company, post, prepare, refund, seat, try_post, vote_on};

pub fn user(login: &str) -> User {
    User {
        id: UserId(Uuid::new_v4()),
        login: login.to_owned(),
        password_hash: "$argon2id$1".to_owned(),
        version: 1,
        mailbox: None,
    }
}

pub async fn a_register_promises_accepts_and_learns(node: &Node) {
    let key = Key::Login("joão".to_owned());
    let acceptors = Acceptors(vec![company("a"), company("b")]);
    let promise = |ballot| {
        Entry::from(Question::Promise {
            key: key.clone(),
            acceptors: acceptors.clone(),
            ballot: Ballot(ballot),
        })
    };
    let value = Value::Account(user("joão"));
    let accept = |ballot| {
        Entry::from(Question::Accept {
            key: key.clone(),
            acceptors: acceptors.clone(),
            ballot: Ballot(ballot),
            value: Box::new(value.clone()),
        })
    };
    let promised = |accepted| {
        Receipt::Answer(CompanyAnswer::Promise(Promise::Promised {
            accepted,
            chosen: false,
        }))
    };
    assert_eq!(post(node, promise(4)).await, promised(None));
    let higher = Receipt::Answer(CompanyAnswer::Accept(Accept::Higher(Ballot(4))));
    assert_eq!(post(node, accept(3)).await, higher);
    let accepted = Receipt::Answer(CompanyAnswer::Accept(Accept::Accepted));
    assert_eq!(post(node, accept(4)).await, accepted);
    let first = Some((Ballot(4), value.clone()));
    assert_eq!(post(node, promise(7)).await, promised(first));
    assert_eq!(post(node, accept(7)).await, accepted);
    let second = Some((Ballot(7), value.clone()));
    assert_eq!(post(node, promise(10)).await, promised(second));
}

pub async fn the_outbox_follows_the_commits(node: &Node) {
    let before = node.archive.outbox(0, 1000).await.unwrap();
    let after = before.last().map_or(0, |(seq, _)| *seq);
    let (ana, bia, caio) = (user("ana"), user("bia"), user("caio"));
    let both = [Entry::Enrol(bia.clone()), Entry::Enrol(ana.clone())];
    try_post(node, &both).await.unwrap();
    post(node, Entry::Enrol(caio.clone())).await;
    let found = node.archive.outbox(after, 10).await.unwrap();
    let expected: Vec<_> = [bia, ana.clone(), caio].map(Replicated::User).into();
    assert_eq!(found, (after + 1..).zip(expected).collect::<Vec<_>>());
    assert_eq!(node.archive.outbox(after, 1).await.unwrap(), found[..1]);
    let known = node.archive.user("ana".to_owned()).await.unwrap();
    assert_eq!(known, Some(ana));
    assert_eq!(node.archive.user("zé".to_owned()).await.unwrap(), None);
}

pub async fn a_user_is_renewed_and_told(node: &Node) {
    let rosa = user("rosa");
    post(node, Entry::Enrol(rosa.clone())).await;
    let known = |login: &str| node.archive.user(login.to_owned());
    assert_eq!(known("rosa").await.unwrap(), Some(rosa.clone()));
    let now = 1_780_000_000;
    let renewed = rosa.renewed(Renewal::PasswordHash("$argon2id$2".to_owned()), now, 1);
    post(node, Entry::Enrol(renewed.clone())).await;
    post(node, Entry::Enrol(rosa.clone())).await;
    assert_eq!(known("rosa").await.unwrap(), Some(renewed.clone()));
    let told = node.archive.outbox(0, 1000).await.unwrap();
    let last = told.into_iter().map(|(_, row)| row).next_back();
    assert_eq!(last, Some(Replicated::User(renewed.clone())));
    // a newer one of a peer, and both at once
    let mailbox = Some(Mailbox {
        address: "rosa@example.com".to_owned(),
        language: Language::English,
    });
    let newer = renewed.renewed(Renewal::Mailbox(mailbox.clone()), now + 1, 0);
    let rows = vec![Replicated::User(newer.clone()), Replicated::User(renewed)];
    post(node, Entry::Merge { rows, cursor: None }).await;
    assert_eq!(known("rosa").await.unwrap(), Some(newer.clone()));
    let by_id = node.archive.user_by_id(newer.id).await.unwrap();
    assert_eq!(by_id.as_ref(), Some(&newer), "and so say the tables");
    let nobody = UserId(Uuid::new_v4());
    assert_eq!(node.archive.user_by_id(nobody).await.unwrap(), None);
    let since = |version| node.archive.renewed_users(version, 10);
    let expected = [(newer.id, newer.version)];
    assert_eq!(since(newer.version - 1).await.unwrap(), expected);
    assert_eq!(since(newer.version).await.unwrap(), []);
}

pub async fn a_merge_moves_the_cursor_and_frees_seats(node: &Node) {
    let trip = prepare(&[seat("a", 10, 1), seat("b", 8, 8)]);
    post(node, vote_on(&trip)).await;
    let copy = |cancelled: &[_]| {
        Replicated::Ticket(Ticket {
            id: trip.saga,
            order: trip.order.clone(),
            cancelled: cancelled.to_vec(),
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
        })
    };
    let incarnation = Incarnation(Uuid::new_v4());
    let merge = |rows, incarnation, seq| Entry::Merge {
        rows,
        cursor: Some((company("b"), OutboxCursor { incarnation, seq })),
    };
    let cursor = async || node.archive.cursors().await.unwrap()[&company("b")];
    post(node, merge(vec![copy(&[])], incarnation, 5)).await;
    assert_eq!(cursor().await.seq, 5);
    let gone = [seat("a", 10, 1)];
    let mut changed = user("davi");
    let rows = vec![copy(&gone), Replicated::User(changed.clone())];
    post(node, merge(rows, incarnation, 7)).await;
    assert_eq!(cursor().await.seq, 7);
    let free = node.archive.seat((RouteId(10), SeatNumber(1))).await;
    assert_eq!(free.unwrap(), Some(SeatUse::Free));
    let ticket = node.archive.ticket(trip.saga).await.unwrap().unwrap();
    assert_eq!(ticket.cancelled, gone);

    // an older page does not move it back, another incarnation begins anew
    post(node, merge(vec![copy(&[])], incarnation, 6)).await;
    assert_eq!(cursor().await.seq, 7);
    let incarnation = Incarnation(Uuid::new_v4());
    changed.version = 2;
    changed.password_hash = "$argon2id$2".to_owned();
    let rows = vec![Replicated::User(changed.clone())];
    post(node, merge(rows, incarnation, 1)).await;
    assert_eq!(
        cursor().await,
        OutboxCursor {
            incarnation,
            seq: 1
        }
    );
    let known = node.archive.user("davi".to_owned()).await.unwrap();
    assert_eq!(known, Some(changed));
}

pub async fn a_claimed_login_is_open_until_its_user_is_here(node: &Node) {
    let (flora, gil) = (user("flora"), user("gil"));
    for claim in [&flora, &gil] {
        let accept = Entry::from(Question::Accept {
            key: Key::Login(claim.login.clone()),
            acceptors: Acceptors(vec![company("a"), company("b")]),
            ballot: Ballot(4),
            value: Box::new(Value::Account(claim.clone())),
        });
        post(node, accept).await;
    }
    let open = async || {
        let mut open = node.archive.open_logins(1000).await.unwrap();
        open.retain(|user| *user == flora || *user == gil);
        open.sort_by(|one, other| one.login.cmp(&other.login));
        open
    };
    assert_eq!(open().await, [flora.clone(), gil.clone()]);
    post(node, Entry::Enrol(flora.clone())).await;
    assert_eq!(open().await, std::slice::from_ref(&gil));
    let rows = vec![Replicated::User(gil.clone())];
    post(node, Entry::Merge { rows, cursor: None }).await;
    assert_eq!(open().await, []);
}

pub async fn equal_copies_have_equal_digests(node: &Node) {
    let trip = prepare(&[seat("a", 12, 1), seat("b", 8, 9)]);
    post(node, vote_on(&trip)).await;
    let ticket = |cancelled: &[_]| Ticket {
        id: trip.saga,
        order: trip.order.clone(),
        cancelled: cancelled.to_vec(),
        changes: Vec::new(),
        refunds: Vec::new(),
        corrections: Vec::new(),
    };
    let bucket = Bucket::of(trip.saga.0);
    let slice = Slice::all().find(|slice| slice.buckets().any(|other| other == bucket));
    let slice = slice.expect("every bucket is in a slice");
    let digest = async || {
        let digests = node.archive.digests(slice).await.unwrap();
        digests.get(&bucket).copied()
    };
    let merge = async |row| {
        let rows = vec![row];
        post(node, Entry::Merge { rows, cursor: None }).await;
        digest().await
    };
    // a user beside the ticket: its id begins with the same bits
    let first_half = trip.saga.0.as_u128() & !u128::from(u64::MAX);
    let second_half = Uuid::new_v4().as_u128() & u128::from(u64::MAX);
    let mut erika = user("erika");
    erika.id = UserId(Uuid::from_u128(first_half | second_half));
    let without = digest().await;
    let with_ticket = merge(Replicated::Ticket(ticket(&[]))).await;
    let with_user = merge(Replicated::User(erika.clone())).await;
    let again = merge(Replicated::Ticket(ticket(&[]))).await;
    let gone = [seat("a", 12, 1)];
    let cancelled = merge(Replicated::Ticket(ticket(&gone))).await;
    let refunded = Ticket {
        refunds: vec![refund(gone[0], 1, "b")],
        ..ticket(&gone)
    };
    let given_back = merge(Replicated::Ticket(refunded.clone())).await;
    let more = Ticket {
        refunds: vec![refund(gone[0], 2, "b")],
        ..ticket(&gone)
    };
    let more_given_back = merge(Replicated::Ticket(more.clone())).await;
    erika.version = 2;
    let renewed = merge(Replicated::User(erika.clone())).await;
    assert_eq!(with_user, again);
    let states = [
        without,
        with_ticket,
        with_user,
        cancelled,
        given_back,
        more_given_back,
        renewed,
    ];
    for (place, state) in states.iter().enumerate() {
        assert!(
            !states[..place].contains(state),
            "state {place} looks like one before"
        );
    }

    let mut all = vec![Replicated::Ticket(more), Replicated::User(erika)];
    all.sort_by_key(id_of);
    let copies = async |after, limit| node.archive.copies(bucket, after, limit).await.unwrap();
    let ours =
        |rows: Vec<_>| -> Vec<_> { rows.into_iter().filter(|row| all.contains(row)).collect() };
    assert_eq!(ours(copies(None, 1000).await), all);
    assert_eq!(ours(copies(Some(id_of(&all[0])), 1000).await), all[1..]);
    assert_eq!(copies(None, 1).await.len(), 1);
}

pub async fn a_key_keeps_its_first_answer(node: &Node) {
    let idempotency = Idempotency {
        key: "chave/1".to_owned(),
        fingerprint: [9; 32],
    };
    let known = async |user| {
        let key = idempotency.key.clone();
        node.archive.key(user, key).await.unwrap()
    };
    let trip = prepare(&[seat("a", 11, 1)]);
    let user = trip.order.user;
    assert_eq!(known(user).await, None);
    let begin = Entry::Begin(Box::new(trip.clone()), Some(idempotency.clone()));
    post(node, begin).await;
    let row = known(user).await.unwrap();
    assert_eq!((row.saga, row.answer), (trip.saga, None));
    assert_eq!(row.fingerprint, idempotency.fingerprint);
    let refusal = Refusal {
        seat: seat("a", 11, 1),
        reason: RefusalReason::NoVote,
    };
    let refuse = |refusal| Entry::Refuse {
        saga: trip.saga,
        user,
        idempotency: idempotency.clone(),
        refusal,
    };
    post(node, refuse(refusal)).await;
    let reason = RefusalReason::Sold;
    post(node, refuse(Refusal { reason, ..refusal })).await;
    let answer = known(user).await.unwrap().answer;
    assert_eq!(answer, Some(Outcome::Refused(refusal)));

    let trip = prepare(&[seat("a", 11, 2)]);
    post(node, book(&trip, Some(idempotency.clone()))).await;
    let answer = known(trip.order.user).await.unwrap().answer;
    assert_eq!(answer, Some(Outcome::Booked { ticket: trip.saga }));
}

pub async fn a_round_is_never_used_twice(node: &Node) {
    let next = async |above| {
        let entry = [Entry::NextRound { above }];
        try_post(node, &entry).await.unwrap().remove(0)
    };
    assert_eq!(next(0).await, Receipt::Round(1));
    assert_eq!(next(0).await, Receipt::Round(2));
    assert_eq!(next(10).await, Receipt::Round(11));
    assert_eq!(next(4).await, Receipt::Round(12));
}
