//! When a campaign is silent: at night, for whoever has heard enough or wants nothing, and when it is stopped.

use jiff::{SignedDuration, civil::time};
use serde_json::json;

use super::plain;
use crate::order::Market;

/// CMP-01: in the shop's quiet hours nothing is said, by the clock on its wall; in the morning it goes on.
#[tokio::test]
async fn nights_are_quiet() {
    let market = Market::with(1).await;
    let people = market.crowd(2, "茶").await;
    let tea = market.with_tag("茶").await;
    market.waits_until(time(22, 30, 0, 0)).await;
    let campaign = market
        .sends(json!([{ "segment_id": tea, "text": "hi" }]))
        .await;
    assert_eq!(market.told(&people[0]).await, []);
    assert_eq!(market.came_of(&campaign).await["progress"]["waiting"], 2);
    market.waits_until(time(8, 0, 0, 0)).await;
    market.runs().await;
    assert_eq!(market.told(&people[0]).await, plain("hi"));
}

/// CMP-01: three a day of all campaigns together, the fourth is skipped, tomorrow there is room; who has opted out hears nothing until they opt in; who
/// is banned hears nothing.
#[tokio::test]
async fn nobody_hears_more_than_they_want() {
    let market = Market::with(1).await;
    market.always(2).await;
    let people = market.crowd(3, "茶").await;
    let tea = market.with_tag("茶").await;
    let wish = market.shop.path("/campaign-wish");
    let second = market.server.rest().by(&people[1]);
    second.put(&wish, json!({ "wanted": false })).await.ok();
    let ban = market.shop.path(&format!("/bans/{}", people[2].id));
    market
        .boss()
        .put(&ban, json!({ "reason": "spam" }))
        .await
        .ok();
    market.waits_until(time(12, 0, 0, 0)).await;
    let mut last = json!(null);
    for text in ["one", "two", "three"] {
        last = market
            .sends(json!([{ "segment_id": tea, "text": text }]))
            .await;
    }
    let told = market.told(&people[0]).await;
    assert_eq!(told, [plain("one"), plain("two")].concat());
    assert_eq!(market.told(&people[1]).await, []);
    let report = market.came_of(&last).await;
    let skipped = ["banned", "had_enough", "opted_out"];
    let skipped = skipped.map(|because| json!({ "because": because, "customers": 1 }));
    assert_eq!(report["skipped"], json!(skipped));
    let dry = json!({ "name": "x", "layers": [{ "segment_id": tea, "text": "four" }] });
    let path = market.shop.path("/campaigns/dry-run");
    let dry = market.boss().post(&path, dry).await.ok();
    assert_eq!(dry["messages"], 0);
    assert_eq!(dry["layers"][0]["had_enough"], 1);

    second.put(&wish, json!({ "wanted": true })).await.ok();
    market.waits_until(time(11, 0, 0, 0)).await;
    market
        .sends(json!([{ "segment_id": tea, "text": "four" }]))
        .await;
    assert_eq!(market.told(&people[0]).await.len(), 3);
    assert_eq!(market.told(&people[1]).await, plain("four"));

    let counts = async |hours| {
        market
            .server
            .clock
            .advance(SignedDuration::from_hours(hours));
        let forgotten = souk::job::forget::expired(&market.server.server.app).await;
        forgotten.expect("it forgets");
        let days = sqlx::query_scalar::<_, i64>("select count(*) from campaign_days");
        let pool = market.server.server.app.store.pool();
        days.fetch_one(pool).await.expect("a count")
    };
    assert_eq!(
        [counts(0).await, counts(24).await, counts(72).await],
        [3, 3, 0]
    );
}

/// CMP-01: the stop button: nobody hears it any more, a second press changes nothing, what is done cannot be stopped; without its bot a campaign is over.
#[tokio::test]
async fn a_campaign_is_stopped() {
    let market = Market::with(1).await;
    market.always(100).await;
    let people = market.crowd(2, "茶").await;
    let tea = market.with_tag("茶").await;
    let later = market.server.clock.now() + SignedDuration::from_mins(5);
    let layers = json!([{ "segment_id": tea, "text": "hi" }]);
    let campaign = json!({ "name": "x", "layers": layers, "starts_at": later });
    let first = market.launch(campaign.clone()).await.ok();
    let second = market.launch(campaign).await.ok();
    let stop = |campaign: &serde_json::Value| {
        let id = campaign["id"].as_str().expect("an id");
        market.shop.path(&format!("/campaigns/{id}/stop"))
    };
    for _ in 0..2 {
        let stopped = market.boss().post(&stop(&first), json!({})).await.ok();
        assert_eq!(stopped["state"], "stopped");
    }
    market.server.clock.advance(SignedDuration::from_mins(5));
    market.runs().await;
    assert_eq!(
        market.told(&people[0]).await,
        plain("hi"),
        "the second one alone"
    );
    let tried = market.boss().post(&stop(&second), json!({})).await;
    assert_eq!(tried.refused(), "campaign_state");

    let bots = market.boss().get(&market.shop.path("/bots")).await.ok();
    let bot = bots["bots"][0]["user_id"]
        .as_str()
        .expect("a bot")
        .to_owned();
    let third = json!({ "name": "x", "layers": layers, "starts_at": market.server.clock.now() + SignedDuration::from_mins(5) });
    let third = market.launch(third).await.ok();
    let path = market.shop.path(&format!("/bots/{bot}"));
    market
        .boss()
        .patch(&path, json!({ "disabled": true }))
        .await
        .ok();
    market.server.clock.advance(SignedDuration::from_mins(5));
    market.runs().await;
    let report = market.came_of(&third).await;
    assert_eq!(report["campaign"]["stopped_because"], "sender_disabled");
    let refused = market
        .launch(json!({ "name": "x", "layers": layers }))
        .await;
    assert_eq!(refused.refused(), "staff_disabled");
    assert_eq!(market.said_by_bots().await, 2);
}
