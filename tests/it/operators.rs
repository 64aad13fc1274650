//! What only operators may see.

use souk::config::Networks;

use crate::support::TestServer;

/// SEC-01: figures are for operators who ask directly: not for whoever comes by a proxy that is not named in the
/// settings, or by one that does not say for whom.
#[tokio::test]
async fn figures_are_not_passed_on_by_proxies() {
    for proxies in [Networks::default(), Networks::loopback()] {
        let server = TestServer::with(|config| config.limits.trusted_proxies = proxies).await;
        let ask = async |header: Option<(&str, &str)>| {
            let mut request = TestServer::http().get(server.url("/metrics"));
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(ask(None).await, 200);
        for header in [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "who knows"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=203.0.113.7"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
        ] {
            assert_eq!(ask(Some(header)).await, 404, "{header:?}");
        }
    }
}
