//! A booking is found by its six letters and a surname at every company, and by less at none.

use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::json;

use crate::cluster::{Cluster, until};
use crate::smtp::{Mood, Server};

const PASSWORD: &str = "senha-muito-boa";

#[tokio::test]
async fn a_booking_is_found_without_a_login_by_who_knows_it() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("finding", server.port).await;
    cluster.register(0, "ana", PASSWORD).await;
    let token = cluster.log_in(0, "ana", PASSWORD).await.token();
    let id = cluster.book(0, &token, "b").await;
    let ticket = cluster.get(0, &format!("/passagens/{id}"), &token).await;
    let locator = ticket.body["localizador"].as_str().unwrap().to_owned();
    assert_eq!(locator.len(), 6);
    let companies = &ticket.body["companhias"];
    assert_eq!(companies[0]["nome"], "Beija-Flor");
    assert!(companies[0]["condicoes"]["bagagem"].is_string());

    let find = async |company, letters: &str, surname: &str| {
        let body = json!({"localizador": letters, "sobrenome": surname});
        cluster.post(company, "/passagens/procurar", body).await
    };
    for company in 0..3 {
        // what a node has itself
        until("the copy has come", async || {
            let data = cluster.get(company, "/conta/dados", &token).await.body;
            data["passagens"][0]["uuid"] == json!(id)
        })
        .await;
        assert_eq!(find(company, &locator, "souza").await.status, 200);
    }
    let typed = format!("{}-{}", &locator[..3], locator[3..].to_lowercase());
    let found = find(0, &typed, "SOUZA").await.body;
    assert_eq!(found["uuid"], json!(id));
    assert_eq!(
        found["trechos"][0]["passageiro"],
        json!({"nome": "Ana Souza"})
    );

    // neither tells which of the two is wrong
    let wrong = find(1, &locator, "Lima").await;
    let other = match &*locator {
        "AAAAAA" => "BBBBBB",
        _ => "AAAAAA",
    };
    let none = find(1, other, "Souza").await;
    assert_eq!((wrong.status, wrong.problem()), (404, "booking-not-found"));
    assert_eq!((wrong.status, wrong.body), (none.status, none.body));

    // who guesses is slowed down
    until("too many tries are refused", async || {
        find(2, other, "Souza").await.problem() == "too-many-requests"
    })
    .await;

    // a document is a link of the page
    let log_in = cluster.request(0, Method::POST, "/login");
    let log_in = log_in
        .header("x-sessao", "cookie")
        .json(&json!({"login": "ana", "password": PASSWORD}));
    let answer = log_in.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let kept = cookie.split(';').next().unwrap().to_owned();
    for file in [
        "bilhete.pdf",
        "calendario.ics",
        "bilhete.pdf?folha=1",
        "bilhete.pdf?folha=trecho",
    ] {
        let path = format!("/passagens/{id}/{file}");
        let link = cluster.request(0, Method::GET, &path);
        let answer = link.header(COOKIE, &kept).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{file}");
    }
    // every company's key, at any node, for gates without a connection
    let keys = cluster.get(1, "/chaves", &token).await.body;
    let named = |company: &str| {
        let keys = keys["keys"].as_array().unwrap().iter();
        keys.filter(|key| {
            let kid = key["kid"].as_str().unwrap();
            kid == company || kid.starts_with(&format!("{company}."))
        })
        .count()
    };
    // by the name of the key, and by the company's, as codes of before name it
    assert_eq!(["a", "b", "c"].map(named), [2; 3]);

    // a ticket that is wholly cancelled is in a list of its own, with what came back
    let user = cluster.get(0, "/conta", &token).await.body["user_uuid"].clone();
    let path = format!("/passagem-all/{}/{id}", user.as_str().unwrap());
    let cancel = cluster
        .request(0, Method::DELETE, &path)
        .bearer_auth(&token);
    assert_eq!(cancel.send().await.unwrap().status(), 200);
    for company in 0..3 {
        until("the cancellation has come", async || {
            let list = cluster
                .get(company, "/passagens?estado=cancelada", &token)
                .await;
            let ticket = &list.body["passagens"][0];
            ticket["uuid"] == json!(id) && ticket["reembolso"].is_object()
        })
        .await;
        let held = cluster.get(company, "/passagens", &token).await.body;
        assert_eq!(held["passagens"], json!([]));
    }
    cluster.stop().await;
}
