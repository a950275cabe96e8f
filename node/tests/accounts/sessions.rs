//! What a change of password and a sign-out promise: a token that was stolen is good for nothing any more, anywhere.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::cluster::{COMPANIES, Cluster, until};

const PASSWORD: &str = "senha-muito-boa";
const OTHER_PASSWORD: &str = "outra-muito-boa";

/// Until the node of this company refuses the token.
async fn dies(cluster: &Cluster, company: usize, token: &str) {
    let what = format!("{} refuses the token", COMPANIES[company]);
    until(&what, async || {
        let answer = cluster.renew(company, token).await;
        answer.status == 401 && answer.problem() == "invalid-token"
    })
    .await;
}

async fn is_good(cluster: &Cluster, company: usize, token: &str) -> bool {
    cluster.renew(company, token).await.status == 200
}

#[tokio::test]
async fn a_stolen_token_dies_at_every_company() {
    let mut cluster = Cluster::start("sessions").await;
    for login in ["ana", "bruno"] {
        cluster.register(0, login, PASSWORD).await;
    }
    let stolen = cluster.log_in(1, "ana", PASSWORD).await.token();
    let bruno = cluster.log_in(1, "bruno", PASSWORD).await.token();
    // the thief makes another one of it; a company to which she has not consented makes one that nobody else believes
    let renewed = cluster.renew(1, &stolen).await.token();
    let elsewhere = cluster.renew(2, &stolen).await.token();
    for (company, expected) in [(0, false), (1, false), (2, true)] {
        assert_eq!(is_good(&cluster, company, &elsewhere).await, expected);
    }
    for company in 0..3 {
        for token in [&stolen, &renewed, &bruno] {
            assert!(is_good(&cluster, company, token).await);
        }
    }

    // one of the companies hears nothing meanwhile
    cluster.signal(2, Signal::SIGSTOP);
    let wrong = json!({"login": "ana", "password": OTHER_PASSWORD});
    assert_eq!(cluster.post(0, "/conta/sair", wrong).await.status, 401);
    assert!(is_good(&cluster, 0, &stolen).await, "nothing was done");
    let right = json!({"login": "ana", "password": PASSWORD});
    assert_eq!(cluster.post(0, "/conta/sair", right).await.status, 200);
    for token in [&stolen, &renewed] {
        let refused = cluster.renew(0, token).await;
        assert_eq!(refused.status, 401, "where it was asked for, at once");
    }
    dies(&cluster, 1, &stolen).await;
    dies(&cluster, 1, &renewed).await;
    cluster.signal(2, Signal::SIGCONT);
    dies(&cluster, 2, &stolen).await;
    dies(&cluster, 2, &renewed).await;

    // whoever knows the password is welcome, everywhere
    let fresh = cluster.log_in(2, "ana", PASSWORD).await.token();
    let change = json!({"login": "ana", "password": PASSWORD, "new_password": OTHER_PASSWORD});
    let changed = cluster.post(1, "/conta/senha", change).await.token();
    for company in 0..3 {
        dies(&cluster, company, &fresh).await;
        let old = cluster.log_in(company, "ana", PASSWORD).await;
        assert_eq!(old.status, 401, "the password of before");
        assert!(is_good(&cluster, company, &changed).await);
        assert!(is_good(&cluster, company, &bruno).await, "another's");
    }

    // a node that starts knows what died before
    cluster.restart().await;
    for company in 0..3 {
        for dead in [&stolen, &renewed, &fresh] {
            assert_eq!(cluster.renew(company, dead).await.status, 401);
        }
        assert!(is_good(&cluster, company, &changed).await);
        assert!(is_good(&cluster, company, &bruno).await);
    }
    cluster.stop().await;
}
