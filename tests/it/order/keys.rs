//! Keys of sealed recipients change.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use souk::config::Config;

use super::{Market, id};
use crate::support::{TestServer, courier::Courier};

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

/// SEC-01: the same goes for wishes that wait and for parcels under way; what the history said under a key that is gone is lost, and nothing
/// else of it.
#[tokio::test]
async fn wishes_and_parcels_outlive_a_change_of_keys() {
    let key = |number: u8| STANDARD.encode([number; 32]);
    let courier = Courier::start().await;
    let with = |current: u8, former: &[u8]| {
        let former: Vec<String> = former.iter().copied().map(key).collect();
        let courier = courier.clone();
        move |config: &mut Config| {
            courier.set(config);
            config.security.secrets_key = key(current);
            config.security.former_secrets_keys = former;
        }
    };
    let market = Market::on(TestServer::with(with(1, &[])).await, 20).await;
    let sent = market.sent(1).await;
    let number = "7312345678901";
    courier.subscription(&market.server, number).await;
    let since = market.server.clock.now();
    let news = [(5, "快件到达【上海分拨中心】")];
    let letter = courier.letter(number, ("polling", "0"), &news, since);
    let order = market.accepted(1).await;
    let recipient = json!({ "name": "李雷", "phone": "13900139000", "address": "北京市海淀区" });
    let path = market.shop.path(&format!("/orders/{}", id(&order)));
    let readdress = format!("{path}/recipient");
    market.boss().put(&readdress, recipient.clone()).await.ok();
    let asked = json!({ "recipient": recipient });
    market.mine(&order, "changes", asked).await.ok();

    let database = market.server.database.clone();
    TestServer::on(database.clone(), with(2, &[1]))
        .await
        .stop()
        .await;
    let newest = TestServer::on(database, with(2, &[])).await;
    let boss = newest.rest().by(&market.shop.owner);
    let changes = boss.get(&format!("{path}/changes")).await.ok();
    assert_eq!(changes["changes"][0]["recipient"]["phone"], "13900139000");
    letter.tell(&newest).await;
    let sent = market.shop.path(&format!("/orders/{}", id(&sent)));
    let packages = boss.get(&format!("{sent}/packages")).await.ok();
    assert_eq!(packages["packages"][0]["trace"][0]["words"], news[0].1);
    let history = boss.get(&format!("{path}/history")).await.ok();
    let entries = history["entries"].as_array().unwrap();
    let moved = entries.iter().find(|entry| entry["deed"] == "readdress");
    assert_eq!(moved.unwrap()["after"], json!({ "recipient": null }));
}
