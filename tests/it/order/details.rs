//! Everything that an order's details show.

use serde_json::{Value, json};

use super::{Market, id};
use crate::coupon::ten_off;

/// These fields, in this order.
fn fields(of: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| of[name].clone()).collect()
}

impl Market {
    /// The order's card, as it lies in the conversation.
    async fn card(&self, order: &Value) -> Value {
        let conversation = order["conversation_id"].as_str().expect("an id");
        let path = format!("/conversations/{conversation}/messages?limit=100");
        let page = self.customer().get(&path).await.ok();
        let mut messages = page["messages"].as_array().expect("messages").iter();
        let shown = messages.find(|message| message["number"] == order["card_number"]);
        shown.expect("the card's message")["card"].clone()
    }
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

/// PROD-04: a product that is taken off the shelf vanishes from the catalogue, and cannot be ordered any more; orders that have it, and their cards, still
/// show it and go their way.
#[tokio::test]
async fn old_orders_show_what_is_off_the_shelf() {
    let market = Market::with(9).await;
    let order = market.paid(1).await;
    let catalogue = market.shop.path("/products");
    let listed = market.customer().get(&catalogue).await.ok();
    let product = listed["products"][0]["product"]["id"].as_str().unwrap();
    let product = market.shop.path(&format!("/products/{product}"));
    let card = market.card(&order).await;
    assert_eq!(card["order"]["lines"][0]["title"], "thing");
    let off = json!({ "listed": false });
    market.boss().patch(&product, off).await.ok();

    let listed = market.customer().get(&catalogue).await.ok();
    assert_eq!(listed["products"], json!([]));
    let refused = market.place(market.basket(1)).await;
    assert_eq!(refused.refused(), "not_on_sale");
    assert_eq!(market.card(&order).await, card);
    market.accept(&order).await.ok();
    let redrawn = market.card(&order).await;
    assert_eq!(redrawn["order"]["state"], "accepted");
    assert_eq!(redrawn["order"]["lines"], card["order"]["lines"]);
    let path = format!("/orders/{}", id(&order));
    let shown = market.customer().get(&path).await.ok();
    assert_eq!(shown["lines"][0]["title"], "thing");
}
