//! Where we may call: out into the public Internet, and nowhere else.
//!
//! Strangers choose the address, so without this guard they could make the server call its own insides
//! (SSRF). Three checks together close that: the URL is checked when it is saved and before each call;
//! *all* addresses its name resolves to are checked at the moment of connecting; and the client connects
//! to exactly those addresses, for the guard is its resolver. A name that answers with a public address
//! first and a private one second therefore gains nothing.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::{
    config::Config,
    error::{Error, Reason, Refusal},
};

/// Special-purpose IPv4 space (IANA registry), and one address that a cloud keeps for itself.
const CLOSED_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // this host
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, and a cloud's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's wire server
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, and most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24),  // AS112
    (Ipv4Addr::new(192, 52, 193, 0), 24),  // AMT
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(192, 175, 48, 0), 24),  // AS112
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 3),      // multicast, reserved, broadcast
];

/// The only IPv6 space that is routed in public. Outside lie loopback, v4-mapped and v4-compatible
/// addresses, NAT64, ULA, link-local, site-local, multicast and all that is unassigned.
const OPEN_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is closed inside of it.
const CLOSED_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // Teredo, benchmarking, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Why an address is refused. A shop may be told; it says nothing about what lies behind the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Not an absolute URL of at most 2,048 bytes with a host.
    #[error("not a usable address")]
    Malformed,
    /// Not `https` (in development `http` to loopback is fine).
    #[error("only https addresses are called")]
    Scheme,
    /// A port other than 443 and 8443.
    #[error("only the ports 443 and 8443 are called")]
    Port,
    /// A user name or password in the address.
    #[error("an address must not carry a user name or password")]
    UserInfo,
    /// A host that is, or resolves to, something that is not public.
    #[error("only public addresses are called")]
    NotPublic,
    /// The name resolves to nothing.
    #[error("the name has no address")]
    NoAddress,
}

/// The rule of where to call. Development may also call loopback, by `http` and on any port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// True in development only.
    pub allow_loopback: bool,
}

/// A URL that passed [`Guard::admit`]; its name, if it has one, is still to be resolved by the guard.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Guard {
    /// The rule on this server.
    pub fn of(config: &Config) -> Self {
        Self {
            allow_loopback: config.development(),
        }
    }

    /// Refuses an address that somebody wants called, given in `field`, with `address_refused`.
    pub fn check(self, field: &str, url: &str) -> Result<(), Error> {
        let refused = |fault| {
            Error::Refused(Box::new(Reason {
                code: Refusal::AddressRefused,
                field: field.to_owned(),
                sentence: Some(format!("`{field}`: {fault}.")),
                retry_after: None,
            }))
        };
        self.admit(url).map(drop).map_err(refused)
    }

    /// Checks a URL as it was typed: every spelling of an address literal is understood the way the
    /// connection would understand it.
    pub fn admit(self, text: &str) -> Result<Target, AddressFault> {
        if text.len() > 2048 {
            return Err(AddressFault::Malformed);
        }
        let url = Url::parse(text.trim()).map_err(|_| AddressFault::Malformed)?;
        let loopback = self.admits_host(&url.host().ok_or(AddressFault::Malformed)?)?;
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(AddressFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressFault::UserInfo);
        }
        if !loopback && !matches!(url.port_or_known_default(), Some(443 | 8443)) {
            return Err(AddressFault::Port);
        }
        Ok(Target(url))
    }

    /// Says whether the host is loopback that we may call, or refuses it.
    fn admits_host(self, host: &Host<&str>) -> Result<bool, AddressFault> {
        let ip = match host {
            Host::Domain(name) => return self.admits_name(name),
            Host::Ipv4(ip) => IpAddr::V4(*ip),
            Host::Ipv6(ip) => IpAddr::V6(*ip),
        };
        self.admit_ip(ip).map(|()| ip.is_loopback())
    }

    /// Names without a dot and names of the inside are refused here already, before anybody asks a
    /// resolver that may know them. A trailing dot would be another spelling of the same; it is refused.
    fn admits_name(self, name: &str) -> Result<bool, AddressFault> {
        if name == "localhost" {
            return if self.allow_loopback {
                Ok(true)
            } else {
                Err(AddressFault::NotPublic)
            };
        }
        let inside = [
            "localhost",
            "local",
            "internal",
            "lan",
            "home",
            "corp",
            "intranet",
            "onion",
            "arpa",
        ];
        match name.rsplit_once('.') {
            Some((_, last)) if !last.is_empty() && !inside.contains(&last) => Ok(false),
            _ => Err(AddressFault::NotPublic),
        }
    }

    /// Checks one address: public, or loopback where that is allowed.
    pub fn admit_ip(self, ip: IpAddr) -> Result<(), AddressFault> {
        let public = match ip {
            IpAddr::V4(ip) => !CLOSED_V4.iter().any(|net| v4_within(ip, *net)),
            IpAddr::V6(ip) => {
                v6_within(ip, OPEN_V6) && !CLOSED_V6.iter().any(|net| v6_within(ip, *net))
            }
        };
        let loopback = self.allow_loopback && ip.is_loopback();
        if public || loopback {
            Ok(())
        } else {
            Err(AddressFault::NotPublic)
        }
    }

    /// Checks every address that a name resolved to; one bad one spoils them all.
    pub fn admit_all(self, ips: &[IpAddr]) -> Result<(), AddressFault> {
        if ips.is_empty() {
            return Err(AddressFault::NoAddress);
        }
        ips.iter().try_for_each(|ip| self.admit_ip(*ip))
    }
}

