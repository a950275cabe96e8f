//! That a person can have what is kept of them, and can go.

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cluster::{Cluster, answer, until};
use crate::smtp::{Mood, Server};

const PASSWORD: &str = "senha-muito-boa";

#[tokio::test]
async fn an_account_is_exported_and_ends_everywhere() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("people", server.port).await;
    let body = json!({"login": "ana", "password": PASSWORD, "email": "ana@example.com"});
    until("a user is registered", async || {
        let body = body.clone();
        let answer = cluster.post_in("pt-BR", 0, "/register-all", body).await;
        answer.status == 200
    })
    .await;
    let token = cluster.log_in(0, "ana", PASSWORD).await.token();
    let (kept, cancelled) = (
        cluster.book(0, &token, "b").await,
        cluster.book(0, &token, "b").await,
    );
    let user = cluster.get(0, "/conta", &token).await.body["user_uuid"].clone();
    let user = user.as_str().unwrap();
    let path = format!("/passagem-all/{user}/{cancelled}");
    assert_eq!(
        cluster
            .delete(0, &path, Some(&token), json!({}))
            .await
            .status,
        200
    );
    let data = cluster.get(0, "/conta/dados", &token).await;
    assert_eq!(data.status, 200);
    let account =
        json!({"user_uuid": user, "login": "ana", "email": "ana@example.com", "idioma": "pt-BR"});
    assert_eq!(data.body["conta"], account);
    let tickets = data.body["passagens"].as_array().unwrap();
    let found = |id: &str| tickets.iter().find(|ticket| ticket["uuid"] == id).unwrap();
    assert_eq!(
        found(&kept)["trechos"][0]["passageiro"]["nome"],
        "Ana Souza"
    );
    assert_eq!(found(&cancelled)["estado"], "cancelada");

    let wrong = json!({"login": "ana", "password": "another password"});
    assert_eq!(cluster.delete(2, "/conta", None, wrong).await.status, 401);
    let right = json!({"login": "ana", "password": PASSWORD});
    assert_eq!(
        cluster
            .delete(2, "/conta", None, right.clone())
            .await
            .status,
        200
    );
    assert_eq!(cluster.renew(2, &token).await.status, 401, "at once");
    for company in 0..3 {
        until("the account is gone", async || {
            cluster.renew(company, &token).await.status == 401
                && cluster.log_in(company, "ana", PASSWORD).await.status == 401
        })
        .await;
        let dump = cluster.dump(company);
        let agreed = dump.lines().filter(|line| line.contains("login_register"));
        let agreed: Vec<_> = agreed.filter(|line| line.contains("ana")).collect();
        assert!(!agreed.is_empty());
        let is_kept = agreed.iter().any(|line| has(line, "ana@example.com"));
        assert!(!is_kept, "for ever: {agreed:?}");
        let again = cluster.post(company, "/register-all", right.clone()).await;
        assert_eq!(again.problem(), "login-taken", "the login is nobody else's");
        assert_eq!(
            cluster
                .delete(company, "/conta", None, right.clone())
                .await
                .status,
            401
        );
    }
    // nor does a code bring it back
    let asked = cluster
        .post(0, "/conta/senha/codigo", json!({"login": "ana"}))
        .await;
    assert_eq!(asked.status, 202);
    cluster.register(0, "bia", PASSWORD).await;
    let body = json!({"login": "bia", "password": PASSWORD, "email": "bia@example.com"});
    cluster.post(0, "/conta/email", body).await.token();
    cluster
        .post(0, "/conta/senha/codigo", json!({"login": "bia"}))
        .await;
    server.letter("To: bia@example.com").await;
    let codes = server.letters().into_iter();
    let codes = codes.filter(|letter| letter.text.contains("code for a new password"));
    assert_eq!(codes.count(), 1);
    cluster.stop().await;
}

/// A document that is nobody's, in the forms in which it might be written.
const CPF: &str = "529.982.247-25";
const CPF_DIGITS: &str = "52998224725";
const PHONE: &str = "5511912345678";

/// Whether this is somewhere in it: as text, or in the bytes of a row of the log.
fn has(dump: &str, text: &str) -> bool {
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    dump.contains(text) || dump.contains(&bytes)
}

