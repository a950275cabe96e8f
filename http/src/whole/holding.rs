//! That nobody keeps seats for nothing, however many requests come at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{Answer, SEATS, Whole, seats_of};

const PASSWORD: &str = "uma senha nada comum";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_does_not_hold_an_aircraft_and_neither_do_many() {
    let node = Whole::open(3).await;
    let token = node.user("ana.souza", PASSWORD).await;
    let hold = |first: u16| node.post_as(&token, "/retencoes", seats_of(1, first..first + 3));
    let bearer = format!("Bearer {token}");
    let release = async |held: &Answer| {
        let hold = held.body["uuid"].as_str().unwrap();
        let request = format!("DELETE /retencoes/{hold}");
        let headers = [("authorization", bearer.as_str())];
        let gone = node.ask(&request, &headers, &json!(null)).await;
        assert!(gone.status < 300, "{gone:?}");
    };
    // at once, and fewer than it may have holds: it is the seats that are counted
    let answers = join_all((0..4).map(|n| hold(n * 3 + 1))).await;
    let (held, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(held.len(), 3, "nine seats");
    assert_eq!(
        (refused[0].status, refused[0].problem()),
        (429, "too-many-holds")
    );
    assert!(refused[0].head.contains("retry-after: "));

    // who changes their mind may
    for answer in held {
        release(answer).await;
    }
    let other = hold(100).await;
    assert_eq!(other.status, 201, "{other:?}");

    // many accounts together keep half of it, and the rest is sold
    let mut on_hold = 0;
    for number in 0..15 {
        let token = node.user(&format!("bruno{number}"), PASSWORD).await;
        let first = number * 9 + 1;
        let answer = node
            .post_as(&token, "/retencoes", seats_of(2, first..first + 9))
            .await;
        on_hold += if answer.status == 201 { 9 } else { 0 };
    }
    assert_eq!(on_hold, SEATS / 2);
    let booked = node
        .post_as(&token, "/reservar", seats_of(2, 160..=175))
        .await;
    assert_eq!(booked.status, 200, "{booked:?}");
}
