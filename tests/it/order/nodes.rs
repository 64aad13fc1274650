//! Everybody at once, over two nodes.

use proto::{
    AlertKind,
    OrderState::{
        Accepted, AwaitingCustomer, Completed, PartiallyShipped, PendingAcceptance, PendingPayment,
        Shipped,
    },
    push::Event,
};
use serde_json::json;

use super::{Market, id};
use crate::{
    support::{Redis, people::Line},
    two_nodes::two_nodes,
};

/// What somebody is shown until the order stands here for the last time: the states on its cards, and alerts of new orders.
async fn follows(
    line: &mut Line,
    order: &str,
    last: (proto::OrderState, i64),
) -> (Vec<proto::OrderState>, usize) {
    let (mut states, mut alerts) = (vec![], 0);
    loop {
        let message = match line.client.next_push().await.expect("a push") {
            Event::Alert(alert) => {
                alerts +=
                    usize::from(alert.kind() == AlertKind::NewOrder && alert.order_id == order);
                continue;
            }
            Event::MessagePosted(posted) => posted.message,
            Event::MessageChanged(changed) => changed.message,
            _ => continue,
        };
        let card = message
            .and_then(|message| message.card)
            .and_then(|card| card.order);
        let Some(card) = card.filter(|card| card.order_id == order) else {
            continue;
        };
        states.push(card.state());
        if (card.state(), card.refunded) == last {
            return (states, alerts);
        }
    }
}

/// ALRT-01, ORD-05, CHAT-05, CHAT-13: a chat order drafted, confirmed, paid, accepted, sent in two packages and completed, while customer, two
/// agents and the owner are on two nodes: every screen's card follows, and the alert reaches the entitled once and the agent never.
#[tokio::test]
async fn every_screen_follows_over_two_nodes() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, 600_000).await;
    let market = Market::on(one, 20).await;
    let operator = market.shop.hire(&market.server, "operator").await;
    let agent = market.shop.hire(&market.server, "agent").await;
    let mut screens = [
        market.ann.connect(&market.server).await,
        market.shop.owner.connect(&other).await,
        operator.connect(&market.server).await,
        agent.connect(&other).await,
    ];
    let opened = json!({ "shop_id": market.shop.id });
    let conversation = market.customer().post("/conversations", opened).await.ok()["id"].clone();
    let agreement = json!({ "basket": { "lines": [{ "variant_id": market.thing, "units": 2 }] }, "delivery_method": "express", "terms": "pay_first" });
    let form = json!({ "conversation_id": conversation, "agreement": agreement });
    let order = market
        .boss()
        .post(&market.shop.path("/orders"), form)
        .await
        .ok();
    market
        .mine(
            &order,
            "confirm",
            json!({ "revision": 1, "hash": order["hash"] }),
        )
        .await
        .ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    market
        .staff_as(&other.rest().by(&operator), &order, "accept", json!({}))
        .await
        .ok();
    for (number, units) in [("1", 1), ("2", 1)] {
        let parcel = json!({ "carrier": "shunfeng", "tracking_number": number, "units": [{ "line": 1, "units": units }] });
        market.staff(&order, "ship", parcel).await.ok();
    }
    market.mine(&order, "receive", json!({})).await.ok();

    let way = [
        AwaitingCustomer,
        PendingPayment,
        PendingAcceptance,
        Accepted,
        PartiallyShipped,
        Shipped,
        Completed,
    ];
    for (screen, alerts) in screens.iter_mut().zip([0, 1, 1, 0]) {
        let (states, alerted) = follows(screen, id(&order), (Completed, 0)).await;
        // A card that waits in a queue may give way to a newer one: what is shown is in order, and ends where the order does.
        let mut rest = way.iter();
        assert!(
            states.iter().all(|state| rest.any(|next| next == state)),
            "{states:?}"
        );
        assert_eq!(alerted, alerts);
    }
    assert_eq!(market.differences().await, [""; 0]);
}
