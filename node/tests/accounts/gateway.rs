//! A gateway that takes payments: a real server that remembers what it was asked for, by its key, and says what it is told to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Writes it down, and says nothing.
    Silent,
    /// Will say later.
    Pending,
    /// Has done it.
    Good,
}

#[derive(Default)]
struct Books {
    mood: Option<Mood>,
    /// By key, what was asked first, and how often.
    asked: BTreeMap<String, (Value, usize)>,
    /// Requests that were not signed, or asked for something else under a known key.
    wrong: Vec<String>,
}

pub struct Gateway {
    pub port: u16,
    secret: String,
    books: Arc<Mutex<Books>>,
}

impl Gateway {
    pub async fn start(secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let gateway = Self {
            port,
            secret: secret.to_owned(),
            books: Arc::default(),
        };
        let (secret, books) = (gateway.secret.clone(), gateway.books.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (secret, books) = (secret.clone(), books.clone());
                tokio::spawn(async move { serve(stream, &secret, &books).await });
            }
        });
        gateway
    }

    pub fn set(&self, mood: Mood) {
        self.books.lock().unwrap().mood = Some(mood);
    }

    /// What was asked for of this type, each once, with how often.
    pub fn asked(&self, kind: &str) -> Vec<(Value, usize)> {
        let books = self.books.lock().unwrap();
        assert_eq!(
            books.wrong, [""; 0],
            "every request is signed, and the same under its key"
        );
        let asked = books.asked.values();
        let of_kind = asked.filter(|(body, _)| body["type"] == kind);
        of_kind.cloned().collect()
    }

    /// The headers of a notice that was signed at this time.
    pub fn signed(&self, secret: &str, at: i64, body: &str) -> Vec<(&'static str, String)> {
        let id = "msg_1";
        vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", sign(secret, id, &at.to_string(), body)),
        ]
    }
}

fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

async fn serve(mut stream: TcpStream, secret: &str, books: &Mutex<Books>) {
    let Some((headers, body)) = read(&mut stream).await else {
        return; // whoever asked has died
    };
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let key = header("idempotency-key");
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let expected = sign(secret, &id, &timestamp, &body);
    let is_signed = header("webhook-signature")
        .split(' ')
        .any(|it| it == expected);
    let asked: Value = serde_json::from_str(&body).unwrap();
    let mood = {
        let mut books = books.lock().unwrap();
        let known = books.asked.entry(key).or_insert((asked.clone(), 0));
        known.1 += 1;
        let is_same = known.0 == asked;
        if !is_signed || !is_same {
            books.wrong.push(body);
        }
        books.mood.unwrap()
    };
    let state = match (mood, asked["type"].as_str().unwrap()) {
        (Mood::Silent, _) => return std::future::pending().await,
        (Mood::Pending, _) => "pending",
        (Mood::Good, "payment") => "paid",
        (Mood::Good, _) => "refunded",
    };
    let body = json!({"state": state}).to_string();
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).await; // whoever asked has died
}

async fn read(stream: &mut TcpStream) -> Option<(BTreeMap<String, String>, String)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> = lines
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().unwrap();
        if body.len() == length {
            return Some((headers, body.to_owned()));
        }
    }
}
