//! What strangers send, changed at random: frames of the mesh, rows of the log, schedule files. Nothing of it ends a node, and what
//! is taken for sound is what it says.

#[path = "../../actors/tests/support/mutants.rs"]
mod mutants;

use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use passcom_actors::company::log::record::Record;
use passcom_actors::domain::ballot::Acceptors;
use passcom_actors::domain::document::Document;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Leg, Order, Price, SeatRef};
use passcom_actors::domain::order_hash::order_hash;
use passcom_actors::domain::papers::{Contact, Papers, Person, Seated};
use passcom_actors::domain::question::Question;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::time::Timestamp;
use passcom_actors::domain::vote::Prepare;
use passcom_actors::mesh::envelope::{Body, Envelope};
use passcom_actors::mesh::messages::{Request, Whom};
use passcom_actors::mesh::traceparent::Traceparent;
use passcom_node::cli::schedule::{CheckArgs, check};
use uuid::Uuid;

use mutants::Mutants;

fn order() -> Order {
    let leg = |number| Leg {
        seat: SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(7),
            number: SeatNumber(number),
        },
        flight: "A1002".to_owned(),
        origin: "São Paulo".to_owned(),
        destination: "Recife".to_owned(),
        origin_iata: "GRU".to_owned(),
        destination_iata: "REC".to_owned(),
        departs: 1_800_000_000,
        arrives: 1_800_010_000,
        price: Price {
            minor: 45_990,
            currency: "BRL".to_owned(),
        },
        passenger: None,
        offsets: None,
        label: None,
    };
    Order {
        user: UserId(Uuid::from_u128(1)),
        created_at: 1_700_000_000_000,
        legs: (1..=3).map(leg).collect(),
        hold_seconds: Some(900),
        seller: None,
        exchange: None,
    }
}

fn papers() -> Papers {
    let person = Person {
        document: Some(Document::of_text("111.444.777-35")),
        birth: None,
    };
    let seat = order().legs[0].seat;
    Papers {
        people: vec![Seated { seat, person }],
        contact: Contact {
            email: Some("ana@example.com".to_owned()),
            phone: None,
        },
    }
}

fn envelopes() -> Vec<Vec<u8>> {
    let acceptors = Acceptors(vec!["a".parse().unwrap(), "b".parse().unwrap()]);
    let (order, saga) = (order(), SagaId(Uuid::from_u128(2)));
    let prepare = Prepare {
        saga,
        hash: order_hash(&order, &acceptors),
        order: Arc::new(order.clone()),
        acceptors,
        fence: FencingToken::NONE,
        driver: "node-a".to_owned(),
        papers: Some(Arc::new(papers())),
    };
    let login = "ana".to_owned();
    let bodies = [
        Body::Hello,
        Body::Ping,
        Body::Request(Request::FindUser(Whom::Login(login))),
        Body::Request(Request::Ask(Question::Prepare(Box::new(prepare)))),
        Body::Request(Request::MergeTicket(Box::new(Ticket::new(
            saga,
            Arc::new(order),
        )))),
    ];
    let sealed = bodies.map(|body| {
        let envelope = Envelope {
            from: "a".parse().unwrap(),
            request_id: Uuid::from_u128(3),
            traceparent: Traceparent::of(4),
            deadline: Some(Timestamp(5)),
            body,
        };
        envelope.seal().unwrap()
    });
    sealed.into()
}

#[test]
fn a_frame_that_nobody_sealed_is_malformed_or_what_it_says() {
    let mut mutants = Mutants::new(4_000);
    let mut opened = 0;
    for sound in envelopes() {
        mutants.survive(&sound, |bytes| {
            let Ok(envelope) = Envelope::open(bytes) else {
                return;
            };
            opened += 1;
            let again = Envelope::open(&envelope.seal().unwrap());
            assert_eq!(again, Ok(envelope));
        });
    }
    assert!(opened > 0, "some changes are of a number or a name");
}

#[test]
fn a_row_of_the_log_that_nobody_wrote_is_told_to_be_none() {
    let mut record = Record::default();
    for number in 1..=3 {
        record
            .blocked
            .insert((RouteId(7), SeatNumber(number)), true);
    }
    let mut mutants = Mutants::new(4_000);
    mutants.survive(&record.encode(), |bytes| {
        if let Ok(record) = Record::decode(bytes) {
            assert_eq!(Record::decode(&record.encode()).unwrap(), record);
        }
    });
}

#[test]
fn a_schedule_that_nobody_publishes_is_read_to_its_end() {
    let folder = std::env::temp_dir().join(format!("passcom-mutants-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut mutants = Mutants::new(150);
    for name in ["XA.ssim", "XB.csv"] {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/schedules")
            .join(name);
        let sound = std::fs::read(fixture).unwrap();
        let file = folder.join(name);
        mutants.survive(&sound, |bytes| {
            std::fs::write(&file, bytes).unwrap();
            // what is bad is told
            let _ = check(&CheckArgs {
                from: Some(date(2026, 10, 26)),
                days: 7,
                json: false,
                files: vec![file.clone()],
            });
        });
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
