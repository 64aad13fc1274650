//! Customers who stay away are called back.

use serde_json::json;

use crate::{coupon::ten_off, order::Market};

/// CMP-05: after seven days without an order there is one message with a coupon, on the eighth none; a new order begins a new absence; who has
/// ordered never or lately hears nothing.
#[tokio::test]
async fn who_stays_away_is_called_back_once() {
    let market = Market::with(9).await;
    let template = market.issues(ten_off()).await;
    market
        .campaign_rules(json!({
            "quiet_from": "00:00:00", "quiet_until": "00:00:00", "per_day": 3,
            "recall": { "text": "{name},好久不见", "template_id": template },
        }))
        .await;
    let bob = market.crowd(1, "Bob").await;
    market.paid(1).await;
    let app = market.server.server.app.by_itself();
    let days = async |days: i64| {
        market.time_passes(24 * days).await;
        for _ in 0..2 {
            let recall = souk::campaign::recall::due(&app);
            let recalled = market.server.in_turn("recalls", recall).await;
            recalled.expect("it works");
        }
        market.runs().await;
        market.told(&market.ann).await.len()
    };
    assert_eq!(days(6).await, 0);
    assert_eq!(days(1).await, 1);
    let title = "满50减10".to_owned();
    let told = ("Ann,好久不见".to_owned(), Some(title));
    assert_eq!(market.told(&market.ann).await, [told]);
    assert_eq!(market.pocket(&market.ann, "usable").await.len(), 1);
    assert_eq!(days(1).await, 1);
    assert_eq!(market.told(&bob[0]).await, []);
    market.paid(1).await;
    assert_eq!(days(7).await, 1, "one coupon each is the limit: skipped");
    let page = market
        .boss()
        .get(&market.shop.path("/campaigns"))
        .await
        .ok();
    assert_eq!(page["campaigns"].as_array().map(Vec::len), Some(2));
    let report = market.came_of(&page["campaigns"][0]).await;
    assert_eq!(report["skipped"][0]["because"], "coupon_limit_reached");
}
