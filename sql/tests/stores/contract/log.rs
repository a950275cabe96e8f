//! The log itself: who may append, what an append finds out, and what a start finds.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::catalogue::Route;
use passcom_actors::company::ledger::PostError;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::{Cell, Parts};
use passcom_actors::company::log::hot::{Assumed, Hot, Projection};
use passcom_actors::company::log::projector::{self, Superseded};
use passcom_actors::company::store::{Append, AppendError, LedgerStore, WriteError};
use passcom_actors::domain::ballot::{Accept, Ballot, Key, Value};
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{Incarnation, RouteId, SagaId, SeatNumber};
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::{Footprint, LegKey, LegRow, OutboxCursor, Replicated, Rows};
use passcom_actors::domain::ticket::Cancelled;
use passcom_actors::domain::vote::{LegState, Prepare, RefusalReason};
use uuid::Uuid;

use super::bookings::{no, release, settle};
use super::copies::user;
use super::holds::hold;
use super::reads::block;
use super::{
    Base, Forgetful, Node, ROUTES, SEATS, Tabling, book, company, done, post, prepare, refund,
    route, seat, try_post, vote_on, yes,
};

/// What an append is made of, apart from its rows.
struct Draft {
    seq: i64,
    rows: Rows,
    assumed: Assumed,
    version: i64,
}

impl Draft {
    fn at(seq: i64) -> Self {
        Self {
            seq,
            rows: Rows::of_everything(company("a")),
            assumed: Assumed::default(),
            version: 1,
        }
    }

    /// A seat that is sold to a saga.
    fn selling(seq: i64, saga: SagaId, number: u16) -> Self {
        let mut draft = Self::at(seq);
        let key = LegKey {
            saga,
            route: RouteId(1),
            number: SeatNumber(number),
        };
        let row = LegRow {
            state: LegState::Prepared,
            hash: prepare(&[]).hash,
            fence: FencingToken::NONE,
            reason: None,
        };
        draft.rows.put_leg(key, row);
        draft
    }

    async fn append(&self, store: &dyn LedgerStore) -> Result<i64, AppendError> {
        let row = Append {
            seq: Seq(self.seq),
            body: b"body",
            rows: &self.rows,
            assumed: &self.assumed,
            version: self.version,
        };
        store.append(row).await
    }
}

pub async fn a_place_is_written_once(base: &impl Base) {
    let (store, _) = base.start().await;
    let at = Draft::at(1).append(store.as_ref()).await.unwrap();
    let taken = Draft::at(1).append(store.as_ref()).await;
    assert_eq!(taken, Err(AppendError::Taken));
    assert!(Draft::at(2).append(store.as_ref()).await.unwrap() >= at);
    let rows = store.log(Seq::NONE, 10).await.unwrap();
    let places: Vec<Seq> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(places, [Seq(1), Seq(2)]);
    assert_eq!((rows[0].at, rows[0].body.as_slice()), (at, &b"body"[..]));
    assert_eq!(store.log(Seq(1), 10).await.unwrap(), rows[1..]);
    assert_eq!(store.log(Seq::NONE, 1).await.unwrap(), rows[..1]);
}

pub async fn an_older_start_writes_nothing_any_more(base: &impl Base) {
    let old = Node::open(base, Tabling::OnDemand).await;
    let trip = prepare(&[seat("a", 1, 1)]);
    assert_eq!(post(&old, vote_on(&trip)).await, yes());
    let new = Node::open(base, Tabling::OnDemand).await;
    let superseded = Draft::at(2).append(old.store.as_ref()).await;
    assert_eq!(superseded, Err(AppendError::Superseded));
    let projection = Projection {
        upto: Seq(1),
        ..Projection::default()
    };
    let projected = old.store.project(&projection).await;
    assert_eq!(projected, Err(WriteError::Conflict));
    assert_eq!(old.project().await, Err(Superseded));
    assert_eq!(new.store.projected().await.unwrap(), Seq::NONE);
    let late = [vote_on(&prepare(&[seat("a", 1, 2)]))];
    assert_eq!(try_post(&old, &late).await, Err(PostError::NotWritten));

    // the new one has what the old one wrote
    let other = prepare(&[seat("a", 1, 1)]);
    let held = no(&other, RefusalReason::Held);
    assert_eq!(post(&new, vote_on(&other)).await, held);
    assert_eq!(new.project().await, Ok(()));
}

