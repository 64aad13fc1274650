//! Other goods for those that came back.

use serde_json::json;

use super::{SEND_BACK, wish};
use crate::{goods::level, order::Market};

/// AFS-10: the goods come back, the same again are sent under a new number that stands on the order, no money moves; what was sent
/// again can come back once more.
#[tokio::test]
async fn an_exchange_sends_the_same_again() {
    let market = Market::with(2).await;
    let order = market.sent(1).await;
    let case = market.apply(&order, wish("exchange", 1)).await.ok();
    market.decide(&case, "approve", json!({})).await.ok();
    assert!(market.said(&order).await.contains(&SEND_BACK.to_owned()));
    let parcel = json!({ "carrier": "中通", "tracking_number": "ZT1" });
    market.follow(&case, "enter-return", parcel).await.ok();
    let again =
        |carrier: &str, number: &str| json!({ "carrier": carrier, "tracking_number": number });
    let unknown = market.decide(&case, "ship-exchange", again("nobody", "N1"));
    assert_eq!(unknown.await.refused(), "carrier_unknown");
    let known = market.decide(&case, "ship-exchange", again("shunfeng", "7312345678901"));
    assert_eq!(
        known.await.refused(),
        "conflict",
        "the first package's number"
    );
    assert_eq!(
        market.decide(&case, "refund", json!({})).await.refused(),
        "case_state"
    );
    let sent = market.decide(&case, "ship-exchange", again("shunfeng", "N1"));
    assert_eq!(sent.await.ok()["state"], "exchange_shipped");
    let seen = market.seen(&order).await;
    assert_eq!(
        json!([seen["packages"][1]["tracking_number"], seen["refunded"]]),
        json!(["N1", 0])
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [1, 0, 1]
    );
    let said = market.said(&order).await;
    let text = "订单已发货,物流单号:N1,可在‘我的订单’中查看物流进度".to_owned();
    assert!(said.contains(&text), "{said:?}");
    market.follow(&case, "close", json!({})).await.ok();

    let case = market
        .apply(&order, wish("return_and_refund", 1))
        .await
        .ok();
    market.decide(&case, "approve", json!({})).await.ok();
    market.decide(&case, "refund", json!({})).await.ok();
    market.money_arrives(&case).await;
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [2, 0, 2]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-10, INV-01: without goods there is no exchange, and nothing has happened.
#[tokio::test]
async fn without_goods_there_is_no_exchange() {
    let market = Market::with(1).await;
    let order = market.sent(1).await;
    let case = market.apply(&order, wish("exchange", 1)).await.ok();
    market.decide(&case, "approve", json!({})).await.ok();
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "N1" });
    let short = market.decide(&case, "ship-exchange", parcel).await;
    assert_eq!(short.refused(), "out_of_stock");
    assert_eq!(market.case(&case).await["state"], "awaiting_return");
    assert_eq!(market.differences().await, [""; 0]);
}
