//! Money that comes, goes and is earned.

use serde_json::json;
use souk::{order::hear, payment::Paid};

use super::{Market, id};

async fn balances(market: &Market) -> serde_json::Value {
    market.boss().get(&market.shop.path("/balances")).await.ok()
}

/// PAY-04, ORD-20: what is completed before midnight is credited once, by the day after; a second confirmation earns nothing.
#[tokio::test]
async fn a_completed_order_is_credited_the_next_day() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    assert_eq!(balances(&market).await["orders"], 15_900);
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    market.staff(&order, "ship", parcel).await.ok();
    market.mine(&order, "receive", json!({})).await.ok();
    market.on_time().await;
    let today = balances(&market).await;
    assert_eq!(
        (&today["orders"], &today["tomorrow"], &today["balance"]),
        (&json!(0), &json!(15_900), &json!(0))
    );
    market.time_passes(24).await;
    market.on_time().await;
    let next = balances(&market).await;
    assert_eq!(
        (&next["tomorrow"], &next["balance"]),
        (&json!(0), &json!(15_900))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// PAY-04: completed a minute before midnight, credited once a minute after; what goes back later is booked against the balance.
#[tokio::test]
async fn a_refund_is_booked_against_the_balance() {
    let market = Market::with(20).await;
    let day = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let now = market.server.clock.now().to_zoned(day);
    let midnight = now.tomorrow().unwrap().start_of_day().unwrap();
    let until = midnight.timestamp().duration_since(now.timestamp());
    let order = market.sent(1).await;
    let minute = jiff::SignedDuration::from_mins(1);
    market.passes(until - minute).await;
    market.mine(&order, "receive", json!({})).await.ok();
    market.on_time().await;
    assert_eq!(balances(&market).await["balance"], 0);
    market.passes(minute * 2).await;
    market.on_time().await;
    market.on_time().await;
    assert_eq!(balances(&market).await["balance"], 15_900);

    let wish =
        json!({ "lines": [{ "line": 1, "units": 1 }], "kind": "refund_only", "reason": "破损" });
    let case = market.mine(&order, "cases", wish).await.ok();
    market.decide(&case, "approve", json!({})).await.ok();
    market.money_arrives(&case).await;
    assert_eq!(market.seen(&order).await["refunded"], 15_900);
    assert_eq!(balances(&market).await["balance"], 0);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PAY-05: from a balance of 100.00 yuan something is withdrawn, from one of 99.99 nothing, and never more than there is.
#[tokio::test]
async fn withdrawals_begin_at_a_hundred_yuan() {
    let market = Market::with(20).await;
    let order = market.sent(2).await;
    market.mine(&order, "receive", json!({})).await.ok();
    market.time_passes(24).await;
    assert_eq!(balances(&market).await["balance"], 31_800);
    let withdraw = async |amount: i64| {
        let path = market.shop.path("/withdrawals");
        let form = json!({ "amount": amount });
        market.boss().post(&path, form).await
    };
    for absurd in [31_801, 0, -1] {
        assert_eq!(withdraw(absurd).await.refused(), "invalid_argument");
    }
    assert_eq!(withdraw(21_800).await.ok()["balance"], 10_000);
    assert_eq!(withdraw(1).await.ok()["balance"], 9_999);
    let last = withdraw(1).await;
    assert_eq!(last.refused(), "conflict", "99.99 is below the minimum");
}

/// How often somebody was to ask how an order was.
async fn asked(market: &Market) -> i64 {
    sqlx::query_scalar("select count(*) from facts where kind = 'survey_due'")
        .fetch_one(market.server.server.app.store.pool())
        .await
        .expect("facts")
}

/// ORD-20: an order that is received is completed at that time, its customer is to be asked how it was, and it is earned, once however often receipt is
/// confirmed; a shop that asks nobody has that switched off.
#[tokio::test]
async fn a_received_order_is_asked_about_once() {
    let market = Market::with(20).await;
    let order = market.sent(1).await;
    assert_eq!(asked(&market).await, 0);
    let done = market.mine(&order, "receive", json!({})).await.ok();
    assert_eq!(done["state"], "completed");
    assert!(!done["completed_at"].is_null());
    let again = market.mine(&order, "receive", json!({})).await;
    assert_eq!(again.refused(), "order_state");
    assert_eq!(asked(&market).await, 1);
    assert_eq!(balances(&market).await["tomorrow"], 15_900);
    let rules = market.shop.path("/order-rules");
    let nobody = json!({ "survey_when_completed": false });
    market.boss().patch(&rules, nobody).await.ok();
    let second = market.sent(1).await;
    market.mine(&second, "receive", json!({})).await.ok();
    assert_eq!(asked(&market).await, 1);
    assert_eq!(balances(&market).await["tomorrow"], 31_800);
}

/// ORD-16: a second payment for one order is kept, flagged and refundable, and needs an outcome; the same callback twice is one payment.
#[tokio::test]
async fn what_is_paid_twice_is_flagged_and_given_back() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    market
        .staff(&order, "confirm-payment", json!({ "reference": "A" }))
        .await
        .ok();
    assert_eq!(
        market
            .staff(&order, "confirm-payment", json!({ "reference": "B" }))
            .await
            .refused(),
        "order_state"
    );
    let app = &market.server.server.app;
    let again = Paid {
        order: id(&order).parse().unwrap(),
        method: "wechat_pay".into(),
        charge: None,
        transaction: "W-1".into(),
        amount: souk::money::Money::minor(15_900),
        at: app.clock.now(),
    };
    for _ in 0..2 {
        hear::told(app, market.shop.id, &again).await.unwrap();
    }
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["extra"], &seen["paid"], &seen["abnormal"]),
        (&json!(15_900), &json!(15_900), &json!("paid_twice"))
    );
    assert_eq!(market.differences().await, [""; 0]);
    market
        .staff(&order, "give-back-extra", json!({ "reason": "重复付款" }))
        .await
        .ok();
    assert_eq!(
        market
            .staff(&order, "give-back-extra", json!({ "reason": "重复付款" }))
            .await
            .refused(),
        "conflict"
    );
    assert_eq!(
        market
            .staff(&order, "resolve", json!({ "text": "" }))
            .await
            .refused(),
        "invalid_argument"
    );
    let resolved = market
        .staff(&order, "resolve", json!({ "text": "已退回重复付款" }))
        .await
        .ok();
    assert_eq!(
        (
            &resolved["abnormal"],
            &resolved["extra"],
            &resolved["payment_status"]
        ),
        (&json!(null), &json!(0), &json!("paid"))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// O5, ORD-16: money of another sum, and money for an order that was cancelled meanwhile, is kept for the customer, flagged and given back.
#[tokio::test]
async fn money_that_comes_late_or_wrong_is_not_lost() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    let app = &market.server.server.app;
    let paid = |transaction: &str, amount| Paid {
        order: id(&order).parse().unwrap(),
        method: "alipay".into(),
        charge: None,
        transaction: transaction.into(),
        amount: souk::money::Money::minor(amount),
        at: app.clock.now(),
    };
    hear::told(app, market.shop.id, &paid("1", 15_899))
        .await
        .unwrap();
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["paid"], &seen["extra"]),
        (&json!("pending_payment"), &json!(0), &json!(15_899))
    );
    assert_eq!(seen["abnormal"], "paid_otherwise");
    let text = json!({ "text": "客户要求改地址" });
    market.staff(&order, "flag", text).await.ok();
    market.mine(&order, "cancel", json!({})).await.ok();
    hear::told(app, market.shop.id, &paid("2", 15_900))
        .await
        .unwrap();
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["extra"]),
        (&json!("cancelled"), &json!(31_799))
    );
    assert_eq!(seen["abnormal"], "客户要求改地址", "what staff wrote stays");
    let alerts = market.boss().get(&market.shop.path("/alerts")).await.ok();
    let alerts = alerts["alerts"].as_array().unwrap().iter();
    let texts = alerts.map(|alert| alert["text"].as_str().unwrap());
    let texts: Vec<&str> = texts.filter(|text| text.contains("付款")).collect();
    let number = order["number"].as_str().unwrap();
    let otherwise = format!("订单付款金额不符:{number},客户:Ann,应付:159 元,实付:158.99 元");
    assert_eq!(
        texts,
        [&format!("订单重复付款:{number},客户:Ann"), &otherwise]
    );
    market
        .staff(&order, "give-back-extra", json!({ "reason": "订单已取消" }))
        .await
        .ok();
    market.on_time().await;
    assert_eq!(market.differences().await, [""; 0]);
}

/// LOG-02: freight is charged below the sum and not from it on; it is part of the order's total.
#[tokio::test]
async fn freight_is_part_of_the_sum() {
    let market = Market::with(20).await;
    let freight = json!({ "fee": 800, "free_from": 31_800 });
    market
        .boss()
        .put(&market.shop.path("/freight"), freight)
        .await
        .ok();
    let one = market.place(market.basket(1)).await.ok();
    assert_eq!(
        (&one["freight"], &one["total"]),
        (&json!(800), &json!(16_700))
    );
    let two = market.place(market.basket(2)).await.ok();
    assert_eq!(
        (&two["freight"], &two["total"]),
        (&json!(0), &json!(31_800))
    );
    let quote = json!({ "basket": market.basket(1)["basket"], "delivery_method": "express" });
    let costs = market
        .customer()
        .post(&market.shop.path("/checkout/quote"), quote)
        .await
        .ok();
    assert_eq!(costs["total"], 16_700);
}
