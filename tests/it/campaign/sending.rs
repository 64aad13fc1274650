//! A campaign reaches everybody it is for, once.

use serde_json::json;

use crate::{
    coupon::{but, ten_off},
    order::Market,
    support::{TestServer, TestShop},
};

/// CMP-01, CMP-04, CMP-08: a coupon with a text to a segment of 50: 50 messages with card and text in 50 conversations, by the shop's own bot, each with
/// its own name; none outside; after a crash in the middle (its rows are as they were before it was written down) another node ends it, and nobody
/// has a second one.
#[tokio::test]
async fn fifty_get_a_coupon_each_once() {
    let market = Market::with(1).await;
    market.always(100).await;
    let people = market.crowd(50, "苹果").await;
    let outside = market.crowd(1, "梨").await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 60 })))
        .await;
    let apple = market.with_tag("苹果").await;
    let layer = json!({ "segment_id": apple, "text": "{name},苹果到了", "template_id": template });
    let dry = json!({ "name": "x", "layers": [layer] });
    let path = market.shop.path("/campaigns/dry-run");
    let dry = market.boss().post(&path, dry).await.ok();
    assert_eq!(
        (&dry["messages"], &dry["layers"][0]["sample"]),
        (&json!(50), &json!("苹果0,苹果到了"))
    );
    assert_eq!(market.said_by_bots().await, 0);

    let campaign = market.sends(json!([layer])).await;
    let own = Some("满50减10".to_owned());
    for (place, person) in people.iter().enumerate() {
        let text = format!("苹果{place},苹果到了");
        assert_eq!(market.told(person).await, [(text, own.clone())]);
        assert_eq!(market.pocket(person, "usable").await.len(), 1);
    }
    assert_eq!(market.told(&outside[0]).await, []);
    let report = market.came_of(&campaign).await;
    assert_eq!(report["campaign"]["state"], "done");
    assert_eq!(
        report["total"],
        json!({ "sent": 50, "claimed": 50, "used": 0, "visits": 0 })
    );
    market.runs().await;
    assert_eq!(market.said_by_bots().await, 50);
    assert_eq!(market.differences().await, [""; 0]);
}

/// CMP-01: nobody is skipped and nobody hears it twice, whichever node goes on, both at once, and even where it is forgotten who has heard it: what is said again
/// under the same id gets the first answer.
#[tokio::test]
async fn a_campaign_that_was_cut_off_is_ended_by_another_node() {
    let market = Market::with(1).await;
    let other = TestServer::on(market.server.database.clone(), |_| ()).await;
    market.always(100).await;
    market.crowd(30, "茶").await;
    let tea = market.with_tag("茶").await;
    let campaign = market
        .sends(json!([{ "segment_id": tea, "text": "{name},新茶到了" }]))
        .await;
    let pool = market.server.server.app.store.pool();
    let numbers = async || -> Vec<(i64, String)> {
        sqlx::query_as("select number, state from campaign_recipients order by place")
            .fetch_all(pool)
            .await
            .expect("recipients")
    };
    let before = numbers().await;
    for cut in [
        "update campaign_recipients set state = 'waiting', number = null where place % 3 <> 0",
        "update users set name = name || '!' where kind = 'customer'",
        "update campaigns set state = 'sending', ended_at = null, reached = 0",
    ] {
        sqlx::query(cut).execute(pool).await.expect("cut off");
    }
    let there = other.server.app.by_itself();
    let (there, ()) = tokio::join!(souk::campaign::run::due(&there), market.runs());
    there.expect("it runs");
    crate::support::eventually(async || {
        market.came_of(&campaign).await["campaign"]["state"] == "done"
    })
    .await;
    assert_eq!(numbers().await, before);
    assert_eq!(market.said_by_bots().await, 30);
}

