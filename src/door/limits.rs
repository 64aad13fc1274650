//! What one connection, one address and the whole node may ask of us.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

/// The limits of the way in. Plain data; [`Limits::default`] is meant for production.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time from accept to the end of the first request's head (TLS handshake included), and for a later
    /// request from the first byte of its head to the last. A connection that sends nothing is held to it too.
    pub header_deadline: Duration,
    /// How long a connection may stay silent between two requests.
    pub idle: Duration,
    /// How long a request's body may stop coming while somebody reads it, and how long a client may stop reading
    /// an answer. What was waited for longer ends the connection.
    pub stall: Duration,
    /// The least pace of both in the long run: a byte now and then is no progress.
    pub bytes_per_second: NonZeroU32,
    /// The longest head of a request (request line and headers), in bytes. Longer is answered with 431.
    pub max_header_bytes: usize,
    /// Connections at one time, upgraded ones included. One more is answered with 503.
    pub connections: usize,
    /// Connections at one time from one address (IPv6: from one /64). One more is answered with 429.
    pub connections_per_address: u32,
    /// New connections a second from one address, in the long run. Faster is answered with 429.
    pub handshakes_per_second: NonZeroU32,
    /// New connections that one address may open at once before the rate above holds it back.
    pub handshake_burst: NonZeroU32,
    /// Addresses to which the three limits above do not apply (a load test, a health checker).
    pub exempt: Vec<IpNet>,
    /// Proxies in front of us. Their connections are not limited by address; instead each socket that they
    /// open for a client is counted for the client whom they name.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_deadline: Duration::from_secs(5),
            idle: Duration::from_mins(1),
            stall: Duration::from_secs(30),
            bytes_per_second: NonZeroU32::new(4_096).expect("not zero"),
            max_header_bytes: 8 * 1024,
            connections: 16_384,
            connections_per_address: 50,
            handshakes_per_second: NonZeroU32::new(20).expect("not zero"),
            handshake_burst: NonZeroU32::new(100).expect("not zero"),
            exempt: Vec::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Limits {
    /// Whether this address is one of our proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        contains(&self.trusted_proxies, address)
    }

    /// Whether the limits by address do not apply to this one.
    pub fn exempts(&self, address: IpAddr) -> bool {
        contains(&self.exempt, address)
    }
}

fn contains(nets: &[IpNet], address: IpAddr) -> bool {
    // A dual-stack listener shows IPv4 peers as ::ffff:a.b.c.d; settings name them as people do.
    let address = address.to_canonical();
    nets.iter().any(|net| net.contains(&address))
}
