//! Changing orders, dividing them among staff, and looking after those that need it.

use serde_json::{Value, json};

use super::{Market, id};
use crate::{goods::level, support::rest::Said};

/// ORD-14, O22: a customer changes an order until the shop has accepted it; goods held and sum follow; a paid order keeps its sum.
#[tokio::test]
async fn a_customer_changes_an_order_that_is_not_accepted() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(2)).await.ok();
    let path = format!("/orders/{}", id(&order));
    let basket = |units: u32| json!({ "basket": { "lines": [{ "variant_id": market.thing, "units": units }] } });
    let edited = market.customer().patch(&path, basket(5)).await.ok();
    assert_eq!(
        (&edited["total"], &edited["revision"]),
        (&json!(79_500), &json!(2))
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 5, 15]
    );
    assert_eq!(
        market.customer().patch(&path, basket(21)).await.refused(),
        "out_of_stock"
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 5, 15]
    );
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    assert_eq!(
        market.customer().patch(&path, basket(1)).await.refused(),
        "conflict"
    );
    market
        .customer()
        .patch(&path, json!({ "requests": "快一点" }))
        .await
        .ok();
    market
        .boss()
        .patch(
            &market.shop.path("/order-rules"),
            json!({ "customers_may_edit": false }),
        )
        .await
        .ok();
    assert_eq!(
        market
            .customer()
            .patch(&path, json!({ "requests": "慢一点" }))
            .await
            .refused(),
        "forbidden"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

impl Market {
    /// The customer wants a gift box, sent to somebody else.
    async fn wishes(&self, order: &Value) -> Said {
        let wish = json!({
            "edit": { "requests": "换成礼盒" },
            "recipient": { "name": "李雷", "phone": "13900139000", "address": "北京市海淀区" },
        });
        self.mine(order, "changes", wish).await
    }

    async fn answers(&self, order: &Value, approved: bool) -> Said {
        let answer = json!({ "approved": approved, "answer": "已打包" });
        self.staff(order, "answer-change", answer).await
    }

    /// What was done about changes, the oldest first.
    async fn changes_in_history(&self, order: &Value) -> Vec<Value> {
        let path = self.shop.path(&format!("/orders/{}/history", id(order)));
        let history = self.boss().get(&path).await.ok();
        history["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["deed"].clone())
            .filter(|deed| {
                ["edit", "ask_change", "readdress"]
                    .iter()
                    .any(|one| deed == one)
            })
            .collect()
    }

    /// What is wished besides, and who gets it.
    async fn agreed(&self, order: &Value) -> [Value; 2] {
        let seen = self.seen(order).await;
        [seen["requests"].clone(), seen["recipient"]["name"].clone()]
    }
}

/// ORD-14, O23: after acceptance a change is a wish: rejected, nothing changes; approved, it is put into effect; all of it stands in the history.
#[tokio::test]
async fn after_acceptance_a_change_is_a_wish() {
    let market = Market::with(20).await;
    let order = market.paid(1).await;
    let path = format!("/orders/{}", id(&order));
    let edit = json!({ "requests": "x" });
    let edited = market.customer().patch(&path, edit.clone()).await.ok();
    market.accept(&edited).await.ok();
    let refused = market.customer().patch(&path, edit).await;
    assert_eq!(refused.refused(), "order_state");
    market.wishes(&order).await.ok();
    assert_eq!(market.wishes(&order).await.refused(), "conflict");
    market.answers(&order, false).await.ok();
    assert_eq!(market.agreed(&order).await, ["x", "王小明"]);
    market.wishes(&order).await.ok();
    market.answers(&order, true).await.ok();
    let again = market.answers(&order, true).await;
    assert_eq!(again.refused(), "not_found");
    assert_eq!(market.agreed(&order).await, ["换成礼盒", "李雷"]);
    let changes = market.shop.path(&format!("{path}/changes"));
    let changes = market.boss().get(&changes).await.ok();
    let states = [0, 1].map(|place| changes["changes"][place]["state"].clone());
    assert_eq!(states, ["approved", "rejected"]);
    // Edited; wished, rejected; wished again, the address, the rest and the answer of what was approved.
    let expected = [
        "edit",
        "ask_change",
        "ask_change",
        "ask_change",
        "readdress",
        "ask_change",
        "ask_change",
    ];
    assert_eq!(market.changes_in_history(&order).await, expected);
}

/// ORD-15: of a wish that was approved both addresses stand in the history, as after any other change.
#[tokio::test]
async fn an_approved_wish_leaves_both_addresses() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    market.wishes(&order).await.ok();
    market.answers(&order, true).await.ok();
    let path = market.shop.path(&format!("/orders/{}/history", id(&order)));
    let history = market.boss().get(&path).await.ok();
    let mut entries = history["entries"].as_array().unwrap().iter();
    let moved = entries.find(|entry| entry["deed"] == "readdress");
    let moved = moved.expect("an entry");
    let phone = |side: &str| moved[side]["recipient"]["phone"].clone();
    assert_eq!(
        [phone("before"), phone("after")],
        ["13800138000", "13900139000"]
    );
}

/// ORD-15, STAFF-06, SEC-03: an address changes until shipment; the history keeps both, masked for staff who may not see customers.
#[tokio::test]
async fn an_address_changes_until_shipment() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let path = market
        .shop
        .path(&format!("/orders/{}/recipient", id(&order)));
    let recipient =
        json!({ "name": "李雷", "phone": "13900139000", "address": "北京市海淀区中关村大街1号" });
    market.boss().put(&path, recipient.clone()).await.ok();
    let mine = format!("/orders/{}/recipient", id(&order));
    assert_eq!(
        market
            .customer()
            .put(&mine, recipient.clone())
            .await
            .refused(),
        "order_state",
        "by a wish from here on"
    );
    let history = async |who: &crate::support::Rest| {
        let path = market.shop.path(&format!("/orders/{}/history", id(&order)));
        who.get(&path).await.ok()["entries"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone()
    };
    let entry = history(&market.boss()).await;
    assert_eq!(
        (&entry["deed"], &entry["before"]["recipient"]["phone"]),
        (&json!("readdress"), &json!("13800138000"))
    );
    assert_eq!(entry["after"]["recipient"]["phone"], "13900139000");
    assert_eq!(entry["actor_name"], "Olive");
    let role = json!({ "name": "packer", "permissions": ["manage_orders"] });
    market
        .boss()
        .post(&market.shop.path("/roles"), role)
        .await
        .ok();
    let packer = market.shop.hire(&market.server, "packer").await;
    let entry = history(&market.server.rest().by(&packer)).await;
    assert_eq!(entry["after"]["recipient"]["phone"], "139******00");
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    market.staff(&order, "ship", parcel).await.ok();
    assert_eq!(
        market.boss().put(&path, recipient).await.refused(),
        "order_state"
    );
}

/// ORD-07: what a look at an order finds is listed; the shop's rules make it block.
#[tokio::test]
async fn an_order_is_looked_at_before_it_is_accepted() {
    let market = Market::with(20).await;
    let mut form = market.basket(1);
    form["recipient"]["address"] = json!("");
    let order = market.place(form).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    assert_eq!(
        market.seen(&order).await["review"],
        json!(["recipient_address_missing"])
    );
    market
        .boss()
        .patch(
            &market.shop.path("/order-rules"),
            json!({ "review_blocks": true }),
        )
        .await
        .ok();
    let refused = market.accept(&order).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("review_failed", &json!("recipient_address_missing"))
    );
    let path = format!("/orders/{}/recipient", id(&order));
    market
        .customer()
        .put(&path, market.basket(1)["recipient"].clone())
        .await
        .ok();
    assert_eq!(market.accept(&order).await.ok()["state"], "accepted");
}

