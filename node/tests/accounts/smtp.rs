//! A mail server: real lines over a real socket, and in as bad a mood as the test wants.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use passcom_node::local::ports;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::cluster::until;

/// What it says to whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// Takes the connection and says nothing.
    Silent,
    /// There is no such mailbox, today and tomorrow.
    Refusing,
    /// Not now.
    Busy,
}

/// A letter as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub to: String,
    /// With its head, lines end with CR LF.
    pub text: String,
}

#[derive(Default)]
struct State {
    mood: Option<Mood>,
    letters: Vec<Received>,
    refusals: usize,
}

pub struct Server {
    pub port: u16,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    /// It has a port, where nobody listens yet.
    pub fn new() -> Self {
        Self {
            port: ports::free(1).unwrap()[0],
            state: Arc::default(),
            listening: None,
        }
    }

    /// Listens from now on.
    pub async fn start(&mut self, mood: Mood) {
        self.be(mood);
        if self.listening.is_some() {
            return;
        }
        let listener = TcpListener::bind(ports::local(self.port)).await.unwrap();
        let state = self.state.clone();
        self.listening = Some(tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = state.clone();
                // a client that goes away in the middle is none of our business
                tokio::spawn(async move { drop(converse(stream, &state).await) });
            }
        }));
    }

    pub fn be(&self, mood: Mood) {
        lock(&self.state).mood = Some(mood);
    }

    pub fn letters(&self) -> Vec<Received> {
        lock(&self.state).letters.clone()
    }

    pub fn refusals(&self) -> usize {
        lock(&self.state).refusals
    }

    /// The letter with this in it, once it has come.
    pub async fn letter(&self, part: &str) -> Received {
        let find = || {
            let letters = self.letters().into_iter();
            letters.rev().find(|letter| letter.text.contains(part))
        };
        until(&format!("a letter has {part:?}"), async || find().is_some()).await;
        find().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mood = lock(state).mood.unwrap();
    if mood == Mood::Silent {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut to = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.to_ascii_uppercase();
        let answer: &[u8] = if command.starts_with("EHLO") {
            b"250-mail.test\r\n250 8BITMIME\r\n"
        } else if command.starts_with("RCPT TO:") {
            match mood {
                Mood::Good => {
                    to = line[8..].trim().trim_matches(['<', '>']).to_owned();
                    b"250 ok\r\n"
                }
                refusing => {
                    lock(state).refusals += 1;
                    match refusing {
                        Mood::Refusing => b"550 no such mailbox\r\n",
                        _ => b"451 try again later\r\n",
                    }
                }
            }
        } else if command.starts_with("DATA") {
            stream.write_all(b"354 go ahead\r\n").await?;
            let text = body(&mut stream).await?;
            let letter = Received {
                to: to.clone(),
                text,
            };
            lock(state).letters.push(letter);
            b"250 taken\r\n"
        } else if command.starts_with("QUIT") {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            b"250 ok\r\n"
        };
        stream.write_all(answer).await?;
    }
}

async fn body(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
