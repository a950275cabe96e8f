//! What is told at a gate: the code of an e-ticket, what became of its seats, and the keys by which codes are told from forgeries.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;
use uuid::Uuid;

/// What a signed code says, once its signature was found good.
#[derive(Serialize)]
pub(crate) struct TicketCode {
    #[serde(rename = "valido")]
    pub valid: bool,
    pub uuid: Uuid,
    #[serde(rename = "emissora")]
    pub issuer: CompanyId,
    #[serde(rename = "trechos")]
    pub legs: Vec<TicketCodeLeg>,
    #[serde(rename = "emitido_em")]
    pub issued_at: String,
    /// Null: nobody who could be asked has the ticket, and the signature is all there is.
    #[serde(rename = "consulta")]
    pub asked: Option<TicketAsked>,
}

/// Who was asked what became of the seats, and when.
#[derive(Serialize)]
pub(crate) struct TicketAsked {
    pub company: CompanyId,
    #[serde(rename = "quando")]
    pub at: String,
}

/// Whether a passenger may board with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum SeatStanding {
    #[serde(rename = "valido")]
    Valid,
    /// Another time or seat than the code says, a flight that is not flown, or no seat: a newer ticket is needed.
    #[serde(rename = "alterado")]
    Changed,
    #[serde(rename = "realizado")]
    Flown,
    #[serde(rename = "cancelado")]
    Cancelled,
    /// Another flight took its place.
    #[serde(rename = "trocado")]
    Exchanged,
}

/// A seat of a code as its ticket has it now.
#[derive(Serialize)]
pub(crate) struct SeatNow {
    #[serde(rename = "estado")]
    pub state: SeatStanding,
    #[serde(rename = "partida")]
    pub departs: String,
    /// Null: the passenger has none.
    #[serde(rename = "numero")]
    pub number: Option<u16>,
    #[serde(rename = "rotulo")]
    pub label: Option<String>,
    #[serde(rename = "cancelado_pela_companhia")]
    pub withdrawn: bool,
}

#[derive(Serialize)]
pub(crate) struct TicketCodeLeg {
    pub company: CompanyId,
    #[serde(rename = "voo")]
    pub flight: String,
    #[serde(rename = "origem")]
    pub origin: String,
    #[serde(rename = "destino")]
    pub destination: String,
    #[serde(rename = "partida")]
    pub departs: String,
    #[serde(rename = "numero")]
    pub number: u16,
    #[serde(rename = "rotulo")]
    pub label: Option<String>,
    #[serde(rename = "passageiro")]
    pub passenger: Option<String>,
    #[serde(rename = "agora")]
    pub now: Option<SeatNow>,
}

/// A set of keys (RFC 7517) that sign codes, of Ed25519 (RFC 8037).
#[derive(Serialize)]
pub(crate) struct Keys<'a> {
    keys: Vec<Key<'a>>,
}

#[derive(Serialize)]
struct Key<'a> {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    /// The company, and which of its keys; only the company in what was signed before there were several.
    kid: &'a str,
    x: String,
}

impl<'a> Keys<'a> {
    /// By their names.
    pub fn new(keys: &'a [(String, Vec<u8>)]) -> Self {
        let key = |(kid, bytes): &'a (String, Vec<u8>)| Key {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            purpose: "sig",
            kid,
            x: BASE64_URL_SAFE_NO_PAD.encode(bytes),
        };
        Self {
            keys: keys.iter().map(key).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;
    use crate::token::tests::two_companies;

    #[test]
    fn whoever_has_the_keys_checks_a_signature_without_this_node() {
        let (a, _, verifier) = two_companies();
        let public_keys = verifier.public_keys();
        let told = serde_json::to_vec(&Keys::new(&public_keys)).unwrap();
        let set: JwkSet = serde_json::from_slice(&told).unwrap();
        let kids: Vec<_> = set
            .keys
            .iter()
            .map(|key| key.common.key_id.clone().unwrap())
            .collect();
        let (of_a, of_b) = (&kids[0], &kids[2]);
        assert_eq!(kids.len(), 4);
        assert!(of_a.starts_with("a.") && of_b.starts_with("b."));
        assert_eq!((&*kids[1], &*kids[3]), ("a", "b"));
        let token = a
            .issue(crate::token::tests::USER, crate::token::tests::NOW)
            .unwrap();
        let mut rules = Validation::new(jsonwebtoken::Algorithm::EdDSA);
        rules.validate_exp = false;
        rules.validate_aud = false;
        let open = |kid: &str| {
            let key = DecodingKey::from_jwk(set.find(kid).unwrap()).unwrap();
            decode::<serde_json::Value>(&token, &key, &rules).is_ok()
        };
        assert!(open("a") && open(of_a) && !open("b") && !open(of_b));
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.kid.as_ref(), Some(of_a));
    }
}
