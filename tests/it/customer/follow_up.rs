//! Notes on customers, and when to come back to them.

use jiff::SignedDuration;
use proto::AlertKind;
use serde_json::{Value, json};
use souk::crm::follow_up;

use crate::{alert::next_alert, order::Market, support::Rest};

async fn due(market: &Market) {
    let due = follow_up::due(&market.server.server.app);
    let done = market.server.in_turn("follow_ups_due", due).await;
    done.expect("due");
}

async fn alerts(market: &Market, who: &Rest) -> Vec<Value> {
    let page = who.get(&market.shop.path("/alerts")).await.ok();
    let alerts = page["alerts"].as_array().expect("alerts").clone();
    let follow_ups = alerts
        .into_iter()
        .filter(|alert| alert["kind"] == "follow_up");
    follow_ups.collect()
}

/// CRM-08: a note that is due in two days reminds its author then, once, and leads to the customer; nobody else hears of it, and one that is
/// done by then reminds nobody. When its author has gone, everybody who talks with customers hears of it.
#[tokio::test]
async fn a_note_reminds_its_author_once() {
    let market = Market::with(1).await;
    let conversation = market.shop.consult(&market.server, &market.ann).await;
    let agent = market.shop.hire(&market.server, "agent").await;
    let agents = market.server.rest().by(&agent);
    let notes = market
        .shop
        .path(&format!("/customers/{}/follow-ups", market.ann.id));
    let note = |content: &str, hours: i64| {
        let due = market.server.clock.now() + SignedDuration::from_hours(hours);
        json!({ "content": content, "due_at": due })
    };
    let first = agents.post(&notes, note("问问茶好不好", 48)).await.ok();
    let second = agents.post(&notes, note("done by then", 48)).await.ok();
    let done = format!("{notes}/{}/done", second["id"].as_str().expect("an id"));
    agents.post(&done, json!({})).await.ok();
    for wrong in [note(" ", 1), note("late", -1), note("far", 24 * 400)] {
        assert_eq!(
            agents.post(&notes, wrong).await.refused(),
            "invalid_argument"
        );
    }
    due(&market).await;
    assert_eq!(alerts(&market, &agents).await, [json!(null); 0]);

    market.time_passes(12).await;
    let mut line = agent.connect(&market.server).await;
    market.time_passes(36).await;
    let app = &market.server.server.app;
    let twice = Box::pin(async { tokio::join!(follow_up::due(app), follow_up::due(app)) });
    let (one, other) = market.server.in_turn("follow_ups_due", twice).await;
    one.and(other).expect("due");
    due(&market).await;
    let heard = next_alert(&mut line).await;
    assert_eq!(heard.kind(), AlertKind::FollowUp);
    assert_eq!(heard.text, "Ann: 问问茶好不好");
    assert_eq!(heard.customer_id, market.ann.id.to_string());
    assert_eq!(heard.conversation_id, conversation.to_string());
    assert_eq!(alerts(&market, &agents).await.len(), 1);
    assert_eq!(alerts(&market, &market.boss()).await, [json!(null); 0]);
    let listed = agents.get(&notes).await.ok()["follow_ups"].clone();
    assert_eq!(listed[1]["id"], first["id"]);
    assert!(!listed[1]["reminded_at"].is_null() && listed[0]["reminded_at"].is_null());

    agents.post(&notes, note("later", 1)).await.ok();
    let leaves = json!({ "disabled": true });
    market.shop.change(&market.server, agent.id, leaves).await;
    market.time_passes(2).await;
    due(&market).await;
    assert_eq!(
        alerts(&market, &market.boss()).await[0]["text"],
        "Ann: later"
    );
}
