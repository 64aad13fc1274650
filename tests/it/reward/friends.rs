//! For the friends whom customers bring.

use serde_json::json;

use super::earned;
use crate::{
    coupon::but,
    order::Market,
    support::{Person, rest::Said},
};

async fn leaves(market: &Market, group: &str, who: &Person) {
    let path = format!("/groups/{group}/leave");
    let rest = market.server.rest().by(who);
    rest.post(&path, json!({})).await.ok();
}

/// GRP-03, RISK-02: two friends are nothing, the third is 20 yuan and a message; who leaves and comes back counts no further, nor by another
/// inviter, nor does who shares one's device.
#[tokio::test]
async fn three_friends_are_a_coupon() {
    let market = Market::with(1).await;
    let template = market.issues(earned("二十元", 20)).await;
    let rule = json!({ "trigger": "friends_joined", "friends": 3, "template_id": template });
    let rule = market.rewards(rule).await;
    let group = market.group().await;
    let (ann, bob) = (market.stranger("Ann").await, market.stranger("Bob").await);
    for host in [&ann, &bob] {
        market.brings(&group, &market.shop.owner, host).await;
    }
    let mut friends = vec![];
    for name in ["One", "Two", "Three", "Four", "Five"] {
        friends.push(market.stranger(name).await);
    }
    for friend in &friends[..2] {
        market.brings(&group, &ann, friend).await;
    }
    assert_eq!(market.has(&ann).await, [""; 0]);
    let double = market.stranger("Double").await;
    market.gives_device(&double, "Ann").await;
    market.brings(&group, &ann, &double).await;
    leaves(&market, &group, &friends[0]).await;
    market.brings(&group, &ann, &friends[0]).await;
    assert_eq!(market.has(&ann).await, [""; 0], "nobody new came");

    market.brings(&group, &ann, &friends[2]).await;
    assert_eq!(market.has(&ann).await, ["二十元"]);
    assert_eq!(
        market.hears_of(&ann).await,
        ["您已邀请 3 位好友入群,优惠券「二十元」已放入您的卡包"]
    );
    for host in [&ann, &bob] {
        for old in &friends[..3] {
            leaves(&market, &group, old).await;
            market.brings(&group, host, old).await;
        }
    }
    for new in &friends[3..] {
        market.brings(&group, &bob, new).await;
    }
    assert_eq!(
        market.has(&bob).await,
        [""; 0],
        "two who are new, three who are not"
    );
    assert_eq!(market.has(&ann).await, ["二十元"]);
    assert_eq!(market.grants(&rule).await.len(), 1);
    let mine = market.shop.path("/rewards");
    let mine = market.server.rest().by(&bob).get(&mine).await.ok();
    let mine = &mine["rewards"][0];
    assert_eq!(
        [&mine["friends"], &mine["counted"], &mine["given"]],
        [&json!(3), &json!(2), &json!(0)]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// GRP-03: the numbers are the shop's: with 2 of the same friends it is a coupon already, and no more of them than the rule's most.
#[tokio::test]
async fn the_numbers_are_the_shops() {
    let market = Market::with(1).await;
    let template = market.issues(earned("二十元", 20)).await;
    let gift = market.issues(earned("欢迎", 1)).await;
    let rule = json!({ "trigger": "friends_joined", "friends": 3, "template_id": template, "friend_template_id": gift, "most": 2 });
    let rule = market.rewards(rule).await;
    let group = market.group().await;
    let ann = market.stranger("Ann").await;
    market.brings(&group, &market.shop.owner, &ann).await;
    for (place, coupons) in [0, 0, 1, 1].into_iter().enumerate() {
        let friend = market.stranger(&format!("F{place}")).await;
        market.brings(&group, &ann, &friend).await;
        assert_eq!(market.has(&friend).await, ["欢迎"]);
        assert_eq!(market.has(&ann).await.len(), coupons);
    }
    let path = market.shop.path(&format!("/reward-rules/{rule}"));
    let fewer = market.boss().patch(&path, json!({ "friends": 1 })).await;
    fewer.ok();
    let fifth = market.stranger("F5").await;
    market.brings(&group, &ann, &fifth).await;
    assert_eq!(market.has(&ann).await.len(), 2, "two at most");
}

/// PRO-10: who shares a link gets nothing by a visit; by the friend's first paid order both get something, once.
#[tokio::test]
async fn both_are_rewarded_when_the_friend_buys() {
    let market = Market::with(9).await;
    let (ours, theirs) = (
        market.issues(earned("谢谢你", 15)).await,
        market.issues(earned("见面礼", 5)).await,
    );
    let rule =
        json!({ "trigger": "friends_ordered", "template_id": ours, "friend_template_id": theirs });
    let rule = market.rewards(rule).await;
    let (ann, bob) = (market.stranger("Ann").await, market.stranger("Bob").await);
    market.visits(&ann, &bob).await;
    for who in [&ann, &bob] {
        assert_eq!(market.has(who).await, [""; 0], "a visit is no purchase");
    }
    market.sold(&bob).await;
    assert_eq!(market.has(&ann).await, ["谢谢你"]);
    assert_eq!(market.has(&bob).await, ["见面礼"]);
    assert_eq!(
        market.hears_of(&ann).await,
        ["您邀请的好友已有 1 位下单,优惠券「谢谢你」已放入您的卡包"]
    );
    assert_eq!(
        market.hears_of(&bob).await,
        ["您由好友邀请而来,优惠券「见面礼」已放入您的卡包"]
    );
    market.visits(&ann, &bob).await;
    market.sold(&bob).await;
    assert_eq!(market.has(&ann).await.len(), 1);
    assert_eq!(market.has(&bob).await.len(), 1);
    assert_eq!(market.grants(&rule).await.len(), 2);
    assert_eq!(market.differences().await, [""; 0]);
}

/// PRO-11, RISK-02: 15 yuan for a friend who orders, by a link or a group. None for an existing customer's order, for one's own visits, for a second
/// account on one's device, for staff who share; whoever brought them first has brought them.
#[tokio::test]
async fn only_real_new_people_are_friends() {
    let market = Market::with(20).await;
    let template = market.issues(earned("十五元", 15)).await;
    let rule = json!({ "trigger": "friends_ordered", "template_id": template });
    let rule = market.rewards(rule).await;
    let (ann, bob) = (market.stranger("Ann").await, market.stranger("Bob").await);
    let buys = async |who: &Person| {
        market.sold(who).await;
        market.all_heard().await;
    };

    let existing = market.stranger("Existing").await;
    buys(&existing).await;
    market.visits(&ann, &existing).await;
    buys(&existing).await;
    market.visits(&ann, &ann).await;
    buys(&ann).await;
    let double = market.stranger("Double").await;
    market.gives_device(&double, "Ann").await;
    market.visits(&ann, &double).await;
    buys(&double).await;
    let walk_in = market.stranger("Walk-in").await;
    market.visits(&market.shop.owner, &walk_in).await;
    buys(&walk_in).await;
    assert_eq!(market.grants(&rule).await, []);

    let (by_link, by_group) = (market.stranger("L").await, market.stranger("G").await);
    market.visits(&ann, &by_link).await;
    market
        .server
        .clock
        .advance(jiff::SignedDuration::from_secs(1));
    market.visits(&bob, &by_link).await;
    buys(&by_link).await;
    let group = market.group().await;
    market.brings(&group, &market.shop.owner, &bob).await;
    market.brings(&group, &bob, &by_group).await;
    buys(&by_group).await;
    assert_eq!(market.has(&ann).await, ["十五元"]);
    assert_eq!(market.has(&bob).await, ["十五元"]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// RISK-02: nobody comes into a group by their own invitation.
#[tokio::test]
async fn nobody_invites_themselves() {
    let market = Market::with(1).await;
    let form = but(earned("一元", 1), json!({ "per_person": 100 }));
    let template = market.issues(form).await;
    let rule = json!({ "trigger": "friends_joined", "template_id": template });
    let rule = market.rewards(rule).await;
    let group = market.group().await;
    let ann = market.stranger("Ann").await;
    market.brings(&group, &market.shop.owner, &ann).await;
    let path = format!("/groups/{group}/invites");
    let rest = market.server.rest().by(&ann);
    let link = rest.post(&path, json!({})).await.ok();
    let enter = async || -> Said {
        let token = json!({ "token": link["token"] });
        rest.post("/invites/accept", token).await
    };
    assert_eq!(enter().await.refused(), "already_a_member");
    leaves(&market, &group, &ann).await;
    assert_eq!(enter().await.refused(), "invite_invalid");
    market.all_heard().await;
    assert_eq!(market.grants(&rule).await, []);
}
