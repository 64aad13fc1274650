//! Coupons on orders that staff draft in a chat.

use serde_json::{Value, json};

use super::{but, ten_off};
use crate::{
    order::{Market, id, seen},
    support::{Person, rest::Said},
};

impl Market {
    /// What Ann and the shop agree on: so many of the thing, with a coupon or without.
    pub(super) fn agreement(&self, units: u32, coupon: &Value) -> Value {
        json!({
            "basket": { "lines": [{ "variant_id": self.thing, "units": units }] }, "delivery_method": "express", "terms": "pay_first",
            "recipient": self.basket(1)["recipient"], "coupon_id": coupon["id"],
        })
    }

    async fn talks(&self) -> Value {
        let opened = json!({ "shop_id": self.shop.id });
        self.customer().post("/conversations", opened).await.ok()["id"].clone()
    }

    pub(super) async fn drafts(&self, agreement: Value) -> Said {
        let form = json!({ "conversation_id": self.talks().await, "agreement": agreement });
        self.boss().post(&self.shop.path("/orders"), form).await
    }

    async fn redrafts(&self, order: &Value, agreement: Value) -> Said {
        let path = self.shop.path(&format!("/orders/{}", id(order)));
        self.boss().put(&path, agreement).await
    }

    /// A coupon of somebody's, 10 yuan off.
    pub(super) async fn coupon_of(&self, who: &Person) -> Value {
        let template = self.issues(ten_off()).await;
        self.claims(who, &template).await.ok()
    }

    /// Where a coupon of Ann's stands.
    pub(super) async fn stands(&self, coupon: &Value) -> String {
        for pocket in ["usable", "used", "expired"] {
            let coupons = self.pocket(&self.ann, pocket).await;
            if let Some(found) = coupons.iter().find(|one| one["id"] == coupon["id"]) {
                return found["state"].as_str().expect("a word").to_owned();
            }
        }
        "nowhere".to_owned()
    }

    /// Why Ann cannot confirm an order with its coupon.
    async fn why_not(&self, order: &Value) -> String {
        let refused = self.mine(order, "confirm", seen(order)).await;
        assert_eq!(refused.refused(), "coupon_not_usable");
        refused.body["field"].as_str().expect("a word").to_owned()
    }

    /// The coupons that the form for a chat order offers.
    async fn offered(&self) -> Vec<Value> {
        let conversation = self.talks().await;
        let conversation = conversation.as_str().expect("an id");
        let path = format!("/orders/form?conversation_id={conversation}");
        let form = self.boss().get(&self.shop.path(&path)).await.ok();
        let coupons = form["coupons"].as_array().expect("coupons").iter();
        coupons.map(|coupon| coupon["id"].clone()).collect()
    }
}

