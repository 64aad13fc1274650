//! HTTP → WebSocket: the sub-protocol, the page's origin, the sizes.

use std::future::ready;

use axum::{
    extract::{State, ws::WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use url::{Host, Url};

use super::{Live, connection::Connection, outbox::Format, transport::sized};
use crate::config::Config;

/// The sub-protocol with binary protobuf frames.
pub const PROTOBUF: &str = "souk.v1.protobuf";
/// The sub-protocol with JSON text frames; also for clients that name none.
pub const JSON: &str = "souk.v1.json";

/// `GET /socket`.
pub async fn upgrade(
    State(live): State<Live>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin_allowed(&live.app.config, &headers) {
        return (StatusCode::FORBIDDEN, "this origin may not open a socket").into_response();
    }
    let upgrade = sized(upgrade, &live.app.config.limits).protocols([PROTOBUF, JSON]);
    let format = match upgrade
        .selected_protocol()
        .and_then(|name| name.to_str().ok())
    {
        Some(PROTOBUF) => Format::Binary,
        _ => Format::Json,
    };
    let tasks = live.app.tasks.tasks().clone();
    // A task of its own: the upgrade's would keep what the upgrade needed until the socket ends.
    upgrade.on_upgrade(move |socket| {
        tasks.spawn(Connection::new(socket, format, live).run());
        ready(())
    })
}

/// Programs send no `Origin`; a page must be ours or on the list, to the letter.
fn origin_allowed(config: &Config, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    let own = config.public_url();
    let known = |origin: &str| {
        origin == own
            || same_machine(&own, origin)
            || config.limits.origins.iter().any(|listed| listed == origin)
    };
    origins.next().is_none() && origin.to_str().is_ok_and(known)
}

/// A server that is only for its own machine has several names there: `localhost`, `127.0.0.1`, `[::1]`.
fn same_machine(own: &str, origin: &str) -> bool {
    place_here(own).is_some_and(|place| place_here(origin) == Some(place))
}

/// The scheme and port of an origin of this very machine, if it is spelt as browsers do.
fn place_here(origin: &str) -> Option<(String, Option<u16>)> {
    let url = Url::parse(origin).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let place = (url.scheme().to_owned(), url.port_or_known_default());
    (here && url.origin().ascii_serialization() == origin).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_open_sockets() {
        let mut config = Config::default();
        config.server.public_url = "https://chat.example.com".into();
        config.limits.origins = vec!["https://shop.example.com".into()];
        let allowed = |origins: &[&str]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, origin.parse().unwrap());
            }
            origin_allowed(&config, &headers)
        };
        assert!(
            allowed(&[])
                && allowed(&["https://chat.example.com"])
                && allowed(&["https://shop.example.com"])
        );
        for wrong in [
            "null",
            "http://shop.example.com",
            "https://shop.example.com:444",
            "https://shop.example.com.evil.test",
            "https://evil-shop.example.com",
            "https://SHOP.example.com",
            "https://shop.example.com.",
            "https://shop.example.com/",
        ] {
            assert!(!allowed(&[wrong]), "{wrong}");
        }
        assert!(!allowed(&["https://shop.example.com", "https://evil.test"]));
    }

    #[test]
    fn a_machine_is_itself_by_every_name() {
        let own = "http://127.0.0.1:8080";
        for same in [
            "http://localhost:8080",
            "http://[::1]:8080",
            "http://127.0.0.1:8080",
        ] {
            assert!(same_machine(own, same), "{same}");
        }
        for other in [
            "http://localhost:8081",
            "https://localhost:8080",
            "http://localhost.evil.test:8080",
            "http://192.0.2.7:8080",
            "http://user@localhost:8080",
            "http://localhost:8080/",
            "null",
        ] {
            assert!(!same_machine(own, other), "{other}");
        }
        assert!(!same_machine(
            "https://chat.example.com",
            "http://localhost"
        ));
    }
}