/// The place is taken by the other node before the older one finds out that it is over.
pub async fn a_batch_overtaken_by_a_node_has_no_receipt(base: &impl Base) {
    let old = Node::open(base, Tabling::OnDemand).await;
    let new = Node::open(base, Tabling::OnDemand).await;
    let (winner, loser) = (prepare(&[seat("a", 1, 1)]), prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&new, vote_on(&winner)).await, yes());
    let overtaken = try_post(&old, &[vote_on(&loser)]).await;
    assert_eq!(overtaken, Err(PostError::NotWritten));
    assert_eq!(new.project().await, Ok(()));
    let cell = new.tables.cell(loser.saga).await.unwrap();
    assert_eq!(cell, Cell::default());
    let cell = new.tables.cell(winner.saga).await.unwrap();
    assert_eq!(cell.legs.len(), 1);
}

pub async fn a_batch_overtaken_by_an_import_is_decided_again(base: &impl Base) {
    let node = Node::open(base, Tabling::OnDemand).await;
    let longer = seat("a", 2, SEATS + 1);
    let early = prepare(&[longer]);
    let unknown = no(&early, RefusalReason::Unknown);
    assert_eq!(post(&node, vote_on(&early)).await, unknown);
    base.import(Route {
        seats: SEATS + 1,
        ..route(2)
    })
    .await;
    let outdated = Draft::at(2).append(node.store.as_ref()).await;
    assert_eq!(outdated, Err(AppendError::Outdated));
    assert_eq!(post(&node, vote_on(&prepare(&[longer]))).await, yes());
    base.import(route(ROUTES + 1)).await;
    let new_route = prepare(&[seat("a", ROUTES + 1, 1)]);
    assert_eq!(post(&node, vote_on(&new_route)).await, yes());
    base.import(Route {
        on_sale: false,
        ..route(3)
    })
    .await;
    let withdrawn = prepare(&[seat("a", 3, 1)]);
    let closed = no(&withdrawn, RefusalReason::Closed);
    assert_eq!(post(&node, vote_on(&withdrawn)).await, closed);
}

/// What a saga that is over has left is not in memory after a start: it is taken for new, and the append finds out.
pub async fn what_is_recorded_is_not_taken_for_new(base: &impl Base) {
    let idempotency = Idempotency {
        key: "chave".to_owned(),
        fingerprint: [3; 32],
    };
    let sold = prepare(&[seat("a", 1, 1), seat("a", 1, 2)]);
    let (never, refused) = (prepare(&[seat("a", 1, 3)]), prepare(&[seat("a", 1, 1)]));
    let off_sale = prepare(&[seat("a", 1, 4)]);
    let elsewhere = prepare(&[seat("b", 1, 1)]);
    let decided = settle(&elsewhere);
    let first = Node::open(base, Tabling::OnDemand).await;
    let booked = book(&sold, Some(idempotency.clone()));
    assert_eq!(post(&first, booked.clone()).await, yes());
    post(&first, release(&never)).await;
    let taken = no(&refused, RefusalReason::Sold);
    assert_eq!(post(&first, vote_on(&refused)).await, taken);
    post(&first, block(1, 4, true)).await;
    assert_eq!(post(&first, decided.clone()).await, Receipt::Done);
    assert_eq!(first.project().await, Ok(()));

    let (store, _) = base.start().await;
    let next = first.store.projected().await.unwrap().next().0;
    let (legs_only, ticket_only) = (never.saga, elsewhere.saga);
    for saga in [sold.saga, legs_only, refused.saga, ticket_only] {
        let mut draft = Draft::at(next);
        draft.assumed.sagas = vec![saga];
        let found = draft.append(store.as_ref()).await;
        assert_eq!(found, Err(AppendError::Surprise), "{saga}");
    }
    let key = (sold.order.user, idempotency.key.clone());
    let mut draft = Draft::at(next);
    draft.assumed.keys = vec![key.clone()];
    let found = draft.append(store.as_ref()).await;
    assert_eq!(found, Err(AppendError::Surprise));
    for number in [1, 4] {
        let draft = Draft::selling(next, SagaId(Uuid::new_v4()), number);
        let found = draft.append(store.as_ref()).await;
        assert_eq!(found, Err(AppendError::Surprise), "seat {number}");
    }

    // each with memory empty, so that nothing but the append can tell
    let afresh = async |entry: Entry| {
        let node = Node::open(base, Tabling::OnDemand).await;
        let receipt = post(&node, entry).await;
        assert_eq!(node.project().await, Ok(()));
        receipt
    };
    assert_eq!(afresh(booked).await, yes());
    assert_eq!(afresh(vote_on(&sold)).await, yes());
    let released = no(&never, RefusalReason::Released);
    assert_eq!(afresh(vote_on(&never)).await, released);
    assert_eq!(afresh(vote_on(&refused)).await, taken);
    assert_eq!(afresh(decided).await, Receipt::Done);
    let again = prepare(&[seat("a", 1, 2)]);
    let taken = no(&again, RefusalReason::Sold);
    assert_eq!(afresh(vote_on(&again)).await, taken);
    let blocked = no(&off_sale, RefusalReason::Blocked);
    assert_eq!(afresh(vote_on(&off_sale)).await, blocked);

    // the key was used for another saga: its answer stays
    let rival = Prepare {
        order: sold.order.clone(),
        ..prepare(&[seat("a", 1, 1)])
    };
    afresh(book(&rival, Some(idempotency))).await;
    let node = Node::open(base, Tabling::OnDemand).await;
    let known = node.archive.key(key.0, key.1).await.unwrap().unwrap();
    assert_eq!(known.saga, sold.saga);
}

