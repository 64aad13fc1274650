//! Orders that staff draft inside a chat.

use proto::OrderState;
use serde_json::{Value, json};

use super::{Market, id, next_card};
use crate::goods::level;

async fn draft(market: &Market, change: impl FnOnce(&mut Value)) -> crate::support::rest::Said {
    let opened = json!({ "shop_id": market.shop.id });
    let opened = market.customer().post("/conversations", opened).await.ok();
    let conversation = opened["id"].clone();
    let mut agreement = json!({
        "basket": { "lines": [{ "variant_id": market.thing, "units": 2 }] }, "prices": [{ "variant_id": market.thing, "price": 15_000 }],
        "requests": "礼盒包装", "delivery_method": "express", "terms": "pay_first", "expected_at": null,
    });
    change(&mut agreement);
    let form = json!({ "conversation_id": conversation, "agreement": agreement });
    market.boss().post(&market.shop.path("/orders"), form).await
}

/// ORD-03, ORD-04, ORD-05: staff draft an order in a conversation; the customer is shown a preview, nobody is alerted and nothing held;
/// confirming this very revision makes it an order.
#[tokio::test]
async fn a_draft_becomes_an_order_when_it_is_confirmed() {
    let market = Market::with(20).await;
    market.place(market.basket(1)).await.ok();
    let mut ann = market.ann.connect(&market.server).await;
    let order = draft(&market, |_| ()).await.ok();
    assert_eq!(
        (&order["state"], &order["number"], &order["total"]),
        (&json!("awaiting_customer"), &Value::Null, &json!(30_000))
    );
    assert_eq!(
        order["recipient"]["address"], "上海市静安区南京西路1266号",
        "prefilled from the last order"
    );
    assert_eq!(order["requests"], "礼盒包装");
    let card = next_card(&mut ann).await.card.unwrap().order.unwrap();
    assert_eq!(card.state(), OrderState::AwaitingCustomer);
    assert_eq!(card.hash, order["hash"].as_str().unwrap());
    assert!(
        card.customer_may()
            .any(|deed| deed == proto::OrderDeed::Confirm)
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 1, 19]
    );
    let alerts = market.boss().get(&market.shop.path("/alerts")).await.ok();
    assert_eq!(
        alerts["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|alert| alert["kind"] == "new_order")
            .count(),
        1
    );

    let redrafted = {
        let path = market.shop.path(&format!("/orders/{}", id(&order)));
        let agreement = json!({
            "basket": { "lines": [{ "variant_id": market.thing, "units": 3 }] }, "delivery_method": "express", "terms": "pay_first",
        });
        market.boss().put(&path, agreement).await.ok()
    };
    assert_eq!(
        (&redrafted["revision"], &redrafted["total"]),
        (&json!(2), &json!(47_700))
    );
    let stale = json!({ "revision": 1, "hash": order["hash"] });
    assert_eq!(
        market.mine(&order, "confirm", stale).await.refused(),
        "revision_stale"
    );
    let forged = json!({ "revision": 2, "hash": order["hash"] });
    assert_eq!(
        market.mine(&order, "confirm", forged).await.refused(),
        "revision_stale"
    );
    let seen = json!({ "revision": 2, "hash": redrafted["hash"] });
    let confirmed = market.mine(&order, "confirm", seen.clone()).await.ok();
    assert_eq!(confirmed["state"], "pending_payment");
    assert!(confirmed["number"].as_str().unwrap().ends_with("002"));
    assert_eq!(
        market.mine(&order, "confirm", seen).await.refused(),
        "order_state"
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 4, 16]
    );
    let alerts = market.boss().get(&market.shop.path("/alerts")).await.ok();
    assert_eq!(
        alerts["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|alert| alert["kind"] == "new_order")
            .count(),
        2
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-05, ORD-04: a draft that is declined or withdrawn is closed; absurd lines are refused; others' conversations do not exist.
#[tokio::test]
async fn a_draft_may_be_declined_withdrawn_or_refused() {
    let market = Market::with(20).await;
    let declined = draft(&market, |_| ()).await.ok();
    market
        .mine(&declined, "decline", json!({ "reason": "太贵" }))
        .await
        .ok();
    assert_eq!(market.seen(&declined).await["state"], "cancelled");
    assert_eq!(market.seen(&declined).await["remark"], "太贵");
    let withdrawn = draft(&market, |_| ()).await.ok();
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
        assert_eq!(draft(&market, change).await.refused(), "invalid_argument");
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
    let order = draft(&market, |form| form["terms"] = json!("pay_later"))
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
