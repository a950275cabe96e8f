//! What a member of the mesh with a good certificate can make this company do: nothing that is not its own to say.

use std::sync::Arc;

use passcom_actors::domain::accounts::FIRST_VERSION;
use passcom_actors::domain::ballot::{Accept, Ballot, Key, Value};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::order::{Leg, Order, Passenger, Price, SeatRef};
use passcom_actors::domain::order_hash::{acceptors_of, order_hash};
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::{LegState, Prepare, RefusalReason, Vote};
use passcom_actors::mesh::messages::{Reply, Request, ShownUser};
use passcom_actors::mesh::peer::Serve;
use passcom_actors::mesh::service::Service;
use uuid::Uuid;

use super::{Peers, Whole, company, seats_of};
use crate::ticket::code;
use crate::ticket::travellers::travellers;
use crate::token::tests::NOW;

/// Company a among b and c, as they reach it.
struct Reached {
    node: Whole,
    service: Service,
    all: Vec<CompanyId>,
}

impl Reached {
    async fn open() -> Self {
        let peers = Peers {
            companies: vec!["b", "c"],
            ..Peers::default()
        };
        let node = Whole::open_among(peers).await;
        let service = Service::new(node.assembly.company.clone());
        let all = ["a", "b", "c"].map(company).to_vec();
        Self { node, service, all }
    }

    async fn said(&self, from: &str, question: Question) -> Reply {
        self.service
            .serve(company(from), Request::Ask(question))
            .await
    }

    async fn leg(&self, saga: SagaId) -> Option<LegState> {
        let recorded = self.node.assembly.company.archive.recorded(saga).await;
        let legs = recorded.unwrap().legs;
        legs.first().map(|(_, state)| *state)
    }

    /// All that was refused of it, and what of that no honest node says.
    fn refused(&self, of: &str) -> (u64, u64) {
        self.node.assembly.company.refused.of(company(of))
    }

    /// Seat `number` of the one leg of a, and a seat of b, sold by `seller`.
    async fn prepare(&self, saga: SagaId, seller: &str, number: u16) -> Prepare {
        let departs = self.departs().await;
        let leg = |code: &str| Leg {
            seat: SeatRef {
                company: company(code),
                route: RouteId(1),
                number: SeatNumber(number),
            },
            flight: "A1".to_owned(),
            origin: "Manaus".to_owned(),
            destination: "São Paulo".to_owned(),
            origin_iata: "MAO".to_owned(),
            destination_iata: "GRU".to_owned(),
            departs,
            arrives: departs + 4 * 3600,
            offsets: None,
            price: Price {
                minor: 45_990,
                currency: "BRL".to_owned(),
            },
            label: None,
            passenger: None,
        };
        let order = Arc::new(Order {
            user: UserId(Uuid::from_u128(9)),
            created_at: 0,
            legs: vec![leg("a"), leg("b")],
            hold_seconds: None,
            seller: Some(company(seller)),
            exchange: None,
        });
        let acceptors = acceptors_of(saga, &order, &self.all);
        Prepare {
            saga,
            hash: order_hash(&order, &acceptors),
            order,
            acceptors,
            fence: FencingToken::NONE,
            driver: seller.to_owned(),
            papers: None,
        }
    }

    async fn departs(&self) -> i64 {
        let found = self
            .node
            .assembly
            .company
            .catalogue
            .route(company("a"), RouteId(1));
        found.expect("it is on sale").departs
    }
}

fn saga(number: u128) -> SagaId {
    SagaId(Uuid::from_u128(number))
}

fn yes() -> Reply {
    Reply::Answer(CompanyAnswer::Vote(Vote::Yes))
}

fn commit(prepare: &Prepare) -> Question {
    Question::Commit {
        saga: prepare.saga,
        hash: prepare.hash,
        exchanged: None,
    }
}

fn release(prepare: &Prepare) -> Question {
    Question::Release {
        saga: prepare.saga,
        seats: prepare.order.claims_of(company("a")),
        reason: RefusalReason::Released,
    }
}

fn accept(prepare: &Prepare, ballot: i64, value: Value) -> Question {
    Question::Accept {
        key: Key::Saga(prepare.saga),
        acceptors: prepare.acceptors.clone(),
        ballot: Ballot(ballot),
        value: Box::new(value),
    }
}

fn commit_of(prepare: &Prepare) -> Value {
    Value::Commit {
        hash: prepare.hash,
        order: prepare.order.clone(),
    }
}

