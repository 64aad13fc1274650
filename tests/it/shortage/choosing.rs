//! The customer chooses.

use proto::{ShortageChoice, ShortageState};
use serde_json::{Value, json};
use souk::id::VariantId;

use super::Scarce;
use crate::{
    goods::{level, thing, variant},
    order::{Market, id, next_card},
};

/// INV-04: a line is marked short; the customer is told at once and is sent the options, without the shop's reason.
#[tokio::test]
async fn the_customer_is_told_and_offered_what_there_is() {
    let Scarce {
        market,
        order,
        mut ann,
        ..
    } = Scarce::of(3, 2).await;
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [1, 1, 0]);
    let card = loop {
        if let Some(card) = next_card(&mut ann).await.card.unwrap().shortage {
            break card;
        }
    };
    let shown = (card.units, card.refund, &card.remark[..], card.state());
    assert_eq!(shown, (2, 31_800, "供应商延迟", ShortageState::Offered));
    let may: Vec<_> = card.customer_may().collect();
    assert_eq!(may, [ShortageChoice::Refund, ShortageChoice::Wait]);
    let said = market.said(&order).await;
    let words = "抱歉,thing×2 暂时缺货:供应商延迟".to_owned();
    assert!(said.contains(&words), "{said:?}");
    let mine = format!("/orders/{}/history", id(&order));
    let mine = market.customer().get(&mine).await.ok();
    let reason = "the reason is the shop's own";
    assert!(!mine.to_string().contains("supplier_late"), "{reason}");
}

/// INV-04: what the customer chooses, her remark and the shop's reason stand on the order and in its history; she chooses once.
#[tokio::test]
async fn the_choice_is_on_record() {
    let Scarce {
        market,
        order,
        short,
        ..
    } = Scarce::of(3, 2).await;
    let chosen = json!({ "choice": "refund", "remark": "不想等了" });
    let chosen = market.choose(&short, chosen).await.ok();
    assert_eq!(chosen["state"], "refunded");
    assert_eq!(chosen["reason"], json!(null));
    let again = market.choose(&short, json!({ "choice": "wait" })).await;
    assert_eq!(again.refused(), "conflict");
    let kept = market.shortage(&order).await;
    let kept = ["reason", "remark", "chosen"].map(|field| kept[field].clone());
    assert_eq!(kept, ["supplier_late", "供应商延迟", "refund"]);
    let history = market.short_history(&order).await;
    let said = |entry: &Value| [entry["deed"].clone(), entry["remark"].clone()];
    let said: Vec<_> = history.iter().map(said).collect();
    assert_eq!(
        json!(said),
        json!([["mark_short", "供应商延迟"], ["choose", "不想等了"]])
    );
    assert_eq!(history[0]["after"]["short_reason"], "supplier_late");
}

