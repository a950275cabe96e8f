//! A customer who is logged in, and stays so.
//!
//! Tokens live for fifteen minutes; this one is replaced before, at whichever node gives one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::Client;

/// A token that is older is replaced. A third of its life is left to find a node that does it.
const RENEW_AFTER: Duration = Duration::from_secs(10 * 60);
/// Between two rounds of asking nodes that could not.
const RENEW_AGAIN: Duration = Duration::from_secs(10);
/// Of one node's time.
const LOGIN_LIMIT: Duration = Duration::from_secs(2);

/// A user at any node. Clones have one token.
#[derive(Debug, Clone)]
pub struct Session {
    pub user: Uuid,
    login: Arc<str>,
    password: Arc<str>,
    token: Arc<Mutex<Token>>,
}

#[derive(Debug)]
struct Token {
    text: Arc<str>,
    /// Nobody else needs to try before.
    renew_at: Instant,
}

impl Session {
    pub(super) fn new(user: Uuid, login: &str, password: &str, token: String) -> Self {
        Self {
            user,
            login: login.into(),
            password: password.into(),
            token: Arc::new(Mutex::new(Token {
                text: token.into(),
                renew_at: Instant::now() + RENEW_AFTER,
            })),
        }
    }

    pub fn login(&self) -> &str {
        &self.login
    }

    /// A token to send. The old one if no node gives a new one: it may still do, and the answer to it will tell.
    pub async fn token(&self, client: &Client) -> Arc<str> {
        if !self.claim_renewal() {
            return self.text();
        }
        for node in 0..client.nodes() {
            let login = client.login(node, &self.login, &self.password);
            if let Ok(Ok(fresh)) = tokio::time::timeout(LOGIN_LIMIT, login).await {
                let mut token = self.lock();
                token.text = fresh.text();
                token.renew_at = Instant::now() + RENEW_AFTER;
                break;
            }
        }
        self.text()
    }

    /// A token of that node's company.
    pub async fn token_of(&self, client: &Client, node: usize) -> anyhow::Result<Arc<str>> {
        let fresh = client.login(node, &self.login, &self.password).await?;
        Ok(fresh.text())
    }

    /// True for one caller when it is time; the others go on with what there is.
    fn claim_renewal(&self) -> bool {
        let mut token = self.lock();
        let now = Instant::now();
        let due = token.renew_at <= now;
        if due {
            token.renew_at = now + RENEW_AGAIN;
        }
        due
    }

    fn text(&self) -> Arc<str> {
        self.lock().text.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Token> {
        // nothing panics between two writes to it
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_by_one_caller_and_in_time() {
        let session = Session::new(Uuid::nil(), "x", "y", "token".to_owned());
        assert!(!session.claim_renewal(), "it is fresh");
        session.lock().renew_at = Instant::now();
        let clone = session.clone();
        assert!(session.claim_renewal());
        assert!(!clone.claim_renewal(), "somebody is at it");
    }
}
