//! `[company.requires]`: what a company asks to be told of whoever it carries.

use passcom_actors::domain::papers;
use serde::{Deserialize, Serialize};

/// Nothing, unless it says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requires {
    /// A CPF, a passport or an identity card.
    pub document: bool,
    pub birth: bool,
}

impl Requires {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Requires> for papers::Requires {
    fn from(Requires { document, birth }: Requires) -> Self {
        Self { document, birth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_asked_for() {
        let read = |text| toml::from_str::<Requires>(text);
        let document = Requires {
            document: true,
            birth: false,
        };
        assert_eq!(read("document = true").unwrap(), document);
        assert!(read("").unwrap().is_nothing());
        assert!(read("passport = true").is_err());
    }
}