#[tokio::test]
async fn a_member_neither_sells_in_anothers_name_nor_ends_what_it_has_not_sold() {
    let a = Reached::open().await;
    let sold_by_c = a.prepare(saga(1), "c", 7).await;
    let asked = Question::Prepare(Box::new(sold_by_c.clone()));
    assert_eq!(a.said("b", asked.clone()).await, Reply::Unavailable);
    assert_eq!(a.leg(saga(1)).await, None, "nothing is kept");
    assert_eq!(a.refused("b"), (1, 0));

    assert_eq!(a.said("c", asked.clone()).await, yes());
    assert_eq!(
        a.said("b", asked).await,
        yes(),
        "it is recorded: a retry at b"
    );
    let voted = Question::AllVoted {
        saga: saga(1),
        hash: sold_by_c.hash,
    };
    for said in [commit(&sold_by_c), release(&sold_by_c), voted] {
        assert_eq!(a.said("b", said).await, Reply::Unavailable);
        assert_eq!(a.leg(saga(1)).await, Some(LegState::Prepared));
    }
    assert_eq!(a.refused("b"), (4, 0));

    // in the name of another, and of a booking that a has not voted for: no honest node says so
    let another = accept(&sold_by_c, 5, Value::Abort);
    assert_eq!(a.said("b", another).await, Reply::Unavailable);
    let unseen = a.prepare(saga(2), "b", 8).await;
    let forced = accept(&unseen, 0, commit_of(&unseen));
    assert_eq!(a.said("b", forced).await, Reply::Unavailable);
    assert_eq!(a.refused("b"), (6, 1));
    assert_eq!(a.refused("c"), (0, 0));
}

#[tokio::test]
async fn a_code_for_a_flight_that_no_ticket_has_is_none_whoever_signed_it() {
    let node = Whole::open(1).await;
    let token = node.user("ana.souza", "uma senha nada comum").await;
    let booked = node.post_as(&token, "/reservar", seats_of(1, [7])).await;
    assert_eq!(booked.status, 200, "{booked:?}");
    let uuid = booked.body["uuid_passagem"].as_str().unwrap();
    let archive = &node.assembly.company.archive;
    let bought = archive.ticket(SagaId(uuid.parse().unwrap())).await;
    let bought = bought.unwrap().expect("it is sold");
    let check = async |ticket: &Ticket| {
        let traveller = &travellers(ticket)[0];
        let code = code::issue(&node.another, ticket, traveller, &[], NOW).unwrap();
        node.get(&format!("/bilhetes/{code}"), &token).await
    };
    let answer = check(&bought).await;
    assert_eq!(
        (answer.status, &answer.body["emissora"]),
        (200, &"b".into())
    );
    // b signs what it likes: another ticket, another seat on this one, another name
    let unknown = Ticket::new(saga(404), bought.order.clone());
    assert_eq!(check(&unknown).await.problem(), "ticket-code-invalid");
    let mut more = bought.clone();
    let order = Arc::make_mut(&mut more.order);
    let mut another_seat = order.legs[0].clone();
    another_seat.seat.number = SeatNumber(8);
    // nobody sits twice on one flight
    another_seat.seat.route = RouteId(2);
    order.legs.push(another_seat);
    for leg in &mut order.legs {
        leg.passenger = Some(Passenger::named("Ana Souza"));
    }
    let answer = check(&more).await;
    assert_eq!(answer.problem(), "ticket-code-invalid", "{answer:?}");
    // b calls the seat that is on it by the number of another
    let mut renumbered = bought.clone();
    Arc::make_mut(&mut renumbered.order).legs[0].seat.number = SeatNumber(8);
    let answer = check(&renumbered).await;
    assert_eq!(answer.problem(), "ticket-code-invalid", "{answer:?}");
    let mut renamed = bought.clone();
    let order = Arc::make_mut(&mut renamed.order);
    let sold_to = order.legs[0]
        .passenger
        .replace(Passenger::named("Bruno Lima"));
    let answer = check(&renamed).await;
    let name = &answer.body["trechos"][0]["passageiro"];
    let sold_to = sold_to.expect("she said so").name;
    assert_eq!(name.as_str(), Some(sold_to.as_str()));
}

#[tokio::test]
async fn whoever_takes_a_booking_up_brings_it_to_its_end() {
    let a = Reached::open().await;
    let sold_by_c = a.prepare(saga(1), "c", 7).await;
    let asked = Question::Prepare(Box::new(sold_by_c.clone()));
    assert_eq!(a.said("c", asked).await, yes());
    // c is dead, b drives on: a ballot of its own, and then a believes what its register has
    let done = Reply::Answer(CompanyAnswer::Done);
    let accepted = Reply::Answer(CompanyAnswer::Accept(Accept::Accepted));
    let said = accept(&sold_by_c, 4, commit_of(&sold_by_c));
    assert_eq!(a.said("b", said).await, accepted);
    assert_eq!(a.said("b", commit(&sold_by_c)).await, done);
    assert_eq!(a.leg(saga(1)).await, Some(LegState::Committed));

    let given_up = a.prepare(saga(2), "c", 8).await;
    let asked = Question::Prepare(Box::new(given_up.clone()));
    assert_eq!(a.said("c", asked).await, yes());
    let said = accept(&given_up, 4, Value::Abort);
    assert_eq!(a.said("b", said).await, accepted);
    assert_eq!(a.said("b", release(&given_up)).await, done);
    assert_eq!(a.leg(saga(2)).await, Some(LegState::Refused));
    assert_eq!(a.refused("b"), (0, 0));
}

