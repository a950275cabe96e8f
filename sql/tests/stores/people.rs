//! What is owed to people and kept of them beside bookings: mail, codes for passwords, and that they are forgotten.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::domain::accounts::{GONE, Language, Mailbox, Renewal, User};
use passcom_actors::domain::document::Document;
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::flight::Flight;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::{Order, Passenger};
use passcom_actors::domain::order_hash::order_hash;
use passcom_actors::domain::papers::{Contact, Papers, Person, Seated};
use passcom_actors::domain::question::Question;
use passcom_actors::domain::rows::Replicated;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::{Prepare, RefusalReason};
use passcom_actors::people::accounts::codes::{ASKED_MAX, Asked, Codes, TRIES_MAX};
use passcom_actors::people::saved::{SavedPassenger, SavedPassengers};
use passcom_sql::forget;
use passcom_sql::mail::{Mail, Occasion, Outcome};
use passcom_sql::saved::Saved;
use uuid::Uuid;

use crate::contract::copies::user;
use crate::contract::{Node, Postgresql, Tabling, book, company, post, prepare, seat};
use crate::support::Cluster;

fn with_mailbox(login: &str) -> User {
    let mailbox = Mailbox {
        address: format!("{login}@example.com"),
        language: Language::English,
    };
    user(login).renewed(Renewal::Mailbox(Some(mailbox)), 10, 0)
}

/// A trip of this user, sold at the node of the company whose database it is: with somebody on its seat, made just now.
fn trip(of: &User, number: u16) -> Prepare {
    let mut trip = prepare(&[seat("a", 3, number)]);
    let mut order: Order = (*trip.order).clone();
    order.user = of.id;
    order.seller = Some(company("a"));
    // as the news of today
    order.created_at = jiff::Timestamp::now().as_millisecond();
    order.legs[0].passenger = Some(Passenger::named("Ana Souza"));
    let person = Person {
        document: Some(Document::of_text("RG-77-Z")),
        birth: None,
    };
    let seat = order.legs[0].seat;
    let papers = Papers::new(vec![Seated { seat, person }], Contact::default());
    trip.papers = papers.map(Arc::new);
    trip.hash = order_hash(&order, &trip.acceptors);
    trip.order = Arc::new(order);
    trip
}

async fn booked(node: &Node, of: &User, number: u16) -> SagaId {
    let trip = trip(of, number);
    post(node, book(&trip, None)).await;
    trip.saga
}

