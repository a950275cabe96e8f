//! That passwords are not guessed, and that whoever tries keeps nobody out.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use passcom_actors::company::guesses::{LoginHash, WrongPasswords};
use passcom_actors::domain::accounts::{FIRST_VERSION, User};
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::UserId;
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::peer::Serve;
use passcom_actors::mesh::service::Service;
use serde_json::json;
use uuid::Uuid;

use super::{Answer, Peers, Whole, company};

const PASSWORD: &str = "uma senha nada comum";
/// Of one login from one address, at once.
const TRIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// Of one login from all addresses.
const OF_LOGIN: usize = 100;

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

/// A log-in from there, through the proxy.
async fn try_from(node: &Whole, login: &str, password: &str, address: &str) -> Answer {
    let body = json!({"login": login, "password": password});
    let from = [("x-forwarded-for", address)];
    node.ask("POST /login", &from, &body).await
}

/// Guesses of one node at once: more may wait for their hashes for longer than a node has anybody wait, on a slow machine.
const GUESSES_AT_ONCE: usize = 8;

/// So many log-ins with a wrong password, each from an address of its own: how many were looked at.
async fn guess_from_many(node: &Whole, login: &str, net: u8, tries: usize) -> usize {
    let guesses = (0..tries).map(|n| async move {
        try_from(
            node,
            login,
            "um palpite qualquer",
            &format!("10.{net}.0.{n}"),
        )
        .await
    });
    let guesses = stream::iter(guesses).buffer_unordered(GUESSES_AT_ONCE);
    let answers: Vec<Answer> = guesses.collect().await;
    assert!(answers.iter().all(|one| [401, 429].contains(&one.status)));
    answers.iter().filter(|one| one.status == 401).count()
}

/// Companies a and b hear each other; c stands still, which keeps nobody waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_at_several_companies_has_one_budget_of_a_login() {
    let all = ["a", "b", "c"];
    let peers = |me: &'static str| Peers {
        companies: all.into_iter().filter(|one| *one != me).collect(),
        me: Some(me),
        ..Peers::default()
    };
    let (at_a, at_b) = (peers("a"), peers("b"));
    let a = Whole::open_behind_proxy_among(1, at_a.clone()).await;
    let b = Whole::open_behind_proxy_among(1, at_b.clone()).await;
    for (node, others) in [(&a, &at_b), (&b, &at_a)] {
        let hears = Service::new(node.assembly.company.clone());
        let mut hearing = others.hearing.lock().unwrap();
        hearing.insert(node.assembly.company.me, hears);
    }
    a.enrol(1, "ana.souza", PASSWORD).await;
    let home = "10.9.9.9";
    assert_eq!(try_from(&a, "ana.souza", PASSWORD, home).await.status, 200);

    for login in ["ana.souza", "nobody.at.all"] {
        assert_eq!(guess_from_many(&b, login, 1, OF_LOGIN).await, OF_LOGIN);
        let told = WrongPasswords {
            login: LoginHash::of(login),
            failures: OF_LOGIN as u32,
        };
        let hears = async {
            while !at_b.heard.lock().unwrap().contains(&told) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let heard = tokio::time::timeout(PATIENCE, hears).await;
        assert!(heard.is_ok(), "nobody tells of {login}");
        let tried = guess_from_many(&a, login, 2, 40).await;
        // on a slow machine the first delays pass meanwhile
        assert!((1..4).contains(&tried), "{login}: {tried}");
    }
    let owner = try_from(&a, "ana.souza", PASSWORD, home).await;
    assert_eq!(owner.status, 200, "where it was opened before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_tells_of_wrong_passwords_that_nobody_has_typed_keeps_nobody_out() {
    let peers = Peers {
        companies: vec!["b", "c"],
        ..Peers::default()
    };
    let node = Whole::open_among(peers).await;
    let service = Service::new(node.assembly.company.clone());
    let lie = WrongPasswords {
        login: LoginHash::of("ana.souza"),
        failures: u32::MAX,
    };
    let say = async |told: Vec<WrongPasswords>| {
        let said = Request::WrongPasswords(told);
        service.serve(company("b"), said).await
    };
    assert_eq!(say(vec![lie; 200]).await, Reply::Merged);
    node.enrol(1, "ana.souza", PASSWORD).await;
    for _ in 0..3 {
        let body = json!({"login": "ana.souza", "password": PASSWORD});
        assert_eq!(node.post("/login", body).await.status, 200);
        assert_eq!(say(vec![lie]).await, Reply::Merged);
    }
    assert_eq!(say(vec![lie; 10_000]).await, Reply::Unavailable);
    let refused = node.assembly.company.refused.of(company("b"));
    assert_eq!(refused, (1, 1));
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

/// Whoever looks at the time sees how many companies were asked: as many for a login that there is as for one that there is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_an_account_is_told_by_no_call_and_no_answer() {
    let peers = Peers {
        companies: vec!["b", "c"],
        ..Peers::default()
    };
    let node = Whole::open_among(peers.clone()).await;
    let ana = User {
        id: UserId(Uuid::from_u128(1)),
        login: "ana.souza".to_owned(),
        // of no password that is tried here
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$TYhFRPGPbFTx0LSHtdSkgnN1uUUHSO9SVqM+gGEHYzg"
            .to_owned(),
        version: FIRST_VERSION,
        mailbox: None,
    };
    let enrolled = node.assembly.company.ledger.post(Entry::Enrol(ana)).await;
    assert!(enrolled.is_ok());
    for (frozen, expected) in [
        (false, (401, "bad-credentials")),
        (true, (503, "unavailable")),
    ] {
        peers.frozen.store(frozen, Ordering::Relaxed);
        for login in ["ana.souza", "nobody.at.all"] {
            peers.asked.store(0, Ordering::Relaxed);
            let body = json!({"login": login, "password": "um palpite qualquer"});
            let answer = node.post("/login", body).await;
            assert_eq!((answer.status, answer.problem()), expected, "{login}");
            assert_eq!(peers.asked.load(Ordering::Relaxed), 2, "{login}");
        }
    }
}
