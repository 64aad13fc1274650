//! Rules, as staff make them.

use serde_json::{Value, json};

use super::earned;
use crate::{coupon::but, order::Market, support::TestShop};

/// GRP-03, PRO-10: what makes no rule is refused with its reason; another shop's coupons and rules are not there; an agent may do nothing.
#[tokio::test]
async fn rules_are_checked_and_the_shops_own() {
    let market = Market::with(1).await;
    let template = market.issues(earned("二十元", 20)).await;
    let good = json!({ "trigger": "friends_joined", "friends": 3, "template_id": template });
    for (changes, field) in [
        (json!({ "friends": 0 }), "friends"),
        (json!({ "friends": 101 }), "friends"),
        (json!({ "trigger": "followed" }), "friends"),
        (json!({ "most": 0 }), "most"),
        (json!({ "template_id": null }), "template_id"),
        (
            json!({ "trigger": "order_paid", "friends": 1, "friend_template_id": template }),
            "friend_template_id",
        ),
    ] {
        let said = market.tries_rule(but(good.clone(), changes)).await;
        assert_eq!(
            (said.refused(), &said.body["field"]),
            ("invalid_argument", &json!(field))
        );
    }
    let nothing = but(good.clone(), json!({ "template_id": uuid::Uuid::now_v7() }));
    assert_eq!(market.tries_rule(nothing).await.refused(), "not_found");
    let other = TestShop::open(&market.server).await;
    let boss = other.boss(&market.server);
    let theirs = boss.post(&other.path("/reward-rules"), good.clone()).await;
    assert_eq!(theirs.refused(), "not_found");

    let rule = market.rewards(good.clone()).await;
    let foreign = other.path(&format!("/reward-rules/{rule}"));
    assert_eq!(boss.patch(&foreign, json!({})).await.refused(), "not_found");
    assert_eq!(boss.delete(&foreign).await.refused(), "not_found");
    let grants = format!("{foreign}/grants");
    assert_eq!(boss.get(&grants).await.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agent = market.server.rest().by(&agent);
    let path = market.shop.path("/reward-rules");
    assert_eq!(agent.post(&path, good).await.refused(), "forbidden");
    assert_eq!(market.customer().get(&path).await.refused(), "forbidden");
    let listed = market.boss().get(&path).await.ok();
    assert_eq!(listed["rules"][0]["id"], Value::from(rule));
}

/// The record of special rights has who made, changed and ended a rule.
#[tokio::test]
async fn rules_are_recorded() {
    let market = Market::with(1).await;
    let template = market.issues(earned("二十元", 20)).await;
    let rule = json!({ "trigger": "friends_joined", "friends": 3, "template_id": template });
    let rule = market.rewards(rule).await;
    let path = market.shop.path(&format!("/reward-rules/{rule}"));
    let boss = market.boss();
    boss.patch(&path, json!({ "friends": 5 })).await.ok();
    boss.delete(&path).await.ok();
    let recorded: Vec<(String, Option<Value>, Option<Value>)> = sqlx::query_as(
        "select action, before -> 'friends', after -> 'friends' from audit_entries where action like 'reward_rule.%' order by id",
    )
    .fetch_all(market.server.server.app.store.pool())
    .await
    .expect("the record");
    let entry = |action: &str, before: Option<i32>, after: i32| {
        (
            action.to_owned(),
            before.map(Value::from),
            Some(after.into()),
        )
    };
    assert_eq!(
        recorded,
        [
            entry("reward_rule.added", None, 3),
            entry("reward_rule.changed", Some(3), 5),
            entry("reward_rule.ended", Some(5), 5)
        ]
    );
}
