//! Promotions on orders that staff draft in a chat.

use serde_json::{Value, json};

use super::{Thing, by_amount, eighty_percent};
use crate::order::{Market, id, seen};

impl Market {
    /// What Ann and the shop agree on.
    fn agrees(&self, thing: &Thing, units: u32) -> Value {
        let basket = self.basket_of(&[(thing, units)]);
        json!({
            "basket": basket["basket"], "delivery_method": "express", "terms": "pay_first", "recipient": basket["recipient"],
        })
    }

    async fn draft_of(&self, agreement: Value) -> Value {
        let opened = json!({ "shop_id": self.shop.id });
        let chat = self.customer().post("/conversations", opened).await.ok();
        let form = json!({ "conversation_id": chat["id"], "agreement": agreement });
        self.boss()
            .post(&self.shop.path("/orders"), form)
            .await
            .ok()
    }
}

/// PRO-01, ORD-04: the preview has the flash price; confirmed while it runs it is the order's, confirmed after its end it is refused by the
/// promotion's id, and another preview has the price of the day. A price that staff agreed on stands.
#[tokio::test]
async fn a_preview_is_judged_when_it_is_confirmed() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let promotion = market.tries(eighty_percent(&cake), true).await.ok();
    let (in_time, too_late) = (
        market.draft_of(market.agrees(&cake, 1)).await,
        market.draft_of(market.agrees(&cake, 1)).await,
    );
    assert_eq!(in_time["total"], 6_400);
    let order = market.mine(&in_time, "confirm", seen(&in_time)).await.ok();
    assert_eq!(
        (&order["total"], &order["state"]),
        (&json!(6_400), &json!("pending_payment"))
    );
    let mut agreed = market.agrees(&cake, 1);
    agreed["prices"] = json!([{ "variant_id": cake.variant, "price": 7_000 }]);
    let agreed = market.draft_of(agreed).await;
    assert_eq!(
        (&agreed["total"], &agreed["promotions"]),
        (&json!(7_000), &json!([]))
    );

    market.until(market.in_seconds(3_600)).await;
    let refused = market.mine(&too_late, "confirm", seen(&too_late)).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("promotion_state", &promotion["id"])
    );
    market.mine(&agreed, "confirm", seen(&agreed)).await.ok();
    let path = market.shop.path(&format!("/orders/{}", id(&too_late)));
    let anew = market.boss().put(&path, market.agrees(&cake, 1)).await.ok();
    assert_eq!(
        (&anew["total"], &anew["promotions"]),
        (&json!(8_000), &json!([]))
    );
    market.mine(&anew, "confirm", seen(&anew)).await.ok();
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-03, PRO-04: a preview has what is taken off and the gift; the gift is gone when it is confirmed: the order goes through without it.
#[tokio::test]
async fn a_preview_with_a_gift_that_is_gone_by_then() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 10_000, 9).await,
        market.puts_up("cup", 900, 1).await,
    );
    let gift = json!([{ "variant_id": cup.variant, "units": 1 }]);
    let terms = by_amount(&json!([{ "from": 10_000, "off": 500, "gifts": gift }]));
    market.tries(terms, true).await.ok();
    let preview = market.draft_of(market.agrees(&cake, 1)).await;
    assert_eq!(
        (&preview["total"], &preview["lines"][1]["gift"]),
        (&json!(9_500), &json!(true))
    );
    let bought = market.orders(&cup, 1).await;
    let order = market.mine(&preview, "confirm", seen(&preview)).await.ok();
    assert_eq!(
        (&order["total"], order["lines"].as_array().unwrap().len()),
        (&json!(9_500), 1)
    );
    assert_eq!(order["revision"], 2);

    let preview = market.draft_of(market.agrees(&cake, 1)).await;
    assert_eq!(
        preview["lines"].as_array().unwrap().len(),
        1,
        "nothing is promised that is not there"
    );
    market.mine(&bought, "cancel", json!({})).await.ok();
    let path = market.shop.path(&format!("/orders/{}", id(&preview)));
    let preview = market.boss().put(&path, market.agrees(&cake, 1)).await.ok();
    let order = market.mine(&preview, "confirm", seen(&preview)).await.ok();
    assert_eq!(order["lines"][1]["gift"], true);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-03, CPN-13: who confirms picks a coupon of theirs, and what promotions take off is judged anew beside it.
#[tokio::test]
async fn a_coupon_that_is_picked_while_confirming() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 10_000, 9).await;
    let terms = by_amount(&json!([{ "from": 10_000, "off": 9_500 }]));
    market.tries(terms, true).await.ok();
    let template = market.issues(crate::coupon::ten_off()).await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    let preview = market.draft_of(market.agrees(&cake, 1)).await;
    assert_eq!(preview["total"], 500);
    let mut agreed = seen(&preview);
    agreed["coupon_id"] = coupon["id"].clone();
    agreed["expected_total"] = json!(0);
    let order = market.mine(&preview, "confirm", agreed).await.ok();
    assert_eq!(
        (&order["discount"], &order["total"]),
        (&json!(10_000), &json!(0))
    );
    assert_eq!(
        order["promotions"][0]["reduced"], 9_000,
        "no more than the coupon has left"
    );
    assert_eq!(market.differences().await, [""; 0]);
}
