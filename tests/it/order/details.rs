//! Everything that an order's details show.

use serde_json::{Value, json};

use super::{Market, id};
use crate::coupon::ten_off;

/// These fields, in this order.
fn fields(of: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| of[name].clone()).collect()
}

/// An order of two of the thing, with a coupon, paid; what somebody is shown of it.
fn require_all(market: &Market, shown: &Value, recipient: &Value) {
    let today = market.server.clock.now().to_string()[..10].to_owned();
    for at in fields(shown, &["created_at", "placed_at", "paid_at"]) {
        assert!(at.as_str().unwrap_or_default().starts_with(&today), "{at}");
    }
    let line = [
        "title",
        "variant_id",
        "choice",
        "units",
        "price",
        "total",
        "discount",
    ];
    assert_eq!(
        json!(fields(&shown["lines"][0], &line)),
        json!(["thing", market.thing, [], 2, 15_900, 31_800, 1_000])
    );
    let who = [
        "recipient",
        "delivery_method",
        "customer_name",
        "customer_id",
    ];
    assert_eq!(
        json!(fields(shown, &who)),
        json!([recipient, "express", "Ann", market.ann.id])
    );
    let money = [
        "payment_method",
        "payment_status",
        "discount",
        "total",
        "paid",
    ];
    assert_eq!(
        json!(fields(shown, &money)),
        json!(["sandbox", "paid", 1_000, 30_800, 30_800])
    );
}

/// ORD-10: a paid order with a coupon shows when it was made, what is in it, who gets it where and how, who buys it, how and when it was paid, and the
/// coupon's value, which is the deduction; the customer is shown the same.
#[tokio::test]
async fn the_details_show_everything() {
    let market = Market::with(9).await;
    let template = market.issues(ten_off()).await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    let mut form = market.basket(2);
    form["coupon_id"] = coupon["id"].clone();
    let recipient = form["recipient"].clone();
    let order = market.place(form).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    let path = format!("/orders/{}", id(&order));
    let to_staff = market.seen(&order).await;
    require_all(&market, &to_staff, &recipient);
    let to_customer = market.customer().get(&path).await.ok();
    require_all(&market, &to_customer, &recipient);
    let used = market.pocket(&market.ann, "used").await;
    assert_eq!(used[0]["deducted"], to_staff["discount"]);
    assert_eq!(used[0]["order_id"], order["id"]);
}
