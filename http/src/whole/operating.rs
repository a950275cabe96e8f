//! The port of operators: who is let in, who may do what, and whose name stays behind.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::net::TcpSocket;

use super::{Answer, Whole};
use crate::{OperatorAccess, Operators, Role};

fn operators() -> Operators {
    let access = |name: &str, role, token: &str| OperatorAccess {
        name: name.to_owned(),
        role,
        token: token.to_owned(),
    };
    Operators::new(vec![
        access("admin", Role::Operator, "token-of-admin"),
        access("ana", Role::Operator, "token-of-ana"),
        access("rui", Role::Viewer, "token-of-rui"),
    ])
}

/// From an address of this machine.
async fn ask(port: SocketAddr, from: u8, token: &str, request: &str, body: Value) -> Answer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, from], 0).into()).unwrap();
    let stream = socket.connect(port).await.unwrap();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    Whole::ask_over(stream, request, &headers, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_bears_the_name_of_its_operator_and_viewers_only_look() {
    let node = Whole::open(1).await;
    let port = node.open_to(operators()).await;
    let reason = json!({"reason": "a new release"});
    let get = |token| ask(port, 1, token, "GET /admin/audit", Value::Null);
    let seat = format!("PUT /assentos/{}", 1024 + 7);
    for (request, body) in [
        ("POST /admin/drain", reason.clone()),
        ("POST /admin/resume", reason.clone()),
        ("POST /admin/verify", json!({})),
        (seat.as_str(), json!({"disponivel": 0})),
        (
            "DELETE /passagem/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002",
            Value::Null,
        ),
    ] {
        let refused = ask(port, 1, "token-of-rui", request, body).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (403, "viewers-look"),
            "{request}"
        );
    }
    assert_eq!(get("token-of-rui").await.body["audit"], json!([]));

    for (token, request, body) in [
        ("token-of-ana", "POST /admin/drain", reason.clone()),
        ("token-of-admin", "POST /admin/resume", reason.clone()),
        (
            "token-of-ana",
            seat.as_str(),
            json!({"disponivel": 0, "reason": "broken"}),
        ),
    ] {
        let done = ask(port, 1, token, request, body).await;
        assert_eq!(done.status, 200, "{request}: {done:?}");
    }
    let told = get("token-of-rui").await;
    let acts = told.body["audit"].as_array().unwrap().iter();
    let acts: Vec<_> = acts
        .map(|act| {
            let text = |field: &str| act[field].as_str().unwrap();
            (text("operator"), text("action"), text("reason"))
        })
        .collect();
    assert_eq!(
        acts,
        [
            ("ana", "block", "broken"),
            ("admin", "resume", "a new release"),
            ("ana", "drain", "a new release"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tokens_are_slowed_down_and_an_operator_elsewhere_is_not_kept_out() {
    let node = Whole::open(1).await;
    let port = node.open_to(operators()).await;
    let look = |from, token| ask(port, from, token, "GET /admin/audit", Value::Null);
    let mut looked_at = 0;
    let mut last = None;
    for _ in 0..200 {
        let answer = look(2, "a-guess").await;
        looked_at += usize::from(answer.status == 401);
        last = Some(answer);
    }
    let last = last.expect("there were some");
    // ten, and one more for each delay that is over by now
    assert!((10..20).contains(&looked_at), "{looked_at} were looked at");
    assert_eq!((last.status, last.problem()), (429, "too-many-requests"));
    assert!(last.head.contains("retry-after: "), "{last:?}");
    assert_eq!(
        look(2, "token-of-ana").await.status,
        429,
        "not even the right one"
    );
    assert_eq!(look(3, "token-of-ana").await.status, 200);
}
