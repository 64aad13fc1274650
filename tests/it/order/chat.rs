//! Orders that staff draft inside a chat.

use proto::OrderState;
use serde_json::{Value, json};

use super::{Market, id, next_card, seen};
use crate::{goods::level, support::rest::Said};

impl Market {
    /// Staff draft two of the thing in Ann's conversation, cheaper and wrapped as a gift, or something else.
    async fn draft(&self, change: impl FnOnce(&mut Value)) -> Said {
        let opened = json!({ "shop_id": self.shop.id });
        let opened = self.customer().post("/conversations", opened).await.ok();
        let mut agreement = json!({
            "basket": { "lines": [{ "variant_id": self.thing, "units": 2 }] }, "prices": [{ "variant_id": self.thing, "price": 15_000 }],
            "requests": "礼盒包装", "delivery_method": "express", "terms": "pay_first", "expected_at": null,
        });
        change(&mut agreement);
        let form = json!({ "conversation_id": opened["id"], "agreement": agreement });
        self.boss().post(&self.shop.path("/orders"), form).await
    }

    /// The same, as it is.
    pub(super) async fn drafted(&self) -> Value {
        self.draft(|_| ()).await.ok()
    }

    /// The draft is three of the thing now, at its price.
    async fn redrafted(&self, order: &Value) -> Value {
        let path = self.shop.path(&format!("/orders/{}", id(order)));
        let agreement = json!({
            "basket": { "lines": [{ "variant_id": self.thing, "units": 3 }] }, "delivery_method": "express", "terms": "pay_first",
        });
        self.boss().put(&path, agreement).await.ok()
    }

    /// What is on hand, held, and left of the thing.
    async fn level(&self) -> [i64; 3] {
        level(&self.server, &self.shop, self.thing).await
    }
}

/// ORD-03, ORD-04, ORD-05: staff draft an order in a conversation; the customer is shown a preview, nobody is alerted and nothing held.
#[tokio::test]
async fn a_draft_is_shown_to_the_customer_alone() {
    let market = Market::with(20).await;
    let placed = market.place(market.basket(1)).await.ok();
    let mut ann = market.ann.connect(&market.server).await;
    let order = market.drafted().await;
    assert_eq!(
        (&order["state"], &order["number"], &order["total"]),
        (&json!("awaiting_customer"), &Value::Null, &json!(30_000))
    );
    assert_eq!(order["recipient"], placed["recipient"], "the last order's");
    assert_eq!(order["conversation_id"], placed["conversation_id"]);
    assert_eq!(order["requests"], "礼盒包装");
    let card = next_card(&mut ann).await.card.unwrap().order.unwrap();
    assert_eq!(card.state(), OrderState::AwaitingCustomer);
    assert_eq!(card.hash, order["hash"].as_str().unwrap());
    let mut may = card.customer_may();
    assert!(may.any(|deed| deed == proto::OrderDeed::Confirm));
    assert_eq!(market.level().await, [20, 1, 19]);
    assert_eq!(market.alerts("new_order").await.len(), 1);
}