async fn due(mail: &Mail) -> Vec<(Occasion, Option<String>)> {
    let due = mail.due(100).await.unwrap().into_iter();
    due.map(|owed| (owed.occasion, owed.to.map(|to| to.address)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_owed_once_to_who_has_a_mailbox() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let mail = Mail::new(base.database.clone());
    let (ana, bia) = (with_mailbox("ana"), user("bia"));
    for user in [&ana, &bia] {
        post(&node, Entry::Enrol(user.clone())).await;
    }
    // what was sold before there was mail is no news
    booked(&node, &ana, 1).await;
    assert_eq!(node.project().await, Ok(()));
    mail.begin().await.unwrap();
    assert_eq!(due(&mail).await, []);

    let sold = booked(&node, &ana, 2).await;
    booked(&node, &bia, 3).await;
    let mut elsewhere = trip(&ana, 4);
    elsewhere.order = Arc::new(Order {
        seller: Some(company("b")),
        ..(*elsewhere.order).clone()
    });
    elsewhere.hash = order_hash(&elsewhere.order, &elsewhere.acceptors);
    post(&node, book(&elsewhere, None)).await;
    assert_eq!(node.project().await, Ok(()));
    let expected = (Occasion::Booked(sold), Some("ana@example.com".to_owned()));
    assert_eq!(due(&mail).await, std::slice::from_ref(&expected));
    // sold here, and ended by others: it comes as a copy
    let copy = Ticket::new(SagaId(Uuid::new_v4()), trip(&ana, 5).order);
    let came = Occasion::Booked(copy.id);
    let rows = vec![Replicated::Ticket(copy)];
    post(&node, Entry::Merge { rows, cursor: None }).await;
    assert_eq!(node.project().await, Ok(()));
    let owed = mail.due(100).await.unwrap();
    let about: Vec<&Occasion> = owed.iter().map(|owed| &owed.occasion).collect();
    assert_eq!(about, [&expected.0, &came]);

    // a try is after the pause, and what has ended stays so, whatever becomes of the ticket
    for one in &owed {
        mail.note_try(one.id, Duration::from_secs(60))
            .await
            .unwrap();
    }
    assert_eq!(due(&mail).await, []);
    assert_eq!(mail.waiting().await.unwrap().count, 2);
    for one in &owed {
        mail.note_end(one.id, Outcome::Sent).await.unwrap();
    }
    let cancel = Entry::Cancel {
        ticket: sold,
        seats: vec![seat("a", 3, 2)],
        agreed: false,
        refunds: Vec::new(),
    };
    post(&node, cancel).await;
    assert_eq!(node.project().await, Ok(()));
    assert_eq!(mail.waiting().await.unwrap().count, 0);
    // without mail nothing is owed
    mail.end().await.unwrap();
    booked(&node, &ana, 6).await;
    assert_eq!(node.project().await, Ok(()));
    assert_eq!(mail.waiting().await.unwrap().count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_of_a_flight_is_owed_once() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let mail = Mail::new(base.database.clone());
    let ana = with_mailbox("ana");
    post(&node, Entry::Enrol(ana.clone())).await;
    mail.begin().await.unwrap();
    let ticket = booked(&node, &ana, 12).await;
    let of = seat("a", 3, 12);
    let now = jiff::Timestamp::now().as_millisecond();
    let change = async |departs: i64, at: i64| {
        let flight = Flight {
            of,
            departs,
            arrives: departs + 60,
            offsets: None,
            withdrawn: false,
            seats: 100,
            label: None,
            instead: Vec::new(),
        };
        let flights = vec![flight];
        let change = Entry::Change {
            ticket,
            flights,
            at,
        };
        post(&node, change).await;
        assert_eq!(node.project().await, Ok(()));
    };
    let owed = async || -> Vec<u32> {
        let due = due(&mail).await.into_iter();
        due.filter_map(|(occasion, to)| match occasion {
            Occasion::Changed {
                ticket: of,
                changes,
            } => {
                assert_eq!((of, to.as_deref()), (ticket, Some("ana@example.com")));
                Some(changes)
            }
            _ => None,
        })
        .collect()
    };
    change(2_000_000_000, now).await;
    assert_eq!(owed().await, [1]);
    let accept = Entry::Accept {
        ticket,
        agreed: vec![(of, 1)],
    };
    post(&node, accept).await;
    assert_eq!(node.project().await, Ok(()));
    assert_eq!(owed().await, [1], "that it is agreed to is no news");
    change(2_000_000_600, now).await;
    assert_eq!(owed().await, [1, 2]);
    let last_week = now - 7 * 24 * 60 * 60 * 1000;
    change(2_000_001_200, last_week).await;
    assert_eq!(owed().await, [1, 2], "it comes too late to be told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_used_once_tried_seldom_and_asked_for_seldom() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let mail = Mail::new(base.database.clone());
    let ask = async |login: &str| {
        mail.ask(login.to_owned(), Language::Portuguese)
            .await
            .unwrap()
    };
    let attempt = async |login: &str| mail.attempt(login.to_owned()).await.unwrap();
    assert_eq!(attempt("ana").await, None);
    assert_eq!(ask("ana").await, Asked::Noted);
    let first = attempt("ana").await.unwrap();
    assert!(mail.redeem(first).await.unwrap());
    assert!(!mail.redeem(first).await.unwrap(), "once");
    assert_eq!(attempt("ana").await, None);

    assert_eq!(ask("ana").await, Asked::Noted);
    for _ in 0..TRIES_MAX {
        assert!(attempt("ana").await.is_some_and(|code| code != first));
    }
    assert_eq!(attempt("ana").await, None, "tried often enough");
    for _ in 2..ASKED_MAX {
        assert_eq!(ask("ana").await, Asked::Noted);
    }
    assert_eq!(ask("ana").await, Asked::TooMany);
    assert_eq!(ask("bia").await, Asked::Noted, "another's");

    let last = attempt("ana").await.unwrap();
    let client = base.admin().await;
    let later = "update password_code set asked_at = asked_at - interval '16 minutes'";
    client.batch_execute(later).await.unwrap();
    assert_eq!(attempt("ana").await, None, "too old");
    assert!(!mail.redeem(last).await.unwrap());
    let owed = mail.due(100).await.unwrap();
    assert!(owed.iter().all(|owed| owed.late && owed.to.is_none()));
    assert_eq!(owed.len(), 4);
    client
        .batch_execute(&later.replace("16", "60"))
        .await
        .unwrap();
    assert_eq!(ask("ana").await, Asked::Noted, "an hour is over");
    mail.tidy_up().await.unwrap();
    assert_eq!(mail.due(100).await.unwrap().len(), 1, "the others are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_deletes_an_account_is_forgotten_once_the_flights_have_left() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let (ana, bia) = (with_mailbox("ana"), user("bia"));
    for user in [&ana, &bia] {
        post(&node, Entry::Enrol(user.clone())).await;
    }
    let (flown, ahead) = (trip(&ana, 1), trip(&ana, 2));
    let hers = trip(&bia, 3);
    for trip in [&flown, &ahead, &hers] {
        post(&node, book(trip, None)).await;
    }
    assert_eq!(node.project().await, Ok(()));
    let forget = async || forget::departed(&base.database).await.unwrap();
    assert_eq!(forget().await, 0, "she is somebody");
    let gone = ana.renewed(Renewal::Gone, 20, 0);
    post(&node, Entry::Enrol(gone)).await;
    assert_eq!(node.project().await, Ok(()));
    let client = base.admin().await;
    // as if the flights of one ticket had left long ago, and those of the other were to leave
    let times = r#"
        update ticket set "order" = replace("order"::text, departs, (extract(epoch from now())::bigint + moved)::text)::json
        from (select id as of, '"departs":' || ("order" #>> '{legs,0,departs}') as departs from ticket) as old,
             (values ($1::uuid, -8 * 86400), ($2::uuid, 3600), ($3::uuid, -8 * 86400)) as new (id, moved)
        where ticket.id = old.of and ticket.id = new.id"#
        .replace("(extract", "'\"departs\":' || (extract");
    client
        .execute(&times, &[&flown.saga.0, &ahead.saga.0, &hers.saga.0])
        .await
        .unwrap();
    assert_eq!(forget().await, 1);
    assert_eq!(forget().await, 0, "there is nothing left to forget");
    let named = r#"
        select count(*) from (
            select id, "order"::text as said from ticket union all select id, concat("order", papers) from saga
        ) as kept
        where id = $1 and (said like '%Ana Souza%' or said like '%RG-77-Z%')"#;
    let papers = async |id: SagaId| node.archive.papers(id).await.unwrap();
    assert_eq!(papers(hers.saga).await, hers.papers, "as they were told");
    let named = async |id: Uuid| -> i64 { client.query_one(named, &[&id]).await.unwrap().get(0) };
    assert_eq!(named(flown.saga.0).await, 0);
    assert!(named(ahead.saga.0).await > 0, "she has to be carried");
    assert!(named(hers.saga.0).await > 0, "another's");

    // a copy that still has her is the same ticket
    let node = Node::open(&base, Tabling::OnDemand).await;
    let kept = node.archive.ticket(flown.saga).await.unwrap().unwrap();
    assert!(kept.order.legs[0].passenger.is_none());
    let mut copy = Ticket::new(flown.saga, flown.order.clone());
    copy.order = {
        let mut order = (*flown.order).clone();
        order.legs[0].departs = kept.order.legs[0].departs;
        order.into()
    };
    let rows = vec![Replicated::Ticket(copy)];
    post(&node, Entry::Merge { rows, cursor: None }).await;
    let merged = node.archive.ticket(flown.saga).await.unwrap().unwrap();
    assert_eq!(merged, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_older_programs_copied_go_where_they_are_not_needed() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let ana = user("ana");
    let elsewhere = |flown_by, sold_by, number| {
        let mut order = (*trip(&ana, number).order).clone();
        order.legs[0].seat.company = company(flown_by);
        order.seller = Some(company(sold_by));
        Ticket::new(SagaId(Uuid::new_v4()), order.into())
    };
    let ours = [elsewhere("a", "b", 1), elsewhere("b", "a", 2)];
    let theirs = [elsewhere("b", "c", 3), elsewhere("c", "c", 4)];
    let rows = ours.iter().chain(&theirs).cloned();
    let rows = rows.map(Replicated::Ticket).collect();
    post(&node, Entry::Merge { rows, cursor: None }).await;
    assert_eq!(node.project().await, Ok(()));
    let client = base.admin().await;
    let named =
        r#"select count(*) from ticket where id = any($1) and "order"::text like '%Ana Souza%'"#;
    let named = async |tickets: &[Ticket]| -> i64 {
        let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id.0).collect();
        client.query_one(named, &[&ids]).await.unwrap().get(0)
    };
    assert_eq!((named(&ours).await, named(&theirs).await), (2, 0));
    let me = company("a");
    let withhold = async || forget::copied(&base.database, me).await.unwrap();
    while withhold().await.is_some() {} // there is nothing to withhold yet

    // as an older program left them
    let before = r#"
        update ticket set "order" = replace("order"::text, '"name":""', '"name":"Ana Souza"')::json;
        insert into corrected_name select id, 'c', 1, 1, 1, now(), 'Ana Sousa' from ticket;
        insert into saga (id, acceptors, finished, created_at, promised, accepted, decision, other_value, chosen)
        select id, '{a,b,c}', false, now(), 0, 0, 'commit',
               json_build_object('Commit', json_build_object('hash', (select json_agg(7) from generate_series(1, 32)), 'order', "order")), true
        from ticket;
        insert into names_to_withhold
        select kind, '00000000-0000-0000-0000-000000000000' from unnest('{ticket,saga}'::text[]) as kind"#;
    client.batch_execute(before).await.unwrap();
    assert_eq!(named(&theirs).await, 2);
    assert_eq!(
        withhold().await,
        Some(4),
        "two tickets, and what was decided of them"
    );
    let decided = r#"select count(*) from saga where other_value::text like '%Ana Souza%'"#;
    let decided: i64 = client.query_one(decided, &[]).await.unwrap().get(0);
    assert_eq!(decided, 2, "where somebody is carried, or it was sold");
    assert_eq!((named(&ours).await, named(&theirs).await), (2, 0));
    let corrected = "select count(*) from corrected_name where name <> ''";
    let corrected: i64 = client.query_one(corrected, &[]).await.unwrap().get(0);
    assert_eq!(corrected, 2, "where they are needed");
    assert_eq!(withhold().await, Some(0), "it looks for more");
    assert_eq!(withhold().await, None);
    let node = Node::open(&base, Tabling::OnDemand).await;
    let kept = node.archive.ticket(theirs[0].id).await.unwrap().unwrap();
    assert!(kept.order.is_withheld());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_are_in_no_copy_and_go_with_what_comes_to_nothing() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let ana = user("ana");
    post(&node, Entry::Enrol(ana.clone())).await;
    let (sold, released) = (trip(&ana, 1), trip(&ana, 2));
    post(&node, book(&sold, None)).await;
    let question = Question::Prepare(Box::new(released.clone()));
    post(&node, Entry::from(question)).await;
    assert_eq!(node.project().await, Ok(()));
    let client = base.database.client().await.unwrap();
    let kept = "select count(*) from saga where id = $1 and papers::text like '%RG-77-Z%'";
    let kept = async |id: Uuid| -> i64 { client.query_one(kept, &[&id]).await.unwrap().get(0) };
    assert_eq!(
        (kept(sold.saga.0).await, kept(released.saga.0).await),
        (1, 1)
    );
    let release = Question::Release {
        saga: released.saga,
        seats: Vec::new(),
        reason: RefusalReason::Released,
    };
    post(&node, Entry::from(release)).await;
    assert_eq!(node.project().await, Ok(()));
    assert_eq!(
        (kept(sold.saga.0).await, kept(released.saga.0).await),
        (1, 0)
    );
    // what other companies read
    let told = node.archive.outbox(0, 100).await.unwrap();
    assert!(
        told.iter()
            .any(|(_, row)| matches!(row, Replicated::Ticket(_)))
    );
    let copies = r#"select count(*) from ticket where "order"::text like '%RG-77-Z%'"#;
    let copies: i64 = client.query_one(copies, &[]).await.unwrap().get(0);
    assert_eq!(copies, 0, "a copy is what the ticket is");
    // a node that starts on these tables finds them
    let again = Node::open(&base, Tabling::OnDemand).await;
    assert_eq!(again.archive.papers(sold.saga).await.unwrap(), sold.papers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saved_passengers_are_one_users_and_go_with_the_account() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let (ana, bia) = (with_mailbox("ana"), with_mailbox("bia"));
    for user in [&ana, &bia] {
        post(&node, Entry::Enrol(user.clone())).await;
    }
    let saved = Saved::new(base.database.clone());
    let passenger = |name: &str| SavedPassenger {
        name: name.to_owned(),
        person: Person {
            document: Some(Document::of_text("123.456.789-09")),
            birth: None,
        },
    };
    let (one, two) = (
        vec![passenger("Ana")],
        vec![passenger("Bia"), passenger("Caio")],
    );
    saved.keep(ana.id, one.clone()).await.unwrap();
    saved.keep(bia.id, one.clone()).await.unwrap();
    saved.keep(bia.id, two.clone()).await.unwrap();
    assert_eq!(saved.of(ana.id).await.unwrap(), one);
    assert_eq!(saved.of(bia.id).await.unwrap(), two);
    let mut gone = ana.renewed(Renewal::Gone, 20, 0);
    gone.password_hash = format!("{GONE}a$her key$its signature");
    post(&node, Entry::Enrol(gone)).await;
    assert_eq!(node.project().await, Ok(()));
    forget::departed(&base.database).await.unwrap();
    assert_eq!(saved.of(ana.id).await.unwrap(), []);
    assert_eq!(saved.of(bia.id).await.unwrap(), two);
    saved.keep(bia.id, Vec::new()).await.unwrap();
    assert_eq!(saved.of(bia.id).await.unwrap(), []);
}
