//! Campaigns posted to groups.

use serde_json::{Value, json};

use crate::{
    coupon::{but, ten_off},
    order::Market,
    support::{Person, scene::join},
};

async fn notice_in(market: &Market, who: &Person, group: impl std::fmt::Display) -> Value {
    let path = format!("/conversations/{group}/messages?limit=50");
    let page = market.server.rest().by(who).get(&path).await.ok();
    let messages = page["messages"].as_array().expect("messages").iter();
    let notices: Vec<_> = messages
        .filter(|message| message["sender"]["kind"] == "bot")
        .collect();
    assert_eq!(notices.len(), 1, "told once");
    notices[0].clone()
}

/// GRP-05, CMP-06: one campaign in two groups and in private chat: claimed from the message in one of the groups, the coupon is in the wallet and counted
/// for that group; the link knows its group; the figures of the channels add up to the total. Another shop's group is refused.
#[tokio::test]
async fn groups_are_told_and_each_is_counted_for_itself() {
    let market = Market::with(3).await;
    market.always(100).await;
    let people = market.crowd(2, "茶").await;
    let mut groups = vec![];
    for person in &people {
        let group = market.shop.group(&market.server, &market.shop.owner).await;
        join(&market.server, group, person, 1).await;
        groups.push(group);
    }
    let template = market
        .issues(but(ten_off(), json!({ "per_person": 3 })))
        .await;
    let tea = market.with_tag("茶").await;
    let campaign = json!({
        "name": "预告",
        "layers": [{ "segment_id": tea, "text": "私聊", "template_id": template }],
        "notice": { "group_ids": groups, "text": "明天上新 {link}", "template_id": template, "pieces": 5 },
    });
    let campaign = market.launch(campaign).await.ok();
    market.runs().await;
    market.runs().await;

    let message = notice_in(&market, &people[0], groups[0]).await;
    let text = message["text"].as_str().expect("a text");
    let code = text.rsplit("/l/").next().expect("a link");
    let rest = market.server.rest().by(&people[0]);
    rest.get(&format!("/l/{code}")).await.ok();
    let gift = message["card"]["coupon"]["gift_id"]
        .as_str()
        .expect("a gift");
    let claim = format!("/coupon-gifts/{gift}/claim");
    rest.post(&claim, json!({})).await.ok();
    rest.post(&claim, json!({})).await.ok();
    assert_eq!(market.pocket(&people[0], "usable").await.len(), 2);
    let other = market.server.rest().by(&people[1]);
    assert_eq!(other.post(&claim, json!({})).await.refused(), "not_found");
    notice_in(&market, &people[1], groups[1]).await;

    let report = market.came_of(&campaign).await;
    assert_eq!(report["campaign"]["state"], "done");
    let channel = |group: Value| {
        let channels = report["channels"].as_array().expect("channels").iter();
        let mut found = channels.filter(move |one| one["group_id"] == group);
        let one = found.next().expect("a channel");
        ["sent", "claimed", "visits"].map(|name| one[name].as_i64().expect("a number"))
    };
    assert_eq!(channel(json!(null)), [2, 2, 0]);
    assert_eq!(channel(json!(groups[0])), [1, 1, 1]);
    assert_eq!(channel(json!(groups[1])), [1, 0, 0]);
    assert_eq!(
        report["total"],
        json!({ "sent": 4, "claimed": 3, "used": 0, "visits": 1 })
    );
    assert_eq!(market.differences().await, [""; 0]);

    let foreign = crate::support::TestShop::open(&market.server).await;
    let foreign = foreign.group(&market.server, &foreign.owner).await;
    let notice = json!({ "name": "x", "notice": { "group_ids": [foreign], "text": "hi" } });
    assert_eq!(market.launch(notice).await.refused(), "not_found");
}