pub async fn a_seat_has_one_owner_over_batches_and_starts(base: &impl Base) {
    let (first, second) = (prepare(&[seat("a", 1, 1)]), prepare(&[seat("a", 1, 1)]));
    let held = no(&second, RefusalReason::Held);
    let node = Node::open(base, Tabling::OnDemand).await;
    assert_eq!(post(&node, vote_on(&first)).await, yes());
    assert_eq!(try_post(&node, &[vote_on(&second)]).await.unwrap(), [held]);
    // not projected, then projected
    for projected in [false, true] {
        if projected {
            let node = Node::open(base, Tabling::OnDemand).await;
            assert_eq!(node.project().await, Ok(()));
        }
        let node = Node::open(base, Tabling::OnDemand).await;
        let third = prepare(&[seat("a", 1, 1)]);
        let held = no(&third, RefusalReason::Held);
        assert_eq!(post(&node, vote_on(&third)).await, held);
    }
    let node = Node::open(base, Tabling::OnDemand).await;
    assert_eq!(post(&node, release(&first)).await, done());
    let last = prepare(&[seat("a", 1, 1)]);
    assert_eq!(post(&node, vote_on(&last)).await, yes());
    let not_its_own = Draft::selling(
        node.log.read(|hot| hot.last().next().0).unwrap(),
        first.saga,
        1,
    );
    let found = not_its_own.append(node.store.as_ref()).await;
    assert_eq!(found, Err(AppendError::Surprise));
}

pub async fn a_projection_is_written_once(base: &impl Base) {
    let node = Node::open(base, Tabling::OnDemand).await;
    let mut all = Workload::default();
    all.post_first_half(&node).await;
    let forgetful = Forgetful::new(node.store.clone());
    assert_eq!(projector::project(&node.log, &forgetful).await, Ok(()));
    let upto = node.log.read(|hot| hot.last()).unwrap();
    assert_eq!(node.store.projected().await.unwrap(), upto);
    let audit = node.tables.audit(None, 100).await.unwrap();
    assert_eq!(audit.len(), 2, "an act that was asked for twice");
    let before = all.in_tables(&node).await;
    let again = Projection {
        upto,
        ..Projection::default()
    };
    let projected = node.store.project(&again).await;
    assert_eq!(projected, Err(WriteError::Conflict));
    assert_eq!(node.project().await, Ok(()), "there is nothing to do");
    assert_eq!(all.in_tables(&node).await, before);
}

