//! That a person can have what is kept of them, and can go.

use serde_json::json;

use crate::cluster::{Cluster, until};
use crate::smtp::{Mood, Server};

const PASSWORD: &str = "senha-muito-boa";

#[tokio::test]
async fn an_account_is_exported_and_ends_everywhere() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("people", server.port).await;
    cluster.register(0, "ana", PASSWORD).await;
    let body = json!({"login": "ana", "password": PASSWORD, "email": "ana@example.com"});
    let token = cluster
        .post_in("pt-BR", 1, "/conta/email", body)
        .await
        .token();
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
