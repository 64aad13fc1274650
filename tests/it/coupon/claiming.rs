//! Who gets one, and why others do not.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{but, on_the_wall, ten_off};
use crate::{order::Market, support::Person};

/// CPN-05, CPN-15: two customers claim what is published: two wallets, and two fewer. A press that is repeated gives the same coupon; another
/// press is refused with the limit's reason.
#[tokio::test]
async fn two_customers_claim() {
    let market = Market::with(1).await;
    let (bob, ann) = (market.bob().await, &market.ann);
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 5 })))
        .await;
    let path = market.templates(&format!("/{template}/claim"));
    let key = Uuid::new_v4().to_string();
    let first = market.customer().post_as(&key, &path, json!({})).await.ok();
    let again = market.customer().post_as(&key, &path, json!({})).await.ok();
    assert_eq!(first, again);
    assert_eq!(
        (&first["source"], &first["state"]),
        (&json!("shop"), &json!("usable"))
    );
    assert_eq!(
        market.claims(ann, &template).await.refused(),
        "coupon_limit_reached"
    );
    market.claims(&bob, &template).await.ok();
    for who in [ann, &bob] {
        assert_eq!(market.pocket(who, "usable").await.len(), 1);
    }
    let offers = market
        .customer()
        .get(&market.shop.path("/coupons"))
        .await
        .ok();
    assert_eq!(
        (&offers["offers"][0]["left"], &offers["offers"][0]["id"]),
        (&json!(3), &json!(template))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-06, CPN-15: outside of the window, beyond the budget, by the same device, and banned: each has its own reason.
#[tokio::test]
async fn each_refusal_says_why() {
    let market = Market::with(1).await;
    let (bob, ann) = (market.bob().await, &market.ann);
    let cleo = Person::customer(&market.server, "Cleo").await;
    let (soon, later) = (on_the_wall(&market, 1), on_the_wall(&market, 3));
    let window = market
        .issues(but(
            ten_off(),
            json!({ "claim_from": soon, "claim_until": later }),
        ))
        .await;
    assert_eq!(
        market.claims(ann, &window).await.refused(),
        "coupon_not_now"
    );

    let budget = market
        .issues(but(ten_off(), json!({ "quantity": 100, "budget": 2_999 })))
        .await;
    market.claims(ann, &budget).await.ok();
    market.claims(&bob, &budget).await.ok();
    assert_eq!(
        market.claims(&cleo, &budget).await.refused(),
        "coupon_budget_spent"
    );

    let device = market
        .issues(but(ten_off(), json!({ "per_device": 1 })))
        .await;
    market.claims(ann, &device).await.ok();
    assert_eq!(
        market.claims(&bob, &device).await.refused(),
        "coupon_device_limit"
    );
    let other = "update sessions set device_id = 'another' where user_id = $1";
    let pool = market.server.server.app.store.pool();
    sqlx::query(other)
        .bind(bob.id)
        .execute(pool)
        .await
        .expect("moved");
    market.claims(&bob, &device).await.ok();

    market.time_passes(1).await;
    market.claims(ann, &window).await.ok();
    market.time_passes(2).await;
    assert_eq!(
        market.claims(&bob, &window).await.refused(),
        "coupon_not_now"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-03, CPN-04, CPN-10: newcomers, those who stayed away, and the listed: nobody else.
#[tokio::test]
async fn coupons_for_some() {
    let market = Market::with(9).await;
    let (bob, ann) = (market.bob().await, &market.ann);
    let form = |who: Value, more: Value| but(but(ten_off(), json!({ "eligibility": who })), more);
    let listed = market
        .issues(form(
            json!({ "who": "listed" }),
            json!({ "customer_ids": [bob.id] }),
        ))
        .await;
    let first = market
        .issues(form(json!({ "who": "first_order" }), json!({})))
        .await;
    let lapsed = market
        .issues(form(json!({ "who": "lapsed", "days": 7 }), json!({})))
        .await;
    assert_eq!(
        market.claims(ann, &listed).await.refused(),
        "coupon_not_eligible"
    );
    market.claims(&bob, &listed).await.ok();
    assert_eq!(
        market.claims(ann, &lapsed).await.refused(),
        "coupon_not_eligible",
        "who never came"
    );
    market.paid(1).await;
    assert_eq!(
        market.claims(ann, &first).await.refused(),
        "coupon_not_eligible"
    );
    market.claims(&bob, &first).await.ok();
    assert_eq!(
        market.claims(ann, &lapsed).await.refused(),
        "coupon_not_eligible",
        "who was just here"
    );
    market.time_passes(7 * 24).await;
    let coupon = market.claims(ann, &lapsed).await.ok();
    let at = |field: &str| {
        coupon[field]
            .as_str()
            .expect("a time")
            .parse::<jiff::Timestamp>()
            .expect("a time")
    };
    assert_eq!(
        at("valid_until")
            .duration_since(at("claimed_at"))
            .as_hours(),
        7 * 24
    );
}

/// CPN-15: limits are exact when all come at once: of one person's eight claims two, of eight people's on one device three.
#[tokio::test(flavor = "multi_thread")]
async fn limits_are_exact_when_all_come_at_once() {
    let market = Market::with(1).await;
    let template = market
        .issues(but(ten_off(), json!({ "per_person": 2 })))
        .await;
    let claims = join_all((0..8).map(|_| market.claims(&market.ann, &template))).await;
    assert_eq!(claims.iter().filter(|said| said.status == 201).count(), 2);
    let refused = claims.iter().filter(|said| said.status != 201);
    assert!(
        refused
            .clone()
            .all(|said| said.refused() == "coupon_limit_reached"),
        "{claims:?}"
    );

    let template = market
        .issues(but(ten_off(), json!({ "per_device": 3 })))
        .await;
    let mut people = vec![];
    for place in 0..8 {
        people.push(Person::customer(&market.server, &format!("C{place}")).await);
    }
    let claims = join_all(people.iter().map(|who| market.claims(who, &template))).await;
    assert_eq!(claims.iter().filter(|said| said.status == 201).count(), 3);
    let refused = claims.iter().filter(|said| said.status != 201);
    assert!(
        refused
            .clone()
            .all(|said| said.refused() == "coupon_device_limit"),
        "{claims:?}"
    );
    assert_eq!(market.differences().await, [""; 0]);
}
