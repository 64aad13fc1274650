//! What a shop may lay down, and what it may change.

use serde_json::{Value, json};

use super::{by_amount, eighty_percent, wall};
use crate::{order::Market, support::TestShop};

impl Market {
    async fn changes(&self, promotion: &Value, change: Value) -> crate::support::rest::Said {
        let path = format!("/{}", promotion["id"].as_str().expect("an id"));
        self.boss().patch(&self.promotions(&path), change).await
    }
}

/// PRO-01, PRO-03, PRO-04: terms that make no sense, and things of other shops, are refused; who may not manage campaigns sees none.
#[tokio::test]
async fn terms_have_bounds() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let gift = |units: u32| json!([{ "variant_id": cake.variant, "units": units }]);
    for (terms, field) in [
        (
            json!({ "kind": "flash", "product_ids": [], "off": 2_000 }),
            "product_ids",
        ),
        (
            json!({ "kind": "flash", "product_ids": [cake.product, cake.product], "off": 1 }),
            "product_ids",
        ),
        (
            json!({ "kind": "flash", "product_ids": [cake.product], "off": 0 }),
            "off",
        ),
        (
            json!({ "kind": "flash", "product_ids": [cake.product], "off": 10_000 }),
            "off",
        ),
        (by_amount(&json!([])), "tiers"),
        (by_amount(&json!([{ "from": 0, "off": 1 }])), "tiers"),
        (by_amount(&json!([{ "from": 100 }])), "tiers"),
        (by_amount(&json!([{ "from": 100, "off": 101 }])), "off"),
        (
            by_amount(&json!([{ "from": 100, "off": 5 }, { "from": 100, "off": 6 }])),
            "tiers",
        ),
        (
            by_amount(&json!([{ "from": 100, "off": 5 }, { "from": 200, "off": 4 }])),
            "tiers",
        ),
        (
            by_amount(&json!([{ "from": 100, "gifts": gift(0) }])),
            "units",
        ),
        (
            by_amount(&json!([{ "from": 100, "gifts": gift(101) }])),
            "units",
        ),
    ] {
        let said = market.tries(terms.clone(), true).await;
        assert_eq!(
            (said.refused(), &said.body["field"]),
            ("invalid_argument", &json!(field)),
            "{terms}"
        );
    }
    let now = market.in_seconds(0);
    for period in [(now, now), (market.in_seconds(-20), market.in_seconds(-10))] {
        let said = market.promotes(eighty_percent(&cake), true, period).await;
        assert_eq!(said.body["field"], "until");
    }
    let strange = json!({ "kind": "flash", "product_ids": [cake.variant], "off": 2_000 });
    assert_eq!(market.tries(strange, true).await.refused(), "not_found");
    let mine = market.customer().get(&market.promotions("")).await;
    assert_eq!(mine.refused(), "forbidden");
}

/// PRO-01: before it begins everything may be changed; then only its name and, to a later one, its end; over, nothing.
#[tokio::test]
async fn what_was_promised_stays() {
    let market = Market::with(1).await;
    let (cake, tea) = (
        market.puts_up("cake", 8_000, 9).await,
        market.puts_up("tea", 8_000, 9).await,
    );
    let period = (market.in_seconds(3_600), market.in_seconds(7_200));
    let promotion = market
        .promotes(eighty_percent(&cake), true, period)
        .await
        .ok();
    market
        .changes(
            &promotion,
            json!({ "terms": eighty_percent(&tea), "stacks_with_coupons": false }),
        )
        .await
        .ok();
    market.until(period.0).await;
    assert_eq!(market.quotes(&cake, 1).await["total"], 8_000);
    assert_eq!(market.quotes(&tea, 1).await["total"], 6_400);
    for change in [
        json!({ "terms": eighty_percent(&cake) }),
        json!({ "stacks_with_coupons": true }),
        json!({ "until": wall(market.in_seconds(60)) }),
        json!({ "from": wall(market.in_seconds(60)) }),
    ] {
        let said = market.changes(&promotion, change.clone()).await;
        assert_eq!(said.refused(), "promotion_state", "{change}");
    }
    let later = json!({ "name": "双十二", "until": wall(market.in_seconds(7_200)) });
    let changed = market.changes(&promotion, later).await.ok();
    assert_eq!(changed["name"], "双十二");
    market.until(period.1).await;
    assert_eq!(market.quotes(&tea, 1).await["total"], 6_400);
    market.until(market.in_seconds(3_600)).await;
    assert_eq!(market.quotes(&tea, 1).await["total"], 8_000);
    let over = market.changes(&promotion, json!({ "name": "x" })).await;
    assert_eq!(over.refused(), "promotion_state");
    let page = market.boss().get(&market.promotions("")).await.ok();
    assert_eq!(page["promotions"][0]["name"], "双十二");
}

/// One shop's promotions are nothing to another's prices or staff.
#[tokio::test]
async fn shops_keep_theirs_apart() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let promotion = market
        .tries(by_amount(&json!([{ "from": 1, "off": 1 }])), true)
        .await
        .ok();
    let other = TestShop::open(&market.server).await;
    let (boss, id) = (
        other.boss(&market.server),
        promotion["id"].as_str().unwrap(),
    );
    let path = other.path(&format!("/promotions/{id}"));
    assert_eq!(boss.get(&path).await.refused(), "not_found");
    assert_eq!(
        boss.post(&format!("{path}/stop"), json!({}))
            .await
            .refused(),
        "not_found"
    );
    assert_eq!(
        market
            .customer()
            .get(&format!("{path}/page"))
            .await
            .refused(),
        "not_found"
    );
    let theirs = json!({ "name": "x", "terms": eighty_percent(&cake), "from": wall(market.in_seconds(0)), "until": wall(market.in_seconds(60)) });
    assert_eq!(
        boss.post(&other.path("/promotions"), theirs)
            .await
            .refused(),
        "not_found"
    );
    let thing = crate::goods::thing(&market.server, &other, 5_000, 5).await;
    let basket = json!({ "lines": [{ "variant_id": thing["variants"][0]["id"], "units": 1 }] });
    let form = json!({ "basket": basket, "delivery_method": "express" });
    let quote = market
        .customer()
        .post(&other.path("/checkout/quote"), form)
        .await
        .ok();
    assert_eq!(
        (&quote["discount"], &quote["promotions"]["applied"]),
        (&json!(0), &json!([]))
    );
}
