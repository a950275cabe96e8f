//! Whom a member of the mesh may speak for, and what of its copies is taken over.

use std::time::Duration;

use passcom_actors::company::credential::UserKey;
use passcom_actors::domain::accounts::{FIRST_VERSION, Renewal, User};
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::UserId;
use passcom_actors::domain::rows::Replicated;
use passcom_actors::people::accounts::Known;
use serde_json::json;
use uuid::Uuid;

use super::{Peers, Whole, company};
use crate::token::tests::NOW;

const PASSWORD: &str = "uma senha nada comum";

/// A company among b and c, and its user ana.
struct Among {
    peers: Peers,
    node: Whole,
    ana: User,
    key: UserKey,
}

impl Among {
    async fn open() -> Self {
        let peers = Peers {
            companies: vec!["b", "c"],
            ..Peers::default()
        };
        let node = Whole::open_among(peers.clone()).await;
        let key = UserKey::generate(company("a"));
        let ana = user(&key, 1, "ana.souza");
        let among = Self {
            peers,
            node,
            ana,
            key,
        };
        let entry = Entry::Enrol(among.ana.clone());
        let enrolled = among.node.assembly.company.ledger.post(entry).await;
        assert!(enrolled.is_ok());
        among
    }

    /// How b's token for this is answered, which it signs now.
    async fn with_token_of_b(&self, known: Known) -> (u16, String) {
        let now = self.node.assembly.company.clock.wall_seconds();
        let token = self.node.another.issue(known, now).unwrap();
        let answer = self.node.get("/conta", &token).await;
        (answer.status, answer.problem().to_owned())
    }

    async fn known(&self, login: &str) -> Option<User> {
        let archive = &self.node.assembly.company.archive;
        archive.user(login.to_owned()).await.unwrap()
    }

    /// Once all that b has told so far was read.
    async fn read(&self) {
        let key = UserKey::generate(company("b"));
        let last = user(&key, 99, "last.of.all");
        self.peers.tell("b", Replicated::User(last));
        while self.known("last.of.all").await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn user(key: &UserKey, id: u128, login: &str) -> User {
    key.sign(User {
        id: UserId(Uuid::from_u128(id)),
        login: login.to_owned(),
        password_hash: key.lock(PASSWORD),
        version: FIRST_VERSION,
        mailbox: None,
    })
}

#[tokio::test]
async fn a_company_speaks_for_those_who_have_given_it_their_password_and_for_nobody_else() {
    let among = Among::open().await;
    let (user, version) = (among.ana.id, among.ana.version);
    let known = |consent| Known {
        user,
        version,
        consent,
    };
    let refused = (401, "invalid-token".to_owned());
    assert_eq!(among.with_token_of_b(known(None)).await, refused);
    let to_c = among.key.consent(user, version, company("c"));
    assert_eq!(among.with_token_of_b(known(Some(to_c))).await, refused);
    let of_eve = UserKey::generate(company("b")).consent(user, version, company("b"));
    assert_eq!(among.with_token_of_b(known(Some(of_eve))).await, refused);
    let to_b = among.key.consent(user, version, company("b"));
    for seen in ["first", "again"] {
        let (status, _) = among.with_token_of_b(known(Some(to_b))).await;
        assert_eq!(status, 200, "{seen}");
    }
    // somebody whom no company has
    let nobody = Known {
        user: UserId(Uuid::from_u128(404)),
        version,
        consent: Some(to_b),
    };
    assert_eq!(among.with_token_of_b(nobody).await, refused);
}

#[tokio::test]
async fn what_a_company_renews_of_anothers_token_is_good_there_only() {
    let among = Among::open().await;
    let now = among.node.assembly.company.clock.wall_seconds();
    let known = Known {
        user: among.ana.id,
        version: among.ana.version,
        consent: Some(
            among
                .key
                .consent(among.ana.id, among.ana.version, company("b")),
        ),
    };
    let token = among.node.another.issue(known, now).unwrap();
    let renewed = among.node.post_as(&token, "/renovar", json!({})).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let token = renewed.body["access_token"].as_str().unwrap();
    assert_eq!(among.node.get("/conta", token).await.status, 200);
    assert!(!claims(token).contains("\"con\""), "{}", claims(token));
    // with the password it is good everywhere
    let body = json!({"login": "ana.souza", "password": PASSWORD});
    let welcome = among.node.post("/login", body).await;
    let token = welcome.body["access_token"].as_str().unwrap();
    assert!(claims(token).contains("\"con\""));
}

fn claims(token: &str) -> String {
    use base64::Engine;
    let middle = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(middle);
    String::from_utf8(bytes.unwrap()).unwrap()
}

#[tokio::test]
async fn nobody_makes_another_version_of_a_user_without_the_password() {
    let among = Among::open().await;
    let refused = || among.node.assembly.company.refused.of(company("b"));
    // b's own password for ana, unsigned, signed by another key, and a hash of before there were keys
    let eve = UserKey::generate(company("a"));
    let next = |hash: String| among.ana.renewed(Renewal::PasswordHash(hash), NOW, 1);
    let forged = [
        next(eve.lock("senha da eva, longa")),
        eve.sign(next(eve.lock("senha da eva, longa"))),
        next(String::new()),
        user(&UserKey::generate(company("b")), 2, "ana.souza"),
        user(&UserKey::generate(company("b")), 1, "eva"),
    ];
    for row in forged.clone() {
        among.peers.tell("b", Replicated::User(row));
    }
    among.read().await;
    assert_eq!(among.known("ana.souza").await, Some(among.ana.clone()));
    assert_eq!(among.known("eva").await, None);
    assert_eq!(refused(), (5, 3));
    let body = json!({"login": "ana.souza", "password": "senha da eva, longa"});
    assert_eq!(among.node.post("/login", body).await.status, 401);

    // what she has done there herself
    let done = among.key.sign(next(among.key.lock("outra senha da ana")));
    among.peers.tell("b", Replicated::User(done.clone()));
    while among.known("ana.souza").await.as_ref() != Some(&done) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(refused(), (5, 3));
}
