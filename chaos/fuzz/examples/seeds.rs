//! Writes the seeds that other code makes: messages of the mesh, rows of the log, what companies have signed. To be run again where their
//! encoding changes; the rest of `corpus` is text, written by hand.
//!
//! `RUSTFLAGS='--cfg fuzzing' cargo run --release --example seeds`, in `chaos/fuzz`.

use std::fs;
use std::path::Path;

use passcom_actors::company::log::record::Record;
use passcom_actors::domain::fixtures::{SAGA, company, order, prepare, seat};
use passcom_actors::domain::ids::{RouteId, SeatNumber, UserId};
use passcom_actors::domain::question::Question;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::time::Timestamp;
use passcom_actors::mesh::envelope::{Body, Envelope, Response, encode};
use passcom_actors::mesh::frame::{Frame, Kind, Part};
use passcom_actors::mesh::messages::{Request, ShownUser, Whom};
use passcom_actors::mesh::traceparent::Traceparent;
use passcom_fuzz::signed::CLUSTER;
use uuid::Uuid;

/// The protocol's number, which the targets add themselves.
const PROTOCOL_LEN: usize = 2;

fn main() {
    mesh();
    links();
    write("code", "code-a", CLUSTER.codes[0].as_bytes());
    write("code", "code-b", CLUSTER.codes[1].as_bytes());
    write("code", "token-a", CLUSTER.tokens[0].as_bytes());

    let mut record = Record::default();
    for number in 1..=3 {
        let seat = (RouteId(7), SeatNumber(number));
        record.blocked.insert(seat, true);
    }
    write("record", "format-4", &record.encode());
    for format in 1..=3 {
        let file = format!("../../actors/src/company/log/record/format_{format}.hex");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text: String = fs::read_to_string(file)
            .unwrap()
            .split_whitespace()
            .collect();
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
        write("record", &format!("format-{format}"), &bytes);
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn envelope(from: &str, body: Body) -> Envelope {
    Envelope {
        from: company(from),
        request_id: Uuid::from_u128(3),
        // always the same
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            .parse::<Traceparent>()
            .unwrap(),
        deadline: Some(Timestamp(5)),
        body,
    }
}

fn mesh() {
    let seats = [seat("a", 1), seat("b", 2)];
    let login = "ana".to_owned();
    let shown = ShownUser {
        user: UserId(Uuid::from_u128(4)),
        version: 1,
        issuer: company("a"),
        consent: Some("Y29uc2VudA".to_owned()),
        voucher: None,
    };
    let requests = [
        ("hello", Body::Hello),
        ("find-user", Body::Request(Request::FindUser(Whom::Login(login)))),
        (
            "prepare",
            Body::Request(Request::Ask(Question::Prepare(Box::new(prepare(&seats))))),
        ),
        (
            "ticket",
            Body::Request(Request::MergeTicket(Box::new(Ticket::new(
                SAGA,
                order(&seats),
            )))),
        ),
        (
            "find",
            Body::Request(Request::Find {
                locator: "K7QXM2".to_owned(),
                surname: "souza".to_owned(),
            }),
        ),
        (
            "correct",
            Body::Request(Request::Correct {
                shown,
                ticket: SAGA,
                names: vec![(seats[0], "Ana Souza".to_owned())],
            }),
        ),
    ];
    for (name, body) in requests {
        let sealed = envelope("a", body).seal().unwrap();
        write("envelope", name, &[b"q", &sealed[PROTOCOL_LEN..]].concat());
    }
    let responses = [
        (
            "unsupported",
            Response::UnsupportedProtocol { min: 1, max: 9 },
        ),
        ("refused", Response::Joined(Err("no".to_owned()))),
    ];
    for (name, response) in responses {
        let bytes = encode(&response).unwrap();
        write("envelope", name, &[b"r", &bytes[..]].concat());
    }
    write("frame", "one", &frame("a", 1)[PROTOCOL_LEN..]);
    write("frame", "three", &frame("b", 3)[PROTOCOL_LEN..]);
}

fn frame(from: &str, parts: u8) -> Vec<u8> {
    let part = |number: u8| Part {
        kind: if number == 0 {
            Kind::Request
        } else {
            Kind::Response
        },
        call: Uuid::from_u128(number.into()),
        bytes: vec![number; usize::from(number) * 3],
    };
    let mut frame = Frame::new(company(from), part(0));
    (1..parts).for_each(|number| frame.push(part(number)));
    frame.seal()
}

/// A field of protobuf, behind its length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut len = bytes.len();
    let mut field = vec![number << 3 | 2];
    while len >= 0x80 {
        field.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    field.push(len as u8);
    field.extend_from_slice(bytes);
    field
}

fn links() {
    let what = |argument: &[u8]| {
        let len = (argument.len() as u64).to_be_bytes();
        field(2, &[&len[..], argument].concat())
    };
    for from in ["a", "b"] {
        let cast = [
            &[1 << 3, 7][..],
            &what(&frame(from, 2)),
            &field(3, b"Frame"),
        ]
        .concat();
        write(
            "speech",
            &format!("frame-{from}"),
            &field(2, &field(1, &cast)),
        );
        let sealed = envelope(from, Body::Join { run: Uuid::nil() })
            .seal()
            .unwrap();
        let tag = [3 << 3, 1];
        let call = [&[1 << 3, 7][..], &what(&sealed), &tag, &field(5, b"Call")].concat();
        write(
            "speech",
            &format!("call-{from}"),
            &field(2, &field(2, &call)),
        );
    }
    let name = field(1, b"beta@beta.passcom.internal");
    let handshakes: [(&str, u8, [(u8, &[u8]); 3]); 2] = [
        ("dialled", 1, [(1, &name), (3, &[]), (5, &[])]),
        ("dialling", 0, [(2, &[]), (4, &name), (6, &[])]),
    ];
    for (file, who_dials, frames) in handshakes {
        let mut bytes = vec![who_dials];
        for (variant, message) in frames {
            let frame = field(1, &field(variant, message));
            bytes.push(u8::try_from(frame.len()).unwrap());
            bytes.extend(frame);
        }
        write("handshake", file, &bytes);
    }
}
