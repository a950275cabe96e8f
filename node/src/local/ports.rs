//! TCP ports on 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

use anyhow::{Context, bail};

/// Below the range from which the kernel takes the local ports of outgoing connections, so that none of them moves in between our look
/// and the server's bind.
const RANGE: Range<u16> = 20_000..32_000;
const SPARE_ATTEMPTS: usize = 100;

pub fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Different free ports.
pub fn free(count: usize) -> anyhow::Result<Vec<u16>> {
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count + SPARE_ATTEMPTS {
        if listeners.len() == count {
            break;
        }
        // each is kept open until all are found: none is found twice
        listeners.extend(TcpListener::bind(local(fastrand::u16(RANGE))));
    }
    if listeners.len() < count {
        bail!(
            "found no {count} free ports between {} and {}",
            RANGE.start,
            RANGE.end
        );
    }
    let ports = listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()));
    ports
        .collect::<std::io::Result<_>>()
        .context("look up a port")
}

/// Fails if somebody listens there.
pub fn check_free(port: u16, what: &str) -> anyhow::Result<()> {
    if let Err(error) = TcpListener::bind(local(port)) {
        bail!(
            "port {port} ({what}) cannot be used: {error}; choose other ports with --http-port (admin ports are 1000 above)"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_a_busy_one_is_named() {
        let ports = free(8).unwrap();
        assert_eq!(
            ports.iter().collect::<std::collections::HashSet<_>>().len(),
            8
        );
        let a = ports[0];
        let held = TcpListener::bind(local(a)).unwrap();
        let error = check_free(a, "http of a").unwrap_err().to_string();
        assert!(
            error.contains(&format!("port {a} (http of a)")) && error.contains("--http-port"),
            "{error}"
        );
        drop(held);
        check_free(a, "http of a").unwrap();
    }
}