#[tokio::test]
async fn what_was_said_yesterday_and_is_said_again_changes_nothing() {
    let a = Reached::open().await;
    let booked = a.prepare(saga(1), "b", 7).await;
    let asked = Question::Prepare(Box::new(booked.clone()));
    let all = [
        asked.clone(),
        accept(&booked, 0, commit_of(&booked)),
        commit(&booked),
    ];
    let mut answers = Vec::new();
    for said in all.clone() {
        answers.push(a.said("b", said).await);
    }
    assert_eq!(a.leg(saga(1)).await, Some(LegState::Committed));
    let ticket = Ticket::new(saga(1), booked.order.clone());
    let seat = booked.order.legs[0].seat;
    let mut cancelled = ticket.clone();
    cancelled.cancelled = vec![seat];
    let pushed = Request::MergeTicket(Box::new(cancelled));
    assert_eq!(a.service.serve(company("b"), pushed).await, Reply::Merged);
    assert_eq!(a.leg(saga(1)).await, Some(LegState::Cancelled));

    // the seat is sold anew, and then all of it comes again
    let later = a.prepare(saga(2), "c", 7).await;
    assert_eq!(a.said("c", Question::Prepare(Box::new(later))).await, yes());
    for (said, answer) in all.into_iter().zip(answers) {
        assert_eq!(a.said("b", said).await, answer, "what is recorded");
    }
    let pushed = Request::MergeTicket(Box::new(ticket));
    assert_eq!(a.service.serve(company("b"), pushed).await, Reply::Merged);
    assert_eq!(a.leg(saga(1)).await, Some(LegState::Cancelled));
    assert_eq!(
        a.leg(saga(2)).await,
        Some(LegState::Prepared),
        "it is untouched"
    );
}

#[tokio::test]
async fn who_travels_is_told_to_who_may_know_it_and_believed_of_nobody_else() {
    let a = Reached::open().await;
    let named = |mut prepare: Prepare, name: &str| {
        for leg in &mut Arc::make_mut(&mut prepare.order).legs {
            leg.passenger = Some(Passenger::named(name));
        }
        prepare
    };
    let booked = named(a.prepare(saga(1), "b", 7).await, "Ana Souza");
    let other = named(booked.clone(), "Bruno Lima");
    for said in [
        Question::Prepare(Box::new(booked.clone())),
        // any member may send this one, and c does not know whom it names
        accept(&booked, 0, commit_of(&other)),
        commit(&booked),
    ] {
        let from = match said {
            Question::Accept { .. } => "c",
            _ => "b",
        };
        a.said(from, said).await;
    }
    let archive = &a.node.assembly.company.archive;
    let kept = async || format!("{:?}", archive.recorded(saga(1)).await.unwrap());
    assert!(kept().await.contains("Ana Souza") && !kept().await.contains("Bruno"));

    // a copy of c's, and one of b's, which carries her, too, and lies
    let copy = Ticket::new(saga(1), other.order.clone());
    for from in ["c", "b"] {
        let pushed = Request::MergeTicket(Box::new(copy.clone()));
        assert_eq!(a.service.serve(company(from), pushed).await, Reply::Merged);
    }
    let ticket = archive.ticket(saga(1)).await.unwrap().unwrap();
    assert_eq!(ticket.order, booked.order);

    let told =
        async |to: &str, request| format!("{:?}", a.service.serve(company(to), request).await);
    for request in [
        Request::FindTicket { ticket: saga(1) },
        Request::Query { saga: saga(1) },
        Request::TicketsOf {
            user: booked.order.user,
        },
        Request::Pull {
            after: None,
            wait_ms: 0,
        },
    ] {
        let (b, c) = (
            told("b", request.clone()).await,
            told("c", request.clone()).await,
        );
        assert!(!c.contains("Souza"), "{c}");
        let is_empty = matches!(request, Request::Pull { .. });
        assert!(is_empty || b.contains("Souza"), "{b}");
    }
    // who was never shown a token of hers, whatever it says, and by a surname that is not hers
    let shown = |issuer: &str, voucher: Option<String>| ShownUser {
        user: booked.order.user,
        version: FIRST_VERSION,
        issuer: company(issuer),
        consent: None,
        voucher,
    };
    let people = |shown: ShownUser| Request::People {
        shown,
        bookings: vec![saga(1)],
    };
    let find = |surname: &str| Request::Find {
        locator: Locator::of(saga(1)).to_string(),
        surname: surname.to_owned(),
    };
    let nobody = Reply::Named(Vec::new());
    let said = async |request| a.service.serve(company("c"), request).await;
    for shown in [
        shown("c", None),
        shown("a", None),
        shown("a", Some("x".to_owned())),
    ] {
        assert_eq!(said(people(shown)).await, nobody);
    }
    let token = "x".to_owned();
    assert_eq!(said(Request::Vouch { token }).await, Reply::Vouched(None));
    assert_eq!(said(find("lima")).await, nobody);
    let Reply::Named(found) = said(find("souza")).await else {
        panic!("it is asked for the first time");
    };
    assert_eq!(found.len(), 1);
    // who goes on guessing is not heard any more
    let mut guesses = 0;
    while said(find("lima")).await == nobody {
        guesses += 1;
    }
    assert!((1..=240).contains(&guesses), "{guesses}");
}