fn v4_within(ip: Ipv4Addr, (net, bits): (Ipv4Addr, u32)) -> bool {
    (ip.to_bits() ^ net.to_bits()) >> (32 - bits) == 0
}

fn v6_within(ip: Ipv6Addr, (net, bits): (Ipv6Addr, u32)) -> bool {
    (ip.to_bits() ^ net.to_bits()) >> (128 - bits) == 0
}

impl Target {
    /// The URL to call.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Target {
    /// Without path and query: receivers like to put keys there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.0.origin().ascii_serialization())
    }
}

/// What a lookup gives.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name; tests bring their own.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of `host`.
    fn look_up(&self, host: String) -> Looking;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn look_up(&self, host: String) -> Looking {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The guard as the HTTP client's resolver: the addresses it checked are the addresses that are connected to.
pub struct GuardedResolver<L> {
    guard: Guard,
    lookup: Arc<L>,
}

impl<L: Lookup> GuardedResolver<L> {
    /// A resolver that asks `lookup` and lets through what `guard` admits.
    pub fn new(guard: Guard, lookup: L) -> Self {
        Self {
            guard,
            lookup: Arc::new(lookup),
        }
    }
}

impl<L: Lookup> Resolve for GuardedResolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup) = (self.guard, Arc::clone(&self.lookup));
        Box::pin(async move {
            let ips = lookup.look_up(name.as_str().to_owned()).await?;
            guard.admit_all(&ips)?;
            let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::AddressFault::*;
    use super::*;

    const PRODUCTION: Guard = Guard {
        allow_loopback: false,
    };
    const DEVELOPMENT: Guard = Guard {
        allow_loopback: true,
    };

    #[test]
    fn public_addresses_are_called() {
        for text in [
            "https://example.com/hook?key=1",
            "https://example.com:443/",
            "https://example.com:8443/",
            "HTTPS://EXAMPLE.COM/",
            "https://8.8.8.8/",
            "https://[2606:4700:4700::1111]/",
            "https://例子.中国/",
            "https://172.15.255.255/",
            "https://172.32.0.1/",
            "https://100.63.255.255/",
            "https://100.128.0.1/",
            "https://198.20.0.1/",
            "https://223.255.255.255/",
            "https://[2001:200::1]/",
            "https://[2003::1]/",
        ] {
            assert!(PRODUCTION.admit(text).is_ok(), "{text}");
        }
    }

    /// One spelling after the other; a line that begins with `#` says what follows.
    const INSIDE: &str = "
        # loopback: dotted, short, decimal, octal, hex, mixed, padded, escaped, wide, with a dot behind
        127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 017700000001 0x7f000001
        0x7f.1 0177.0.0.1 0x7f.0.0.0x1 00000177.1 127.0.0.1. %31%32%37.0.0.1 １２７.０.０.１
        ①②⑦.⓪.⓪.① 127。0。0。1 127｡0｡0｡1
        # this host
        0 0.0.0.0 0x0 00 0.1.2.3
        # private
        10.0.0.1 10.255.255.255 167772161 012.0.0.1 172.16.0.1 172.31.255.255
        0xac.0x10.0.1 192.168.0.1 3232235521 0300.0250.0.1 192.168.257
        # link-local and metadata
        169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
        100.100.100.200 168.63.129.16 100.64.0.1 100.127.255.255
        # protocol, documentation, benchmarking, relays, multicast, reserved, broadcast
        192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1
        198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
        240.0.0.1 255.255.255.255 4294967295
        # IPv6: unspecified, loopback, mapped, compatible, translated
        [::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::127.0.0.1] [::ffff:127.0.0.1]
        [::ffff:7f00:1] [::ffff:8.8.8.8] [::ffff:0:127.0.0.1] [64:ff9b::7f00:1]
        [64:ff9b::8.8.8.8] [64:ff9b:1::1] [100::1] [::8.8.8.8]
        # IPv6: Teredo, benchmarking, ORCHID, documentation, 6to4, AS112, SRv6, ULA, link-local, site-local, multicast
        [2001::1] [2001:0:7f00:1::] [2001:2::1] [2001:10::1] [2001:20::1] [2001:db8::1]
        [2002:7f00:1::] [2002:a00:1::1] [2620:4f:8000::1] [3fff::1] [5f00::1] [fc00::1]
        [fd00:ec2::254] [fe80::1] [febf::1] [fec0::1] [ff02::1] [ff0e::1] [4000::1]
        [1::1]
        # names of the inside
        localhost LOCALHOST localhost. ｌｏｃａｌｈｏｓｔ a.localhost printer.local db redis
        metadata.google.internal metadata.google.internal. nas.lan
        1.0.0.127.in-addr.arpa example.com.
    ";

    #[test]
    fn no_spelling_of_an_inside_address_is_called() {
        let lines = INSIDE.lines().filter(|line| !line.trim().starts_with('#'));
        let hosts: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        assert_eq!(hosts.len(), 104);
        for host in hosts {
            let verdict = PRODUCTION.admit(&format!("https://{host}/"));
            assert_eq!(verdict, Err(NotPublic), "{host}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "example.com",
            "//example.com/",
            "https://",
            "https:///",
            "https://[::1",
            "https://[fe80::1%25eth0]/",
            "https://[fe80::1%eth0]/",
            "https://256.256.256.256/",
            "https://1.2.3.4.5/",
            "https://0x100000000/",
            "https://exa mple.com/",
            "https://exa\u{0}mple.com/",
            "https://xn--/",
            "https://example.com:99999/",
            "data:text/html,x",
            "mailto:a@example.com",
        ] {
            assert_eq!(PRODUCTION.admit(text), Err(Malformed), "{text:?}");
        }
        assert_eq!(
            PRODUCTION.admit(&format!("https://example.com/{}", "a".repeat(2048))),
            Err(Malformed)
        );
    }

    #[test]
    fn scheme_port_and_user_are_checked() {
        for text in [
            "http://example.com/",
            "ftp://example.com/",
            "ws://example.com/",
            "gopher://example.com/",
        ] {
            assert_eq!(PRODUCTION.admit(text), Err(Scheme), "{text}");
            assert_eq!(DEVELOPMENT.admit(text), Err(Scheme), "{text}");
        }
        for port in [0, 22, 25, 80, 444, 5432, 6379, 8080, 65535] {
            let text = format!("https://example.com:{port}/");
            assert_eq!(PRODUCTION.admit(&text), Err(Port), "{text}");
            assert_eq!(DEVELOPMENT.admit(&text), Err(Port), "{text}");
        }
        for user in ["a@", "a:b@", ":b@", "127.0.0.1@", "example.com%40@"] {
            let text = format!("https://{user}example.com/");
            assert_eq!(PRODUCTION.admit(&text), Err(UserInfo), "{text}");
        }
        // The part before the last @ is the user, the host is what follows it; a backslash ends the host.
        assert_eq!(
            PRODUCTION.admit("https://example.com@127.0.0.1/"),
            Err(NotPublic)
        );
        assert_eq!(
            PRODUCTION.admit(r"https://127.0.0.1\@example.com/"),
            Err(NotPublic)
        );
        assert_eq!(
            PRODUCTION.admit("https://127.0.0.1#@example.com/"),
            Err(NotPublic)
        );
    }

    #[test]
    fn development_may_call_loopback_and_nothing_else_inside() {
        for text in [
            "http://127.0.0.1:9000/",
            "http://localhost:9000/",
            "http://[::1]:9000/",
            "https://127.0.0.1:1/",
            "http://127.1/",
        ] {
            assert!(DEVELOPMENT.admit(text).is_ok(), "{text}");
        }
        for host in [
            "10.0.0.1",
            "169.254.169.254",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[fd00::1]",
            "a.localhost",
        ] {
            assert_eq!(
                DEVELOPMENT.admit(&format!("http://{host}/")),
                Err(NotPublic),
                "{host}"
            );
        }
    }

    #[test]
    fn one_private_address_among_many_spoils_them_all() {
        let public: IpAddr = "8.8.8.8".parse().unwrap();
        let private: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(PRODUCTION.admit_all(&[public, public]), Ok(()));
        assert_eq!(PRODUCTION.admit_all(&[public, private]), Err(NotPublic));
        assert_eq!(PRODUCTION.admit_all(&[]), Err(NoAddress));
    }

    /// Answers publicly the first time and privately ever after.
    struct Rebinding(AtomicUsize);

    impl Lookup for Rebinding {
        fn look_up(&self, _: String) -> Looking {
            let first = self.0.fetch_add(1, Ordering::Relaxed) == 0;
            let ip = if first { "8.8.8.8" } else { "127.0.0.1" };
            Box::pin(async move { Ok(vec![ip.parse().unwrap()]) })
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_checked_each_time() {
        let resolver = GuardedResolver::new(PRODUCTION, Rebinding(AtomicUsize::new(0)));
        let ask = || resolver.resolve("rebind.example".parse().unwrap());
        let first: Vec<SocketAddr> = ask().await.unwrap().collect();
        assert_eq!(first, ["8.8.8.8:0".parse().unwrap()]);
        let second = ask().await.map(Iterator::count).unwrap_err();
        assert_eq!(second.downcast_ref(), Some(&NotPublic));
    }

    #[test]
    fn debug_hides_path_and_query() {
        let target = PRODUCTION
            .admit("https://example.com/hook/secret?key=1")
            .unwrap();
        assert_eq!(format!("{target:?}"), "Target(https://example.com)");
        assert_eq!(target.url().path(), "/hook/secret");
    }
}
