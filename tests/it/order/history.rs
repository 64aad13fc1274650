//! What an order's history says.

use serde_json::{Value, json};

use super::{Market, id};

/// Who did something, a column of its entry, and from where to where it led.
fn told(entry: &Value) -> Value {
    let fields = [
        "version",
        "deed",
        "actor_kind",
        "actor_name",
        "state_before",
        "state",
    ];
    json!(fields.map(|field| entry[field].clone()))
}

/// ORD-25: the history of an order that was worked on has each deed with who did it and when, from which state it led to which, and how it was before
/// and after where more has changed.
#[tokio::test]
async fn everything_that_was_done_stands_there() {
    let market = Market::with(9).await;
    let order = market.place(market.basket(1)).await.ok();
    let path = format!("/orders/{}", id(&order));
    let edit = json!({ "requests": "礼盒包装" });
    market.customer().patch(&path, edit).await.ok();
    market
        .mine(&order, "cancel", json!({ "reason": "不要了" }))
        .await
        .ok();
    let history = market.shop.path(&format!("{path}/history"));
    let history = market.boss().get(&history).await.ok();
    let entries = history["entries"].as_array().unwrap();
    let all: Vec<Value> = entries.iter().map(told).collect();
    assert_eq!(
        json!(all),
        json!([
            [1, "place", "customer", "Ann", null, "pending_payment"],
            [
                2,
                "edit",
                "customer",
                "Ann",
                "pending_payment",
                "pending_payment"
            ],
            [
                3,
                "cancel",
                "customer",
                "Ann",
                "pending_payment",
                "cancelled"
            ],
        ])
    );
    let now = market.server.clock.now();
    let recent = now - jiff::SignedDuration::from_mins(1)..=now;
    for entry in entries {
        let at: jiff::Timestamp = entry["at"].as_str().unwrap().parse().unwrap();
        assert!(recent.contains(&at), "{at}");
    }
    assert_eq!(entries[1]["before"]["requests"], "");
    assert_eq!(entries[1]["after"]["requests"], "礼盒包装");
    assert_eq!(entries[2]["remark"], "不要了");
    let mine = market.customer().get(&format!("{path}/history")).await.ok();
    assert_eq!(mine["entries"].as_array().unwrap().len(), 3);
}

/// ORD-25: staff and provider stand there as who they are.
#[tokio::test]
async fn whoever_did_it_is_named() {
    let market = Market::with(9).await;
    let order = market.accepted(1).await;
    let path = market.shop.path(&format!("/orders/{}/history", id(&order)));
    let history = market.boss().get(&path).await.ok();
    let entries = history["entries"].as_array().unwrap();
    let all: Vec<Value> = entries.iter().map(told).collect();
    assert_eq!(
        json!(all[1..]),
        json!([
            [
                2,
                "pay",
                "provider",
                null,
                "pending_payment",
                "pending_acceptance"
            ],
            [
                3,
                "accept",
                "staff",
                "Olive",
                "pending_acceptance",
                "accepted"
            ],
        ])
    );
}

/// ORD-26: the customer's list follows an order: where it stands, and where its packages are.
#[tokio::test]
async fn my_orders_have_status_and_tracking() {
    let market = Market::with(9).await;
    let order = market.accepted(1).await;
    let listed = async || market.customer().get("/orders").await.ok()["orders"][0].clone();
    let before = listed().await;
    assert_eq!(
        (&before["state"], &before["packages"]),
        (&json!("accepted"), &json!([]))
    );
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "7312345678901" });
    market.staff(&order, "ship", parcel).await.ok();
    let after = listed().await;
    assert_eq!(after["state"], "shipped");
    assert_eq!(after["packages"][0]["tracking_number"], "7312345678901");
    let packages = format!("/orders/{}/packages", id(&order));
    let packages = market.customer().get(&packages).await.ok();
    assert_eq!(packages["packages"][0]["tracking_number"], "7312345678901");
    assert_eq!(packages["packages"][0]["state"], "sent");
}
