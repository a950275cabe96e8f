//! Requests as bytes, made with as little work as possible.

use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Context;
use uuid::Uuid;

use super::seats::Seats;

/// What all requests of a cluster's clients have in common.
pub struct Requests {
    pub nodes: Vec<SocketAddr>,
    /// Codes, in the order of the nodes.
    pub companies: Vec<String>,
    pub seats: Arc<Seats>,
    /// One for each user; client n is user n modulo their number.
    pub tokens: Vec<Arc<str>>,
    /// Begins the idempotency keys; none are sent without.
    pub key: Option<String>,
}

impl Requests {
    /// Books a fresh seat of each of these companies.
    pub fn book(
        &self,
        bytes: &mut Vec<u8>,
        client: usize,
        count: u64,
        companies: Range<usize>,
    ) -> anyhow::Result<()> {
        let mut body = Vec::with_capacity(256);
        self.seats(&mut body, companies)?;
        body.push(b'}');
        self.post(bytes, "/reservar", client, Some(count), &body)
    }

    /// Holds a fresh seat of every company, with somebody on each.
    pub fn hold(&self, bytes: &mut Vec<u8>, client: usize, count: u64) -> anyhow::Result<()> {
        let mut body = Vec::with_capacity(384);
        self.seats(&mut body, 0..self.nodes.len())?;
        body.extend_from_slice(b",\"passageiros\":[");
        for number in 0..self.nodes.len() {
            let comma = if number == 0 { "" } else { "," };
            write!(body, "{comma}{{\"nome\":\"Passenger {number}\"}}")?;
        }
        body.extend_from_slice(b"]}");
        self.post(bytes, "/retencoes", client, Some(count), &body)
    }

    /// Confirms the hold that an answer tells of.
    pub fn confirm(&self, bytes: &mut Vec<u8>, client: usize, answer: &[u8]) -> anyhow::Result<()> {
        let path = format!("/retencoes/{}/confirmar", uuid_of(answer)?);
        self.post(bytes, &path, client, None, &[])
    }

    /// Asks something that has no body.
    pub fn get(&self, path: &str, client: usize) -> Vec<u8> {
        let token = &self.tokens[client % self.tokens.len()];
        format!("GET {path} HTTP/1.1\r\nHost: passcom\r\nAuthorization: Bearer {token}\r\n\r\n")
            .into_bytes()
    }

    fn seats(&self, body: &mut Vec<u8>, companies: Range<usize>) -> anyhow::Result<()> {
        body.extend_from_slice(b"{\"trechos\":[");
        for company in companies.clone() {
            let seat = self.seats.take(company)?;
            let comma = if company == companies.start { "" } else { "," };
            let code = &self.companies[company];
            write!(
                body,
                "{comma}{{\"id_trecho\":{},\"id_assento\":{},\"company\":\"{code}\"}}",
                seat.route, seat.id
            )?;
        }
        body.push(b']');
        Ok(())
    }

    fn post(
        &self,
        bytes: &mut Vec<u8>,
        path: &str,
        client: usize,
        count: Option<u64>,
        body: &[u8],
    ) -> anyhow::Result<()> {
        bytes.clear();
        let token = &self.tokens[client % self.tokens.len()];
        write!(
            bytes,
            "POST {path} HTTP/1.1\r\nHost: passcom\r\nAuthorization: Bearer {token}\r\n"
        )?;
        if let (Some(key), Some(count)) = (&self.key, count) {
            write!(bytes, "Idempotency-Key: {key}-{client}-{count}\r\n")?;
        }
        if !body.is_empty() {
            bytes.extend_from_slice(b"Content-Type: application/json\r\n");
        }
        write!(bytes, "Content-Length: {}\r\n\r\n", body.len())?;
        bytes.extend_from_slice(body);
        Ok(())
    }
}

/// The first `"uuid"` of an answer.
fn uuid_of(answer: &[u8]) -> anyhow::Result<Uuid> {
    const NAME: &[u8] = b"\"uuid\":\"";
    let place = answer.windows(NAME.len()).position(|window| window == NAME);
    let start = place.context("a hold without a uuid")? + NAME.len();
    let text = answer
        .get(start..start + 36)
        .context("a hold with half a uuid")?;
    Uuid::try_parse_ascii(text).context("a hold with a wrong uuid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_known_by_the_first_uuid_of_its_answer() {
        let uuid = "6f8f8a3e-2b52-4b0a-9c35-0d3c6a1f2b11";
        let answer = format!(r#"{{"uuid":"{uuid}","uuid_passagem":null}}"#);
        assert_eq!(uuid_of(answer.as_bytes()).unwrap().to_string(), uuid);
        assert!(uuid_of(b"{}").is_err());
        assert!(uuid_of(br#"{"uuid":"6f8f"#).is_err());
    }
}
