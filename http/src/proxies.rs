//! Who is at the other end of a proxy: the address that a request is counted for.
//!
//! Only what a proxy of ours has written is believed. A proxy appends whom it was asked by, so the list is read from its
//! end, as long as it names proxies of ours; what stands before that the client may have made up.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::header::FORWARDED;
use warp::http::{HeaderMap, HeaderName};

/// Most entries that are looked at: proxies that stand one behind the other.
const CHAIN_MAX: usize = 8;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Which of the two the proxies write. The other is the client's, and not looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// Proxies whose word counts. None of them: every connection is the client's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    pub trusted: Vec<IpNet>,
    pub header: ProxyHeader,
}

impl Proxies {
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The client of a request that came from this peer.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.trusted.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        for hop in self.hops(headers).take(CHAIN_MAX) {
            // hidden or misspelt: the proxy that wrote it is the last one known
            let Some(hop) = hop else { break };
            client = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        client
    }

    /// From the nearest on.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + 'a {
        let header = self.header;
        let name = match header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => FORWARDED,
        };
        let lines: Vec<_> = headers.get_all(name).iter().collect();
        let entries = lines
            .into_iter()
            .rev()
            .flat_map(|line| line.to_str().unwrap_or("").rsplit(','));
        entries.map(move |entry| match header {
            ProxyHeader::XForwardedFor => node(entry),
            ProxyHeader::Forwarded => forwarded_for(entry).and_then(node),
        })
    }
}

/// The value of `for=` of one element.
fn forwarded_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    Some(value.trim().trim_matches('"'))
}

/// An address, with or without a port, of version 6 in brackets or not.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    let bracketed = || {
        text.strip_prefix('[')?
            .strip_suffix(']')?
            .parse::<IpAddr>()
            .ok()
    };
    address
        .or_else(bracketed)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let proxies = Proxies {
            trusted: ["10.0.0.0/8", "fd00::/8"]
                .map(|network| network.parse().unwrap())
                .into(),
            header,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let client = proxies.client(peer.parse().unwrap(), &headers);
        client.to_string()
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        let list = [("x-forwarded-for", "1.1.1.1")];
        let client = |peer, lines: &[_]| client(ProxyHeader::XForwardedFor, peer, lines);
        assert_eq!(client("9.9.9.9", &list), "9.9.9.9", "no proxy");
        assert_eq!(client("10.0.0.1", &list), "1.1.1.1");
        assert_eq!(client("::ffff:10.0.0.1", &list), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1", "it asks for itself");
        let other = [("forwarded", "for=2.2.2.2")];
        assert_eq!(client("10.0.0.1", &other), "10.0.0.1", "a client wrote it");
    }

    #[test]
    fn what_a_client_has_made_up_stands_before_what_is_believed() {
        let client = |list| {
            let lines = [("x-forwarded-for", list)];
            client(ProxyHeader::XForwardedFor, "10.0.0.1", &lines)
        };
        assert_eq!(client("6.6.6.6, 1.1.1.1"), "1.1.1.1");
        assert_eq!(client("6.6.6.6,1.1.1.1, 10.0.0.2"), "1.1.1.1", "a chain");
        assert_eq!(client("6.6.6.6, unknown, 10.0.0.2"), "10.0.0.2");
        assert_eq!(client("6.6.6.6, 1.1.1.1:4711"), "1.1.1.1");
        assert_eq!(client("6.6.6.6, [2001:db8::1]:80"), "2001:db8::1");
        assert_eq!(client("2001:db8::1"), "2001:db8::1");
        let own = vec!["10.0.0.9"; 100].join(",");
        assert_eq!(client(&own), "10.0.0.9", "however long");
        let lines = [
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "1.1.1.1"),
        ];
        let last = super::tests::client(ProxyHeader::XForwardedFor, "10.0.0.1", &lines);
        assert_eq!(last, "1.1.1.1", "lines are one list");
    }

    #[test]
    fn the_standard_header_is_read_where_the_proxies_write_it() {
        let client = |list| {
            let lines = [("forwarded", list), ("x-forwarded-for", "6.6.6.6")];
            client(ProxyHeader::Forwarded, "fd00::1", &lines)
        };
        assert_eq!(client("for=6.6.6.6, proto=https;For=1.1.1.1"), "1.1.1.1");
        assert_eq!(client(r#"for="[2001:db8::1]:4711";by=_x"#), "2001:db8::1");
        assert_eq!(client("for=_hidden"), "fd00::1");
    }
}
