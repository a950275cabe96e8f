//! What customers get by mail: what they have booked, and a code where they have forgotten their password.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::cluster::{Answer, Cluster, until};
use crate::smtp::{Mood, Received, Server};

const PASSWORD: &str = "senha-muito-boa";
const NEW_PASSWORD: &str = "outra-muito-boa";
/// A booking takes some milliseconds; nothing that a mail server does may make it this long.
const BOOKING: Duration = Duration::from_secs(4);

async fn with_mailbox(cluster: &Cluster, login: &str, address: &str) -> String {
    cluster.register(0, login, PASSWORD).await;
    let body = json!({"login": login, "password": PASSWORD, "email": address});
    cluster.post(0, "/conta/email", body).await.token()
}

/// Books a seat of another company at the first, and says how long that took.
async fn book(cluster: &Cluster, token: &str) -> String {
    let begun = Instant::now();
    let ticket = cluster.book(0, token, "b").await;
    assert!(begun.elapsed() < BOOKING, "{:?}", begun.elapsed());
    ticket
}

/// The Message-ID of the confirmation of this ticket.
fn name(ticket: &str) -> String {
    format!("Message-ID: <booked.{ticket}@a.example>\r\n")
}

fn count(server: &Server, part: &str) -> usize {
    let letters = server.letters().into_iter();
    letters.filter(|letter| letter.text.contains(part)).count()
}

/// The attachment of this type, decoded: the sender encodes each by what it holds (plain lines, quoted-printable or base64).
fn attachment(letter: &Received, kind: &str) -> Vec<u8> {
    let mail = mailparse::parse_mail(letter.text.as_bytes()).unwrap();
    let part = mail.parts().find(|part| part.ctype.mimetype == kind);
    part.unwrap().get_body_raw().unwrap()
}

#[tokio::test]
async fn what_is_booked_is_mailed_whatever_the_server_does() {
    let mut server = Server::new();
    let mut cluster = Cluster::start_with_mail("mail", server.port).await;
    let ana = with_mailbox(&cluster, "ana", " Ana@Example.COM").await;
    let profile = cluster.get(0, "/conta", &ana).await;
    assert_eq!(profile.body["email"], "Ana@example.com");
    assert_eq!(
        (profile.status, &profile.body["login"]),
        (200, &json!("ana"))
    );
    assert_eq!(profile.body["envia_email"], json!(true));

    // nobody listens at the server's port; then the node dies, and comes back
    let first = book(&cluster, &ana).await;
    cluster.signal(0, Signal::SIGKILL);
    cluster.restart().await;
    // it takes connections, and does not say a word
    server.start(Mood::Silent).await;
    let second = book(&cluster, &ana).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let third = book(&cluster, &ana).await;
    assert!(server.letters().is_empty());
    server.start(Mood::Busy).await;
    until("it was tried", async || server.refusals() > 0).await;
    server.start(Mood::Good).await;
    for ticket in [&first, &second, &third] {
        let letter = server.letter(&name(ticket)).await;
        assert_eq!(letter.to, "Ana@example.com");
        for head in [
            "From: \"Companhia A\" <reservas@a.example>\r\n",
            "To: Ana@example.com\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Subject: Booking confirmed: ",
        ] {
            // the dash of the subject is encoded
            let head = head.trim_end_matches("Booking confirmed: ");
            assert!(letter.text.contains(head), "{head} in {}", letter.text);
        }
        assert!(letter.text.contains("Your booking is confirmed."));
        let pdf = attachment(&letter, "application/pdf");
        assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000);
        let flights = String::from_utf8(attachment(&letter, "text/calendar")).unwrap();
        assert!(
            flights.contains("BEGIN:VEVENT") && flights.contains(ticket),
            "{flights}"
        );
    }

    // a refusal is an answer; others get theirs
    server.be(Mood::Refusing);
    let before = server.refusals();
    let refused = book(&cluster, &ana).await;
    until("it was refused", async || server.refusals() > before).await;
    server.be(Mood::Good);
    let body = json!({"login": "ana", "password": PASSWORD, "email": "ana@other.example"});
    let ana = cluster
        .post_in("pt-BR", 0, "/conta/email", body)
        .await
        .token();
    let last = book(&cluster, &ana).await;
    let letter = server.letter(&name(&last)).await;
    assert_eq!(letter.to, "ana@other.example");
    assert!(
        letter.text.contains("Sua reserva est=C3=A1 confirmada."),
        "{}",
        letter.text
    );
    // who wants no mail gets none
    let body = json!({"login": "ana", "password": PASSWORD, "email": null});
    let ana = cluster.post(0, "/conta/email", body).await.token();
    let unmailed = book(&cluster, &ana).await;
    // what another company sells is mailed by that one, and it has no server
    let ana = with_mailbox(&cluster, "bia", "bia@example.com").await;
    let elsewhere = cluster.book(1, &ana, "a").await;
    let bia = book(&cluster, &ana).await;
    server.letter(&name(&bia)).await;
    for none in [&refused, &unmailed, &elsewhere] {
        assert_eq!(count(&server, &name(none)), 0);
    }
    for once in [&second, &third, &last, &bia] {
        assert_eq!(count(&server, &name(once)), 1);
    }
    cluster.stop().await;
}

