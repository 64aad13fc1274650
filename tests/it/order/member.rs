//! What members pay.

use serde_json::{Value, json};

use super::{Market, id, seen};
use crate::support::{Person, TestShop, rest::Said};

impl Market {
    /// The shop gives somebody so much off, in basis points.
    async fn gives_off(&self, who: &Person, off: u32) -> Said {
        let path = self.shop.path(&format!("/members/{}", who.id));
        self.boss().put(&path, json!({ "off": off })).await
    }

    /// From two pieces on the thing costs a tenth less.
    async fn has_a_tier(&self) {
        let goods = self.boss().get(&self.shop.path("/products")).await.ok();
        let product = goods["products"][0]["product"]["id"].as_str().unwrap();
        let tiers = json!({ "tiers": [{ "from": 2, "off": 1_000 }] });
        let path = self.shop.path(&format!("/products/{product}"));
        self.boss().patch(&path, tiers).await.ok();
    }

    /// What so many of the thing cost somebody, by the quote of goods and by that of the checkout.
    async fn costs(&self, who: &Person, units: u32) -> [Value; 2] {
        let (rest, form) = (self.server.rest().by(who), self.basket(units));
        let goods = rest
            .post(&self.shop.path("/quotes"), form["basket"].clone())
            .await;
        let form = json!({ "basket": form["basket"], "delivery_method": "express" });
        let all = rest.post(&self.shop.path("/checkout/quote"), form).await;
        [goods.ok()["total"].clone(), all.ok()["total"].clone()]
    }
}

/// PROD-08: a member pays less, on top of the tier that two pieces have: in the quotes, in the order that is placed and in the one that it is
/// changed to; who is no member pays what they paid. What was agreed stays when the membership ends.
#[tokio::test]
async fn a_members_discount_goes_on_top_of_the_tier() {
    let market = Market::with(20).await;
    let bob = Person::customer(&market.server, "Bob").await;
    market.has_a_tier().await;
    let one = market.place(market.basket(1)).await.ok();
    assert_eq!(one["total"], 15_900);
    market.gives_off(&market.ann, 500).await.ok();
    let mine = market.shop.path("/membership");
    let mine = market.customer().get(&mine).await.ok();
    assert_eq!(mine, json!({ "off": 500 }));
    for (units, member, other) in [(1, 15_105, 15_900), (2, 27_189, 28_620)] {
        assert_eq!(market.costs(&market.ann, units).await, [member, member]);
        assert_eq!(market.costs(&bob, units).await, [other, other]);
        let mut form = market.basket(units);
        form["expected_total"] = json!(member);
        let placed = market.place(form).await.ok();
        assert_eq!(placed["total"], member);
        assert_eq!(placed["lines"][0]["list_price"], 15_900);
    }
    let two = json!({ "basket": market.basket(2)["basket"] });
    let path = format!("/orders/{}", id(&one));
    let changed = market.customer().patch(&path, two).await.ok();
    assert_eq!(changed["total"], 27_189);
    market.gives_off(&market.ann, 0).await.ok();
    assert_eq!(market.costs(&market.ann, 2).await, [28_620, 28_620]);
    let paid = market.mine(&changed, "pay-in-sandbox", json!({})).await;
    assert_eq!(paid.ok()["paid"], 27_189);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PROD-08, ORD-04: a draft costs what its customer pays, but where another price was agreed nothing goes on top.
#[tokio::test]
async fn a_draft_costs_what_its_customer_pays() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    market.gives_off(&market.ann, 500).await.ok();
    let draft = async |prices: Value| {
        let agreement = json!({
            "basket": market.basket(1)["basket"], "delivery_method": "express", "terms": "pay_first", "prices": prices,
        });
        let form = json!({ "conversation_id": order["conversation_id"], "agreement": agreement });
        let drafted = market.boss().post(&market.shop.path("/orders"), form).await;
        drafted.ok()
    };
    let drafted = draft(json!([])).await;
    assert_eq!(drafted["total"], 15_105);
    let confirmed = market.mine(&drafted, "confirm", seen(&drafted)).await.ok();
    assert_eq!(confirmed["total"], 15_105);
    let agreed = json!([{ "variant_id": market.thing, "price": 12_000 }]);
    assert_eq!(draft(agreed).await["total"], 12_000);
}

/// PROD-08, STAFF-02: members are customers of the shop, made so by staff who set discounts, within reason; another shop knows nothing of it.
#[tokio::test]
async fn a_shop_makes_its_members() {
    let market = Market::with(20).await;
    let bob = Person::customer(&market.server, "Bob").await;
    market.place(market.basket(1)).await.ok();
    for nobody in [&bob, &market.shop.owner] {
        let refused = market.gives_off(nobody, 500).await;
        assert_eq!(refused.refused(), "not_found");
    }
    for absurd in [10_000, 10_001] {
        let refused = market.gives_off(&market.ann, absurd).await;
        assert_eq!(refused.refused(), "invalid_argument");
    }
    let path = market.shop.path(&format!("/members/{}", market.ann.id));
    let agent = market.shop.hire(&market.server, "agent").await;
    for who in [&agent, &market.ann] {
        let rest = market.server.rest().by(who);
        let refused = rest.put(&path, json!({ "off": 500 })).await;
        assert_eq!(refused.refused(), "forbidden");
    }
    market.gives_off(&market.ann, 500).await.ok();
    assert_eq!(market.boss().get(&path).await.ok(), json!({ "off": 500 }));
    let other = TestShop::open(&market.server).await;
    let elsewhere = market.customer().get(&other.path("/membership")).await;
    assert_eq!(elsewhere.ok(), json!({ "off": 0 }));
}
