//! Full reductions: money off from an amount or a number of pieces on.

use serde_json::{Value, json};

use super::by_amount;
use crate::{
    coupon::{but, ten_off},
    order::Market,
};

/// 满100减10, 满300减50.
fn ten_and_fifty() -> Value {
    by_amount(&json!([{ "from": 10_000, "off": 1_000 }, { "from": 30_000, "off": 5_000 }]))
}

/// PRO-03: 99, 100, 299 and 300 get 0, 10, 10 and 50 off without any coupon, quoted and ordered, and the quote says how.
#[tokio::test]
async fn the_highest_tier_that_is_reached_counts() {
    let market = Market::with(1).await;
    let sweet = market.puts_up("sweet", 100, 10_000).await;
    let promotion = market.tries(ten_and_fifty(), true).await.ok();
    for (yuan, off) in [(99, 0), (100, 1_000), (299, 1_000), (300, 5_000)] {
        let quote = market.quotes(&sweet, yuan).await;
        let total = i64::from(yuan) * 100 - off;
        assert_eq!(
            (&quote["discount"], &quote["total"]),
            (&json!(off), &json!(total))
        );
        let order = market.orders(&sweet, yuan).await;
        assert_eq!(
            (&order["discount"], &order["total"]),
            (&json!(off), &json!(total))
        );
        let verdict = &quote["promotions"];
        if off == 0 {
            assert_eq!(verdict["rejected"][0]["reason"], "below_tier");
            assert_eq!(order["promotions"], json!([]));
        } else {
            assert_eq!(verdict["applied"][0]["promotion_id"], promotion["id"]);
            assert_eq!(order["promotions"][0]["reduced"], off);
        }
    }
    let countdown = &market.quotes(&sweet, 300).await["promotions"]["applied"][0]["ends_at"];
    assert_eq!(countdown, &promotion["ends_at"]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-03: the reduction is split over the lines once; whatever goes back in whatever steps adds up to what was paid.
#[tokio::test]
async fn refunds_add_up_to_what_was_paid() {
    let market = Market::with(1).await;
    let (sweet, cake) = (
        market.puts_up("sweet", 3_333, 9).await,
        market.puts_up("cake", 7_000, 9).await,
    );
    let seven = by_amount(&json!([{ "from": 10_000, "off": 700 }]));
    market.tries(seven, true).await.ok();
    let order = market
        .place(market.basket_of(&[(&sweet, 3), (&cake, 1)]))
        .await
        .ok();
    assert_eq!(order["total"], 16_299);
    let shares: Vec<_> = [0, 1]
        .map(|line| order["lines"][line]["discount"].as_i64().unwrap())
        .to_vec();
    assert_eq!(shares, [412, 288]);
    market.pays(&order).await;
    market.accept(&order).await.ok();
    let mut back = vec![];
    for line in [1, 2, 1, 1] {
        let wish = json!({ "lines": [{ "line": line, "units": 1 }], "reason": "too sweet" });
        let refund = market.mine(&order, "cases", wish).await.ok();
        back.push(refund["amount"].as_i64().expect("an amount"));
        market.money_arrives(&refund).await;
    }
    assert_eq!(back.iter().sum::<i64>(), 16_299, "{back:?}");
    let order = market.seen(&order).await;
    assert_eq!(
        (&order["state"], &order["refunded"]),
        (&json!("cancelled"), &json!(16_299))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-03, CPN-13: the coupon comes first and lowers no tier, the reduction takes what it leaves; where one of them does not count beside the
/// other, the coupon that the customer picked stays.
#[tokio::test]
async fn a_coupon_comes_first() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 10_000, 9).await;
    let fifth = but(ten_off(), json!({ "aim": "other" }));
    let coupon = |stacks: bool| {
        let mut form = fifth.clone();
        form["terms"]["face"] = json!({ "kind": "percentage", "off": 2_000 });
        form["terms"]["stacks_with_promotions"] = json!(stacks);
        form
    };
    let promotion = market.tries(ten_and_fifty(), true).await.ok();
    for (stacks, discount, reason) in [(true, 3_000, None), (false, 2_000, Some("does_not_stack"))]
    {
        let template = market.issues(coupon(stacks)).await;
        let held = market.claims(&market.ann, &template).await.ok();
        let basket = but(
            market.basket_of(&[(&cake, 1)]),
            json!({ "coupon_id": held["id"] }),
        );
        let quote = market.quote(basket.clone()).await;
        assert_eq!(quote["discount"], discount);
        let said = quote["promotions"]["rejected"]
            .get(0)
            .map(|one| &one["reason"]);
        assert_eq!(said, reason.map(|reason| json!(reason)).as_ref());
        let order = market.place(basket).await.ok();
        assert_eq!(
            (&order["discount"], &order["lines"][0]["discount"]),
            (&json!(discount), &json!(discount))
        );
        let earned = order["promotions"].as_array().unwrap().iter();
        let earned: Vec<_> = earned.map(|one| &one["promotion_id"]).collect();
        assert_eq!(
            earned,
            if stacks {
                vec![&promotion["id"]]
            } else {
                vec![]
            }
        );
    }
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-03: of chosen products only these count; by pieces as well as by amounts; of two promotions the better one.
#[tokio::test]
async fn of_chosen_products_by_pieces_the_better_one() {
    let market = Market::with(1).await;
    let (cake, tea) = (
        market.puts_up("cake", 5_000, 9).await,
        market.puts_up("tea", 5_000, 9).await,
    );
    let chosen = json!({
        "kind": "tiered", "product_ids": [cake.product], "measure": "units", "tiers": [{ "from": 2, "off": 2_000 }],
    });
    let chosen = market.tries(chosen, true).await.ok();
    let all = market.tries(ten_and_fifty(), true).await.ok();
    let quote = market
        .quote(market.basket_of(&[(&cake, 2), (&tea, 1)]))
        .await;
    assert_eq!(quote["discount"], 2_000);
    let applied = &quote["promotions"]["applied"];
    assert_eq!(applied[0]["promotion_id"], chosen["id"]);
    assert_eq!(applied[0]["shares"], json!([2_000, 0]));
    let rejected = &quote["promotions"]["rejected"][0];
    assert_eq!(
        (&rejected["promotion_id"], &rejected["reason"]),
        (&all["id"], &json!("another_takes_more"))
    );
    let quote = market
        .quote(market.basket_of(&[(&cake, 1), (&tea, 1)]))
        .await;
    assert_eq!(quote["discount"], 1_000);
    let stop = format!("/{}/stop", all["id"].as_str().unwrap());
    market
        .boss()
        .post(&market.promotions(&stop), json!({}))
        .await
        .ok();
    let quote = market
        .quote(market.basket_of(&[(&cake, 1), (&tea, 1)]))
        .await;
    assert_eq!(quote["discount"], 0);
}
