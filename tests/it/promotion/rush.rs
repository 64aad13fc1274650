//! Few items for a short time.

use futures_util::future::join_all;

use super::eighty_percent;
use crate::{goods::level, order::Market, support::Person};

/// PRO-13: sixty order at once what there are ten of in a flash sale: ten have it, at its price, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_at_once_for_ten_items() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 10).await;
    market.tries(eighty_percent(&cake), true).await.ok();
    let mut crowd = vec![];
    for place in 0..60 {
        crowd.push(Person::customer(&market.server, &format!("C{place}")).await);
    }
    let path = market.shop.path("/checkout");
    let said = join_all(crowd.iter().map(async |person| {
        let rest = market.server.rest().by(person);
        rest.post(&path, market.basket_of(&[(&cake, 1)])).await
    }))
    .await;
    let (placed, refused): (Vec<_>, Vec<_>) = said.into_iter().partition(|said| said.status == 201);
    assert_eq!(placed.len(), 10);
    assert!(placed.iter().all(|said| said.body["total"] == 6_400));
    assert!(refused.iter().all(|said| said.refused() == "out_of_stock"));
    assert_eq!(
        level(&market.server, &market.shop, cake.variant).await,
        [10, 10, 0]
    );
    assert_eq!(market.differences().await, [""; 0]);
}
