//! Flash discounts: a price for a time, wherever a price is shown or judged.

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::product::price::{Basket, price};

use super::{SECOND, Thing, eighty_percent};
use crate::{
    coupon::{but, ten_off},
    goods::units,
    order::{Market, next_card},
};

impl Market {
    async fn details(&self, thing: &Thing) -> Value {
        let product = thing.product.as_str().expect("an id");
        let path = self.shop.path(&format!("/products/{product}"));
        self.customer().get(&path).await.ok()
    }

    /// 80 − 20, in Ann's wallet.
    async fn twenty_off(&self, stacks: bool) -> Value {
        let mut form = ten_off();
        form["terms"]["face"] =
            json!({ "kind": "full_reduction", "value": 2_000, "threshold": 8_000 });
        form["terms"]["stacks_with_promotions"] = json!(stacks);
        let template = self.issues(form).await;
        self.claims(&self.ann, &template).await.ok()
    }
}

/// PRO-01: 8折 of 80 is 64.00 from the first second of the period to its last, and 80.00 one second before it and from its end on.
#[tokio::test]
async fn sixty_four_inside_eighty_a_second_before_and_after() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let (from, until) = (market.in_seconds(3_600), market.in_seconds(7_200));
    let form = eighty_percent(&cake);
    market.promotes(form, true, (from, until)).await.ok();
    let basket = Basket {
        lines: vec![units(cake.variant, 1)],
        ..Basket::default()
    };
    let store = &market.server.server.app.store;
    for (moment, cost) in [
        (from - SECOND, 8_000),
        (from, 6_400),
        (until - SECOND, 6_400),
        (until, 8_000),
        (until + SECOND, 8_000),
    ] {
        let mut tx = store.begin(market.shop.id).await.expect("a unit of work");
        let quote = price(&mut tx, &basket, Some(market.ann.id), moment).await;
        assert_eq!(quote.expect("a price").total.in_minor(), cost, "{moment}");
    }
}

