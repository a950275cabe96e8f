//! That passwords are not guessed, and that whoever tries keeps nobody out.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::Whole;

const PASSWORD: &str = "uma senha nada comum";
/// Of one login from one address, at once.
const TRIES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_are_slowed_down_for_known_and_unknown_logins_alike() {
    let node = Whole::open(1).await;
    node.user("ana.souza", PASSWORD).await;
    for login in ["ana.souza", "nobody.at.all"] {
        let guess = |n: usize| {
            let body = json!({"login": login, "password": format!("palpite numero {n}")});
            node.post("/login", body)
        };
        let answers = join_all((0..40).map(guess)).await;
        let tried = answers.iter().filter(|one| one.status == 401).count();
        // on a slow machine the first delays pass meanwhile
        assert!((TRIES..TRIES + 3).contains(&tried), "{login}: {tried}");
        assert!(answers.iter().all(|one| [401, 429].contains(&one.status)));
        let refused = answers.iter().find(|one| one.status == 429);
        let refused = refused.expect("there are some");
        assert!(refused.head.contains("retry-after: "), "{}", refused.head);
        // every door that asks for the password is the same one
        for path in ["/conta/sair", "/conta/email", "/conta/senha"] {
            let body = json!({
                "login": login, "password": "outro palpite", "email": null,
                "new_password": "uma nova senha qualquer",
            });
            let twice = [
                node.post(path, body.clone()).await,
                node.post(path, body).await,
            ];
            let refused = twice.iter().any(|one| one.status == 429);
            assert!(refused, "{path}: {twice:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_common_password_is_refused_and_said_so() {
    let node = Whole::open(1).await;
    let answer = node
        .post(
            "/register-all",
            json!({"login": "ana", "password": "senha12345"}),
        )
        .await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid-request"));
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("password is among the first"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_no_bad_token() {
    let node = Whole::open(1).await;
    node.user("ana.souza", PASSWORD).await;
    let body = json!({"login": "ana.souza", "password": "a senha errada"});
    for path in ["/login", "/conta/sair"] {
        let answer = node.post(path, body.clone()).await;
        assert_eq!((answer.status, answer.problem()), (401, "bad-credentials"));
        assert!(
            !answer.head.contains("www-authenticate: Bearer"),
            "{path}: {}",
            answer.head
        );
    }
    let token = node.post_as("x", "/renovar", json!(null)).await;
    assert_eq!(token.problem(), "invalid-token");
    assert!(token.head.contains("www-authenticate: Bearer\r\n"));
}

/// Hashing has two threads: without fair turns an honest customer waits behind all that others have asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_many_hashes_keeps_nobody_waiting() {
    let node = Whole::open_behind_proxy(1).await;
    node.user("ana.souza", PASSWORD).await;
    let flood = (0..40).map(|n| {
        let body = json!({"login": format!("user{n}"), "password": "um palpite qualquer"});
        let request = "POST /login";
        let node = &node;
        async move {
            node.ask(request, &[("x-forwarded-for", "6.6.6.6")], &body)
                .await
        }
    });
    let begun = Instant::now();
    let honest = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let body = json!({"login": "ana.souza", "password": PASSWORD});
        let from = [("x-forwarded-for", "1.1.1.1")];
        let answer = node.ask("POST /login", &from, &body).await;
        assert_eq!(answer.status, 200);
        begun.elapsed()
    };
    let flood = async {
        join_all(flood).await;
        begun.elapsed()
    };
    let (honest, all) = tokio::join!(honest, flood);
    assert!(honest * 2 < all, "{honest:?} of {all:?}");
}
