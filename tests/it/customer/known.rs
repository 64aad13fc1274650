//! Who is a customer, and what is known of them.

use serde_json::json;

use crate::{
    order::Market,
    support::{Person, people::words},
};

/// CRM-01: an unknown visitor is one customer; coming again, by a link or by asking, makes no second one. Staff who look at their own links are
/// none.
#[tokio::test]
async fn a_customer_is_known_from_the_first_visit_on() {
    let market = Market::with(1).await;
    let link = json!({ "channel": "poster" });
    let link = market
        .boss()
        .post(&market.shop.path("/links"), link)
        .await
        .ok();
    let open = format!("/l/{}", link["code"].as_str().expect("a code"));
    let list = market.shop.path("/customers");
    let known = async || market.boss().get(&list).await.ok()["customers"].clone();
    assert_eq!(known().await, json!([]));
    for _ in 0..2 {
        market.customer().get(&open).await.ok();
        market.boss().get(&open).await.ok();
        let customers = known().await;
        assert_eq!(customers.as_array().map(Vec::len), Some(1), "{customers}");
        assert_eq!(customers[0]["user_id"], json!(market.ann.id));
    }
    market.enquires(&market.ann).await;
    market.enquires(&market.ann).await;
    assert_eq!(known().await.as_array().map(Vec::len), Some(1));
    let stranger = Person::customer(&market.server, "Nobody").await;
    let path = market
        .shop
        .path(&format!("/customers/{}/profile", stranger.id));
    assert_eq!(market.boss().get(&path).await.refused(), "not_found");
}

/// CRM-06: the profile beside the chat agrees with orders, messages and enquiries; who may not see customers reads a masked number.
#[tokio::test]
async fn the_profile_is_what_happened() {
    let market = Market::with(9).await;
    let (product, variant) = market.another(4_000).await;
    let form = json!({ "shop_id": market.shop.id, "product_id": product });
    let conversation = market.customer().post("/conversations", form).await.ok()["id"].clone();
    let conversation = conversation.as_str().expect("an id").parse();
    let mut line = market.ann.connect(&market.server).await;
    let said = words(conversation.expect("an id"), "有红色的吗");
    line.say(conversation_of(&said.conversation_id), &said.text)
        .await;
    market
        .sells(&market.ann, &[(variant, 2), (market.thing, 1)])
        .await;
    let profile = market.profile(&market.ann).await;
    assert_eq!(
        (
            &profile["spent"],
            &profile["purchases"],
            &profile["conversation_id"]
        ),
        (&json!(23_900), &json!(1), &json!(said.conversation_id))
    );
    assert_eq!(profile["bought"][0]["units"], 2);
    assert_eq!(profile["bought"].as_array().map(Vec::len), Some(2));
    assert_eq!(profile["asked_about"][0]["product_id"], product);
    assert_eq!(profile["said"][0]["text"], "有红色的吗");
    assert!(!profile["bought_at"].is_null());

    let phone = "update users set phone = '+8613800138000' where id = $1";
    sqlx::query(phone)
        .bind(market.ann.id)
        .execute(market.server.server.app.store.pool())
        .await
        .expect("a phone");
    let agent = market.shop.hire(&market.server, "agent").await;
    let path = market
        .shop
        .path(&format!("/customers/{}/profile", market.ann.id));
    let seen = market.server.rest().by(&agent).get(&path).await.ok();
    assert_eq!(seen["phone"], "138****8000");
    assert_eq!(market.profile(&market.ann).await["phone"], "+8613800138000");
    let other = crate::support::TestShop::open(&market.server).await;
    let foreign = other.path(&format!("/customers/{}/profile", market.ann.id));
    let tried = other.boss(&market.server).get(&foreign).await;
    assert_eq!(tried.refused(), "not_found");
}

fn conversation_of(id: &str) -> souk::id::ConversationId {
    id.parse().expect("an id")
}
