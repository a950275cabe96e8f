//! Who may do what at the admin port: operators with names, roles and tokens of their own.
//!
//! Invariants: a token is kept as a digest, so that comparing takes a time that says nothing about it, and is never logged;
//! who is named in the audit trail is whose token came; an address that sends wrong ones is slowed down, whatever it sends,
//! and no other address is.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{counter, describe_counter};
use passcom_actors::company::failures::{Brake, Budget};
use sha2::{Digest, Sha256};
use tracing::warn;
use warp::http::Method;

use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::gathered::Gathered;

/// Wrong tokens of one address.
const WRONG_TOKENS: Budget = Budget {
    free: 10,
    delay_least: Duration::from_secs(1),
    delay_most: Duration::from_secs(60),
    forgotten_after: Duration::from_secs(10 * 60),
};

const REFUSED: &str = "http_operators_refused_total";

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Look.
    Viewer,
    /// Everything.
    Operator,
}

/// One operator, as the configuration has it.
#[derive(Clone)]
pub struct OperatorAccess {
    /// In the audit trail and the log.
    pub name: String,
    pub role: Role,
    /// What they send as `Authorization: Bearer`.
    pub token: String,
}

/// All operators of a node. Cheap to clone; who takes their place does so in all clones.
#[derive(Clone)]
pub struct Operators(Arc<RwLock<Arc<[Known]>>>);

struct Known {
    name: Arc<str>,
    role: Role,
    token: [u8; 32],
}

impl Operators {
    pub fn new(operators: Vec<OperatorAccess>) -> Self {
        Self(Arc::new(RwLock::new(known(operators))))
    }

    /// From now on these, and nobody else.
    pub fn replace(&self, operators: Vec<OperatorAccess>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known(operators);
    }

    fn find(&self, token: &str) -> Option<(Arc<str>, Role)> {
        let digest = <[u8; 32]>::from(Sha256::digest(token));
        let operators = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let whose = operators.iter().find(|known| known.token == digest)?;
        Some((whose.name.clone(), whose.role))
    }
}

fn known(operators: Vec<OperatorAccess>) -> Arc<[Known]> {
    let known = operators.into_iter().map(|operator| Known {
        name: operator.name.into(),
        role: operator.role,
        token: Sha256::digest(operator.token).into(),
    });
    known.collect()
}

/// Lets operators in.
pub(super) struct Doorkeeper {
    operators: Operators,
    brake: Brake,
    refusals: Gathered,
}

impl Doorkeeper {
    pub fn new(operators: Operators) -> Self {
        describe_counter!(
            REFUSED,
            "requests of who is no operator (token), was too often none (braked), or may only look (role)"
        );
        Self {
            operators,
            brake: Brake::new(WRONG_TOKENS),
            refusals: Gathered::new(),
        }
    }

    /// The name of who asks, if they may ask for that.
    pub fn admit(&self, call: &Call) -> Result<Arc<str>, Problem> {
        let Some(token) = call.bearer_token() else {
            return Err(Kind::InvalidToken.into());
        };
        let look = || self.operators.find(token);
        let found = match call.from {
            Some(address) => self.brake.look(address, look).map_err(|wait| {
                self.refuse(call.from, "braked");
                Problem::from(Kind::TooManyRequests).retry_after(wait)
            })?,
            None => look(),
        };
        let (name, role) = found.ok_or_else(|| {
            self.refuse(call.from, "token");
            Problem::from(Kind::InvalidToken)
        })?;
        // what changes nothing is asked for by these, and nothing else is
        let looks = call.method == Method::GET || call.method == Method::HEAD;
        if role == Role::Viewer && !looks {
            self.refuse(call.from, "role");
            return Err(Kind::ViewersLook.into());
        }
        Ok(name)
    }

    fn refuse(&self, from: Option<IpAddr>, why: &'static str) {
        counter!(REFUSED, "why" => why).increment(1);
        if let Some(left_out) = self.refusals.next() {
            let from = from.map(tracing::field::display);
            warn!(from, why, left_out, "no operator");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    fn access(name: &str, role: Role, token: &str) -> OperatorAccess {
        OperatorAccess {
            name: name.to_owned(),
            role,
            token: token.to_owned(),
        }
    }

    fn asked(method: Method, token: &str) -> Call {
        let mut call = call(
            "/admin/drain",
            &[("authorization", &format!("Bearer {token}"))],
            b"",
        );
        call.method = method;
        call
    }

    #[test]
    fn an_operator_is_whose_token_came_and_may_do_what_the_role_says() {
        let operators = Operators::new(vec![
            access("ana", Role::Operator, "token-of-ana"),
            access("rui", Role::Viewer, "token-of-rui"),
        ]);
        let door = Doorkeeper::new(operators.clone());
        let admit = |method, token| door.admit(&asked(method, token));
        let name = |name: &str| Ok(Arc::from(name));
        assert_eq!(admit(Method::POST, "token-of-ana"), name("ana"));
        assert_eq!(admit(Method::GET, "token-of-rui"), name("rui"));
        assert_eq!(admit(Method::HEAD, "token-of-rui"), name("rui"));
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let refused = admit(method, "token-of-rui");
            assert_eq!(refused, Err(Kind::ViewersLook.into()));
        }
        for wrong in ["token-of-an", "", "Token-of-ana"] {
            let refused = admit(Method::GET, wrong);
            assert_eq!(refused, Err(Kind::InvalidToken.into()), "{wrong}");
        }
        operators.replace(vec![access("eva", Role::Operator, "token-of-eva")]);
        assert_eq!(admit(Method::POST, "token-of-eva"), name("eva"));
        assert!(admit(Method::GET, "token-of-ana").is_err());
    }
}