/// ORD-05: confirming this very revision, and no other, makes a draft an order: staff are alerted, and it is in the queue.
#[tokio::test]
async fn a_draft_becomes_an_order_when_it_is_confirmed() {
    let market = Market::with(20).await;
    let order = market.drafted().await;
    let redrafted = market.redrafted(&order).await;
    assert_eq!(
        (&redrafted["revision"], &redrafted["total"]),
        (&json!(2), &json!(47_700))
    );
    let forged = json!({ "revision": 2, "hash": order["hash"] });
    for stale in [seen(&order), forged] {
        let refused = market.mine(&order, "confirm", stale).await;
        assert_eq!(refused.refused(), "revision_stale");
    }
    assert_eq!(market.alerts("new_order").await.len(), 0);
    let confirmed = market.mine(&order, "confirm", seen(&redrafted)).await.ok();
    assert_eq!(confirmed["state"], "pending_payment");
    assert!(confirmed["number"].as_str().unwrap().ends_with("001"));
    let again = market.mine(&order, "confirm", seen(&redrafted)).await;
    assert_eq!(again.refused(), "order_state");
    assert_eq!(market.level().await, [20, 3, 17]);
    assert_eq!(market.alerts("new_order").await.len(), 1);
    let queue = market.shop.path("/orders?status=待付款");
    let queue = market.boss().get(&queue).await.ok();
    assert_eq!(queue["orders"][0]["id"], order["id"]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-05, ORD-04: a draft that is declined or withdrawn is closed; absurd lines are refused; others' conversations do not exist.
#[tokio::test]
async fn a_draft_may_be_declined_withdrawn_or_refused() {
    let market = Market::with(20).await;
    let declined = market.drafted().await;
    market
        .mine(&declined, "decline", json!({ "reason": "太贵" }))
        .await
        .ok();
    assert_eq!(market.seen(&declined).await["state"], "cancelled");
    assert_eq!(market.seen(&declined).await["remark"], "太贵");
    let withdrawn = market.drafted().await;
    market.staff(&withdrawn, "withdraw", json!({})).await.ok();
    assert_eq!(
        market
            .mine(&withdrawn, "decline", json!({}))
            .await
            .refused(),
        "order_state"
    );
    for change in [
        |form: &mut Value| form["basket"]["lines"][0]["units"] = json!(0),
        |form: &mut Value| form["prices"][0]["price"] = json!(-1),
        |form: &mut Value| {
            let line = form["basket"]["lines"][0].as_object_mut().unwrap();
            line.remove("units");
        },
        |form: &mut Value| form["terms"] = json!("unspecified"),
    ] {
        assert_eq!(market.draft(change).await.refused(), "invalid_argument");
    }
    let nowhere = json!({ "conversation_id": uuid::Uuid::now_v7(), "agreement": {
        "basket": { "lines": [{ "variant_id": market.thing, "units": 1 }] }, "delivery_method": "pickup", "terms": "pay_later" } });
    assert_eq!(
        market
            .boss()
            .post(&market.shop.path("/orders"), nowhere)
            .await
            .refused(),
        "not_found"
    );
}

/// PAY-03: an order that is paid later goes to acceptance without a payment, and is accepted while it is unpaid.
#[tokio::test]
async fn an_order_may_be_paid_later() {
    let market = Market::with(20).await;
    let order = market
        .draft(|form| form["terms"] = json!("pay_later"))
        .await
        .ok();
    let seen = json!({ "revision": 1, "hash": order["hash"] });
    let order = market.mine(&order, "confirm", seen).await.ok();
    assert_eq!(
        (&order["state"], &order["payment_status"]),
        (&json!("pending_acceptance"), &json!("unpaid"))
    );
    market.accept(&order).await.ok();
    let paid = market
        .staff(&order, "confirm-payment", json!({ "reference": "T-1" }))
        .await
        .ok();
    assert_eq!(
        (
            &paid["state"],
            &paid["payment_status"],
            &paid["payment_method"]
        ),
        (&json!("accepted"), &json!("paid"), &json!("offline"))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CHAT-07: an order whose address is incomplete: 'contact customer' leads to the conversation that shows its card.
#[tokio::test]
async fn an_order_without_an_address_leads_to_its_card() {
    let market = Market::with(20).await;
    let mut basket = market.basket(1);
    basket["recipient"] = json!({ "name": "王小明" });
    let order = market.place(basket).await.ok();
    let path = market.shop.path(&format!("/orders/{}/contact", id(&order)));
    let contact = market.boss().get(&path).await.ok();
    assert_eq!(contact["conversation_id"], order["conversation_id"]);
    let log = format!(
        "/conversations/{}/messages",
        contact["conversation_id"].as_str().unwrap()
    );
    let page = market.boss().get(&log).await.ok();
    let messages = page["messages"].as_array().unwrap();
    let card = messages
        .iter()
        .find(|message| message["number"] == contact["card_number"]);
    let card = &card.expect("the message")["card"];
    assert_eq!(card["order"]["order_id"], order["id"]);
}

/// CHAT-07: 'contact customer' leads to the conversation and the message that shows the order. ORD-03: the form is filled in.
#[tokio::test]
async fn an_order_leads_to_its_conversation() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    let path = market.shop.path(&format!("/orders/{}/contact", id(&order)));
    let contact = market.boss().get(&path).await.ok();
    assert_eq!(
        (&contact["conversation_id"], &contact["card_number"]),
        (&order["conversation_id"], &order["card_number"])
    );
    let path = market.shop.path(&format!(
        "/orders/form?conversation_id={}",
        order["conversation_id"].as_str().unwrap()
    ));
    let form = market.boss().get(&path).await.ok();
    assert_eq!(form["recipient"]["name"], "王小明");
}
