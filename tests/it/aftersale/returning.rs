//! Goods that come back.

use serde_json::json;

use super::{SEND_BACK, wish};
use crate::{goods::level, order::Market};

/// AFS-08, AFS-14, CHAT-06: approval asks for the goods word for word and gives nothing back; when staff have them the money goes, the goods can
/// be sold again, and other systems hear of it: one movement, one refund in the ledger, one fact, each once.
#[tokio::test]
async fn money_goes_back_when_the_goods_are_there() {
    let market = Market::with(20).await;
    let order = market.sent(3).await;
    let case = market
        .apply(&order, wish("return_and_refund", 2))
        .await
        .ok();
    market.decide(&case, "approve", json!({})).await.ok();
    let said = market.said(&order).await;
    assert_eq!(said.iter().filter(|text| *text == SEND_BACK).count(), 1);
    assert_eq!(market.seen(&order).await["refunded"], 0);
    let parcel = json!({ "carrier": "中通", "tracking_number": "ZT1" });
    let coming = market.follow(&case, "enter-return", parcel).await.ok();
    assert_eq!(
        json!([coming["state"], coming["return_number"]]),
        json!(["return_in_transit", "ZT1"])
    );
    assert_eq!(market.alerts("after_sale").await.len(), 2);
    market.decide(&case, "refund", json!({})).await.ok();
    assert_eq!(
        market.decide(&case, "refund", json!({})).await.refused(),
        "case_state"
    );
    let case = market.money_arrives(&case).await;
    assert_eq!(case["amount"], 31_800);
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [19, 0, 19]
    );
    let count = async |sql: &str| -> i64 {
        let pool = market.server.server.app.store.pool();
        let id = case["id"].as_str().unwrap();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .bind(id)
            .fetch_one(pool)
            .await
            .unwrap()
    };
    let ledger = "select count(*) from ledger l join refunds r on r.id = l.refund_id where r.case_id::text = $1 and l.cause = 'refunded'";
    let moved = "select count(*) from stock_movements m join cases c on c.order_id = m.holder_id where c.id::text = $1 and m.kind = 'put_back'";
    let told = "select count(*) from facts where kind = 'case_moved' and payload ->> 'case_id' = $1 and payload ->> 'deed' = 'settle'";
    assert_eq!(
        [count(ledger).await, count(moved).await, count(told).await],
        [1, 1, 1]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-09: goods that come back damaged are refused with a reason and pictures, which the customer is told and shown.
#[tokio::test]
async fn damaged_goods_are_refused_with_proof() {
    let market = Market::with(20).await;
    let order = market.sent(1).await;
    let case = market
        .apply(&order, wish("return_and_refund", 1))
        .await
        .ok();
    market.decide(&case, "approve", json!({})).await.ok();
    let pictures = market.pictures(&market.shop.owner, 2).await;
    for lacking in [
        json!({ "reason": "", "pictures": pictures }),
        json!({ "reason": "破损", "pictures": [] }),
    ] {
        assert_eq!(
            market.decide(&case, "refuse", lacking).await.refused(),
            "invalid_argument"
        );
    }
    let damage = json!({ "reason": "破损", "pictures": pictures });
    let refused = market.decide(&case, "refuse", damage).await.ok();
    assert_eq!(
        json!([
            refused["state"],
            refused["answer"],
            refused["answer_pictures"]
        ]),
        json!(["refund_refused", "破损", pictures])
    );
    let said = market.said(&order).await;
    assert!(
        said.contains(&"商家拒绝退款:破损。如有异议,可发起投诉".to_owned()),
        "{said:?}"
    );
    let url = format!("/api/v1/files/{}", pictures[0].as_str().unwrap());
    let fetched = crate::support::TestServer::http()
        .get(market.server.url(&url))
        .bearer_auth(&market.ann.token)
        .send();
    assert!(fetched.await.unwrap().status().is_success());
    market.on_time().await;
    assert_eq!(market.seen(&order).await["refunded"], 0);
    assert_eq!(market.differences().await, [""; 0]);
}