/// Bookings in all states, logins, keys, blocked seats, and what the peers read.
#[derive(Default)]
struct Workload {
    trips: Vec<Prepare>,
    logins: Vec<String>,
    idempotency: Option<Idempotency>,
}

/// Everything that a workload touches, in plain values.
#[derive(Debug, PartialEq)]
struct Rest {
    cells: BTreeMap<SagaId, Cell>,
    logins: Vec<(String, String)>,
    keys: Vec<String>,
    owners: BTreeMap<(RouteId, SeatNumber), (SagaId, LegState)>,
    blocked: BTreeSet<(RouteId, SeatNumber)>,
}

impl Workload {
    fn trip(&mut self, number: u16) -> Prepare {
        let trip = prepare(&[seat("a", 1, number), seat("b", 1, number)]);
        self.trips.push(trip.clone());
        trip
    }

    fn accept(key: Key, trip: &Prepare, value: Value) -> Entry {
        Entry::from(Question::Accept {
            key,
            acceptors: trip.acceptors.clone(),
            ballot: Ballot::ZERO,
            value: Box::new(value),
        })
    }

    fn commit(trip: &Prepare) -> Value {
        Value::Commit {
            hash: trip.hash,
            order: trip.order.clone(),
        }
    }

    async fn post_first_half(&mut self, node: &Node) {
        let accepted = Receipt::Answer(CompanyAnswer::Accept(Accept::Accepted));
        let prepared = self.trip(1);
        assert_eq!(post(node, vote_on(&prepared)).await, yes());
        let sold = self.trip(2);
        assert_eq!(post(node, vote_on(&sold)).await, yes());
        post(node, settle(&sold)).await;
        let accepting = self.trip(3);
        post(node, vote_on(&accepting)).await;
        let accept = Self::accept(
            Key::Saga(accepting.saga),
            &accepting,
            Self::commit(&accepting),
        );
        assert_eq!(post(node, accept).await, accepted);
        let only_decided = prepare(&[seat("b", 1, 4), seat("c", 1, 4)]);
        self.trips.push(only_decided.clone());
        let value = Self::commit(&only_decided);
        let accept = Self::accept(Key::Saga(only_decided.saga), &only_decided, value);
        assert_eq!(post(node, accept).await, accepted);
        let released = self.trip(5);
        post(node, vote_on(&released)).await;
        post(node, release(&released)).await;
        let never = self.trip(6);
        post(node, release(&never)).await;
        let mut kept = hold(7);
        kept.saga = SagaId(Uuid::new_v4());
        self.trips.push(kept.clone());
        post(node, vote_on(&kept)).await;
        // promised before it is voted for
        let promised = self.trip(10);
        let promise = Entry::from(Question::Promise {
            key: Key::Saga(promised.saga),
            acceptors: promised.acceptors.clone(),
            ballot: Ballot(4),
        });
        post(node, promise).await;
        post(node, block(1, 50, true)).await;
        for login in ["ana", "bia"] {
            self.logins.push(login.to_owned());
            post(node, Entry::Enrol(user(login))).await;
        }
        let claimed = user("caio");
        self.logins.push(claimed.login.clone());
        let accept = Self::accept(
            Key::Login(claimed.login.clone()),
            &prepared,
            Value::Account(claimed),
        );
        assert_eq!(post(node, accept).await, accepted);
    }

    async fn post_second_half(&mut self, node: &Node) {
        let idempotency = Idempotency {
            key: "chave".to_owned(),
            fingerprint: [4; 32],
        };
        self.idempotency = Some(idempotency.clone());
        let booked = prepare(&[seat("a", 1, 8)]);
        self.trips.push(booked.clone());
        assert_eq!(post(node, book(&booked, Some(idempotency))).await, yes());
        let finished = self.trips[1].clone();
        let saga = finished.saga;
        post(node, Entry::Finish { saga }).await;
        let seats = vec![seat("a", 1, 2)];
        let cancel = Entry::Cancel {
            ticket: finished.saga,
            seats,
            agreed: false,
            refunds: vec![refund(seat("a", 1, 2), 7_000, "a")],
        };
        let cancelled = post(node, cancel).await;
        assert!(matches!(cancelled, Receipt::Cancelled(Cancelled::Done(_))));
        post(node, settle(&self.trips[2].clone())).await;
        post(node, settle(&self.trips[3].clone())).await;
        assert_eq!(post(node, vote_on(&self.trips[7].clone())).await, yes());
        let extend = Entry::Extend {
            saga: self.trips[6].saga,
            seconds: 1800,
        };
        post(node, extend).await;
        let late = self.trip(9);
        post(node, vote_on(&late)).await;
        let abort = Self::accept(Key::Saga(late.saga), &late, Value::Abort);
        post(node, abort).await;
        let round = [Entry::NextRound { above: 4 }];
        assert_eq!(try_post(node, &round).await.unwrap(), [Receipt::Round(5)]);
        let cursor = OutboxCursor {
            incarnation: Incarnation(Uuid::from_u128(1)),
            seq: 9,
        };
        let merge = Entry::Merge {
            rows: vec![Replicated::User(user("davi"))],
            cursor: Some((company("b"), cursor)),
        };
        self.logins.push("davi".to_owned());
        post(node, merge).await;
    }