/// STAFF-07: two claim one order at once: one has it, the other is refused, all see whose it is; given back it is in the shared queue.
#[tokio::test]
async fn an_order_is_looked_after_by_one() {
    let market = Market::with(20).await;
    let order = market.paid(1).await;
    let path = market.shop.path(&format!("/orders/{}/claim", id(&order)));
    let one = market.shop.hire(&market.server, "operator").await;
    let other = market.shop.hire(&market.server, "operator").await;
    let (ones, others) = (
        market.server.rest().by(&one),
        market.server.rest().by(&other),
    );
    let (a, b) = tokio::join!(ones.put(&path, json!({})), others.put(&path, json!({})));
    let refused: Vec<_> = [&a, &b]
        .into_iter()
        .filter(|said| said.status == 409)
        .collect();
    assert_eq!((refused.len(), refused[0].refused()), (1, "claimed"));
    let winner = if a.status == 200 { &one } else { &other };
    assert_eq!(market.seen(&order).await["owner_id"], winner.id.to_string());
    let unclaimed = market.shop.path("/orders?unclaimed=true");
    assert_eq!(
        market.boss().get(&unclaimed).await.ok()["orders"],
        json!([])
    );
    market.boss().delete(&path).await.ok();
    assert_eq!(
        market.boss().get(&unclaimed).await.ok()["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// ORD-17, ORD-16: a follow-up reminds once; a flag stays until its outcome is written down.
#[tokio::test]
async fn an_order_may_need_care() {
    let market = Market::with(20).await;
    let order = market.paid(1).await;
    let path = market
        .shop
        .path(&format!("/orders/{}/follow-up", id(&order)));
    let at = market.server.clock.now() + jiff::SignedDuration::from_hours(2);
    market
        .boss()
        .put(&path, json!({ "at": at.to_string() }))
        .await
        .ok();
    let reminders = async || {
        let alerts = market.boss().get(&market.shop.path("/alerts")).await.ok();
        alerts["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|alert| alert["kind"] == "order_follow_up")
            .count()
    };
    market.time_passes(1).await;
    assert_eq!(reminders().await, 0);
    market.time_passes(2).await;
    market.time_passes(2).await;
    assert_eq!(reminders().await, 1);
    market
        .staff(&order, "flag", json!({ "text": "地址不清" }))
        .await
        .ok();
    let path = format!("/orders/{}", id(&order));
    let mine = market.customer().get(&path).await.ok();
    assert_eq!(
        (&mine["abnormal"], &mine["follow_up_at"]),
        (&json!(null), &json!(null))
    );
    let abnormal = market.shop.path("/orders?abnormal=true");
    assert_eq!(
        market.boss().get(&abnormal).await.ok()["orders"][0]["abnormal"],
        "地址不清"
    );
    market
        .staff(&order, "resolve", json!({ "text": "已电话确认" }))
        .await
        .ok();
    assert_eq!(market.boss().get(&abnormal).await.ok()["orders"], json!([]));
    let seen = market.seen(&order).await;
    assert_ne!(
        seen["remark"], "已电话确认",
        "what staff write for themselves is not on the card"
    );
    let path = format!("/orders/{}/history", id(&order));
    let history = market.customer().get(&path).await.ok().to_string();
    assert!(
        !history.contains("已电话确认") && !history.contains("地址不清"),
        "{history}"
    );
}

/// ORD-23: the shop's rule on cancelling, as it is when an order is made, stays with it and stands on its card.
#[tokio::test]
async fn the_policy_stays_with_the_order() {
    let market = Market::with(20).await;
    let set = async |policy: &str| {
        market
            .boss()
            .patch(
                &market.shop.path("/order-rules"),
                json!({ "policy": policy }),
            )
            .await
            .ok()
    };
    assert_eq!(set("发货前可取消").await["policy_version"], 1);
    let order = market.place(market.basket(1)).await.ok();
    set("不可取消").await;
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["policy"], &seen["policy_version"]),
        (&json!("发货前可取消"), &json!(1))
    );
    let newer = market.place(market.basket(1)).await.ok();
    assert_eq!(newer["policy_version"], 2);
}
