//! What cannot be short, and who has no say in it.

use serde_json::json;

use crate::{
    goods::{level, thing, variant},
    order::{Market, id},
    support::{Person, TestShop},
};

/// INV-04: nothing that was sent, that is not paid or that is not there anyway is marked short; offers are no dearer and can be had; a
/// refusal leaves no trace.
#[tokio::test]
async fn what_cannot_be_missed_is_not() {
    let market = Market::with(9).await;
    let unpaid = market.place(market.basket(1)).await.ok();
    assert_eq!(
        market.try_miss(&unpaid, 1, &[]).await.refused(),
        "order_state"
    );
    let sent = market.sent(1).await;
    assert_eq!(
        market.try_miss(&sent, 1, &[]).await.refused(),
        "order_state"
    );
    let order = market.accepted(2).await;
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1", "units": [{ "line": 1, "units": 1 }] });
    market.staff(&order, "ship", parcel).await.ok();
    for units in [0, 2, u32::MAX] {
        let refused = market.try_miss(&order, units, &[]).await;
        assert_eq!(refused.refused(), "invalid_argument", "{units}");
    }
    let dearer = variant(&thing(&market.server, &market.shop, 15_901, 5).await, 0);
    let none = variant(&thing(&market.server, &market.shop, 100, 0).await, 0);
    for (similar, code) in [
        (json!(dearer), "invalid_argument"),
        (json!(market.thing), "invalid_argument"),
        (json!(none), "out_of_stock"),
        (json!(uuid::Uuid::now_v7()), "not_found"),
    ] {
        let refused = market.try_miss(&order, 1, &[similar]).await;
        assert_eq!(refused.refused(), code);
    }
    for missing in [
        json!({ "line": 7, "units": 1, "reason": "other" }),
        json!({ "line": 1, "units": 1, "reason": "bad luck" }),
        json!({ "line": 1, "units": 1, "reason": "other", "remark": "x".repeat(201) }),
    ] {
        let refused = market.staff(&order, "shortages", missing).await;
        assert_eq!(refused.refused(), "invalid_argument");
    }
    assert_eq!(
        market.deeds(&order).await,
        ["place", "pay", "accept", "ship"]
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [7, 2, 5]
    );
    market.miss(&order, 1, &[]).await;
    assert_eq!(market.try_miss(&order, 1, &[]).await.refused(), "conflict");
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04: only whose order it is chooses, only that shop's staff with the right mark; what is collected or a service waits until all of it
/// is there.
#[tokio::test]
async fn others_have_no_say() {
    let market = Market::with(9).await;
    let order = market.accepted(1).await;
    let short = market.miss(&order, 1, &[]).await;
    let bob = Person::customer(&market.server, "Bob").await;
    let path = format!("/shortages/{}/choose", id(&short));
    let bobs = market.server.rest().by(&bob);
    let refund = json!({ "choice": "refund" });
    assert_eq!(
        bobs.post(&path, refund.clone()).await.refused(),
        "not_found"
    );
    let list = format!("/orders/{}/shortages", id(&order));
    assert_eq!(bobs.get(&list).await.refused(), "not_found");
    assert_eq!(
        market.customer().get(&list).await.ok()["shortages"][0]["reason"],
        json!(null)
    );
    let other = TestShop::open(&market.server).await;
    let foreign = other.path(&format!("/shortages/{}/refund", id(&short)));
    let refused = other.boss(&market.server).post(&foreign, json!({})).await;
    assert_eq!(refused.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agents = market.server.rest().by(&agent);
    let missing = json!({ "line": 1, "units": 1, "reason": "other" });
    let refused = market.staff_as(&agents, &order, "shortages", missing).await;
    assert_eq!(refused.refused(), "forbidden");

    let mut form = market.basket(1);
    form["delivery_method"] = json!("pickup");
    let collected = market.place(form).await.ok();
    market
        .mine(&collected, "pay-in-sandbox", json!({}))
        .await
        .ok();
    market.accept(&collected).await.ok();
    market.miss(&collected, 1, &[]).await;
    let refused = market.staff(&collected, "get-ready", json!({})).await;
    assert_eq!(refused.refused(), "conflict");
    assert_eq!(market.differences().await, [""; 0]);
}
