//! What becomes of coupons in a wallet.

use serde_json::json;

use super::{but, on_the_wall, ten_off};
use crate::order::Market;

/// CPN-11: three coupons, one used, one over, one left: one in each pocket.
#[tokio::test]
async fn one_in_each_pocket() {
    let market = Market::with(1).await;
    let mut coupons = vec![];
    for days in [3, 1, 5] {
        let template = market
            .issues(but(ten_off(), json!({ "validity": { "days": days } })))
            .await;
        coupons.push(market.claims(&market.ann, &template).await.ok()["id"].clone());
    }
    let order = but(market.basket(1), json!({ "coupon_id": coupons[0] }));
    let order = market.place(order).await.ok();
    assert_eq!(
        market.pocket(&market.ann, "usable").await.len(),
        3,
        "one is locked"
    );
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    market.time_passes(24).await;
    for (state, coupon) in [("used", 0), ("expired", 1), ("usable", 2)] {
        let pocket = market.pocket(&market.ann, state).await;
        assert_eq!(
            (pocket.len(), &pocket[0]["id"]),
            (1, &coupons[coupon]),
            "{state}"
        );
        assert_eq!(pocket[0]["state"], state);
    }
}

/// CPN-12, CPN-02: a day before the end there is one reminder, in the conversation that is opened for it; at the end, Monday 00:00 on the
/// shop's wall, it expires by itself and takes nothing off any more.
#[tokio::test]
async fn one_reminder_and_then_it_expires() {
    let market = Market::with(1).await;
    let (from, until) = (on_the_wall(&market, 1), on_the_wall(&market, 49));
    let template = market
        .issues(but(
            ten_off(),
            json!({ "validity": { "from": from, "until": until } }),
        ))
        .await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    let order = but(market.basket(1), json!({ "coupon_id": coupon["id"] }));
    let considered = json!({ "basket": order["basket"], "delivery_method": "express", "coupon_id": coupon["id"] });
    let quote = market.shop.path("/checkout/quote");
    let early = market.customer().post(&quote, considered).await;
    assert_eq!(
        (early.refused(), &early.body["field"]),
        ("coupon_not_usable", &json!("not_yet"))
    );
    let reminders = async || {
        let list = market.customer().get("/conversations").await.ok();
        let conversation = list["conversations"][0]["id"]
            .as_str()
            .expect("one")
            .to_owned();
        let path = format!("/conversations/{conversation}/messages");
        let page = market.customer().get(&path).await.ok();
        let said = page["messages"].as_array().expect("messages").clone();
        said.iter()
            .filter(|one| one["notice"]["kind"] == "coupon_ending")
            .count()
    };
    market.coupons_due().await;
    market.time_passes(25).await;
    market.coupons_due().await;
    market.coupons_due().await;
    assert_eq!(reminders().await, 1);
    market.time_passes(24).await;
    let late = market.place(order).await;
    assert_eq!(
        (late.refused(), &late.body["field"]),
        ("coupon_not_usable", &json!("expired"))
    );
    market.coupons_due().await;
    assert_eq!(market.report(&template).await["expired"], 1);
    assert_eq!(reminders().await, 1);
}
