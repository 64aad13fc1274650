//! Whose request this is: the address of the client, also when a proxy stands between us.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName, VIA};

use super::limits::Limits;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address a request really came from. Every request that reaches the router carries one as an extension.
///
/// It is the peer's own address, unless the peer is a trusted proxy: then it is the rightmost address in the
/// forwarding header that is not a trusted proxy's. What stands left of that one was written by somebody whom
/// we do not know, and is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Reads it off a request that `peer` sent us.
    pub fn of(peer: IpAddr, headers: &HeaderMap, limits: &Limits) -> Self {
        let mut nearest = peer.to_canonical();
        let mut hops = hops_from_the_right(headers);
        while limits.trusts(nearest) {
            match hops.next() {
                Some(Some(hop)) => nearest = hop.to_canonical(),
                // Nobody further is named, or not legibly: the proxy that says so is all we know.
                Some(None) | None => break,
            }
        }
        Self(nearest)
    }
}

/// The request was passed on by somebody who is not one of our proxies, or does not say legibly for whom: it did not
/// begin where it seems to. An extension of such requests only.
#[derive(Clone, Copy, Debug)]
pub struct PassedOn;

impl PassedOn {
    /// Whether somebody says that he passes this request on, and we still know nobody but `peer`.
    pub(super) fn of(peer: IpAddr, client: ClientAddress, headers: &HeaderMap) -> Option<Self> {
        let unnamed = client.0 == peer.to_canonical();
        (unnamed && headers.keys().any(is_of_proxies)).then_some(Self)
    }
}

/// What proxies write of whom they speak for, and nobody else does.
fn is_of_proxies(name: &HeaderName) -> bool {
    [FORWARDED, VIA].contains(name)
        || name == "x-real-ip"
        || name.as_str().starts_with("x-forwarded-")
}

/// The hops named in `X-Forwarded-For`, the last one first; `None` for one that is not an address. `Forwarded` (RFC 7239) is not
/// read: a proxy that writes one of the two commonly passes the other one on as the client forged it.
fn hops_from_the_right(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).into_iter().collect();
    lines.into_iter().rev().flat_map(|line| {
        let line = line.to_str().unwrap_or("?");
        line.rsplit(',').map(|hop| address(hop.trim()))
    })
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let bare = bare.unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|a| a.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let limits = Limits {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Limits::default()
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let client = ClientAddress::of(peer.parse().unwrap(), &headers, &limits);
        client.0.to_string()
    }

    #[test]
    fn the_rightmost_hop_that_is_not_ours_is_the_client() {
        let table = [
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
            ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
            // Nobody outside is named, or not legibly.
            ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1, , 10.0.0.2", "10.0.0.2"),
            // A stranger may write what he likes.
            ("198.51.100.9", "203.0.113.7", "198.51.100.9"),
        ];
        for (peer, line, client) in table {
            assert_eq!(seen(peer, &[("x-forwarded-for", line)]), client, "{line}");
        }
        let two = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.7"),
        ];
        assert_eq!(seen("10.0.0.1", &two), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_header_that_our_proxy_does_not_write_is_not_read() {
        let forged = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2")];
        assert_eq!(seen("10.0.0.1", &forged), "2.2.2.2");
    }
}
