//! Templates for orders.

use serde_json::{Value, json};

use super::{Market, id};
use crate::support::TestShop;

fn template(market: &Market, name: &str) -> Value {
    json!({
        "name": name, "basket": { "lines": [{ "variant_id": market.thing, "units": 2 }] }, "requests": "每月一次",
        "delivery_method": "express", "terms": "pay_later",
    })
}

async fn conversation(market: &Market) -> Value {
    let opened = json!({ "shop_id": market.shop.id });
    market.customer().post("/conversations", opened).await.ok()["id"].clone()
}

/// ORD-06: a template is saved; the form for an order comes with its lines at the prices of now, they are changed, and the draft is sent.
#[tokio::test]
async fn an_order_begins_with_a_template() {
    let market = Market::with(20).await;
    let path = market.shop.path("/order-templates");
    let saved = market
        .boss()
        .post(&path, template(&market, "月套餐"))
        .await
        .ok();
    let list = market.boss().get(&path).await.ok();
    assert_eq!(list["templates"], json!([saved]));

    let goods = market.boss().get(&market.shop.path("/products")).await.ok();
    let product = goods["products"][0]["product"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({ "price": 15_000 });
    let product = market.shop.path(&format!("/products/{product}"));
    market.boss().patch(&product, change).await.ok();
    let conversation = conversation(&market).await;
    let form = market.shop.path(&format!(
        "/orders/form?conversation_id={}&template_id={}",
        conversation.as_str().unwrap(),
        id(&saved)
    ));
    let filled = market.boss().get(&form).await.ok();
    assert_eq!(
        filled["agreement"]["basket"]["lines"],
        saved["basket"]["lines"]
    );
    assert_eq!(filled["costs"]["total"], 30_000, "what it costs now");
    assert_eq!(filled["customer_id"], market.ann.id.to_string());

    let mut agreement = filled["agreement"].clone();
    agreement["basket"]["lines"][0]["units"] = json!(3);
    let draft = json!({ "conversation_id": conversation, "agreement": agreement });
    let order = market
        .boss()
        .post(&market.shop.path("/orders"), draft)
        .await
        .ok();
    assert_eq!(
        (
            &order["lines"][0]["units"],
            &order["total"],
            &order["requests"],
            &order["terms"]
        ),
        (
            &json!(3),
            &json!(45_000),
            &json!("每月一次"),
            &json!("pay_later")
        )
    );

    market
        .boss()
        .patch(&product, json!({ "listed": false }))
        .await
        .ok();
    let filled = market.boss().get(&form).await.ok();
    assert_eq!(
        (&filled["costs"], &filled["problem"]["code"]),
        (&json!(null), &json!("not_on_sale"))
    );
}

/// ORD-06: names are taken once; a template is changed and removed; another shop's does not exist and its goods are in none.
#[tokio::test]
async fn templates_are_the_shops_own() {
    let market = Market::with(20).await;
    let (boss, path) = (market.boss(), market.shop.path("/order-templates"));
    let saved = boss.post(&path, template(&market, "a")).await.ok();
    let twice = boss.post(&path, template(&market, " a ")).await;
    assert_eq!(twice.refused(), "name_taken");
    let mut other = template(&market, "b");
    other["basket"]["lines"][0]["units"] = json!(0);
    assert_eq!(boss.post(&path, other).await.refused(), "invalid_argument");

    let one = format!("{path}/{}", id(&saved));
    let replaced = boss.put(&one, template(&market, "c")).await.ok();
    assert_eq!(
        (&replaced["id"], &replaced["name"]),
        (&saved["id"], &json!("c"))
    );
    let stranger = TestShop::open(&market.server).await;
    let theirs = stranger.path(&format!("/order-templates/{}", id(&saved)));
    let strangers = stranger.boss(&market.server);
    assert_eq!(strangers.delete(&theirs).await.refused(), "not_found");
    let foreign = strangers
        .post(&stranger.path("/order-templates"), template(&market, "d"))
        .await;
    assert_eq!(foreign.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agents = market.server.rest().by(&agent);
    assert_eq!(agents.get(&path).await.refused(), "forbidden");
    boss.delete(&one).await.ok();
    assert_eq!(boss.delete(&one).await.refused(), "not_found");
    assert_eq!(boss.get(&path).await.ok()["templates"], json!([]));
}
