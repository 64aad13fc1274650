//! Networks, as the settings list them.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Networks such as `10.0.0.0/8`. What is none is refused where the settings are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// This machine.
    pub fn loopback() -> Self {
        let v4 = IpNet::new_assert(IpAddr::from([127, 0, 0, 0]), 8);
        let v6 = IpNet::new_assert(Ipv6Addr::LOCALHOST.into(), 128);
        Self(vec![v4, v6])
    }

    /// These, too.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Is the address in one of them? A socket for both kinds shows IPv4 as `::ffff:a.b.c.d`; the settings name it as
    /// people do.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Is none listed?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn to_vec(&self) -> Vec<IpNet> {
        self.0.clone()
    }
}

impl TryFrom<Vec<String>> for Networks {
    type Error = String;

    fn try_from(list: Vec<String>) -> Result<Self, String> {
        let network = |text: &String| {
            text.parse()
                .map_err(|_| format!("`{text}` is no network, e.g. 10.0.0.0/8"))
        };
        list.iter().map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Networks> for Vec<String> {
    fn from(networks: Networks) -> Self {
        networks.0.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Result<Networks, String> {
        let list: Vec<String> = list.iter().copied().map(String::from).collect();
        list.try_into()
    }

    #[test]
    fn an_address_is_in_the_networks_that_people_name() {
        let home = networks(&["10.0.0.0/8", "2001:db8::/32"]).unwrap();
        for inside in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
            assert!(home.contain(inside.parse().unwrap()), "{inside}");
        }
        assert!(!home.contain("11.0.0.1".parse().unwrap()));
        assert!(Networks::loopback().contain("127.0.0.9".parse().unwrap()));
        assert!(Networks::loopback().contain("::1".parse().unwrap()));
        assert_eq!(
            networks(&["127.0.0.0/8", "::1/128"]),
            Ok(Networks::loopback())
        );
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["home", "10.0.0.1", "10.0.0.0/33", ""] {
            let said = networks(&["10.0.0.0/8", wrong]).unwrap_err();
            assert!(said.contains(&format!("`{wrong}`")), "{said}");
        }
    }
}
