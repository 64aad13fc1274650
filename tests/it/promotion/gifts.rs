//! Gifts: what comes with the goods at price 0, out of the same stock.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Thing, by_amount};
use crate::{goods::level, order::Market, support::Person};

/// From amounts on one of it, from twice as much on two.
fn one_and_two(gift: &Thing) -> Value {
    by_amount(&json!([
        { "from": 10_000, "gifts": [{ "variant_id": gift.variant, "units": 1 }] },
        { "from": 20_000, "gifts": [{ "variant_id": gift.variant, "units": 2 }] },
    ]))
}

/// The lines of an order that were given: how many units, for how much.
fn given(order: &Value) -> Vec<(i64, i64)> {
    let lines = order["lines"].as_array().expect("lines").iter();
    let gifts = lines.filter(|line| line["gift"] == true);
    gifts
        .map(|line| {
            (
                line["units"].as_i64().unwrap(),
                line["total"].as_i64().unwrap(),
            )
        })
        .collect()
}

impl Market {
    async fn stock_of(&self, thing: &Thing) -> [i64; 3] {
        level(&self.server, &self.shop, thing.variant).await
    }
}

/// PRO-04: by amount the highest tier's gift is a line at price 0 whose stock is held; below the tier there is none; cancelled, it is back.
#[tokio::test]
async fn a_gift_by_amount() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 5_000, 20).await,
        market.puts_up("cup", 900, 5).await,
    );
    let promotion = market.tries(one_and_two(&cup), true).await.ok();
    assert_eq!(given(&market.orders(&cake, 1).await), []);
    assert_eq!(market.stock_of(&cup).await, [5, 0, 5]);

    let quote = market.quotes(&cake, 2).await;
    assert_eq!(
        (&quote["gifts"][0]["units"], &quote["gifts"][0]["sold_out"]),
        (&json!(1), &json!(false))
    );
    let order = market.orders(&cake, 2).await;
    assert_eq!(
        (given(&order), &order["total"]),
        (vec![(1, 0)], &json!(10_000))
    );
    assert_eq!(order["lines"][1]["title"], "赠品:cup");
    let earned = &order["promotions"][0];
    assert_eq!(
        (&earned["promotion_id"], &earned["gift_lines"]),
        (&promotion["id"], &json!([2]))
    );
    assert_eq!(market.stock_of(&cup).await, [5, 1, 4]);
    let four = market.orders(&cake, 4).await;
    assert_eq!(given(&four), [(2, 0)]);
    assert_eq!(market.stock_of(&cup).await, [5, 3, 2]);
    assert_eq!(given(&market.seen(&four).await), [(2, 0)]);

    market.mine(&order, "cancel", json!({})).await.ok();
    assert_eq!(market.stock_of(&cup).await, [5, 2, 3]);
    let fewer = json!({ "basket": market.basket_of(&[(&cake, 1)])["basket"] });
    let path = format!("/orders/{}", crate::order::id(&four));
    let four = market.customer().patch(&path, fewer).await.ok();
    assert_eq!((given(&four), &four["promotions"]), (vec![], &json!([])));
    assert_eq!(market.stock_of(&cup).await, [5, 0, 5]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-04: by pieces of chosen products, and money off in the same tier.
#[tokio::test]
async fn a_gift_by_pieces_with_money_off() {
    let market = Market::with(1).await;
    let (cake, tea) = (
        market.puts_up("cake", 5_000, 20).await,
        market.puts_up("tea", 5_000, 20).await,
    );
    let cup = market.puts_up("cup", 900, 5).await;
    let terms = json!({
        "kind": "tiered", "product_ids": [cake.product], "measure": "units",
        "tiers": [{ "from": 3, "off": 500, "gifts": [{ "variant_id": cup.variant, "units": 1 }] }],
    });
    market.tries(terms, true).await.ok();
    let below = market
        .place(market.basket_of(&[(&cake, 2), (&tea, 2)]))
        .await
        .ok();
    assert_eq!((given(&below), &below["total"]), (vec![], &json!(20_000)));
    let order = market
        .place(market.basket_of(&[(&cake, 3), (&tea, 1)]))
        .await
        .ok();
    assert_eq!(
        (given(&order), &order["total"]),
        (vec![(1, 0)], &json!(19_500))
    );
    assert_eq!(order["lines"][1]["discount"], 0, "tea was not chosen");
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-04: nobody's order waits for a gift: what is sold out is left out, whole, and the quote says so; what is bought comes first.
#[tokio::test]
async fn a_gift_that_is_sold_out_is_left_out() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 5_000, 20).await,
        market.puts_up("cup", 900, 2).await,
    );
    market.tries(one_and_two(&cup), true).await.ok();
    let both = market.basket_of(&[(&cake, 4), (&cup, 1)]);
    let quote = market.quote(both.clone()).await;
    assert_eq!(quote["gifts"][0]["sold_out"], true);
    let order = market.place(both).await.ok();
    assert_eq!((given(&order), &order["total"]), (vec![], &json!(20_900)));
    let order = market.orders(&cake, 2).await;
    assert_eq!(given(&order), [(1, 0)]);
    let order = market.orders(&cake, 2).await;
    assert_eq!((given(&order), &order["total"]), (vec![], &json!(10_000)));
    assert_eq!(market.stock_of(&cup).await, [2, 2, 0]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-04: twelve order at once what earns one of five gifts: all have their order, five have the gift.
#[tokio::test(flavor = "multi_thread")]
async fn twelve_at_once_and_five_gifts() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 10_000, 50).await,
        market.puts_up("cup", 900, 5).await,
    );
    market.tries(one_and_two(&cup), true).await.ok();
    let mut crowd = vec![];
    for place in 0..12 {
        crowd.push(Person::customer(&market.server, &format!("C{place}")).await);
    }
    let path = market.shop.path("/checkout");
    let orders = join_all(crowd.iter().map(async |person| {
        let rest = market.server.rest().by(person);
        rest.post(&path, market.basket_of(&[(&cake, 1)])).await.ok()
    }))
    .await;
    let with_gift = orders
        .iter()
        .filter(|order| given(order) == [(1, 0)])
        .count();
    assert_eq!(with_gift, 5);
    assert_eq!(market.stock_of(&cup).await, [5, 5, 0]);
    assert_eq!(market.stock_of(&cake).await, [50, 12, 38]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-04, AFS-07: nothing is paid back for a gift, and all of the order's money for the rest.
#[tokio::test]
async fn a_gift_refunds_nothing() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 10_000, 9).await,
        market.puts_up("cup", 900, 5).await,
    );
    market.tries(one_and_two(&cup), true).await.ok();
    let order = market.orders(&cake, 1).await;
    market.pays(&order).await;
    market.accept(&order).await.ok();
    for (line, amount) in [(2, 0), (1, 10_000)] {
        let wish = json!({ "lines": [{ "line": line, "units": 1 }], "reason": "no room" });
        let refund = market.mine(&order, "cases", wish).await.ok();
        assert_eq!(refund["amount"], amount);
        market.money_arrives(&refund).await;
    }
    let order = market.seen(&order).await;
    assert_eq!(
        (&order["state"], &order["refunded"]),
        (&json!("cancelled"), &json!(10_000))
    );
    assert_eq!(market.stock_of(&cup).await, [5, 0, 5]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-04, AFS-03: when everything bought is refunded before anything was sent, the gift stays in the house, the order is over, and the freight
/// goes back with the rest.
#[tokio::test]
async fn a_gift_does_not_go_alone() {
    let market = Market::with(1).await;
    let (cake, cup) = (
        market.puts_up("cake", 5_000, 20).await,
        market.puts_up("cup", 900, 5).await,
    );
    market.tries(one_and_two(&cup), true).await.ok();
    let freight = json!({ "fee": 800, "free_from": null });
    let path = market.shop.path("/freight");
    market.boss().put(&path, freight).await.ok();
    let order = market.orders(&cake, 2).await;
    assert_eq!(
        (given(&order), &order["total"]),
        (vec![(1, 0)], &json!(10_800))
    );
    let paid = market.pays(&order).await;
    market.accept(&paid).await.ok();
    let wish = json!({ "lines": [{ "line": 1, "units": 2 }], "reason": "不要了" });
    let refund = market.apply(&order, wish).await.ok();
    assert_eq!(refund["amount"], 10_800);
    market.money_arrives(&refund).await;
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["refunded"]),
        (&json!("cancelled"), &json!(10_800))
    );
    assert_eq!(market.stock_of(&cake).await, [20, 0, 20]);
    assert_eq!(market.stock_of(&cup).await, [5, 0, 5]);
    assert_eq!(market.differences().await, [""; 0]);
}
