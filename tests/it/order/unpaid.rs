//! Orders that hold goods and are not paid.

use futures_util::future::join_all;
use serde_json::json;

use super::{Market, seen};
use crate::{goods::level, support::Person};

impl Market {
    async fn allows_unpaid(&self, orders: i64) {
        let change = json!({ "unpaid_at_most": orders });
        let path = self.shop.path("/order-rules");
        self.boss().patch(&path, change).await.ok();
    }
}

/// PAY-02, INV-01: a customer with as many unpaid orders as the shop allows gets no further one, from the basket or from a chat, until one is paid or
/// cancelled; others do. What is refused holds nothing.
#[tokio::test]
async fn unpaid_orders_are_few() {
    let market = Market::with(20).await;
    let rules = market.shop.path("/order-rules");
    assert_eq!(
        market.customer().get(&rules).await.ok()["unpaid_at_most"],
        10
    );
    for absurd in [0, -1, 101] {
        let change = json!({ "unpaid_at_most": absurd });
        let refused = market.boss().patch(&rules, change).await;
        assert_eq!(refused.body["field"], "unpaid_at_most");
    }
    market.allows_unpaid(2).await;
    let first = market.place(market.basket(1)).await.ok();
    let second = market.place(market.basket(1)).await.ok();
    let third = market.place(market.basket(1)).await;
    assert_eq!(third.refused(), "too_many_unpaid");
    let agreement = json!({ "basket": market.basket(1)["basket"], "delivery_method": "express", "terms": "pay_first" });
    let form = json!({ "conversation_id": first["conversation_id"], "agreement": agreement });
    let draft = market
        .boss()
        .post(&market.shop.path("/orders"), form)
        .await
        .ok();
    let refused = market.mine(&draft, "confirm", seen(&draft)).await;
    assert_eq!(refused.refused(), "too_many_unpaid");
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 2, 18]
    );
    let bob = Person::customer(&market.server, "Bob").await;
    let path = market.shop.path("/checkout");
    market
        .server
        .rest()
        .by(&bob)
        .post(&path, market.basket(1))
        .await
        .ok();

    market.mine(&first, "pay-in-sandbox", json!({})).await.ok();
    market.mine(&draft, "confirm", seen(&draft)).await.ok();
    market.mine(&second, "cancel", json!({})).await.ok();
    market.place(market.basket(1)).await.ok();
    assert_eq!(
        market.place(market.basket(1)).await.refused(),
        "too_many_unpaid"
    );
}

/// PAY-02: of eight orders of one customer at once as many get through as the shop allows, and numbers have no gaps.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_as_many_as_are_allowed() {
    let market = Market::with(20).await;
    market.allows_unpaid(3).await;
    let orders = join_all((0..8).map(|_| market.place(market.basket(1)))).await;
    let (placed, refused): (Vec<_>, Vec<_>) = orders.iter().partition(|said| said.status == 201);
    assert_eq!(placed.len(), 3, "{orders:?}");
    assert!(
        refused
            .iter()
            .all(|said| said.refused() == "too_many_unpaid"),
        "{refused:?}"
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 3, 17]
    );
    assert_eq!(market.differences().await, [""; 0]);
}
