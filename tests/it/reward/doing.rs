//! For what customers do themselves.

use serde_json::json;

use super::earned;
use crate::{coupon::but, order::Market};

/// CPN-08: who follows gets one coupon and one message, not again when they come back; each paid order gives one for the next.
#[tokio::test]
async fn following_and_ordering_give_one_each() {
    let market = Market::with(9).await;
    let (welcome, next) = (
        market.issues(earned("新人礼", 10)).await,
        market.issues(earned("下次见", 5)).await,
    );
    let early = market.stranger("Early").await;
    market.follows(&early).await;
    market.all_heard().await;
    let followed = json!({ "trigger": "followed", "template_id": welcome });
    let followed = market.rewards(followed).await;
    let ordered = json!({ "trigger": "order_paid", "template_id": next });
    let ordered = market.rewards(ordered).await;

    let ann = market.stranger("Ann").await;
    market.follows(&ann).await;
    assert_eq!(market.has(&ann).await, ["新人礼"]);
    let path = market.shop.path("/follow");
    let rest = market.server.rest().by(&ann);
    rest.delete(&path).await.ok();
    market.follows(&ann).await;
    market.follows(&ann).await;
    assert_eq!(market.has(&ann).await, ["新人礼"]);
    assert_eq!(
        market.hears_of(&ann).await,
        ["感谢关注,优惠券「新人礼」已放入您的卡包"]
    );

    let mut form = market.basket(1);
    form["coupon_id"] = market.pocket(&ann, "usable").await[0]["id"].clone();
    let order = rest.post(&market.shop.path("/checkout"), form).await.ok();
    assert_eq!(market.has(&ann).await, ["新人礼"], "nothing is paid yet");
    let pay = format!("/orders/{}/pay-in-sandbox", crate::order::id(&order));
    let order = rest.post(&pay, json!({})).await.ok();
    assert_eq!(market.has(&ann).await, [""; 0], "it could be taken back");
    market.accept(&order).await.ok();
    assert_eq!(market.has(&ann).await, ["下次见"]);
    market.sold(&ann).await;
    assert_eq!(market.has(&ann).await, ["下次见", "下次见"]);
    let coupons = market.pocket(&ann, "usable").await;
    assert!(coupons.iter().all(|coupon| coupon["source"] == "reward"));

    assert_eq!(market.has(&early).await, [""; 0], "before the rule");
    let given = market.grants(&followed).await;
    assert_eq!(given, [(ann.id.to_string(), "followed".to_owned(), None)]);
    assert_eq!(market.grants(&ordered).await.len(), 2);
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-08: what is for rewards is on nobody's list and cannot be claimed; staff hand it over all the same.
#[tokio::test]
async fn what_is_earned_cannot_be_claimed() {
    let market = Market::with(1).await;
    let template = market.issues(earned("新人礼", 10)).await;
    let said = market.claims(&market.ann, &template).await;
    assert_eq!(said.refused(), "coupon_not_eligible");
    let offers = market.shop.path("/coupons");
    let offers = market.customer().get(&offers).await.ok();
    assert_eq!(offers["offers"], json!([]));
    let place = market.enquires(&market.ann).await;
    let gift = json!({ "template_id": template, "conversation_id": place });
    let gifts = market.shop.path("/coupon-gifts");
    market.boss().post(&gifts, gift).await.ok();
    assert_eq!(market.has(&market.ann).await, ["新人礼"]);
}

/// CPN-08: a rule gives so many to each at most, and nothing once it has ended.
#[tokio::test]
async fn a_rule_gives_so_many_and_ends() {
    let market = Market::with(9).await;
    let template = market.issues(earned("下次见", 5)).await;
    let rule = json!({ "trigger": "order_paid", "template_id": template, "most": 2 });
    let rule = market.rewards(rule).await;
    for _ in 0..3 {
        market.accepted(1).await;
    }
    assert_eq!(market.has(&market.ann).await.len(), 2);
    let path = market.shop.path(&format!("/reward-rules/{rule}"));
    let changed = market.boss().patch(&path, json!({ "most": 3 })).await.ok();
    assert_eq!(changed["most"], 3);
    market.accepted(1).await;
    assert_eq!(market.has(&market.ann).await.len(), 3);
    let changed = market.boss().patch(&path, json!({ "most": 9 })).await;
    changed.ok();
    market.boss().delete(&path).await.ok();
    market.accepted(1).await;
    assert_eq!(market.has(&market.ann).await.len(), 3);
    let again = market.boss().delete(&path).await;
    assert_eq!(again.refused(), "not_found");
}

/// CPN-08, CPN-15: what the template cannot give is written down with its reason, and said to nobody: sold out, as many as one person or one
/// device may have, banned.
#[tokio::test]
async fn what_cannot_be_given_is_written_down() {
    let market = Market::with(9).await;
    let form = but(
        earned("新人礼", 10),
        json!({ "quantity": 2, "per_device": 1, "per_person": 1 }),
    );
    let template = market.issues(form).await;
    let rule = json!({ "trigger": "followed", "template_id": template });
    let rule = market.rewards(rule).await;
    let paid = json!({ "trigger": "order_paid", "template_id": template });
    let paid = market.rewards(paid).await;
    let mut people = vec![];
    for name in ["Ann", "Bob", "Cleo", "Dan", "Eve"] {
        people.push(market.stranger(name).await);
    }
    market.gives_device(&people[1], "Ann").await;
    market.enquires(&people[2]).await;
    let ban = market.shop.path(&format!("/bans/{}", people[2].id));
    market
        .boss()
        .put(&ban, json!({ "reason": "rude" }))
        .await
        .ok();
    for who in &people {
        market.follows(who).await;
        market.all_heard().await;
    }
    market.sold(&people[0]).await;
    market.all_heard().await;
    let why: Vec<_> = market
        .grants(&rule)
        .await
        .into_iter()
        .map(|it| it.2)
        .collect();
    let some = |word: &str| Some(word.to_owned());
    assert_eq!(
        why,
        [
            None,
            some("coupon_device_limit"),
            some("banned"),
            None,
            some("coupon_sold_out")
        ]
    );
    assert_eq!(market.grants(&paid).await[0].2, some("coupon_sold_out"));
    for (who, words) in people.iter().zip([1, 0, 0, 1, 0]) {
        assert_eq!(market.has(who).await.len(), words);
        if who.id != people[2].id {
            assert_eq!(market.hears_of(who).await.len(), words);
        }
    }
    assert_eq!(market.differences().await, [""; 0]);
}