/// INV-04: the customer wants the money: it goes back, what is there is sent, and everything adds up.
#[tokio::test]
async fn the_customer_wants_the_money() {
    let Scarce {
        market,
        order,
        short,
        ..
    } = Scarce::of(3, 2).await;
    let refund = json!({ "choice": "refund" });
    let chosen = market.choose(&short, refund).await.ok();
    let case = json!({ "id": chosen["case_id"] });
    assert_eq!(market.money_arrives(&case).await["amount"], 31_800);
    let seen = market.seen(&order).await;
    assert_eq!(seen["refunded"], 31_800);
    assert_eq!(seen["state"], "accepted");
    assert_eq!(seen["lines"][0]["short"], 0);
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    let sent = market.staff(&order, "ship", parcel).await.ok();
    assert_eq!(sent["state"], "shipped");
    assert_eq!(sent["lines"][0]["shipped"], 1);
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [0, 0, 0]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04: all of an unsent order is not there and its money is wanted: the freight goes back as well, and the order ends.
#[tokio::test]
async fn an_order_of_which_nothing_is_there_ends() {
    let market = Market::with(1).await;
    let freight = json!({ "fee": 1_000 });
    market
        .boss()
        .put(&market.shop.path("/freight"), freight)
        .await
        .ok();
    let order = market.accepted(1).await;
    let short = market.miss(&order, 1, &[]).await;
    let chosen = market
        .choose(&short, json!({ "choice": "refund" }))
        .await
        .ok();
    let case = market
        .money_arrives(&json!({ "id": chosen["case_id"] }))
        .await;
    assert_eq!(case["amount"], 16_900);
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["payment_status"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [0, 0, 0]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// Of three one is exchanged for something a little cheaper, of which there are five: the order, and that.
async fn exchanged(market: &Market) -> (Value, VariantId) {
    let cheaper = thing(&market.server, &market.shop, 14_999, 5).await;
    let cheaper = variant(&cheaper, 0);
    let order = market.accepted(3).await;
    let short = market.miss(&order, 1, &[json!(cheaper)]).await;
    assert_eq!(short["offers"][0]["total"], 14_999);
    let other = json!({ "choice": "similar", "variant_id": market.thing });
    let refused = market.choose(&short, other).await;
    assert_eq!(refused.refused(), "invalid_argument");
    let taken = json!({ "choice": "similar", "variant_id": cheaper });
    let chosen = market.choose(&short, taken).await.ok();
    assert_eq!(chosen["state"], "replaced");
    assert_eq!(chosen["taken"], json!(cheaper));
    (order, cheaper)
}

/// INV-04: part of a line is exchanged for something similar and cheaper: that is held, and the difference goes back.
#[tokio::test]
async fn the_customer_takes_something_similar() {
    let market = Market::with(3).await;
    let (order, cheaper) = exchanged(&market).await;
    let seen = market.seen(&order).await;
    let lines = seen["lines"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["units"], &lines[0]["total"]),
        (2, &json!(2), &json!(31_800))
    );
    assert_eq!(
        (&lines[1]["variant_id"], &lines[1]["total"]),
        (&json!(cheaper), &json!(14_999))
    );
    assert_eq!(
        (&seen["refunded"], &seen["total"]),
        (&json!(901), &json!(46_799))
    );
    let left = level(&market.server, &market.shop, cheaper).await;
    assert_eq!(left, [5, 1, 4]);
    market.on_time().await;
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04, AFS-03: what was taken instead is sent with the rest, and whatever is refunded later adds up to what was paid.
#[tokio::test]
async fn what_was_taken_instead_is_sent_and_refunded() {
    let market = Market::with(3).await;
    let (order, cheaper) = exchanged(&market).await;
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    let sent = market.staff(&order, "ship", parcel).await.ok();
    assert_eq!(sent["state"], "shipped");
    let left = level(&market.server, &market.shop, cheaper).await;
    assert_eq!(left, [4, 0, 4]);
    for line in [1, 2] {
        let units = 3 - line;
        let wish = json!({ "lines": [{ "line": line, "units": units }], "kind": "refund_only", "reason": "坏了" });
        let case = market.apply(&order, wish).await.ok();
        market.decide(&case, "approve", json!({})).await.ok();
        market.money_arrives(&case).await;
    }
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["refunded"], &seen["paid"]),
        (&json!(47_700), &json!(47_700))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04: who waits may change their mind; staff may give the money back when nobody chooses.
#[tokio::test]
async fn waiting_can_end() {
    let Scarce { market, short, .. } = Scarce::of(2, 2).await;
    let waits = market
        .choose(&short, json!({ "choice": "wait" }))
        .await
        .ok();
    assert_eq!(waits["state"], "waiting");
    let again = market.choose(&short, json!({ "choice": "wait" })).await;
    assert_eq!(again.refused(), "conflict");
    let path = market
        .shop
        .path(&format!("/shortages/{}/refund", id(&short)));
    let refunded = market
        .boss()
        .post(&path, json!({ "reason": "不会再到货" }))
        .await
        .ok();
    assert_eq!(refunded["state"], "refunded");
    let case = market.case(&json!({ "id": refunded["case_id"] })).await;
    assert_eq!(
        (&case["by_staff"], &case["amount"]),
        (&json!(true), &json!(31_800))
    );
    market.money_arrives(&case).await;
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04: why goods were not there is counted over a time.
#[tokio::test]
async fn reasons_are_counted() {
    let market = Market::with(4).await;
    for reason in ["damaged", "oversold", "damaged"] {
        let order = market.accepted(1).await;
        let missing = json!({ "line": 1, "units": 1, "reason": reason });
        market.staff(&order, "shortages", missing).await.ok();
    }
    let reasons = async |from: &str, to: &str| {
        let path = market
            .shop
            .path(&format!("/shortage-reasons?from={from}&to={to}"));
        market.boss().get(&path).await
    };
    let now = market.server.clock.now();
    let (before, after) = (
        (now - jiff::SignedDuration::from_hours(1)).to_string(),
        (now + jiff::SignedDuration::from_hours(1)).to_string(),
    );
    let counted = reasons(&before, &after).await.ok();
    let counted: Vec<_> = counted["reasons"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&counted[0]["reason"], &counted[0]["shortages"]),
        (&json!("damaged"), &json!(2))
    );
    assert_eq!(
        (&counted[1]["reason"], &counted[1]["units"]),
        (&json!("oversold"), &json!(1))
    );
    let year = (now + jiff::SignedDuration::from_hours(24 * 400)).to_string();
    assert_eq!(reasons(&after, &before).await.refused(), "invalid_argument");
    assert_eq!(reasons(&before, &year).await.refused(), "invalid_argument");
    let later = (now + jiff::SignedDuration::from_hours(2)).to_string();
    assert_eq!(reasons(&after, &later).await.ok()["reasons"], json!([]));
}
