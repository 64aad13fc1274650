//! Keys of sealed recipients change.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use souk::config::Config;

use super::{Market, id};
use crate::support::TestServer;

/// SEC-01: after a change of keys every recipient is sealed and found with the new one, and the former is needed no more.
#[tokio::test]
async fn recipients_are_sealed_anew_when_keys_change() {
    let key = |number: u8| STANDARD.encode([number; 32]);
    let with = |current: u8, former: &[u8]| {
        let former: Vec<String> = former.iter().copied().map(key).collect();
        move |config: &mut Config| {
            config.security.secrets_key = key(current);
            config.security.former_secrets_keys = former;
        }
    };
    let market = Market::on(TestServer::with(with(1, &[])).await, 20).await;
    let order = market.place(market.basket(1)).await.ok();
    let database = market.server.database.clone();
    TestServer::on(database.clone(), with(2, &[1]))
        .await
        .stop()
        .await;
    let newest = TestServer::on(database, with(2, &[])).await;
    let boss = newest.rest().by(&market.shop.owner);
    let seen = boss
        .get(&market.shop.path(&format!("/orders/{}", id(&order))))
        .await
        .ok();
    assert_eq!(seen["recipient"]["phone"], "13800138000");
    let found = boss
        .get(&market.shop.path("/orders?phone=13800138000"))
        .await
        .ok();
    assert_eq!(found["orders"][0]["id"], json!(id(&order)));
}
