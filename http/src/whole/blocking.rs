//! That no request keeps a thread from serving the others.

use std::time::Duration;

use super::{Whole, seats_of};

/// Longest that a request may keep its thread, with what a loaded machine adds. The works behind these requests take
/// longer than that, each by itself.
const LONGEST: Duration = Duration::from_millis(8);
/// The machine may take the thread away for a while, but not each time. No document is asked for twice: it is kept.
const TRIES: u16 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_takes_long_is_done_elsewhere() {
    let node = Whole::open(600).await;
    let token = node.user("ana.souza", "uma senha nada comum").await;
    let mut tickets = Vec::new();
    for try_ in 0..TRIES {
        let seats = try_ * 16 + 1..=try_ * 16 + 16;
        let booked = node.post_as(&token, "/reservar", seats_of(2, seats)).await;
        let ticket = booked.body["uuid_passagem"].as_str();
        tickets.push(ticket.unwrap_or_else(|| panic!("{booked:?}")).to_owned());
    }
    for path in [
        "/all-trechos?limite=500",
        "/all-trechos?limite=500&company=a&assentos=faixas",
        "/rotas?origem=GRU&destino=MAO&limite=50&max_trechos=4",
        "/precos?origem=GRU&destino=MAO&dias=60",
        "/rotas?origem=Sao+Palo+do+Nao+Sei+Onde&destino=MAO",
        "/precos?origem=GRU&destino=Belo+Horisonte",
        "/all-trechos?origem=Nao+Sei+Onde",
        "/aeroportos",
        "/trechos/a/2/assentos?passageiros=9&preferencia=janela",
        "/passagens/TICKET/bilhete.pdf",
        "/passagens/TICKET/calendario.ics",
        "/passagens?limite=200",
        "/conta/dados",
        "/openapi.json",
    ] {
        let mut shortest = Duration::MAX;
        for ticket in &tickets {
            node.polls.take_longest();
            let answer = node.get(&path.replace("TICKET", ticket), &token).await;
            assert!(answer.status < 500, "{path}: {}", answer.head);
            shortest = shortest.min(node.polls.take_longest());
        }
        println!("{shortest:?} {path}");
        assert!(
            shortest < LONGEST,
            "{path} keeps its thread for {shortest:?}"
        );
    }
}
