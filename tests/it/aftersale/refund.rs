//! Money for goods that were not sent, and what the shop gives back by itself: no review.

use serde_json::json;

use super::{unsent, wish};
use crate::{goods::level, order::Market, support::Person};

/// AFS-05, AFS-14, LOG-02: what was not sent is refunded with no review, freight and all; the order ends, its goods can be sold again, and
/// staff hear of it once.
#[tokio::test]
async fn unsent_goods_are_refunded_at_once() {
    let market = Market::with(20).await;
    let freight = json!({ "fee": 800 });
    market
        .boss()
        .put(&market.shop.path("/freight"), freight)
        .await
        .ok();
    let order = market.accepted(2).await;
    assert_eq!(order["total"], 32_600);
    let case = market.apply(&order, unsent(1, 2)).await.ok();
    assert_eq!(
        (&case["state"], &case["amount"]),
        (&json!("refunding"), &json!(32_600))
    );
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    let late = market.staff(&order, "ship", parcel).await;
    assert!(
        ["invalid_argument", "order_state"].contains(&late.refused()),
        "nothing is left to send, or the order is over"
    );
    let case = market.money_arrives(&case).await;
    let deeds = case["timeline"].as_array().unwrap().iter();
    assert_eq!(
        deeds.map(|entry| &entry["deed"]).collect::<Vec<_>>(),
        ["apply", "settle"]
    );
    let order = market.seen(&order).await;
    assert_eq!(
        (&order["state"], &order["payment_status"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 0, 20]
    );
    assert_eq!(market.alerts("after_sale").await.len(), 1);
    let said = market.said(&order).await;
    assert!(
        said.contains(&"退款成功,金额:326 元".to_owned()),
        "{said:?}"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-03, O21: one of three lines, then the other two together; none of them twice; together they are what was paid.
#[tokio::test]
async fn lines_are_refunded_one_by_one_or_together() {
    let market = Market::with(20).await;
    let order = market.several(&[10_001, 20_002, 30_003]).await;
    let first = market.apply(&order, unsent(2, 1)).await.ok();
    assert_eq!(first["amount"], 20_002);
    assert_eq!(
        market.apply(&order, unsent(2, 1)).await.refused(),
        "invalid_argument"
    );
    market.money_arrives(&first).await;
    let seen = market.seen(&order).await;
    assert_eq!(
        (
            &seen["state"],
            &seen["payment_status"],
            &seen["lines"][1]["refunded"]
        ),
        (&json!("accepted"), &json!("partially_refunded"), &json!(1))
    );
    let both = json!({ "lines": [{ "line": 1, "units": 1 }, { "line": 3, "units": 1 }], "reason": "都不要了" });
    let second = market.apply(&order, both.clone()).await.ok();
    assert_eq!(second["amount"], 40_004);
    let again = market.apply(&order, both).await;
    assert!(
        ["invalid_argument", "order_state"].contains(&again.refused()),
        "nothing is left, or the money is back already and the order over"
    );
    market.money_arrives(&second).await;
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["refunded"]),
        (&json!("cancelled"), &seen["paid"])
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// O26: when the last lines that were to be sent are refunded, the rest has been sent.
#[tokio::test]
async fn what_is_left_is_sent_when_the_rest_is_refunded() {
    let market = Market::with(20).await;
    let order = market.accepted(3).await;
    let part = json!({ "carrier": "shunfeng", "tracking_number": "1", "units": [{ "line": 1, "units": 2 }] });
    market.staff(&order, "ship", part).await.ok();
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    market.money_arrives(&case).await;
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["lines"][0]["refunded"]),
        (&json!("shipped"), &json!(1))
    );
    // Those that were sent can still come back.
    let case = market.apply(&order, wish("refund_only", 2)).await.ok();
    assert_eq!(case["amount"], 31_800);
    assert_eq!(
        market.mine(&order, "receive", json!({})).await.refused(),
        "conflict"
    );
    market.decide(&case, "approve", json!({})).await.ok();
    market.money_arrives(&case).await;
    assert_eq!(market.seen(&order).await["state"], "cancelled");
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [18, 0, 18]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-03, AFS-04: one from each side; both have their initiator, lines, amount, state and all that was done.
#[tokio::test]
async fn both_sides_refund_and_each_has_its_record() {
    let market = Market::with(20).await;
    let order = market.several(&[10_000, 20_000, 30_000]).await;
    let mine = market.apply(&order, unsent(1, 1)).await.ok();
    let gift = json!({ "lines": [{ "line": 2, "units": 1 }], "sent": false, "reason": "缺货" });
    let theirs = market.staff(&order, "cases", gift).await.ok();
    for case in [&mine, &theirs] {
        market.money_arrives(case).await;
    }
    let path = market.shop.path(&format!(
        "/cases?order_id={}",
        order["id"].as_str().unwrap()
    ));
    let page = market.boss().get(&path).await.ok();
    let facts = |case: &serde_json::Value| {
        json!([
            case["by_staff"],
            case["lines"][0]["line"],
            case["amount"],
            case["state"],
            case["started_by"]
        ])
    };
    let cases = page["cases"].as_array().unwrap().iter();
    assert_eq!(
        cases.map(facts).collect::<Vec<_>>(),
        [
            json!([true, 2, 20_000, "refunded", market.shop.owner.id]),
            json!([false, 1, 10_000, "refunded", market.ann.id]),
        ]
    );
    let timeline = market.case(&theirs).await["timeline"].clone();
    assert_eq!(
        (
            &timeline[0]["deed"],
            &timeline[0]["actor_kind"],
            &timeline[1]["deed"]
        ),
        (&json!("start"), &json!("staff"), &json!("settle"))
    );
    let said = market.said(&order).await;
    assert!(
        said.contains(&"商家已发起退款:thing×1,金额:200 元,原因:缺货".to_owned()),
        "{said:?}"
    );
    let own = market.customer().get("/cases").await.ok();
    assert_eq!(own["cases"].as_array().unwrap().len(), 2);
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-13, CHAT-05: the card of an order goes on telling how it stands, so nobody takes it back; nor the card of a case.
#[tokio::test]
async fn cards_that_are_drawn_anew_are_not_recalled() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    for card in [&order["card_number"], &case["card_number"]] {
        let conversation = order["conversation_id"].as_str().unwrap();
        let path = format!("/conversations/{conversation}/messages/{card}");
        for who in [market.customer(), market.boss()] {
            assert_eq!(who.delete(&path).await.refused(), "not_editable");
        }
    }
    market.money_arrives(&case).await;
}

/// AFS-01, AFS-04: nobody asks for, sees or decides what is another's.
#[tokio::test]
async fn others_have_no_part_in_it() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let bob = Person::customer(&market.server, "Bob").await;
    let bobs = market.server.rest().by(&bob);
    let path = format!("/orders/{}/cases", order["id"].as_str().unwrap());
    assert_eq!(bobs.post(&path, unsent(1, 1)).await.refused(), "not_found");
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    let case = case["id"].as_str().unwrap();
    assert_eq!(
        bobs.get(&format!("/cases/{case}")).await.refused(),
        "not_found"
    );
    let path = format!("/cases/{case}/withdraw");
    assert_eq!(bobs.post(&path, json!({})).await.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agent = market.server.rest().by(&agent);
    let path = market.shop.path(&format!("/cases/{case}"));
    assert_eq!(agent.get(&path).await.refused(), "forbidden");
    assert_eq!(
        market.customer().get(&path).await.refused(),
        "forbidden",
        "the shop's side is not the customer's"
    );
}
