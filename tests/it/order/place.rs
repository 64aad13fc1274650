//! Checking out.

use proto::{AlertKind, OrderState, push::Event};
use serde_json::json;

use super::{Market, conversation, id, next_state};
use crate::{goods::level, support::Person};

/// ORD-01: a basket becomes one order with everything that was agreed; the same key gives the same order; its goods are held.
#[tokio::test]
async fn a_basket_becomes_one_order() {
    let market = Market::with(20).await;
    let (path, form) = (market.shop.path("/checkout"), market.basket(2));
    let order = market
        .customer()
        .post_as("one", &path, form.clone())
        .await
        .ok();
    let again = market.customer().post_as("one", &path, form).await.ok();
    assert_eq!(order, again);
    assert_eq!(order["state"], "pending_payment");
    assert_eq!(order["total"], 31_800);
    assert_eq!(order["lines"][0]["units"], 2);
    assert_eq!(order["lines"][0]["price"], 15_900);
    assert_eq!(order["recipient"]["phone"], "13800138000");
    assert_eq!(order["delivery_method"], "express");
    assert!(order["placed_at"].is_string());
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 2, 18]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-02: `WS`, the day in the shop's time zone, the day's running number of at least three digits, from 001 on every day.
#[tokio::test]
async fn numbers_run_by_the_shops_day() {
    let market = Market::with(20).await;
    let noon: jiff::Timestamp = "2025-01-01T12:00:00+08:00".parse().unwrap();
    let back = noon.duration_since(market.server.clock.now());
    market.passes(back).await;
    let number = async || {
        market.place(market.basket(1)).await.ok()["number"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(number().await, "WS20250101001");
    assert_eq!(number().await, "WS20250101002");
    sqlx::query("update order_days set last = 999")
        .execute(market.server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(number().await, "WS202501011000");
    market.time_passes(24).await;
    assert_eq!(number().await, "WS20250102001");
}

/// ALRT-01, ORD-05: every entitled member of staff is shown the alert once, laid out as it should be, with the order's id; others never.
#[tokio::test]
async fn staff_are_alerted_once() {
    let market = Market::with(20).await;
    let mut boss = market.shop.owner.connect(&market.server).await;
    let agent = market.shop.hire(&market.server, "agent").await;
    let mut agent = agent.connect(&market.server).await;
    let order = market.place(market.basket(2)).await.ok();
    let number = order["number"].as_str().unwrap().to_owned();
    let said = market.accept(&order).await;
    assert_eq!(said.refused(), "order_state");
    market
        .mine(&order, "cancel", json!({ "reason": "不要了" }))
        .await
        .ok();

    let mut alerts = vec![];
    while alerts.len() < 2 {
        match boss.client.next_push().await.unwrap() {
            Event::Alert(alert) => alerts.push(alert),
            Event::MessageChanged(_) => break,
            _ => {}
        }
    }
    let alerts: Vec<_> = alerts
        .into_iter()
        .filter(|alert| alert.kind() == AlertKind::NewOrder)
        .collect();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        alerts[0].text,
        format!("订单号:{number},客户:Ann,商品:thing×2,金额:318 元")
    );
    assert_eq!(alerts[0].order_id, id(&order));
    assert_eq!(next_state(&mut agent).await, OrderState::PendingPayment);
    assert_eq!(next_state(&mut agent).await, OrderState::Cancelled);
}

/// ORD-01, STAFF-06: what is not on sale, not there, of another sum or absurd is refused, and nothing is left of it.
#[tokio::test]
async fn what_cannot_be_ordered_leaves_nothing() {
    let market = Market::with(3).await;
    let with = |field: &str, value: serde_json::Value| {
        let mut form = market.basket(1);
        form[field] = value;
        form
    };
    let lines = |units: i64| json!({ "lines": [{ "variant_id": market.thing, "units": units }] });
    for (form, code) in [
        (with("basket", lines(4)), "out_of_stock"),
        (with("basket", lines(0)), "invalid_argument"),
        (with("basket", lines(-1)), "invalid_argument"),
        (with("basket", lines(2_000_000_000)), "invalid_argument"),
        (
            with(
                "basket",
                json!({ "lines": [{ "variant_id": uuid::Uuid::now_v7(), "units": 1 }] }),
            ),
            "not_found",
        ),
        (with("expected_total", json!(1)), "revision_stale"),
        (
            with("delivery_method", json!("by_bird")),
            "invalid_argument",
        ),
        (
            with("recipient", json!({ "name": "x".repeat(61) })),
            "invalid_argument",
        ),
    ] {
        assert_eq!(market.place(form.clone()).await.refused(), code, "{form}");
    }
    let boss = market
        .boss()
        .post(&market.shop.path("/checkout"), market.basket(1))
        .await;
    assert_eq!(boss.refused(), "forbidden");
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [3, 0, 3]
    );
    let page = market.boss().get(&market.shop.path("/orders")).await.ok();
    assert_eq!(page["orders"], json!([]));
    let order = market.place(market.basket(1)).await.ok();
    assert!(
        order["number"].as_str().unwrap().ends_with("001"),
        "refused orders took no number"
    );
}

/// SEC-01: phone and address lie sealed in the database; the card and the alert do not have them.
#[tokio::test]
async fn the_database_has_no_address_in_clear() {
    let market = Market::with(3).await;
    let order = market.place(market.basket(1)).await.ok();
    let recipient =
        json!({ "name": "李雷", "phone": "13900139000", "address": "北京市海淀区中关村大街1号" });
    let path = format!("/orders/{}/recipient", id(&order));
    market.customer().put(&path, recipient).await.ok();
    let tables = sqlx::query_scalar::<_, String>(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    let pool = market.server.server.app.store.pool();
    for table in tables.fetch_all(pool).await.unwrap() {
        let query = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(pool)
            .await
            .unwrap();
        for secret in ["13800138000", "13900139000", "南京西路", "中关村", "王小明"] {
            assert!(!rows.contains(secret), "{table} has {secret}");
        }
    }
}

/// ORD-26, CHAT-12: a customer sees their own orders only; whoever was away gets the order's card when they come back.
#[tokio::test]
async fn a_customer_follows_their_own_orders() {
    let market = Market::with(9).await;
    let order = market.paid(1).await;
    let bob = Person::customer(&market.server, "Bob").await;
    let bobs = market.server.rest().by(&bob);
    assert_eq!(
        bobs.get(&format!("/orders/{}", id(&order))).await.refused(),
        "not_found"
    );
    assert_eq!(bobs.get("/orders").await.ok()["orders"], json!([]));
    let pay = bobs
        .post(
            &format!("/orders/{}/cancel", id(&order)),
            json!({ "reason": "" }),
        )
        .await;
    assert_eq!(pay.refused(), "not_found");
    let mine = market.customer().get("/orders").await.ok();
    assert_eq!(mine["orders"][0]["state"], "pending_acceptance");
    let path = format!("/conversations/{}/messages", conversation(&order));
    let page = market.customer().get(&path).await.ok();
    let cards: Vec<_> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message.get("card").is_some())
        .collect();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0]["card"]["order"]["state"], "pending_acceptance");
    assert_eq!(cards[0]["number"], order["card_number"]);
}
