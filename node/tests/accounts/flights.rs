//! What an operator does to a flight, by the command, and what the tickets and their owners are told of it.

use jiff::{Timestamp, ToSpan};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::cluster::{COMPANIES, Cluster, until};
use crate::smtp::{Mood, Server};

const PASSWORD: &str = "senha-muito-boa";

/// The first flight of a ticket, as the node of this company shows it.
async fn flight(cluster: &Cluster, company: usize, token: &str, ticket: &str) -> Value {
    let path = format!("/passagens/{ticket}");
    cluster.get(company, &path, token).await.body["trechos"][0].clone()
}

/// Until every company says so of the first flight of the ticket.
async fn told(
    cluster: &Cluster,
    token: &str,
    ticket: &str,
    what: &str,
    is: impl Fn(&Value) -> bool,
) {
    for company in 0..COMPANIES.len() {
        until(what, async || {
            is(&flight(cluster, company, token, ticket).await["alteracao"])
        })
        .await;
    }
}

fn count(server: &Server, part: &str) -> usize {
    let letters = server.letters().into_iter();
    letters.filter(|letter| letter.text.contains(part)).count()
}

/// The Message-ID of the letter about so many changes of this ticket.
fn name(changes: usize, ticket: &str) -> String {
    format!("Message-ID: <changed.{changes}.{ticket}@a.example>\r\n")
}

#[tokio::test]
async fn a_flight_is_looked_at_moved_put_on_another_aircraft_and_withdrawn() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let mut cluster = Cluster::start_with_mail("flights", server.port).await;
    cluster.register(0, "ana", PASSWORD).await;
    let body = json!({"login": "ana", "password": PASSWORD, "email": "ana@example.com"});
    let ana = cluster.post(0, "/conta/email", body).await.token();
    let tickets = [
        cluster.book(0, &ana, "a").await,
        cluster.book(0, &ana, "a").await,
    ];
    let [first, second] = &tickets;
    let sold = flight(&cluster, 0, &ana, first).await;
    assert_eq!(
        flight(&cluster, 0, &ana, second).await["id_trecho"],
        sold["id_trecho"]
    );
    let text = |field: &str| sold[field].as_str().unwrap().to_owned();
    let (number, origin, departs) = (text("voo"), text("origem_iata"), text("partida"));
    let (day, clock) = departs.split_at(10);
    let which = [number.as_str(), day, "--origin", &origin];
    let run = |what: &str, more: &[&str]| {
        let words = [&[what][..], &which, more].concat();
        cluster.flight(0, &words)
    };

    until("the tables have both", async || {
        let shown = run("show", &[]);
        tickets.iter().all(|ticket| shown.contains(ticket.as_str()))
    })
    .await;
    let shown = run("show", &[]);
    let at: Timestamp = departs.parse().unwrap();
    let local = format!("{origin} {day} {}{} ({at})", &clock[1..6], &clock[9..]);
    assert!(shown.contains(&local), "{local:?} in {shown}");
    assert!(shown.contains("on sale, 2 seats taken"), "{shown}");

    // what is only asked about is not done
    let later = at.checked_add(3.hours()).unwrap().to_string();
    let asked = run("retime", &["--departs", &later]);
    assert!(
        asked.contains("2 tickets or bookings under way have 2 seats on it"),
        "{asked}"
    );
    assert!(asked.contains("nothing was written"), "{asked}");
    let sure = ["--yes", "--reason", "fog"];
    let written = run("retime", &[&["--departs", &later][..], &sure].concat());
    assert!(written.contains("the node tells the tickets"), "{written}");
    for ticket in &tickets {
        told(&cluster, &ana, ticket, "it is told", |change| {
            let now = change["partida"].as_str().unwrap_or_default();
            now.parse::<Timestamp>()
                .is_ok_and(|now| now.to_string() == later)
        })
        .await;
        let letter = server.letter(&name(1, ticket)).await;
        assert_eq!(letter.to, "ana@example.com");
        assert!(letter.text.contains("One or more flights of your trip"));
    }
    let moved = flight(&cluster, 1, &ana, first).await;
    assert_eq!(moved["partida"], sold["partida"], "as it was sold");
    assert_eq!(moved["direitos"]["motivo"], "horario-alterado");

    // whoever dies then tells nobody twice
    cluster.signal(0, Signal::SIGKILL);
    cluster.restart().await;
    let run = |what: &str, more: &[&str]| {
        let words = [&[what][..], &which, more].concat();
        cluster.flight(0, &words)
    };
    let words = [&["--type", "E95", "--seats", "1"][..], &sure].concat();
    let written = run("equipment", &words);
    assert!(
        written.contains("1 of which the aircraft does not have"),
        "{written}"
    );
    let numbers = [
        &sold["numero"],
        &flight(&cluster, 0, &ana, second).await["numero"],
    ];
    assert_eq!(
        numbers,
        [&json!(1), &json!(2)],
        "seats are booked in their order"
    );
    told(&cluster, &ana, second, "it has no seat", |change| {
        change["sequencia"] == 2 && change["assento"].is_null()
    })
    .await;
    let lost = flight(&cluster, 2, &ana, second).await;
    assert_eq!(lost["direitos"]["motivo"], "sem-assento");
    assert_eq!(lost["direitos"]["aceitar"], false);
    server.letter(&name(2, second)).await;

    run("withdraw", &sure);
    for ticket in &tickets {
        told(&cluster, &ana, ticket, "it is withdrawn", |change| {
            change["cancelado_pela_companhia"] == true
        })
        .await;
        let path = format!("/passagens/{ticket}");
        let shown = cluster.get(0, &path, &ana).await.body;
        let changes = shown["alteracoes"].as_u64().unwrap();
        let letter = server
            .letter(&name(usize::try_from(changes).unwrap(), ticket))
            .await;
        assert!(
            letter.text.contains("Cancelled by the airline"),
            "{}",
            letter.text
        );
        assert_eq!(count(&server, &name(1, ticket)), 1);
    }
    let shown = run("show", &[]);
    assert!(shown.contains("withdrawn, 2 seats taken"), "{shown}");
    assert!(
        shown.contains("which the aircraft does not have"),
        "{shown}"
    );
    cluster.stop().await;
}