fn code_of(letter: &Received) -> String {
    let subject = letter
        .text
        .lines()
        .find(|line| line.starts_with("Subject: "));
    subject.unwrap()["Subject: ".len()..][..9].to_owned()
}

/// Only the company at which an account was made gives it another password: nobody else would be believed.
#[tokio::test]
async fn who_has_forgotten_the_password_is_told_whom_to_ask() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("elsewhere", server.port).await;
    let body = json!({"login": "davi", "password": PASSWORD, "email": "davi@example.com"});
    let no_address = json!({"login": "davi", "password": PASSWORD, "email": "davi"});
    assert_eq!(
        cluster.post(1, "/register-all", no_address).await.status,
        400
    );
    assert_eq!(cluster.post(1, "/register-all", body).await.status, 200);
    until("the account has come to the other company", async || {
        cluster.log_in(0, "davi", PASSWORD).await.status == 200
    })
    .await;
    let asked = json!({"login": "davi"});
    let asked = cluster.post(0, "/conta/senha/codigo", asked).await;
    assert_eq!(asked.status, 202);
    let letter = server.letter("for your new password").await;
    assert_eq!(letter.to, "davi@example.com");
    assert!(!letter.text.contains("enter this code"), "{}", letter.text);
    cluster.stop().await;
}

async fn reset(cluster: &Cluster, login: &str, code: &str) -> Answer {
    let body = json!({"login": login, "codigo": code, "new_password": NEW_PASSWORD});
    cluster.post(0, "/conta/senha/nova", body).await
}

fn wrong(code: &str) -> String {
    let other = if code.starts_with('1') { "2" } else { "1" };
    format!("{other}{}", &code[1..])
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_mailed_code() {
    let mut server = Server::new();
    server.start(Mood::Good).await;
    let cluster = Cluster::start_with_mail("codes", server.port).await;
    let token = with_mailbox(&cluster, "ana", "ana@example.com").await;
    cluster.register(0, "caio", PASSWORD).await;
    let ask = async |login: &str| {
        let body = json!({"login": login});
        cluster.post(0, "/conta/senha/codigo", body).await
    };
    let none = cluster
        .post(1, "/conta/senha/codigo", json!({"login": "ana"}))
        .await;
    assert_eq!((none.status, none.problem()), (503, "no-mail"));
    assert_eq!(
        reset(&cluster, "ana", "1234 5678").await.problem(),
        "bad-code"
    );

    // nobody can tell who has an account
    let answers = [ask("ana").await, ask("caio").await, ask("nobody").await];
    let told: Vec<(u16, &Value)> = answers.iter().map(|one| (one.status, &one.body)).collect();
    assert_eq!((told[0], told[0].0), (told[1], 202));
    assert_eq!(told[0], told[2]);
    let letter = server.letter("is your code for a new password").await;
    assert_eq!(letter.to, "ana@example.com");
    let code = code_of(&letter);

    for login in ["ana", "caio", "nobody"] {
        let refused = reset(&cluster, login, &wrong(&code)).await;
        assert_eq!((refused.status, refused.problem()), (401, "bad-code"));
    }
    let short = json!({"login": "ana", "codigo": code, "new_password": "short"});
    assert_eq!(
        cluster.post(0, "/conta/senha/nova", short).await.status,
        400
    );
    let fresh = reset(&cluster, "ana", &code.replace(' ', "-"))
        .await
        .token();
    assert_eq!(
        reset(&cluster, "ana", &code).await.problem(),
        "bad-code",
        "used"
    );
    for company in 0..3 {
        until("the token of before is dead", async || {
            cluster.renew(company, &token).await.status == 401
        })
        .await;
        assert_eq!(cluster.renew(company, &fresh).await.status, 200);
        assert_eq!(cluster.log_in(company, "ana", PASSWORD).await.status, 401);
        assert_eq!(
            cluster.log_in(company, "ana", NEW_PASSWORD).await.status,
            200
        );
    }

    // a code has few tries
    ask("ana").await;
    until("another code comes", async || server.letters().len() == 2).await;
    let second = code_of(&server.letters()[1]);
    assert_ne!(second, code);
    for _ in 0..5 {
        let refused = reset(&cluster, "ana", &wrong(&second)).await;
        assert_eq!(refused.problem(), "bad-code");
    }
    assert_eq!(reset(&cluster, "ana", &second).await.problem(), "bad-code");

    // and a login has few codes, whoever has it
    for login in ["ana", "nobody"] {
        while ask(login).await.status == 202 {}
        let refused = ask(login).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (429, "too-many-requests")
        );
    }
    let letters = server.letters();
    assert!(letters.iter().all(|letter| letter.to == "ana@example.com"));
    cluster.stop().await;
}
