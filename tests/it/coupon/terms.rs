//! What a shop lays down, and what it may still change.

use serde_json::{Value, json};

use super::{but, on_the_wall, ten_off};
use crate::order::Market;

/// CPN-01, CPN-02: terms that make no sense are refused by the field that is wrong, and who may not set up campaigns is refused.
#[tokio::test]
async fn terms_make_sense() {
    let market = Market::with(1).await;
    let terms = |change: Value| {
        but(
            ten_off(),
            json!({ "terms": but(ten_off()["terms"].clone(), change) }),
        )
    };
    let (early, late) = (on_the_wall(&market, 1), on_the_wall(&market, 2));
    let capless = json!({ "face": { "kind": "percentage", "off": 2_000 } });
    for (form, field) in [
        (terms(json!({ "title": " " })), "title"),
        (
            terms(
                json!({ "face": { "kind": "full_reduction", "value": 5_001, "threshold": 5_000 } }),
            ),
            "threshold",
        ),
        (
            terms(json!({ "face": { "kind": "no_threshold", "value": 0 } })),
            "face",
        ),
        (
            terms(json!({ "face": { "kind": "percentage", "off": 10_000 } })),
            "off",
        ),
        (
            terms(json!({ "scope": { "of": "categories", "categories": [[]] } })),
            "categories",
        ),
        (
            but(
                ten_off(),
                json!({ "validity": { "from": late, "until": early } }),
            ),
            "validity",
        ),
        (
            but(ten_off(), json!({ "validity": { "days": 0 } })),
            "validity",
        ),
        (but(ten_off(), json!({ "quantity": 0 })), "quantity"),
        (but(ten_off(), json!({ "per_person": 101 })), "per_person"),
        (but(terms(capless), json!({ "budget": 100_000 })), "budget"),
        (
            but(ten_off(), json!({ "eligibility": { "who": "listed" } })),
            "customer_ids",
        ),
    ] {
        let refused = market.boss().post(&market.templates(""), form).await;
        assert_eq!(
            (refused.refused(), &refused.body["field"]),
            ("invalid_argument", &json!(field))
        );
    }
    let foreign = terms(json!({ "scope": { "of": "products", "product_ids": [market.shop.id] } }));
    let refused = market.boss().post(&market.templates(""), foreign).await;
    assert_eq!(refused.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let tried = market
        .server
        .rest()
        .by(&agent)
        .post(&market.templates(""), ten_off())
        .await;
    assert_eq!(tried.refused(), "forbidden");
}

/// CPN-14, decision 22: before the first claim stock, validity and value can be edited; after it the quantity can only rise, issuing can be
/// stopped, and what is in wallets stays.
#[tokio::test]
async fn the_first_claim_freezes_the_terms() {
    let market = Market::with(1).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 5 })))
        .await;
    let path = market.templates(&format!("/{template}"));
    let change = async |change: Value| market.boss().patch(&path, change).await;
    let face = |value: i64| json!({ "face": { "kind": "full_reduction", "value": value, "threshold": 5_000 } });
    assert_eq!(
        change(json!({ "quantity": 3, "validity": { "days": 5 } }))
            .await
            .ok()["validity"]["days"],
        5
    );
    change(face(900)).await.ok();
    market.claims(&market.ann, &template).await.ok();

    for frozen in [
        face(1_000),
        json!({ "validity": { "days": 6 } }),
        json!({ "quantity": 2 }),
    ] {
        assert_eq!(change(frozen).await.refused(), "coupon_frozen");
    }
    let more = change(json!({ "quantity": 4 })).await.ok();
    assert_eq!(
        (&more["limits"]["quantity"], &more["claimed"]),
        (&json!(4), &json!(1))
    );
    market
        .boss()
        .post(&format!("{path}/end"), json!({}))
        .await
        .ok();
    let bob = market.bob().await;
    assert_eq!(
        market.claims(&bob, &template).await.refused(),
        "coupon_not_now"
    );
    assert_eq!(
        change(json!({ "quantity": 9 })).await.refused(),
        "coupon_state"
    );
    assert_eq!(
        market.pocket(&market.ann, "usable").await.len(),
        1,
        "nobody takes it back"
    );
}

/// CPN-18: on trial only the listed accounts can claim and see it; published, everybody can.
#[tokio::test]
async fn a_trial_is_for_the_listed() {
    let market = Market::with(1).await;
    let bob = market.bob().await;
    let form = but(ten_off(), json!({ "tester_ids": [market.ann.id] }));
    let template = market.lays_down(form).await;
    assert_eq!(
        market.claims(&market.ann, &template).await.refused(),
        "not_found",
        "a draft"
    );
    market.publishes(&template, true).await.ok();
    assert_eq!(
        market.claims(&bob, &template).await.refused(),
        "coupon_trial_only"
    );
    market.claims(&market.ann, &template).await.ok();
    let offers = async || {
        let path = market.shop.path("/coupons");
        let page = market.server.rest().by(&bob).get(&path).await.ok();
        page["offers"].as_array().expect("offers").len()
    };
    assert_eq!(offers().await, 0);
    market.publishes(&template, false).await.ok();
    assert_eq!(offers().await, 1);
    market.claims(&bob, &template).await.ok();
    assert_eq!(
        market.publishes(&template, true).await.refused(),
        "coupon_state"
    );
}

/// CPN-20, decision 23: the report has the aim, and beside it what was claimed, used and sold with it.
#[tokio::test]
async fn the_report_judges_by_the_aim() {
    let market = Market::with(9).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 10 })))
        .await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    market.claims(&market.bob().await, &template).await.ok();
    let order = but(market.basket(2), json!({ "coupon_id": coupon["id"] }));
    let order = market.place(order).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    let report = market.report(&template).await;
    let told = [
        "in_wallets",
        "used",
        "deducted",
        "claim_rate",
        "use_rate",
        "first_orders",
        "later_orders",
        "units",
    ];
    let told = told.map(|field| report[field].as_i64().expect("a number"));
    assert_eq!(
        (&report["template"]["aim"], told),
        (
            &json!("new_customers"),
            [2, 1, 1_000, 2_000, 5_000, 1, 0, 2]
        )
    );
}