/// PRO-01: by the server's clock: asked, ordered and kept.
#[tokio::test]
async fn the_moment_of_the_order_counts() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let (from, until) = (market.in_seconds(3_600), market.in_seconds(7_200));
    let form = eighty_percent(&cake);
    market.promotes(form, true, (from, until)).await.ok();
    let mut kept = vec![];
    for (moment, price) in [
        (from - 300 * SECOND, 8_000),
        (from, 6_400),
        (until - 300 * SECOND, 6_400),
        (until, 8_000),
    ] {
        market.until(moment).await;
        assert_eq!(market.quotes(&cake, 1).await["total"], price, "{moment}");
        assert_eq!(market.details(&cake).await["price"], price, "{moment}");
        let order = market.orders(&cake, 1).await;
        assert_eq!(order["total"], price, "{moment}");
        assert_eq!(order["lines"][0]["list_price"], 8_000);
        kept.push((order, price));
    }
    for (order, price) in kept {
        assert_eq!(market.seen(&order).await["total"], price);
    }
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-02: product details, the catalogue and the card in a chat have the label, the price, and what the countdown needs.
#[tokio::test]
async fn label_and_countdown_are_on_the_product() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let until = market.in_seconds(2 * 86_400 + 10 * 3_600);
    let period = (market.in_seconds(-1), until);
    let promotion = market
        .promotes(eighty_percent(&cake), true, period)
        .await
        .ok();
    market.until(market.in_seconds(1_800)).await;

    let seen = market.details(&cake).await;
    let flash = &seen["flash"];
    assert_eq!(
        (&flash["promotion_id"], &flash["label"], &flash["name"]),
        (&promotion["id"], &json!("限时 8 折"), &json!("双十一"))
    );
    let instant = |name: &str| {
        flash[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert_eq!(instant("ends_at"), until);
    let left = instant("ends_at").duration_since(instant("server_time"));
    let (days, hours) = (left.as_hours() / 24, left.as_hours() % 24);
    assert_eq!((days, hours), (2, 9), "距离活动结束还有 2 天 9 小时");
    assert_eq!(
        (&seen["price"], &seen["product"]["price"]),
        (&json!(6_400), &json!(8_000))
    );
    let page = market
        .customer()
        .get(&market.shop.path("/products"))
        .await
        .ok();
    let listed = page["products"].as_array().unwrap().iter();
    let prices: Vec<_> = listed
        .map(|goods| goods["price"].as_i64().unwrap())
        .collect();
    assert_eq!(prices, [6_400, 15_900]);

    let mut phone = market.ann.connect(&market.server).await;
    let opened = json!({ "shop_id": market.shop.id, "product_id": cake.product });
    market.customer().post("/conversations", opened).await.ok();
    let card = next_card(&mut phone).await.card.expect("a card");
    assert_eq!(card.summary, "cake · 64.00 CNY");
    let card = card.product.expect("a product's");
    assert_eq!((card.list_price, card.price), (8_000, 6_400));
    assert_eq!(card.labels, ["限时 8 折"]);
    assert_eq!(card.price_until, until.as_millisecond());
    let asked = market
        .shop
        .path(&format!("/customers/{}/enquiries", market.ann.id));
    let asked = market.boss().get(&asked).await.ok();
    assert_eq!(asked["enquiries"][0]["price"], 6_400);
}

/// CPN-19, PRO-01: flash price, then member, then coupon: 80 → 64 → 44, the threshold measured on 80; for a member with 10% off
/// 80 → 64 → 57.60 → 37.60.
#[tokio::test]
async fn eighty_sixty_four_forty_four() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    market.tries(eighty_percent(&cake), true).await.ok();
    let coupon = market.twenty_off(true).await;
    let basket = but(
        market.basket_of(&[(&cake, 1)]),
        json!({ "coupon_id": coupon["id"] }),
    );
    let quote = market.quote(basket.clone()).await;
    assert_eq!(
        [
            &quote["goods"]["total"],
            &quote["discount"],
            &quote["total"]
        ],
        [&json!(6_400), &json!(2_000), &json!(4_400)]
    );
    let trace = quote["coupons"]["usable"][0]["trace"].as_array().unwrap();
    let amounts: Vec<_> = trace
        .iter()
        .map(|step| step["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [8_000, 8_000, 6_400, 2_000]);
    let order = market.place(basket.clone()).await.ok();
    assert_eq!(order["total"], 4_400);
    market.mine(&order, "cancel", json!({})).await.ok();

    let member = market.shop.path(&format!("/members/{}", market.ann.id));
    market
        .boss()
        .put(&member, json!({ "off": 1_000 }))
        .await
        .ok();
    let order = market.place(basket).await.ok();
    assert_eq!(
        (&order["goods"], &order["total"]),
        (&json!(5_760), &json!(3_760))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// Decision 20: stacking is switched off by the promotion or by the coupon; the coupon is refused and says why.
#[tokio::test]
async fn either_may_refuse_to_stack() {
    let market = Market::with(1).await;
    let (cake, tea) = (
        market.puts_up("cake", 8_000, 9).await,
        market.puts_up("tea", 8_000, 9).await,
    );
    market.tries(eighty_percent(&cake), false).await.ok();
    market.tries(eighty_percent(&tea), true).await.ok();
    let (stacks, alone) = (
        market.twenty_off(true).await,
        market.twenty_off(false).await,
    );
    for (thing, coupon, total) in [
        (&cake, &stacks, None),
        (&cake, &alone, None),
        (&tea, &stacks, Some(4_400)),
        (&tea, &alone, None),
    ] {
        let basket = market.basket_of(&[(thing, 1)]);
        let said = market
            .place(but(basket, json!({ "coupon_id": coupon["id"] })))
            .await;
        match total {
            Some(total) => assert_eq!(said.ok()["total"], total),
            None => assert_eq!(said.body["field"], "does_not_stack"),
        }
    }
}

/// PRO-01: of two discounts for a product the larger counts, and a bundle's parts cost their own prices.
#[tokio::test]
async fn the_larger_counts_and_bundles_have_their_own() {
    let market = Market::with(1).await;
    let (cake, tea) = (
        market.puts_up("cake", 8_000, 9).await,
        market.puts_up("tea", 2_000, 9).await,
    );
    market.tries(eighty_percent(&cake), true).await.ok();
    let half = json!({ "kind": "flash", "product_ids": [cake.product, tea.product], "off": 5_000 });
    let half = market.tries(half, true).await.ok();
    let quote = market.quotes(&cake, 1).await;
    assert_eq!(quote["total"], 4_000);
    assert_eq!(
        quote["goods"]["lines"][0]["flash"]["promotion_id"],
        half["id"]
    );

    let parts = json!([{ "product_id": cake.product, "pieces": 1 }, { "product_id": tea.product, "pieces": 1 }]);
    let form = json!({ "title": "set", "parts": parts, "saving": 6_000, "listed": true });
    let set = market
        .boss()
        .post(&market.shop.path("/bundles"), form)
        .await
        .ok();
    let mut basket = market.basket_of(&[]);
    basket["basket"]["bundles"] =
        json!([{ "bundle_id": set["id"], "units": 1, "variant_ids": [cake.variant, tea.variant] }]);
    assert_eq!(market.quote(basket).await["total"], 4_000);
}

/// PRO-01: what was ordered at the flash price is edited at the price of the moment, and refunds give back what was paid.
#[tokio::test]
async fn an_edit_is_judged_at_its_moment() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    market.tries(eighty_percent(&cake), true).await.ok();
    let order = market.orders(&cake, 1).await;
    assert_eq!(
        (
            &order["promotions"][0]["kind"],
            &order["promotions"][0]["reduced"]
        ),
        (&json!("flash"), &json!(1_600))
    );
    market.passes(SignedDuration::from_mins(10)).await;
    let two = json!({ "basket": market.basket_of(&[(&cake, 2)])["basket"] });
    let path = format!("/orders/{}", crate::order::id(&order));
    let edited = market.customer().patch(&path, two.clone()).await.ok();
    assert_eq!(edited["total"], 12_800);
    market.passes(SignedDuration::from_mins(50)).await;
    let later = market.orders(&cake, 2).await;
    assert_eq!(
        (&later["total"], &later["promotions"]),
        (&json!(16_000), &json!([]))
    );
    assert_eq!(market.differences().await, [""; 0]);
}