    fn footprint(&self) -> Footprint {
        let keys = self.idempotency.iter().map(|known| {
            let booked = &self.trips[8];
            (booked.order.user, known.key.clone())
        });
        Footprint {
            sagas: self.trips.iter().map(|trip| trip.saga).collect(),
            users: self.logins.iter().cloned().collect(),
            keys: keys.collect(),
            seat_maps: [RouteId(1), RouteId(38)].into(),
            ..Footprint::default()
        }
    }

    /// As a batch would load it.
    async fn in_tables(&self, node: &Node) -> Rest {
        let loaded = node.store.load(&self.footprint()).await.unwrap();
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let mut logins: Vec<_> = loaded
            .logins
            .into_iter()
            .map(|(login, row)| (login, text(&row)))
            .collect();
        logins.sort();
        let cells = loaded.sagas.into_iter().map(|(saga, mut cell)| {
            cell.booked = None;
            (saga, cell)
        });
        Rest {
            cells: cells.collect(),
            logins,
            keys: loaded.keys.iter().map(|key| text(key)).collect(),
            owners: loaded.owners,
            blocked: loaded.blocked,
        }
    }

    /// As memory has it, if it has all of it.
    fn in_memory(&self, node: &Node) -> Rest {
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        node.log
            .read(|hot| {
                let mut owners = BTreeMap::new();
                let cells = self.trips.iter().map(|trip| {
                    let mut cell = hot.saga(trip.saga).expect("it is in memory").clone();
                    // where it came from, and not what it says
                    (cell.unprojected, cell.booked) = (Parts::default(), None);
                    for seat in cell.keeps() {
                        let state = cell.leg(seat).expect("it keeps the seat").row.state;
                        owners.insert(seat, (trip.saga, state));
                    }
                    (trip.saga, cell)
                });
                let cells = cells.collect();
                let mut logins: Vec<_> = self
                    .logins
                    .iter()
                    .map(|login| (login.clone(), text(hot.login(login).expect("in memory"))))
                    .collect();
                logins.sort();
                let keys = self.footprint().keys.into_iter().map(|key| {
                    let row = hot.key(key.0, &key.1).expect("in memory").clone();
                    text(&(key, row))
                });
                Rest {
                    cells,
                    logins,
                    keys: keys.collect(),
                    owners,
                    blocked: [(RouteId(1), SeatNumber(50))].into(),
                }
            })
            .unwrap()
    }
}