/// CPN-13, ORD-04, AFS-07: the form offers the customer's coupon, the preview has it split over its units, this revision is confirmed and paid, and
/// what goes back piece by piece is what was paid, to the fen.
#[tokio::test]
async fn a_draft_carries_the_customers_coupon() {
    let market = Market::with(9).await;
    let coupon = market.coupon_of(&market.ann).await;
    assert_eq!(market.offered().await, [coupon["id"].clone()]);
    let order = market.drafts(market.agreement(3, &coupon)).await.ok();
    assert_eq!(
        (
            &order["discount"],
            &order["total"],
            &order["lines"][0]["discount"]
        ),
        (&json!(1_000), &json!(46_700), &json!(1_000))
    );
    assert_eq!(market.stands(&coupon).await, "locked");
    assert_eq!(market.offered().await, [Value::Null; 0]);

    market.mine(&order, "confirm", seen(&order)).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    assert_eq!(market.stands(&coupon).await, "used");
    market.accept(&order).await.ok();
    let mut back = vec![];
    for _ in 0..3 {
        let wish = json!({ "lines": [{ "line": 1, "units": 1 }], "reason": "不想要了" });
        let case = market.mine(&order, "cases", wish).await.ok();
        market.money_arrives(&case).await;
        back.push(market.seen(&order).await["refunded"].as_i64().unwrap());
    }
    assert_eq!(back, [15_567, 31_134, 46_700]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-13, decision 40: declined, withdrawn, drafted anew without it or cancelled, the coupon is the customer's again; another one takes its place.
#[tokio::test]
async fn a_draft_that_comes_to_nothing_gives_it_back() {
    let market = Market::with(9).await;
    let coupon = market.coupon_of(&market.ann).await;
    let (agreement, why) = (market.agreement(1, &coupon), json!({ "reason": "算了" }));
    let order = market.drafts(agreement.clone()).await.ok();
    market.mine(&order, "decline", why.clone()).await.ok();
    assert_eq!(market.stands(&coupon).await, "usable");
    let order = market.drafts(agreement.clone()).await.ok();
    market.staff(&order, "withdraw", why.clone()).await.ok();
    assert_eq!(market.stands(&coupon).await, "usable");

    let order = market.drafts(agreement.clone()).await.ok();
    let without = market.agreement(1, &Value::Null);
    let plain = market.redrafts(&order, without).await.ok();
    assert_eq!(
        (&plain["discount"], &plain["total"]),
        (&json!(0), &json!(15_900))
    );
    assert_eq!(market.stands(&coupon).await, "usable");
    let other = market.coupon_of(&market.ann).await;
    market
        .redrafts(&order, market.agreement(2, &other))
        .await
        .ok();
    let again = market.redrafts(&order, agreement).await.ok();
    assert_eq!(
        (&again["revision"], &again["total"]),
        (&json!(4), &json!(14_900))
    );
    let stand = [market.stands(&coupon).await, market.stands(&other).await];
    assert_eq!(stand, ["locked", "usable"]);

    let stale = market.mine(&order, "confirm", seen(&order)).await;
    assert_eq!(stale.refused(), "revision_stale");
    market.mine(&order, "confirm", seen(&again)).await.ok();
    market.mine(&order, "cancel", why).await.ok();
    assert_eq!(market.stands(&coupon).await, "usable");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-13: somebody else's coupon, one that is on another order, and one that takes nothing off are refused; no draft is left.
#[tokio::test]
async fn a_draft_takes_no_coupon_that_is_not_theirs() {
    let market = Market::with(9).await;
    let bob = market.bob().await;
    let bobs = market.coupon_of(&bob).await;
    let refused = market.drafts(market.agreement(1, &bobs)).await;
    assert_eq!(refused.refused(), "not_found");
    let coupon = market.coupon_of(&market.ann).await;
    let mut cheap = market.agreement(1, &coupon);
    cheap["prices"] = json!([{ "variant_id": market.thing, "price": 0 }]);
    let refused = market.drafts(cheap).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("coupon_not_usable", &json!("takes_nothing"))
    );
    let order = market.drafts(market.agreement(1, &coupon)).await.ok();
    let refused = market.drafts(market.agreement(1, &coupon)).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("coupon_not_usable", &json!("locked"))
    );
    let all = market.boss().get(&market.shop.path("/orders")).await.ok();
    assert_eq!(
        (
            all["orders"].as_array().unwrap().len(),
            &all["orders"][0]["id"]
        ),
        (1, &order["id"])
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-13: an order that is paid later has used its coupon when it is confirmed, and gives it back when it is cancelled before the shop takes it.
#[tokio::test]
async fn what_is_paid_later_uses_it_at_once() {
    let market = Market::with(9).await;
    let coupon = market.coupon_of(&market.ann).await;
    let mut agreement = market.agreement(1, &coupon);
    agreement["terms"] = json!("pay_later");
    let order = market.drafts(agreement).await.ok();
    market.mine(&order, "confirm", seen(&order)).await.ok();
    assert_eq!(market.stands(&coupon).await, "used");
    market.mine(&order, "cancel", json!({})).await.ok();
    assert_eq!(market.stands(&coupon).await, "usable");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-03, CPN-13: between the draft and its confirmation another order came first, or the coupon ended: it takes nothing off any more, and the
/// refusal says why; the shop takes its draft back, and nothing was placed.
#[tokio::test]
async fn a_drafts_coupon_is_judged_again_when_it_is_confirmed() {
    let market = Market::with(9).await;
    let first = but(
        ten_off(),
        json!({ "eligibility": { "who": "first_order" } }),
    );
    let template = market.issues(first).await;
    let first = market.claims(&market.ann, &template).await.ok();
    let order = market.drafts(market.agreement(1, &first)).await.ok();
    market.paid(1).await;
    assert_eq!(market.why_not(&order).await, "first_order_only");
    let reason = json!({ "reason": "草稿作废" });
    market.staff(&order, "withdraw", reason).await.ok();
    assert_eq!(market.stands(&first).await, "usable");

    let week = market.coupon_of(&market.ann).await;
    let order = market.drafts(market.agreement(1, &week)).await.ok();
    market.time_passes(8 * 24).await;
    assert_eq!(market.why_not(&order).await, "expired");
    assert_eq!(market.seen(&order).await["state"], order["state"]);
    assert_eq!(market.differences().await, [""; 0]);
}
