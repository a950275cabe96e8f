//! Texts that one node signs and any node reads later, without asking anybody: the code of an e-ticket, the terms of a cancellation.
//!
//! Signed with the same keys as tokens, and kept apart by `typ` and `aud`, which the signature covers: no kind is taken for another, and none
//! for a token. None expires by itself: it says what was so when it was signed.

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use passcom_actors::domain::ids::CompanyId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PublicKey, TokenFault, TokenIssuer, TokenVerifier};

/// The longest: sixteen seats with everything as long as it may be stay below it, and so does what fits a QR code.
const SEALED_LEN_MAX: usize = 2_900;

/// What can be sealed.
pub(crate) trait Sealed: Serialize + DeserializeOwned {
    /// `typ` and `aud`.
    const KIND: &'static str;
}

#[derive(Serialize, Deserialize)]
struct Seal<T> {
    aud: String,
    #[serde(rename = "c")]
    content: T,
}

impl TokenIssuer {
    /// An error is one of the machinery.
    pub(crate) fn seal<T: Sealed>(
        &self,
        content: &T,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(T::KIND.to_owned());
        let aud = T::KIND.to_owned();
        self.sign(header, &Seal { aud, content })
    }
}

impl TokenVerifier {
    /// What was sealed, and by which company.
    pub(crate) fn open<T: Sealed>(&self, text: &str) -> Result<(CompanyId, T), TokenFault> {
        if text.len() > SEALED_LEN_MAX {
            return Err(TokenFault::TooLong);
        }
        let header = decode_header(text).map_err(TokenFault::Invalid)?;
        if header.typ.as_deref() != Some(T::KIND) {
            return Err(TokenFault::OtherKind);
        }
        super::check_critical(&header)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.set_audience(&[T::KIND]);
        validation.set_required_spec_claims(&["aud"]);
        let open = |key: &PublicKey| decode::<Seal<T>>(text, &key.key, &validation);
        let (signer, seal) = self.with_key_of(&header, open)?;
        Ok((signer, seal.claims.content))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, USER, company, two_companies};
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct One(String);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other(String);

    impl Sealed for One {
        const KIND: &'static str = "one";
    }
    impl Sealed for Other {
        const KIND: &'static str = "other";
    }

    #[test]
    fn what_one_company_seals_every_node_opens() {
        let (a, b, verifier) = two_companies();
        for (issuer, code) in [(a, "a"), (b, "b")] {
            let text = issuer.seal(&One("ção".to_owned())).unwrap();
            let opened: (CompanyId, One) = verifier.open(&text).unwrap();
            assert_eq!(opened, (company(code), One("ção".to_owned())));
        }
    }

    #[test]
    fn no_kind_is_taken_for_another_nor_for_a_token() {
        let (a, _, verifier) = two_companies();
        let sealed = a.seal(&One(USER.user.to_string())).unwrap();
        assert!(verifier.open::<Other>(&sealed).is_err());
        assert!(verifier.verify(&sealed, NOW).is_err());
        assert!(verifier.open::<One>(&a.issue(USER, NOW).unwrap()).is_err());
    }

    #[test]
    fn any_change_breaks_the_seal() {
        let (a, _, verifier) = two_companies();
        let sealed = a.seal(&One("x".to_owned())).unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.open::<One>(&changed).is_err(), "byte {at}");
        }
        for nonsense in ["", "a.b.c", &"a".repeat(SEALED_LEN_MAX + 1)] {
            assert!(verifier.open::<One>(nonsense).is_err());
        }
    }
}
