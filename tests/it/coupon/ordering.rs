//! Coupons on orders.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{but, ten_off};
use crate::{
    goods::{make, pictures, variant},
    order::Market,
};

async fn with_coupon(market: &Market, form: Value) -> (Value, Value) {
    let template = market.issues(form).await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    let basket = but(market.basket(1), json!({ "coupon_id": coupon["id"] }));
    (coupon, basket)
}

async fn state(market: &Market) -> Value {
    let mut all = vec![];
    for pocket in ["usable", "used", "expired"] {
        all.extend(market.pocket(&market.ann, pocket).await);
    }
    all[0]["state"].clone()
}

/// CPN-13, ORD-10: the quote has usable and unusable coupons with reasons; the order has the deduction; paid, the coupon is used and tied to
/// the order, and refused a second time.
#[tokio::test]
async fn quoted_taken_and_used_once() {
    let market = Market::with(9).await;
    let (coupon, basket) = with_coupon(&market, ten_off()).await;
    let mut dear = ten_off();
    dear["terms"]["face"]["threshold"] = json!(99_900);
    let dear = market.issues(dear).await;
    market.claims(&market.ann, &dear).await.ok();
    let considered = json!({ "basket": basket["basket"], "delivery_method": "express", "coupon_id": coupon["id"] });
    let quote = market
        .customer()
        .post(&market.shop.path("/checkout/quote"), considered)
        .await
        .ok();
    assert_eq!(
        (&quote["discount"], &quote["total"]),
        (&json!(1_000), &json!(14_900))
    );
    assert_eq!(quote["coupons"]["usable"][0]["coupon_id"], coupon["id"]);
    assert_eq!(quote["coupons"]["unusable"][0]["reason"], "below_threshold");

    let order = market.place(basket.clone()).await.ok();
    assert_eq!(
        (&order["discount"], &order["total"]),
        (&json!(1_000), &json!(14_900))
    );
    assert_eq!(order["lines"][0]["discount"], 1_000);
    let twice = market.place(basket.clone()).await;
    assert_eq!(
        (twice.refused(), &twice.body["field"]),
        ("coupon_not_usable", &json!("locked"))
    );
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    let used = market.pocket(&market.ann, "used").await;
    assert_eq!(
        (&used[0]["order_id"], &used[0]["deducted"]),
        (&order["id"], &json!(1_000))
    );
    let thrice = market.place(basket).await;
    assert_eq!(thrice.body["field"], "used");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-19: 80 on the list, 64 in the sale, and the coupon 80 − 20: 44.00 on the order.
#[tokio::test]
async fn eighty_sixty_four_forty_four() {
    let market = Market::with(1).await;
    let form = json!({
        "title": "cake", "category": ["cake"], "description": "sweet", "pictures": pictures(&market.server, &market.shop, 3).await,
        "list_price": 8_000, "price": 6_400, "variants": [{ "stock": 3 }], "listed": true,
    });
    let cake = variant(&make(&market.server, &market.shop, form).await, 0);
    let mut twenty = ten_off();
    twenty["terms"]["face"] =
        json!({ "kind": "full_reduction", "value": 2_000, "threshold": 8_000 });
    let (_, mut basket) = with_coupon(&market, twenty).await;
    basket["basket"] = json!({ "lines": [{ "variant_id": cake, "units": 1 }] });
    let order = market.place(basket).await.ok();
    assert_eq!(order["total"], 4_400);
    assert_eq!(market.differences().await, [""; 0]);
}

/// Decision 40: the coupon comes back when the order is cancelled before the shop has taken it, by the customer, by staff, by the clock,
/// paid or not; and not by a refund after it was fulfilled.
#[tokio::test]
async fn it_comes_back_before_acceptance_only() {
    let market = Market::with(9).await;
    let (_, basket) = with_coupon(&market, ten_off()).await;
    let order = market.place(basket.clone()).await.ok();
    assert_eq!(state(&market).await, "locked");
    market.mine(&order, "cancel", json!({})).await.ok();
    assert_eq!(state(&market).await, "usable");

    let order = market.place(basket.clone()).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    market
        .staff(&order, "cancel", json!({ "reason": "gone" }))
        .await
        .ok();
    assert_eq!(state(&market).await, "usable");

    market.place(basket.clone()).await.ok();
    market.time_passes(1).await;
    assert_eq!(state(&market).await, "usable");

    let order = market.place(basket).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    market.accept(&order).await.ok();
    let wish = json!({ "lines": [{ "line": 1, "units": 1 }], "reason": "too late" });
    market.mine(&order, "cases", wish).await.ok();
    market.on_time().await;
    assert_eq!(state(&market).await, "used");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-03: a first-order coupon that was claimed in time takes nothing off the second order.
#[tokio::test]
async fn the_first_order_only() {
    let market = Market::with(9).await;
    let form = but(
        ten_off(),
        json!({ "eligibility": { "who": "first_order" } }),
    );
    let (_, basket) = with_coupon(&market, form).await;
    let first = market.place(basket.clone()).await.ok();
    market.mine(&first, "cancel", json!({})).await.ok();
    market.paid(1).await;
    let second = market.place(basket).await;
    assert_eq!(
        (second.refused(), &second.body["field"]),
        ("coupon_not_usable", &json!("first_order_only"))
    );
}

/// CPN-13: an edited order is judged anew: what its coupon takes off follows the basket, and a basket it takes nothing off is refused.
#[tokio::test]
async fn an_edited_order_is_judged_anew() {
    let market = Market::with(9).await;
    let mut tenth = ten_off();
    tenth["terms"]["face"] = json!({ "kind": "percentage", "off": 1_000, "threshold": 30_000 });
    let (_, mut basket) = with_coupon(&market, tenth).await;
    let units = |units: u32| json!({ "lines": [{ "variant_id": market.thing, "units": units }] });
    basket["basket"] = units(2);
    let order = market.place(basket).await.ok();
    assert_eq!(order["discount"], 3_180);
    let path = format!("/orders/{}", crate::order::id(&order));
    let more = market
        .customer()
        .patch(&path, json!({ "basket": units(3) }))
        .await
        .ok();
    assert_eq!(
        (&more["discount"], &more["total"]),
        (&json!(4_770), &json!(42_930))
    );
    let fewer = market
        .customer()
        .patch(&path, json!({ "basket": units(1) }))
        .await;
    assert_eq!(
        (fewer.refused(), &fewer.body["field"]),
        ("coupon_not_usable", &json!("below_threshold"))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-13: of eight orders at once with one coupon exactly one has it.
#[tokio::test(flavor = "multi_thread")]
async fn eight_orders_at_once_with_one_coupon() {
    let market = Market::with(9).await;
    let (_, basket) = with_coupon(&market, ten_off()).await;
    let orders = join_all((0..8).map(|_| market.place(basket.clone()))).await;
    assert_eq!(orders.iter().filter(|said| said.status == 201).count(), 1);
    let refused = orders.iter().filter(|said| said.status != 201);
    assert!(
        refused
            .clone()
            .all(|said| said.refused() == "coupon_not_usable"),
        "{orders:?}"
    );
    assert_eq!(market.differences().await, [""; 0]);
}
