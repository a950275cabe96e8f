//! Whose word counts for who a customer is.

use serde::{Deserialize, Serialize};

use super::Company;

/// Where a proxy writes whom it asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProxyHeader {
    #[default]
    #[serde(rename = "x-forwarded-for")]
    XForwardedFor,
    /// RFC 7239.
    #[serde(rename = "forwarded")]
    Forwarded,
}

impl ProxyHeader {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Company {
    /// The proxies as the client port takes them; else what is wrong with them.
    pub fn proxies(&self) -> Result<passcom_http::Proxies, String> {
        let network = |text: &String| {
            let address = || Some(text.parse::<std::net::IpAddr>().ok()?.into());
            let network = text.parse().ok().or_else(address);
            network.ok_or_else(|| {
                format!("\"{text}\" is no network; write for example \"10.0.0.0/8\"")
            })
        };
        let trusted = self.trusted_proxies.iter().map(network);
        Ok(passcom_http::Proxies {
            trusted: trusted.collect::<Result<_, _>>()?,
            header: match self.proxy_header {
                ProxyHeader::XForwardedFor => passcom_http::ProxyHeader::XForwardedFor,
                ProxyHeader::Forwarded => passcom_http::ProxyHeader::Forwarded,
            },
        })
    }
}
