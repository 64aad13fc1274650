//! Once for each event, whatever is heard how often and by whom.

use futures_util::future::join_all;
use serde_json::json;
use souk::{
    fact::{Fact, Remembered},
    id::UserId,
    reward::hear::hear,
};

use super::earned;
use crate::{
    coupon::but,
    order::Market,
    support::{Person, TestServer},
};

fn followed(market: &Market, customer: UserId) -> [Remembered; 1] {
    let fact = Fact::ShopFollowed {
        customer_id: customer,
    };
    [Remembered {
        id: 0,
        shop: Some(market.shop.id),
        at: market.server.clock.now(),
        kind: "shop_followed".to_owned(),
        payload: json!({ "customer_id": customer }),
        fact,
    }]
}

/// CPN-08: a fact that is read again, after a crash in between, gives nothing more, also when the first reading could give nothing.
#[tokio::test]
async fn the_same_fact_read_twice_gives_once() {
    let market = Market::with(1).await;
    let form = but(earned("新人礼", 10), json!({ "quantity": 1 }));
    let template = market.issues(form).await;
    let rule = json!({ "trigger": "followed", "template_id": template });
    let rule = market.rewards(rule).await;
    let (ann, bob) = (market.stranger("Ann").await, market.stranger("Bob").await);
    let app = &market.server.server.app;
    for who in [&ann, &bob, &ann, &bob] {
        let facts = followed(&market, who.id);
        hear(app, &facts).await.expect("heard");
    }
    let path = market.shop.path(&format!("/coupon-templates/{template}"));
    let more = market.boss().patch(&path, json!({ "quantity": 9 })).await;
    more.ok();
    for who in [&bob, &ann] {
        let facts = followed(&market, who.id);
        hear(app, &facts).await.expect("heard");
    }
    assert_eq!(market.has(&ann).await, ["新人礼"]);
    assert_eq!(market.hears_of(&ann).await.len(), 1);
    assert_eq!(market.has(&bob).await, [""; 0]);
    let grants = market.grants(&rule).await;
    let word = |word: &str| Some(word.to_owned());
    let why: Vec<_> = grants.into_iter().map(|grant| grant.2).collect();
    assert_eq!(why, [None, word("coupon_sold_out")]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-08, GRP-03: two nodes hear of the same things at once, again and again: one coupon for each event, and not one more than there are.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_give_once() {
    let one = TestServer::start().await;
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    let market = Market::on(one, 1).await;
    let form = but(
        earned("新人礼", 10),
        json!({ "quantity": 5, "budget": 5_000 }),
    );
    let template = market.issues(form).await;
    let rule = json!({ "trigger": "followed", "template_id": template });
    let rule = market.rewards(rule).await;
    let mut people: Vec<Person> = vec![];
    for place in 0..8 {
        people.push(market.stranger(&format!("C{place}")).await);
    }
    let nodes = [&market.server.server.app, &other.server.app];
    let hearings = people.iter().flat_map(|who| {
        let market = &market;
        (0..4).map(move |turn| async move {
            let facts = followed(market, who.id);
            while hear(nodes[turn % 2], &facts).await.is_err() {}
        })
    });
    join_all(hearings).await;
    let grants = market.grants(&rule).await;
    let mut whom: Vec<_> = grants.iter().map(|grant| grant.0.clone()).collect();
    whom.sort_unstable();
    whom.dedup();
    assert_eq!((grants.len(), whom.len()), (8, 8));
    let given = grants.iter().filter(|grant| grant.2.is_none()).count();
    let mut coupons = 0;
    for who in &people {
        let has = market.has(who).await.len();
        assert_eq!(market.hears_of(who).await.len(), has);
        coupons += has;
    }
    assert_eq!((given, coupons), (5, 5));
    assert_eq!(market.differences().await, [""; 0]);
}

/// GRP-03: six friends come in at once by one invitation, heard of by two nodes: two coupons for three each.
#[tokio::test(flavor = "multi_thread")]
async fn friends_who_come_at_once_are_all_counted() {
    let one = TestServer::start().await;
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    let market = Market::on(one, 1).await;
    let template = market.issues(earned("二十元", 20)).await;
    let rule = json!({ "trigger": "friends_joined", "friends": 3, "template_id": template });
    let rule = market.rewards(rule).await;
    let group = market.group().await;
    let ann = market.stranger("Ann").await;
    market.brings(&group, &market.shop.owner, &ann).await;
    let mut friends = vec![];
    for place in 0..6 {
        friends.push(market.stranger(&format!("F{place}")).await);
    }
    join_all(
        friends
            .iter()
            .map(|friend| market.brings(&group, &ann, friend)),
    )
    .await;
    assert_eq!(market.has(&ann).await, ["二十元", "二十元"]);
    let events: Vec<_> = market
        .grants(&rule)
        .await
        .into_iter()
        .map(|it| it.1)
        .collect();
    assert_eq!(events, ["friends:1", "friends:2"]);
    assert_eq!(market.differences().await, [""; 0]);
    drop(other);
}

/// The audit names a grant whose coupon is not there, and an earned coupon that nothing gave.
#[tokio::test]
async fn the_audit_knows_rewards() {
    let market = Market::with(1).await;
    let template = market.issues(earned("新人礼", 10)).await;
    let rule = json!({ "trigger": "followed", "template_id": template });
    market.rewards(rule).await;
    let ann = market.stranger("Ann").await;
    market.follows(&ann).await;
    assert_eq!(market.has(&ann).await, ["新人礼"]);
    let coupon = market.pocket(&ann, "usable").await[0]["id"].clone();
    let coupon = coupon.as_str().expect("an id");
    assert_eq!(market.differences().await, [""; 0]);
    let pool = market.server.server.app.store.pool();
    let grant: uuid::Uuid =
        sqlx::query_scalar("update reward_grants set coupon_id = gen_random_uuid() returning id")
            .fetch_one(pool)
            .await
            .expect("changed");
    assert_eq!(
        market.differences().await,
        [
            format!(
                "reward {grant} (followed) to {}: its coupon is None's, by None",
                ann.id
            ),
            format!("coupon {coupon} of {}: no reward gave it", ann.id),
        ]
    );
}
