//! People of a booking, end to end over a company in memory: told, asked for, shown masked, kept for the next time.

use passcom_actors::domain::papers::Requires;
use serde_json::{Value, json};

use super::{Whole, seats_of};

const CPF: &str = "123.456.789-09";

fn ana(document: Value, birth: Value) -> Value {
    json!({"nome": "Ana Souza", "documento": document, "nascimento": birth})
}

fn cpf() -> Value {
    json!({"tipo": "cpf", "numero": CPF})
}

/// A request for this seat with this passenger.
fn trip(number: u16, passenger: Value) -> Value {
    let mut request = seats_of(1, [number]);
    request["passageiros"] = json!([passenger]);
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_told_once_and_shown_masked_to_its_owner_alone() {
    let whole = Whole::open(2).await;
    let token = whole.user("ana", "correta-bateria").await;
    let mut request = trip(3, ana(cpf(), json!("1990-05-17")));
    request["contato"] = json!({"email": "ana@example.com", "telefone": "(11) 91234-5678"});
    let booked = whole.post_as(&token, "/reservar", request).await;
    assert_eq!(booked.status, 200, "{booked:?}");
    let id = booked.body["uuid_passagem"].as_str().unwrap();

    let shown = whole.get(&format!("/passagens/{id}"), &token).await;
    let who = &shown.body["trechos"][0]["passageiro"];
    let expected =
        json!({"nome": "Ana Souza", "documento": "***.456.789-**", "tipo_documento": "cpf"});
    assert_eq!(*who, expected);

    // whoever only lists, looks for it or asks what became of it is told a name
    let whole_number = |text: &str| text.contains("12345678909") || text.contains("456.789");
    for path in [
        "/passagens",
        &format!("/reservas/{id}"),
        &format!("/reservas/{id}/historia"),
    ] {
        let answer = whole.get(path, &token).await;
        assert_eq!(answer.status, 200, "{path}");
        let told = answer.body.to_string();
        assert!(
            !whole_number(&told) && !told.contains("91234") && !told.contains("1990"),
            "{told}"
        );
    }
    let letters = shown.body["localizador"].clone();
    let looked_for = json!({"localizador": letters, "sobrenome": "Souza"});
    let found = whole.post("/passagens/procurar", looked_for).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert!(!whole_number(&found.body.to_string()));

    let export = whole.get("/conta/dados", &token).await;
    let papers = &export.body["dados_de_passageiros"][0];
    assert_eq!(papers["uuid_passagem"], id);
    let document = json!({"tipo": "cpf", "numero": "12345678909"});
    assert_eq!(papers["pessoas"][0]["documento"], document);
    assert_eq!(papers["pessoas"][0]["nascimento"], "1990-05-17");
    assert_eq!(papers["telefone"], "+5511912345678");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_company_asks_for_is_named_for_whom_it_is_missing() {
    let whole = Whole::open_requiring(Requires {
        document: true,
        birth: true,
    })
    .await;
    let token = whole.user("ana", "correta-bateria").await;
    let mut two = seats_of(1, [3, 4]);
    two["passageiros"] =
        json!([ana(cpf(), json!("1990-05-17")), {"nome": "Bia", "nascimento": "2015-01-31"}]);
    for path in ["/reservar", "/retencoes"] {
        let refused = whole.post_as(&token, path, two.clone()).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "passenger-data-required")
        );
        let missing = json!([{"passageiro": 1, "company": "a", "campos": ["documento"]}]);
        assert_eq!(refused.body["faltam"], missing);
        let detail = refused.body["detail"].as_str().unwrap();
        assert_eq!(detail, "passageiros[1]: the document is missing (a)");
    }
    // the old contract knows of no passengers; and what cannot be checked is no document
    let mut nobody = seats_of(1, [3]);
    nobody.as_object_mut().unwrap().remove("passageiros");
    let refused = whole.post_as(&token, "/reservar", nobody).await;
    let both = json!([{"passageiro": 0, "company": "a", "campos": ["documento", "nascimento"]}]);
    assert_eq!((refused.status, &refused.body["faltam"]), (422, &both));
    let text = trip(3, ana(json!("I am Ana"), json!("1990-05-17")));
    assert_eq!(whole.post_as(&token, "/reservar", text).await.status, 422);
    let wrong = trip(
        3,
        ana(
            json!({"tipo": "cpf", "numero": "123.456.789-00"}),
            json!("1990-05-17"),
        ),
    );
    let refused = whole.post_as(&token, "/reservar", wrong).await;
    assert_eq!(refused.problem(), "invalid-request", "{refused:?}");

    // the text of the old contract is enough where it is a CPF; with all of it, it is sold
    let told = trip(3, ana(json!(CPF), json!("1990-05-17")));
    assert_eq!(whole.post_as(&token, "/reservar", told).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passengers_are_kept_where_it_is_asked_for_and_go_with_the_account() {
    let whole = Whole::open(1).await;
    let token = whole.user("ana", "correta-bateria").await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let ask = async |request: &str, body: Value| whole.ask(request, &headers, &body).await;
    let kept = || whole.get("/conta/passageiros", &token);
    assert_eq!(kept().await.body, json!({"passageiros": []}));

    let list = json!({"passageiros": [ana(cpf(), json!("1990-05-17")), {"nome": "Bia"}]});
    assert_eq!(ask("PUT /conta/passageiros", list).await.status, 200);
    let whole_ana = ana(
        json!({"tipo": "cpf", "numero": "12345678909"}),
        json!("1990-05-17"),
    );
    let expected = json!([whole_ana, {"nome": "Bia"}]);
    assert_eq!(kept().await.body["passageiros"], expected);
    let export = whole.get("/conta/dados", &token).await;
    assert_eq!(export.body["passageiros_salvos"], expected);

    let crowd: Vec<Value> = (0..21).map(|_| json!({"nome": "Bia"})).collect();
    let refused = ask("PUT /conta/passageiros", json!({"passageiros": crowd})).await;
    assert_eq!(refused.problem(), "invalid-request");
    for nobody in [json!({}), json!({"passageiros": null})] {
        let refused = ask("PUT /conta/passageiros", nobody).await;
        assert_eq!(refused.problem(), "invalid-request");
    }
    assert_eq!(
        kept().await.body["passageiros"],
        expected,
        "nothing was changed"
    );
    let other = whole.user("bia", "correta-bateria").await;
    let others = whole.get("/conta/passageiros", &other).await;
    assert_eq!(others.body, json!({"passageiros": []}));

    assert_eq!(
        ask("DELETE /conta/passageiros", Value::Null).await.status,
        200
    );
    assert_eq!(kept().await.body, json!({"passageiros": []}));
    let one = json!({"passageiros": [{"nome": "Ana"}]});
    assert_eq!(ask("PUT /conta/passageiros", one).await.status, 200);
    let who = json!({"login": "ana", "password": "correta-bateria"});
    let gone = whole.ask("DELETE /conta", &[], &who).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    let user = export.body["conta"]["user_uuid"].as_str().unwrap();
    assert!(whole.keeps_nobody_of(user).await);
}