#[tokio::test]
async fn a_document_is_with_the_companies_of_the_trip_and_with_no_other() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_asking("papers", server.port).await;
    cluster.register(0, "ana", PASSWORD).await;
    let token = cluster.log_in(0, "ana", PASSWORD).await.token();
    // of both companies, at the node of the third, which has no part in the trip
    let mut seats = Vec::new();
    for company in ["a", "b"] {
        let path = format!("/all-trechos?limite=1&company={company}");
        until("there is something to book", async || {
            let legs = cluster.get(2, &path, &token).await;
            legs.status == 200 && legs.body[0]["id"].is_u64()
        })
        .await;
        let legs = cluster.get(2, &path, &token).await.body;
        let seat = &legs[0]["assentos"][5]["id"];
        seats.push(json!({"id_trecho": legs[0]["id"], "id_assento": seat, "company": company}));
    }
    let asked: Value = answer(cluster.request(2, Method::GET, "/companhias"))
        .await
        .body;
    assert_eq!(
        asked[1]["exige"],
        json!({"documento": true, "nascimento": false})
    );
    let book = async |passenger: Value| {
        let contact = json!({"telefone": "(11) 91234-5678"});
        let body = json!({"trechos": seats, "passageiros": [passenger], "contato": contact});
        let request = cluster.request(2, Method::POST, "/reservar");
        answer(request.bearer_auth(&token).json(&body)).await
    };
    let refused = book(json!({"nome": "Ana Souza"})).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "passenger-data-required")
    );
    let missing = json!([{"passageiro": 0, "company": "b", "campos": ["documento"]}]);
    assert_eq!(refused.body["faltam"], missing);
    let document = json!({"tipo": "cpf", "numero": CPF});
    let booked = book(json!({"nome": "Ana Souza", "documento": document})).await;
    assert_eq!(booked.status, 200, "{booked:?}");
    let ticket = booked.body["uuid_passagem"].as_str().unwrap();

    let path = format!("/passagens/{ticket}");
    for company in 0..3 {
        until("everybody has the ticket", async || {
            cluster.get(company, &path, &token).await.status == 200
        })
        .await;
        let shown = cluster.get(company, &path, &token).await.body;
        let who = &shown["trechos"][0]["passageiro"];
        assert_eq!(who["nome"], "Ana Souza");
        let expected = match company {
            2 => Value::Null,
            _ => json!("***.982.247-**"),
        };
        assert_eq!(who["documento"], expected, "company {company}");
    }
    // the third has sold it, and knows the name; the rest is where somebody is carried
    until("the tables have it", async || {
        (0..3).all(|company| has(&cluster.dump(company), ticket))
    })
    .await;
    for company in 0..3 {
        let dump = cluster.dump(company);
        assert!(has(&dump, "Ana Souza"));
        let carries = company < 2;
        for (text, is_there) in [(CPF_DIGITS, carries), (PHONE, carries), (CPF, false)] {
            assert_eq!(has(&dump, text), is_there, "{text} at company {company}");
        }
        let logged = cluster.logged(company);
        assert!(!logged.contains(CPF_DIGITS) && !logged.contains(PHONE) && !logged.contains(CPF));
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_name_is_with_who_flies_and_who_sold_and_is_shown_everywhere() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("names", server.port).await;
    cluster.register(0, "ana", PASSWORD).await;
    let token = cluster.log_in(0, "ana", PASSWORD).await.token();
    let ticket = cluster.book(0, &token, "b").await;
    until("the tables have it", async || {
        (0..3).all(|company| has(&cluster.dump(company), &ticket))
    })
    .await;
    for company in 0..3 {
        let has_name = has(&cluster.dump(company), "Ana Souza");
        assert_eq!(has_name, company < 2, "company {company}");
    }

    let path = format!("/passagens/{ticket}");
    let name = async |company, token: &str| {
        let shown = cluster.get(company, &path, token).await.body;
        shown["trechos"][0]["passageiro"]["nome"].clone()
    };
    // by a token of another company, and by one of its own
    let own = cluster.log_in(2, "ana", PASSWORD).await.token();
    for token in [&token, &own] {
        assert_eq!(name(2, token).await, "Ana Souza");
        let listed = cluster.get(2, "/passagens", token).await.body;
        let who = &listed["passagens"][0]["trechos"][0]["passageiro"];
        assert_eq!(who["nome"], "Ana Souza");
    }
    let printed = format!("{path}/bilhete.pdf");
    assert_eq!(cluster.get(2, &printed, &own).await.status, 200);

    // a misspelt one is mended there, too, and written down by who may know it
    let seat = cluster.get(2, &path, &own).await.body["trechos"][0]["id_assento"].clone();
    let names = json!({"nomes": [{"company": "b", "id_assento": seat, "nome": "Anna Souza"}]});
    let mended = cluster
        .post_as(2, &format!("{path}/nomes"), &own, names)
        .await;
    assert_eq!(mended.status, 200, "{mended:?}");
    for company in 0..3 {
        until("all tell the name as it is now", async || {
            name(company, &own).await == "Anna Souza"
        })
        .await;
    }
    assert!(!has(&cluster.dump(2), "Anna Souza"));

    // nobody who knows is there
    for company in 0..2 {
        cluster.signal(company, Signal::SIGSTOP);
    }
    until("the ticket is shown without", async || {
        let shown = cluster.get(2, &path, &own).await.body;
        shown["nomes_com"] == json!(["b", "a"]) && shown["trechos"][0]["passageiro"].is_null()
    })
    .await;
    let printed = cluster.get(2, &printed, &own).await;
    assert_eq!((printed.status, printed.problem()), (503, "company-down"));
    for company in 0..2 {
        cluster.signal(company, Signal::SIGCONT);
    }
    until("the name is told again", async || {
        name(2, &own).await == "Anna Souza"
    })
    .await;
    cluster.stop().await;
}