pub async fn a_start_finds_what_the_tables_do_not_have(base: &impl Base) {
    let mut all = Workload::default();
    let first = Node::open(base, Tabling::OnDemand).await;
    all.post_first_half(&first).await;
    assert_eq!(first.project().await, Ok(()));
    assert_eq!(all.in_tables(&first).await, all.in_memory(&first));
    all.post_second_half(&first).await;
    let expected = all.in_memory(&first);
    let records = async |node: &Node| {
        let mut records = Vec::new();
        for trip in &all.trips {
            let mut record = node.archive.recorded(trip.saga).await.unwrap();
            // how long it is kept is compared, how much of that has passed is another test's
            if let Some(held) = &mut record.held {
                held.passed_ms = 0;
            }
            let mut history = node.archive.history(trip.saga).await.unwrap();
            history.sort_by_key(|event| (event.at, format!("{:?}", event.step)));
            let ticket = node.archive.ticket(trip.saga).await.unwrap();
            records.push((record, history, ticket));
        }
        records
    };
    let told = records(&first).await;
    let open = |node: &Node| {
        let open = |hot: &Hot| -> Vec<SagaId> { hot.open().map(|(saga, _)| saga).collect() };
        node.log.read(open).unwrap()
    };

    // the rest of the log is not in the tables; then it is, and memory is empty but for what is open
    for projected in [false, true] {
        let node = Node::open(base, Tabling::OnDemand).await;
        assert_eq!(records(&node).await, told, "projected: {projected}");
        assert_eq!(open(&node), open(&first));
        let known = node.log.read(|hot| hot.cursors().clone()).unwrap();
        assert_eq!(known[&company("b")].seq, 9);
        assert_eq!(node.project().await, Ok(()));
        assert_eq!(all.in_tables(&node).await, expected);
    }
    let node = Node::open(base, Tabling::OnDemand).await;
    let round = [Entry::NextRound { above: 0 }];
    assert_eq!(try_post(&node, &round).await.unwrap(), [Receipt::Round(6)]);
}

pub async fn a_seat_goes_back_on_sale_after_a_start(base: &impl Base) {
    for projected in [false, true] {
        let number = 1 + u16::from(projected);
        let node = Node::open(base, Tabling::OnDemand).await;
        let blocked = post(&node, block(1, number, true)).await;
        assert_eq!(blocked, Receipt::Blocked(true));
        if projected {
            assert_eq!(node.project().await, Ok(()));
        }
        let node = Node::open(base, Tabling::OnDemand).await;
        let unblocked = post(&node, block(1, number, false)).await;
        assert_eq!(unblocked, Receipt::Blocked(true));
        let node = Node::open(base, Tabling::OnDemand).await;
        let trip = prepare(&[seat("a", 1, number)]);
        assert_eq!(post(&node, vote_on(&trip)).await, yes());
        let refused = post(&node, block(1, number, true)).await;
        assert_eq!(refused, Receipt::Blocked(false));
    }
}

pub async fn a_hold_is_as_old_after_a_start(base: &impl Base) {
    let kept = hold(1);
    let begun_at = |node: &Node| {
        let read = |hot: &Hot| hot.saga(kept.saga).unwrap().begun_at;
        node.log.read(read).unwrap()
    };
    let node = Node::open(base, Tabling::OnDemand).await;
    assert_eq!(post(&node, vote_on(&kept)).await, yes());
    let first = begun_at(&node);
    let node = Node::open(base, Tabling::OnDemand).await;
    assert_eq!(begun_at(&node), first);
    assert_eq!(node.project().await, Ok(()));
    let node = Node::open(base, Tabling::OnDemand).await;
    assert_eq!(begun_at(&node), first);
    let held = node
        .archive
        .recorded(kept.saga)
        .await
        .unwrap()
        .held
        .unwrap();
    assert_eq!(held.seconds, 900);
    assert!((0..60_000).contains(&held.passed_ms), "{held:?}");
}

pub async fn numbers_for_the_peers_go_on_after_a_start(base: &impl Base) {
    let mut logins = Vec::new();
    for (login, projected) in [
        ("ana", true),
        ("bia", false),
        ("caio", true),
        ("davi", false),
    ] {
        let node = Node::open(base, Tabling::OnDemand).await;
        post(&node, Entry::Enrol(user(login))).await;
        logins.push(login);
        if projected {
            assert_eq!(node.project().await, Ok(()));
        }
    }
    let node = Node::open(base, Tabling::AtOnce).await;
    for after in 0..=4 {
        let rows = node.archive.outbox(after, 10).await.unwrap();
        let told: Vec<(i64, &str)> = rows
            .iter()
            .map(|(number, row)| match row {
                Replicated::User(user) => (*number, user.login.as_str()),
                Replicated::Ticket(ticket) => panic!("{ticket:?}"),
            })
            .collect();
        let expected = (1..).zip(logins.iter().copied());
        let expected: Vec<_> = expected.skip(after as usize).collect();
        assert_eq!(told, expected, "after {after}");
    }
}
