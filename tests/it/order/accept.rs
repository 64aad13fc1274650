//! What the shop takes: this revision, and by whom.

use serde_json::json;

use super::{Market, id, seen};

/// ORD-08, ORD-21: the customer edits between the look and the tap: the order as it was seen is refused and stays where it is, as it is it is taken.
#[tokio::test]
async fn an_order_is_accepted_as_it_was_seen() {
    let market = Market::with(20).await;
    let order = market.paid(1).await;
    let path = format!("/orders/{}", id(&order));
    let edit = json!({ "requests": "请在周五送到" });
    let edited = market.customer().patch(&path, edit).await.ok();
    assert_ne!(seen(&order), seen(&edited));

    let refused = market.accept(&order).await;
    assert_eq!(refused.refused(), "revision_stale");
    let forged = json!({ "revision": edited["revision"], "hash": order["hash"] });
    let refused = market.staff(&order, "accept", forged).await;
    assert_eq!(refused.refused(), "revision_stale");
    let now = market.seen(&order).await;
    assert_eq!(
        (&now["state"], &now["version"]),
        (&json!("pending_acceptance"), &edited["version"])
    );
    let nameless = market.staff(&order, "accept", json!({})).await;
    assert_eq!(nameless.refused(), "invalid_argument");
    assert_eq!(market.accept(&edited).await.ok()["state"], "accepted");
}

/// ORD-08: an order that is changed is priced anew: at another sum than the customer was shown it stays what it was.
#[tokio::test]
async fn a_changed_order_costs_what_was_shown() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    let path = format!("/orders/{}", id(&order));
    let total = order["total"].as_i64().expect("a sum");
    let edit =
        |shown: i64| json!({ "basket": market.basket(2)["basket"], "expected_total": shown });
    let refused = market.customer().patch(&path, edit(total)).await;
    assert_eq!(refused.refused(), "revision_stale");
    let now = market.seen(&order).await;
    assert_eq!(seen(&now), seen(&order));
    assert_eq!(market.differences().await, [""; 0]);
    let changed = market.customer().patch(&path, edit(2 * total)).await.ok();
    assert_eq!(changed["total"], 2 * total);
}

/// STAFF-07: what a colleague looks after is not taken from under their hands; given back to the queue it can be.
#[tokio::test]
async fn what_a_colleague_looks_after_is_theirs_to_accept() {
    let market = Market::with(20).await;
    let agent = market.shop.hire(&market.server, "operator").await;
    let agent = market.server.rest().by(&agent);
    let order = market.paid(1).await;
    let path = market.shop.path(&format!("/orders/{}/claim", id(&order)));
    agent.put(&path, json!({})).await.ok();
    assert_eq!(market.accept(&order).await.refused(), "claimed");
    assert_eq!(market.seen(&order).await["state"], "pending_acceptance");
    agent.delete(&path).await.ok();
    assert_eq!(market.accept(&order).await.ok()["state"], "accepted");
}
