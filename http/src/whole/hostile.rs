//! Bodies and codes as nobody means them: each is answered, and none by a fault of ours.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::mutants::Mutants;
use super::{MISSES_MAX, Peers, Whole, seats_of};

const PASSWORD: &str = "uma senha nada comum";
const EACH: usize = 60;

/// The status that answers these bytes; 0 where nothing does.
async fn status(node: &Whole, request: &str, token: &str, body: &[u8]) -> u16 {
    let head = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let mut answer = Vec::new();
    let request = [head.as_bytes(), body].concat();
    // whoever is refused early need not be read to the end
    let _ = stream.write_all(&request).await;
    let _ = stream.read_to_end(&mut answer).await;
    let digits = answer.get(9..12).map(String::from_utf8_lossy);
    digits.map_or(0, |digits| digits.parse().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_nobody_means_is_answered() {
    let node = Whole::open(3).await;
    let token = node.user("ana.souza", PASSWORD).await;
    let mut mutants = Mutants::new(EACH);
    let login = json!({"login": "ana.souza", "password": PASSWORD});
    let search = json!({"localizador": "ABCDEF", "sobrenome": "Souza", "data": "2026-11-27"});
    let sound: [(&str, Value); 5] = [
        ("/register-all", login.clone()),
        ("/login", login),
        ("/reservar", seats_of(1, [1, 2])),
        ("/retencoes", seats_of(2, [1, 2])),
        ("/passagens/procurar", search),
    ];
    for (path, body) in sound {
        let (request, body) = (format!("POST {path}"), body.to_string());
        for _ in 0..mutants.count {
            let mutant = mutants.of(body.as_bytes());
            let answered = status(&node, &request, &token, &mutant).await;
            let shown = String::from_utf8_lossy(&mutant);
            assert!(
                ![0, 500].contains(&answered),
                "{path}: {answered}: {shown:?}"
            );
        }
    }
}

/// Tokens and codes of tickets are sealed in one way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_nobody_signed_is_none() {
    let node = Whole::open(1).await;
    let token = node.user("ana.souza", PASSWORD).await;
    let mut mutants = Mutants::new(EACH * 3);
    for _ in 0..mutants.count {
        let mutant = mutants.of(token.as_bytes());
        let changed = mutant != token.as_bytes();
        let code: String = mutant.iter().map(|byte| format!("%{byte:02x}")).collect();
        let plain = mutant.iter().filter(|byte| byte.is_ascii_graphic());
        let plain: String = plain.map(|byte| char::from(*byte)).collect();
        let shown = status(&node, &format!("GET /bilhetes/{code}"), "", b"").await;
        assert!(![0, 200, 500].contains(&shown), "{shown}: {plain}");
        let let_in = status(&node, "GET /conta", &plain, b"").await;
        assert!(![0, 500].contains(&let_in), "{let_in}: {plain}");
        assert!(!changed || plain == token || let_in != 200, "{plain}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_for_what_is_of_others_makes_no_peer_work() {
    let peers = Peers {
        companies: vec!["b", "c"],
        ..Peers::default()
    };
    let looked_up = peers.looked_up.clone();
    let node = Whole::open_among(peers).await;
    // the peers stand still: no login can be agreed on
    node.enrol(1, "ana.souza", PASSWORD).await;
    node.enrol(2, "bruno.lima", PASSWORD).await;
    let ana = node.log_in("ana.souza", PASSWORD).await;
    let bruno = node.log_in("bruno.lima", PASSWORD).await;
    let made = [
        ("/reservar", 1, 200, "uuid_passagem"),
        ("/retencoes", 2, 201, "uuid"),
    ];
    for (path, seat, status, name) in made {
        let booked = node.post_as(&ana, path, seats_of(1, [seat])).await;
        assert_eq!(booked.status, status, "{booked:?}");
        let id = booked.body[name].as_str().unwrap();
        looked_up.store(0, Ordering::Relaxed);
        for path in [
            format!("/reservas/{id}"),
            format!("/reservas/{id}/historia"),
            format!("/reservas/{id}/eventos"),
            format!("/retencoes/{id}"),
        ] {
            assert_eq!(node.get(&path, &bruno).await.status, 404, "{path}");
        }
        for action in ["confirmar", "estender"] {
            let path = format!("/retencoes/{id}/{action}");
            let answer = node.post_as(&bruno, &path, json!({})).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        assert_eq!(looked_up.load(Ordering::Relaxed), 0);
        let own = node.get(&format!("/reservas/{id}"), &ana).await;
        assert!(looked_up.load(Ordering::Relaxed) > 0, "{own:?}");
    }
}

/// However many ask at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_for_what_nobody_knows_may_do_so_a_few_times() {
    let node = Whole::open(1).await;
    let stranger = node.user("bruno.lima", PASSWORD).await;
    let other = node.user("ana.souza", PASSWORD).await;
    let made_up = async |of: &str| {
        let path = format!("/reservas/{}", Uuid::new_v4());
        node.get(&path, of).await.status
    };
    assert_eq!(made_up(&stranger).await, 404);
    for _ in 0..MISSES_MAX {
        made_up(&stranger).await;
    }
    let at_once = (0..MISSES_MAX).map(|_| made_up(&stranger));
    let at_once = futures_util::future::join_all(at_once).await;
    let refused = at_once.iter().filter(|status| **status == 429).count();
    // one a second: the machine may be slow
    assert!(refused > at_once.len() / 2, "{at_once:?}");
    assert_eq!(made_up(&other).await, 404);
}