/// CMP-02, CMP-03: three layers, each hears its own offer; who is in two hears the first; without the tag nobody hears anything.
#[tokio::test]
async fn each_layer_hears_its_own_offer() {
    let market = Market::with(1).await;
    market.always(100).await;
    let mut groups = vec![];
    let mut layers = vec![];
    for (tag, title) in [("高", "满200减50"), ("新", "满30减5"), ("久", "满50减15")] {
        groups.push(market.crowd(2, tag).await);
        let mut form = ten_off();
        form["terms"]["title"] = json!(title);
        let template = market.issues(form).await;
        let segment = market.with_tag(tag).await;
        layers
            .push(json!({ "segment_id": segment, "text": "送您一张券", "template_id": template }));
    }
    let both = &groups[0][0];
    let tag = json!({ "dimension": "preference", "name": "久" });
    let form = json!({ "tag": tag, "customer_ids": [both.id] });
    let path = market.shop.path("/customer-tags");
    market.boss().post(&path, form).await.ok();
    let nobody = market.crowd(1, "无").await;
    market.sends(json!(layers)).await;
    for (people, title) in groups.iter().zip(["满200减50", "满30减5", "满50减15"]) {
        for person in people {
            let told = market.told(person).await;
            assert_eq!(told, [("送您一张券".to_owned(), Some(title.to_owned()))]);
        }
    }
    assert_eq!(market.told(&nobody[0]).await, []);
}

/// CMP-01: nothing is said when something is wrong: an empty segment, another shop's, no coupons left for all, an unpublished one, somebody who may not.
/// When the coupons run out on the way, the others are skipped with the reason.
#[tokio::test]
async fn what_is_wrong_is_refused_before_anything_is_said() {
    let market = Market::with(1).await;
    market.always(100).await;
    market.crowd(3, "茶").await;
    let (tea, empty) = (market.with_tag("茶").await, market.with_tag("咖啡").await);
    let few = market
        .issues(but(ten_off(), json!({ "quantity": 2 })))
        .await;
    let enough = market
        .issues(but(ten_off(), json!({ "quantity": 3 })))
        .await;
    let path = market.shop.path("/coupon-templates");
    let draft = market.boss().post(&path, ten_off()).await.ok()["id"].clone();
    let foreign = TestShop::open(&market.server).await;
    let condition = json!({ "name": "all", "condition": { "is": "everybody" } });
    let path = foreign.path("/segments");
    let foreign = foreign
        .boss(&market.server)
        .post(&path, condition)
        .await
        .ok()["id"]
        .clone();
    let of = |segment: serde_json::Value, template: serde_json::Value| json!({ "name": "x", "layers": [{ "segment_id": segment, "text": "hi", "template_id": template }] });
    for (campaign, code) in [
        (of(json!(empty), json!(null)), "campaign_empty"),
        (of(foreign, json!(null)), "not_found"),
        (of(json!(tea), json!(few)), "coupon_sold_out"),
        (of(json!(tea), draft), "coupon_state"),
        (json!({ "name": "x" }), "invalid_argument"),
        (
            json!({ "name": "x", "layers": [{ "segment_id": tea, "text": " " }] }),
            "invalid_argument",
        ),
    ] {
        assert_eq!(
            market.launch(campaign.clone()).await.refused(),
            code,
            "{campaign}"
        );
    }
    let path = market.shop.path("/campaigns");
    let operator = market.shop.hire(&market.server, "operator").await;
    let operator = market.server.rest().by(&operator);
    let tried = operator.post(&path, of(json!(tea), json!(enough))).await;
    assert_eq!(tried.refused(), "forbidden");
    market.runs().await;
    assert_eq!(market.said_by_bots().await, 0);

    let scheduled = market.server.clock.now() + jiff::SignedDuration::from_mins(5);
    let later = but(
        of(json!(tea), json!(enough)),
        json!({ "starts_at": scheduled }),
    );
    let campaign = market.launch(later).await.ok();
    market.claims(&market.ann, &enough).await.ok();
    market.runs().await;
    assert_eq!(market.said_by_bots().await, 0, "its time has not come");
    market
        .server
        .clock
        .advance(jiff::SignedDuration::from_mins(5));
    market.runs().await;
    let report = market.came_of(&campaign).await;
    assert_eq!(report["progress"]["sent"], 2, "{report}");
    assert_eq!(
        report["skipped"],
        json!([{ "because": "coupon_sold_out", "customers": 1 }])
    );
    assert_eq!(market.differences().await, [""; 0]);
    let audit = market.boss().get(&market.shop.path("/audit")).await.ok();
    assert!(audit.to_string().contains("campaign.launched"));
}
