//! What the shop promises, and what the system decides.

use serde_json::{Value, json};

use super::{SEND_BACK, wish};
use crate::order::Market;

async fn promise(market: &Market, change: Value) {
    let path = market.shop.path("/after-sale-rules");
    market.boss().patch(&path, change).await.ok();
}

async fn form(market: &Market, order: &Value) -> Value {
    let path = format!("/orders/{}/after-sale", order["id"].as_str().unwrap());
    market.customer().get(&path).await.ok()
}

/// AFS-11, AFS-02: the form shows what the shop has published; a request outside of it is marked for the reviewer and not refused; after fifteen days
/// the way in is gone.
#[tokio::test]
async fn conditions_are_shown_and_requests_outside_are_marked() {
    let market = Market::with(20).await;
    let policy = json!({
        "policy": "未拆封,7 天无理由退货", "days": 7, "pictures_wanted": true, "return_address": "上海市静安区仓库",
    });
    promise(&market, policy).await;
    let wrong = json!({ "days": 16 });
    let path = market.shop.path("/after-sale-rules");
    assert_eq!(
        market.boss().patch(&path, wrong).await.body["field"],
        "days"
    );
    let order = market.sent(3).await;
    let shown = form(&market, &order).await;
    assert_eq!(
        json!([
            shown["open"],
            shown["rules"]["policy"],
            shown["lines"][0]["sent"],
            shown["until"]
        ]),
        json!([true, "未拆封,7 天无理由退货", 3, null])
    );
    let mut proven = wish("return_and_refund", 1);
    proven["pictures"] = market.pictures(&market.ann, 1).await.into();
    let case = market.apply(&order, proven.clone()).await.ok();
    assert_eq!(case["outside_policy"], false);
    market.decide(&case, "approve", json!({})).await.ok();
    let said = market.said(&order).await;
    assert_eq!(
        said[..2],
        ["寄回地址:上海市静安区仓库", SEND_BACK],
        "the newest first"
    );
    market.follow(&case, "withdraw", json!({})).await.ok();
    let case = market.apply(&order, wish("exchange", 1)).await.ok();
    assert_eq!(case["outside_policy"], true, "no picture");
    market.follow(&case, "withdraw", json!({})).await.ok();

    market.mine(&order, "receive", json!({})).await.ok();
    market.time_passes(8 * 24).await;
    let case = market.apply(&order, proven).await.ok();
    assert_eq!(case["outside_policy"], true, "eight days");
    market.follow(&case, "withdraw", json!({})).await.ok();
    market.time_passes(8 * 24).await;
    let shown = form(&market, &order).await;
    assert_eq!(
        (&shown["open"], &shown["lines"]),
        (&json!(false), &json!([]))
    );
}

/// AFS-12: of special goods only some kinds are offered, and whoever asks for another is told why and what they can have.
#[tokio::test]
async fn special_goods_are_an_exception() {
    let market = Market::with(20).await;
    let order = market.sent(1).await;
    let product = order["lines"][0]["product_id"].as_str().unwrap();
    let path = market.shop.path(&format!("/products/{product}/after-sale"));
    let text = "生鲜商品不支持退货,可申请仅退款";
    let exception = json!({ "kinds": ["refund_only"], "text": text });
    let twice = json!({ "kinds": ["refund_only", "refund_only"], "text": text });
    assert_eq!(market.boss().put(&path, twice).await.body["field"], "kinds");
    market.boss().put(&path, exception).await.ok();
    let shown = form(&market, &order).await;
    assert_eq!(
        json!([shown["lines"][0]["kinds"], shown["lines"][0]["exception"]]),
        json!([["refund_only"], text])
    );
    let refused = market.apply(&order, wish("return_and_refund", 1)).await;
    assert_eq!(
        json!([
            refused.refused(),
            refused.body["field"],
            refused.body["detail"]
        ]),
        json!(["invalid_argument", "kind", text])
    );
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    market.follow(&case, "withdraw", json!({})).await.ok();
    market.boss().delete(&path).await;
    market
        .apply(&order, wish("return_and_refund", 1))
        .await
        .ok();
}

/// AFS-13: a refund without return up to a limit is approved by the system, and its history says so; above it, or with a return, staff decide.
#[tokio::test]
async fn simple_cases_are_decided_by_the_system() {
    let market = Market::with(20).await;
    promise(&market, json!({ "approve_up_to": 15_900 })).await;
    let order = market.sent(3).await;
    for (kind, units) in [("refund_only", 2), ("return_and_refund", 1)] {
        let case = market.apply(&order, wish(kind, units)).await.ok();
        assert_eq!(case["state"], "pending_review");
        market.follow(&case, "withdraw", json!({})).await.ok();
    }
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    let approval = &case["timeline"][1];
    assert_eq!(
        json!([
            case["state"],
            case["decided_by"],
            approval["deed"],
            approval["actor_kind"],
            approval["actor_id"]
        ]),
        json!(["refunding", null, "approve", "system", null])
    );
    assert!(case["decided_at"].is_string());
    market.money_arrives(&case).await;
    assert_eq!(market.differences().await, [""; 0]);
}
