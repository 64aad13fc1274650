//! One shop's rush to order: its customers wait for one another, in a line, and nobody else for them.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use tokio::{task::JoinHandle, time::timeout};

use super::{Market, seen};
use crate::{
    goods::{thing, variant},
    support::{Person, Rest, TestServer, TestShop, held::waiting, rest::Said},
};

/// A shop whose day's number is in the test's hand: two orders wait for it on connections, four more in the line, and one connection
/// is left for everybody else.
struct Flash {
    market: Market,
    /// Each with an order of their own.
    crowd: Vec<Rest>,
}

impl Flash {
    async fn begin(people: usize) -> (Self, Transaction<'static, Postgres>) {
        let server = TestServer::with(|config| {
            config.database.connections = 3;
            config.limits.orders_at_once = 2;
            config.limits.orders_in_line = 4;
        })
        .await;
        let market = Market::on(server, 20).await;
        market.place(market.basket(1)).await.ok();
        let mut crowd = vec![];
        for place in 0..people {
            let person = Person::customer(&market.server, &format!("C{place}")).await;
            crowd.push(market.server.rest().by(&person));
        }
        let own = market.server.server.app.by_itself().store;
        let mut day = own.pool().begin().await.expect("a transaction");
        sqlx::query("select from order_days where shop_id = $1 for update")
            .bind(market.shop.id)
            .execute(&mut *day)
            .await
            .expect("the day's row");
        (Self { market, crowd }, day)
    }

    /// Everybody orders.
    fn rush(&self) -> FuturesUnordered<JoinHandle<Said>> {
        let (path, basket) = (self.market.shop.path("/checkout"), self.market.basket(1));
        let order = |(place, rest): (usize, &Rest)| {
            let (rest, path, basket) = (rest.clone(), path.clone(), basket.clone());
            tokio::spawn(async move { rest.post_as(&format!("C{place}"), &path, basket).await })
        };
        self.crowd.iter().enumerate().map(order).collect()
    }

    /// Until those who are served first wait for the number.
    async fn until_they_wait(&self) {
        waiting(self.market.server.server.app.by_itself().store.pool(), 2).await;
    }
}

/// The running numbers of orders, in their order.
fn numbers(orders: &[Value]) -> Vec<u32> {
    let number = |order: &Value| order["number"].as_str().unwrap()[10..].parse().unwrap();
    let mut numbers: Vec<u32> = orders.iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// GRP-07: while one shop's orders wait for one another, another shop's order is placed and everybody is served; then all that waited
/// are placed, numbered without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn one_shops_rush_holds_up_no_other_shop() {
    let (flash, day) = Flash::begin(6).await;
    let market = &flash.market;
    let (other, bob) = (
        TestShop::open(&market.server).await,
        Person::customer(&market.server, "Bob").await,
    );
    let product = thing(&market.server, &other, 15_900, 5).await;
    let mut basket = market.basket(1);
    basket["basket"]["lines"][0]["variant_id"] = json!(variant(&product, 0));

    let rush = flash.rush();
    flash.until_they_wait().await;
    let bob = market.server.rest().by(&bob);
    let path = other.path("/checkout");
    let served = timeout(Duration::from_secs(5), bob.post(&path, basket)).await;
    served.expect("Bob does not wait for the rush").ok();

    day.commit().await.unwrap();
    let placed: Vec<Value> = rush.map(|said| said.unwrap().ok()).collect().await;
    assert_eq!(numbers(&placed), [2, 3, 4, 5, 6, 7]);
}

/// GRP-07: who finds the line full is told at once when to come again, from the basket and from the chat; whoever comes again with the same
/// key has one order.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_line_says_when_to_come_again() {
    let (flash, day) = Flash::begin(8).await;
    let market = &flash.market;
    let draft = market.drafted().await;
    let mut rush = flash.rush();
    for _ in 0..2 {
        let refused = rush.next().await.unwrap().unwrap();
        assert_eq!((refused.status, refused.refused()), (503, "overloaded"));
        assert_eq!(refused.body["retry_after_ms"], 9_000);
    }
    let refused = market.mine(&draft, "confirm", seen(&draft)).await;
    assert_eq!(refused.refused(), "overloaded");
    flash.until_they_wait().await;
    day.commit().await.unwrap();
    let first: Vec<Value> = rush.map(|said| said.unwrap().ok()).collect().await;
    assert_eq!(numbers(&first), [2, 3, 4, 5, 6, 7]);

    let all: Vec<Value> = flash.rush().map(|said| said.unwrap().ok()).collect().await;
    assert_eq!(numbers(&all), (2..=9).collect::<Vec<_>>());
    market.mine(&draft, "confirm", seen(&draft)).await.ok();
}
