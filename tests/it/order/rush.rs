//! Many at once.

use futures_util::future::join_all;
use serde_json::json;

use super::Market;
use crate::{goods::level, support::Person};

/// INV-01, reliability F30 (stock): 50 customers order at once on a stock of 20: exactly 20 have an order, numbers are dense, the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_orders_on_a_stock_of_twenty() {
    let market = Market::with(20).await;
    let mut customers = vec![];
    for place in 0..50 {
        customers.push(Person::customer(&market.server, &format!("C{place}")).await);
    }
    let orders = join_all(customers.iter().map(async |customer| {
        let rest = market.server.rest().by(customer);
        rest.post(&market.shop.path("/checkout"), market.basket(1))
            .await
    }))
    .await;
    let (placed, refused): (Vec<_>, Vec<_>) =
        orders.into_iter().partition(|said| said.status == 201);
    assert_eq!(placed.len(), 20);
    assert!(
        refused.iter().all(|said| said.refused() == "out_of_stock"),
        "{refused:?}"
    );
    let mut numbers: Vec<_> = placed
        .iter()
        .map(|said| {
            said.body["number"].as_str().unwrap()[10..]
                .parse::<i32>()
                .unwrap()
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<i32>>());
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 20, 0]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// Two contrary deeds at once: exactly one succeeds, the other leaves no trace.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_deeds_at_once_one_succeeds() {
    let market = Market::with(20).await;
    for _ in 0..5 {
        let order = market.paid(1).await;
        let (cancelled, accepted) = tokio::join!(
            market.mine(&order, "cancel", json!({})),
            market.accept(&order)
        );
        let done = [&cancelled, &accepted]
            .into_iter()
            .filter(|said| said.status == 200)
            .count();
        assert_eq!(done, 1, "{cancelled:?} {accepted:?}");
        assert_eq!(market.deeds(&order).await.len(), 3);
    }
    assert_eq!(market.differences().await, [""; 0]);
}
