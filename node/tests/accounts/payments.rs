//! What a company that wants to be paid first sells: nothing unpaid, each payment once, and what must go back goes back once, whatever dies.

use jiff::Timestamp;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cluster::{Answer, Cluster, until};
use crate::gateway::{Gateway, Mood};

const PASSWORD: &str = "senha-muito-boa";
const SECRET: &str = "the secret of before, of some length";
const NEW_SECRET: &str = "the secret from now on, of some length";

async fn user(cluster: &Cluster) -> String {
    cluster.register(0, "ana", PASSWORD).await;
    cluster.log_in(0, "ana", PASSWORD).await.token()
}

/// A hold of a seat of each of these companies, made at the node of the first one.
async fn hold(cluster: &Cluster, token: &str, of: &[&str]) -> String {
    let wish = cluster.wish(0, token, of).await;
    let held = cluster.post_as(0, "/retencoes", token, wish).await;
    let uuid = held.body["uuid"].as_str();
    uuid.unwrap_or_else(|| panic!("not held: {held:?}"))
        .to_owned()
}

fn said(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

#[tokio::test]
async fn a_payment_is_made_once_whatever_dies_and_goes_back_once() {
    let gateway = Gateway::start(SECRET).await;
    let folder = std::env::temp_dir().join(format!("passcom-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, secret: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, secret).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    // one secret takes the other's place
    let secrets = [file("new", NEW_SECRET), file("old", SECRET)];
    let mut payment = toml::toml! {
        required = true
        provider = "signed"
        name = "gateway"
    };
    let url = format!("http://127.0.0.1:{}/pay", gateway.port);
    payment.insert("url".to_owned(), url.into());
    payment.insert("secret_files".to_owned(), secrets.to_vec().into());
    let mut cluster = Cluster::start_with_payment("pay", payment).await;
    let ana = user(&cluster).await;

    // in one step nothing is sold here, and everything at a company that lets go unpaid
    let wish = cluster.wish(0, &ana, &["b"]).await;
    let direct = cluster.post_as(0, "/reservar", &ana, wish.clone()).await;
    assert_eq!(said(&direct), (402, "payment-required"));
    let elsewhere = cluster.post_as(1, "/reservar", &ana, wish).await;
    assert_eq!(elsewhere.status, 200, "{elsewhere:?}");

    let held = hold(&cluster, &ana, &["a", "b"]).await;
    let (confirm, pay) = (
        format!("/retencoes/{held}/confirmar"),
        format!("/retencoes/{held}/pagamento"),
    );
    let open = cluster.get(0, &pay, &ana).await;
    let body = &open.body;
    assert_eq!(body["estado"], "em_aberto", "{open:?}");
    assert_eq!(body["exigido"], json!(true));
    let amount = body["valor"]["centavos"].as_i64().unwrap();
    let unpaid = cluster.post_as(0, &confirm, &ana, json!({})).await;
    assert_eq!(said(&unpaid), (402, "payment-required"));
    // another node does not know whether it is paid
    for path in [&confirm, &pay] {
        let body = json!({"meio": "tok_1"});
        let refused = cluster.post_as(1, path, &ana, body).await;
        assert_eq!(said(&refused), (409, "sold-elsewhere"));
        assert_eq!(refused.body["company"], "a");
    }

    // the gateway has the request, and the node dies before it has an answer
    gateway.set(Mood::Silent);
    let (request, token) = (cluster.request(0, Method::POST, &pay), ana.clone());
    let request = request.bearer_auth(token).json(&json!({"meio": "tok_1"}));
    let asking = tokio::spawn(async move { request.send().await.is_ok() });
    until("the gateway is asked", async || {
        !gateway.asked("payment").is_empty()
    })
    .await;
    cluster.signal(0, Signal::SIGKILL);
    asking.await.unwrap();
    gateway.set(Mood::Pending);
    cluster.restart().await;
    until("it is asked again", async || {
        gateway.asked("payment")[0].1 > 1
    })
    .await;
    let again = cluster
        .post_as(0, &pay, &ana, json!({"meio": "tok_2"}))
        .await;
    assert_eq!(again.status, 202, "{again:?}");
    assert_eq!(again.body["estado"], "pendente");
    let unpaid = cluster.post_as(0, &confirm, &ana, json!({})).await;
    assert_eq!(said(&unpaid), (402, "payment-required"));

    // it tells: what others make up changes nothing, and neither does the truth told twice
    let [(asked, _)] = &gateway.asked("payment")[..] else {
        panic!("one payment");
    };
    assert_eq!(
        (&asked["means"], &asked["amount"]),
        (&json!("tok_1"), &json!(amount))
    );
    let notice = |amount: i64| {
        let id = &asked["id"];
        json!({"type": "payment", "id": id, "state": "paid", "amount": amount, "currency": "BRL"})
            .to_string()
    };
    let now = Timestamp::now().as_second();
    let tell = async |name: &str, secret: &str, at: i64, amount: i64| {
        let body = notice(amount);
        let headers = gateway.signed(secret, at, &body);
        let path = format!("/pagamentos/avisos/{name}");
        cluster.send(0, &path, &headers, body).await
    };
    let forged = tell(
        "gateway",
        "a secret that somebody else has made",
        now,
        amount,
    )
    .await;
    assert_eq!(said(&forged), (403, "bad-signature"));
    let late = tell("gateway", SECRET, now - 600, amount).await;
    assert_eq!(said(&late), (403, "bad-signature"));
    let less = tell("gateway", SECRET, now, 1).await;
    assert_eq!(said(&less), (400, "invalid-request"));
    assert_eq!(tell("test", SECRET, now, amount).await.status, 404);
    let unsigned = cluster
        .send(0, "/pagamentos/avisos/gateway", &[], notice(amount))
        .await;
    assert_eq!(said(&unsigned), (403, "bad-signature"));
    assert_eq!(cluster.get(0, &pay, &ana).await.body["estado"], "pendente");
    for secret in [SECRET, NEW_SECRET] {
        assert_eq!(tell("gateway", secret, now, amount).await.status, 200);
    }
    assert_eq!(cluster.get(0, &pay, &ana).await.body["estado"], "pago");

    for _ in 0..2 {
        let booked = cluster.post_as(0, &confirm, &ana, json!({})).await;
        assert_eq!(booked.body["uuid_passagem"], json!(held), "{booked:?}");
    }
    assert_eq!(gateway.asked("payment").len(), 1);

    // another company cancels it; the seller dies while it gives the money back
    gateway.set(Mood::Silent);
    let ticket = format!("/passagens/{held}");
    let quote = format!("{ticket}/cancelamento");
    until("the ticket is at the other company", async || {
        cluster.get(1, &quote, &ana).await.status == 200
    })
    .await;
    let code = cluster.get(1, &quote, &ana).await.body["codigo"].clone();
    let cancelled = cluster
        .post_as(1, &quote, &ana, json!({"codigo": code}))
        .await;
    let back = cancelled.body["reembolso"]["centavos"].as_i64();
    let back = back.unwrap_or_else(|| panic!("{cancelled:?}"));
    assert!((1..amount).contains(&back), "a part of {amount}: {back}");
    until("the gateway is to give it back", async || {
        !gateway.asked("refund").is_empty()
    })
    .await;
    cluster.signal(0, Signal::SIGKILL);
    gateway.set(Mood::Good);
    cluster.restart().await;
    let shown = async || cluster.get(0, &pay, &ana).await.body["devolucao"].clone();
    until("the customer has it", async || {
        shown().await["feita"]["centavos"] == json!(back)
    })
    .await;
    assert_eq!(shown().await["devida"]["centavos"], json!(back));
    let parts = gateway.asked("refund");
    let given: i64 = parts
        .iter()
        .map(|(part, _)| part["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(given, back, "{parts:?}");
    assert!(parts.iter().all(|(part, _)| part["payment"] == asked["id"]));

    let today = Timestamp::now().to_string()[..10].to_owned();
    let yesterday = (Timestamp::now() - jiff::SignedDuration::from_hours(24)).to_string();
    let days = ["settlement", "--from", &yesterday[..10], "--to", &today];
    let books = &cluster.admin(0, &days)["payments"][0];
    let told = ["payments", "paid", "given_back", "net"].map(|name| books[name].as_i64());
    assert_eq!(told, [1, amount, back, amount - back].map(Some), "{books}");
    std::fs::remove_dir_all(folder).unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn the_test_provider_does_what_it_is_told_and_an_ended_hold_is_paid_back() {
    let payment = toml::toml! {
        required = true
        provider = "test"
    };
    let cluster = Cluster::start_with_payment("trial", payment).await;
    let ana = user(&cluster).await;
    let held = hold(&cluster, &ana, &["c"]).await;
    let (one, pay) = (
        format!("/retencoes/{held}"),
        format!("/retencoes/{held}/pagamento"),
    );
    let begin = async |means: &str, attempt: u32| {
        let body = json!({"meio": means, "tentativa": attempt});
        cluster.post_as(0, &pay, &ana, body).await
    };
    assert_eq!(begin("", 1).await.status, 400);
    for means in ["test-refused", "test-paid"] {
        let refused = begin(means, 1).await;
        assert_eq!(
            refused.body["estado"], "recusado",
            "the same one: {refused:?}"
        );
    }
    assert_eq!(said(&begin("test-paid", 3).await), (400, "invalid-request"));
    // two notices come before the answer
    let paid = begin("test-twice", 2).await;
    assert_eq!(
        (paid.status, &paid.body["estado"]),
        (200, &json!("pago")),
        "{paid:?}"
    );
    assert_eq!(paid.body["devolucao"], Value::Null);
    let amount = paid.body["valor"]["centavos"].clone();

    // given up: there will be no ticket
    assert_eq!(
        cluster.delete(0, &one, Some(&ana), json!({})).await.status,
        200
    );
    let shown = async || cluster.get(0, &pay, &ana).await.body["devolucao"].clone();
    until("all of it is back", async || {
        shown().await["feita"]["centavos"] == amount
    })
    .await;
    let confirm = format!("{one}/confirmar");
    let ended = cluster.post_as(0, &confirm, &ana, json!({})).await;
    assert_eq!(said(&ended), (410, "hold-expired"));
    assert_eq!(
        begin("test-paid", 2).await.body["estado"],
        "pago",
        "no other one"
    );

    let held = hold(&cluster, &ana, &["a", "c"]).await;
    let pay = format!("/retencoes/{held}/pagamento");
    let body = json!({"meio": "test-delayed"});
    let delayed = cluster.post_as(0, &pay, &ana, body).await;
    assert_eq!(
        (delayed.status, &delayed.body["estado"]),
        (202, &json!("pendente"))
    );
    until("it is paid a little later", async || {
        cluster.get(0, &pay, &ana).await.body["estado"] == "pago"
    })
    .await;
    let confirm = format!("/retencoes/{held}/confirmar");
    let booked = cluster.post_as(0, &confirm, &ana, json!({})).await;
    assert_eq!(booked.status, 200, "{booked:?}");
    cluster.stop().await;
}
