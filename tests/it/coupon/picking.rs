//! The customer picks a coupon for an order that staff drafted in a chat.

use serde_json::{Value, json};

use super::{but, ten_off};
use crate::order::{Market, id, seen};

impl Market {
    /// What Ann is offered for a preview: what each usable coupon takes off, and why the others cannot be taken.
    async fn offers(&self, draft: &Value) -> (Vec<Value>, Vec<Value>) {
        let path = format!("/orders/{}/coupons", id(draft));
        let said = self.customer().get(&path).await.ok();
        let each = |pocket: &str, field: &str| {
            let coupons = said[pocket].as_array().expect("coupons").iter();
            coupons.map(|one| one[field].clone()).collect()
        };
        (each("usable", "deduction"), each("unusable", "reason"))
    }

    /// Ann confirms a preview with a coupon, and with what she was shown as the sum.
    async fn confirms_with(
        &self,
        draft: &Value,
        coupon: &Value,
        total: i64,
    ) -> crate::support::rest::Said {
        let mut agreed = seen(draft);
        agreed["coupon_id"] = coupon["id"].clone();
        agreed["expected_total"] = json!(total);
        self.mine(draft, "confirm", agreed).await
    }
}

/// CPN-13, ORD-05: for a chat order the customer is offered what she can use, picks one when she confirms, and pays less; it is used, tied to the
/// order, and refused a second time.
#[tokio::test]
async fn a_coupon_is_picked_when_a_draft_is_confirmed() {
    let market = Market::with(9).await;
    let coupon = market.coupon_of(&market.ann).await;
    let dear = market.issues(but(ten_off(), json!({ "terms": {
        "title": "满500减10", "face": { "kind": "full_reduction", "value": 1_000, "threshold": 50_000 },
        "scope": { "of": "shop" }, "stacks_with_promotions": true,
    } })));
    let dear = market.claims(&market.ann, &dear.await).await.ok();
    let draft = market.drafts(market.agreement(2, &json!({}))).await.ok();
    let (usable, unusable) = market.offers(&draft).await;
    assert_eq!(
        (usable, unusable),
        (vec![json!(1_000)], vec![json!("below_threshold")])
    );

    let refused = market.confirms_with(&draft, &dear, 30_800).await;
    assert_eq!(refused.refused(), "coupon_not_usable");
    let refused = market.confirms_with(&draft, &coupon, 30_799).await;
    assert_eq!(refused.refused(), "revision_stale");
    assert_eq!(
        market.stands(&coupon).await,
        "usable",
        "nothing has happened"
    );
    let order = market.confirms_with(&draft, &coupon, 30_800).await.ok();
    assert_eq!(
        json!([
            order["total"],
            order["discount"],
            order["lines"][0]["discount"],
            order["revision"]
        ]),
        json!([30_800, 1_000, 1_000, 2])
    );
    assert_ne!(order["hash"], draft["hash"]);
    let path = format!("/orders/{}/coupons", id(&order));
    let over = market.customer().get(&path).await;
    assert_eq!(over.refused(), "order_state");
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    assert_eq!(market.stands(&coupon).await, "used");

    let second = market.drafts(market.agreement(2, &json!({}))).await.ok();
    let refused = market.confirms_with(&second, &coupon, 30_800).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("coupon_not_usable", &json!("used"))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-13: the coupon that the customer picks comes in the place of the one that staff put on the draft, which is hers again.
#[tokio::test]
async fn the_picked_coupon_takes_the_drafted_ones_place() {
    let market = Market::with(9).await;
    let drafted = market.coupon_of(&market.ann).await;
    let picked = market.coupon_of(&market.ann).await;
    let draft = market.drafts(market.agreement(2, &drafted)).await.ok();
    assert_eq!(draft["total"], 30_800);
    market.confirms_with(&draft, &picked, 30_800).await.ok();
    assert_eq!(market.stands(&drafted).await, "usable");
    assert_eq!(market.stands(&picked).await, "locked");
    assert_eq!(market.differences().await, [""; 0]);
}
