//! Codes of e-tickets, and tokens: what is accepted was signed, by whom it says, as what it is taken for; and whatever another company
//! signs can be told.
#![no_main]

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use libfuzzer_sys::fuzz_target;
use passcom_actors::domain::fixtures::company;
use passcom_fuzz::signed::{CLUSTER, NOW};
use passcom_http::fuzzing::{known, open_code};
use serde_json::Value;

/// Whatever comes: what is accepted is what was signed, to the byte.
fn stranger(text: &str) {
    let cluster = &*CLUSTER;
    if open_code(&cluster.verifier, text, &cluster.ticket, NOW * 1000).is_some() {
        assert!(cluster.codes.iter().any(|code| code == text));
    }
    if known(&cluster.verifier, text, NOW).is_some() {
        assert!(cluster.tokens.iter().any(|token| token == text));
    }
}

/// A company that signs this head and this content.
fn company_b(head: &[u8], content: &[u8]) {
    let cluster = &*CLUSTER;
    let (sealed_head, sealed) = (base64url(head), base64url(content));
    let signed = format!("{sealed_head}.{sealed}");
    let signature = base64url(cluster.pair.sign(signed.as_bytes()).as_ref());
    let text = format!("{signed}.{signature}");

    let opened = open_code(&cluster.verifier, &text, &cluster.ticket, NOW * 1000);
    let token = known(&cluster.verifier, &text, NOW);
    assert!(opened.is_none() || token.is_none(), "a code is no token");
    let parsed = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (head, content) = (parsed(head), parsed(content));
    if let Some(opened) = opened {
        let signer = company("b");
        assert_eq!(opened.signer, signer);
        assert_eq!(head["typ"], "bilhete");
        for told in &opened.told {
            let told: Value = serde_json::from_str(told).unwrap();
            assert_eq!(told["emissora"], signer.as_str());
            assert_eq!(told["uuid"], told_uuid(&opened.content));
        }
        if opened.is_of_ticket {
            let told: Value = serde_json::from_str(&opened.told[1]).unwrap();
            let legs = told["trechos"].as_array().unwrap();
            assert!(legs.iter().all(|leg| !leg["agora"].is_null()));
        }
    }
    if token.is_some() && content.is_object() {
        assert_eq!(content["iss"], "b", "b's users only");
    }
}

fn told_uuid(content: &str) -> Value {
    let content: Value = serde_json::from_str(content).unwrap();
    let simple = content["u"].as_str().unwrap();
    uuid::Uuid::try_parse(simple).unwrap().to_string().into()
}

fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

// A text, or a head and a content in two lines.
fuzz_target!(|bytes: &[u8]| {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => company_b(&bytes[..end], &bytes[end + 1..]),
        None => stranger(&String::from_utf8_lossy(bytes)),
    }
});
