//! The way of an order.

use proto::OrderState::{
    Accepted, Completed, PartiallyShipped, PendingAcceptance, PendingPayment, Shipped,
};
use serde_json::json;

use super::{Market, conversation, id, next_state};
use crate::goods::level;

/// ORD-08, ORD-13, CHAT-05, CHAT-06, LOG-04, LOG-05, ORD-20: confirmed, paid, accepted, sent in two packages, received: both sides' cards
/// follow with one event a transition, each fixed text stands once in the conversation, word for word, and money is earned once.
#[tokio::test]
async fn an_order_goes_its_way() {
    let market = Market::with(20).await;
    let mut ann = market.ann.connect(&market.server).await;
    let mut boss = market.shop.owner.connect(&market.server).await;
    let order = market.accepted(3).await;
    assert_eq!(market.accept(&order).await.refused(), "order_state");
    let package = json!({ "carrier": "shunfeng", "tracking_number": "7312345678901", "units": [{ "line": 1, "units": 2 }] });
    let partly = market.staff(&order, "ship", package.clone()).await.ok();
    assert_eq!(partly["state"], "partially_shipped");
    assert_eq!(
        market.staff(&order, "ship", package).await.refused(),
        "invalid_argument",
        "one is left"
    );
    let rest = json!({ "carrier": "shunfeng", "tracking_number": "7312345678902" });
    let shipped = market.staff(&order, "ship", rest.clone()).await.ok();
    assert_eq!(
        (
            &shipped["state"],
            shipped["packages"].as_array().unwrap().len()
        ),
        (&json!("shipped"), 2)
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [17, 0, 17]
    );
    let done = market.mine(&order, "receive", json!({})).await.ok();
    assert_eq!(done["state"], "completed");
    assert_eq!(
        market.mine(&order, "receive", json!({})).await.refused(),
        "order_state"
    );

    for line in [&mut ann, &mut boss] {
        for state in [
            PendingPayment,
            PendingAcceptance,
            Accepted,
            PartiallyShipped,
            Shipped,
            Completed,
        ] {
            assert_eq!(next_state(line).await, state);
        }
    }
    let said = market.said(&order).await;
    for text in [
        "订单已确认,正在备货",
        "订单已发货,物流单号:7312345678901,可在‘我的订单’中查看物流进度",
        "订单已发货,物流单号:7312345678902,可在‘我的订单’中查看物流进度",
    ] {
        assert_eq!(
            said.iter().filter(|words| *words == text).count(),
            1,
            "{text}: {said:?}"
        );
    }
    assert_eq!(
        market.deeds(&order).await,
        ["place", "pay", "accept", "ship", "ship", "receive"]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-21, ORD-22: what is collected waits for its code, a service is in progress; neither is sent.
#[tokio::test]
async fn some_orders_are_collected_and_some_are_services() {
    let market = Market::with(20).await;
    let with = async |method: &str| {
        let mut form = market.basket(1);
        form["delivery_method"] = json!(method);
        let order = market.place(form).await.ok();
        market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
        market.accept(&order).await.ok()
    };
    let collected = with("pickup").await;
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    assert_eq!(
        market
            .staff(&collected, "ship", parcel.clone())
            .await
            .refused(),
        "order_state"
    );
    let ready = market.staff(&collected, "get-ready", json!({})).await.ok();
    assert_eq!(
        (&ready["state"], &ready["pickup_code"]),
        (&json!("ready_for_pickup"), &json!(null))
    );
    let mine = market
        .customer()
        .get(&format!("/orders/{}", id(&collected)))
        .await
        .ok();
    let code = mine["pickup_code"].as_str().unwrap().to_owned();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        market
            .staff(&collected, "hand-over", json!({ "code": wrong }))
            .await
            .refused(),
        "code_wrong"
    );
    let done = market
        .staff(&collected, "hand-over", json!({ "code": code }))
        .await
        .ok();
    assert_eq!(
        (&done["state"], &done["packages"]),
        (&json!("completed"), &json!([]))
    );

    let service = with("service").await;
    assert_eq!(
        market
            .staff(&service, "get-ready", json!({}))
            .await
            .refused(),
        "order_state"
    );
    let started = market
        .staff(&service, "start", json!({ "person": "张师傅" }))
        .await
        .ok();
    assert_eq!(
        (&started["state"], &started["person"]),
        (&json!("in_progress"), &json!("张师傅"))
    );
    assert!(
        market
            .said(&service)
            .await
            .iter()
            .any(|words| words.contains("张师傅"))
    );
    assert_eq!(
        market.staff(&service, "finish", json!({})).await.ok()["state"],
        "completed"
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [18, 0, 18]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-11, INV-02: cancelling is possible in two states only; goods and money come back once, both sides are told.
#[tokio::test]
async fn cancelling_has_its_time() {
    let market = Market::with(20).await;
    let unpaid = market.place(market.basket(2)).await.ok();
    assert_eq!(
        market
            .mine(&unpaid, "cancel", json!({ "reason": "不要了" }))
            .await
            .ok()["state"],
        "cancelled"
    );
    assert_eq!(
        market.mine(&unpaid, "cancel", json!({})).await.refused(),
        "order_state"
    );
    let paid = market.paid(3).await;
    assert_eq!(
        market.staff(&paid, "cancel", json!({})).await.refused(),
        "invalid_argument",
        "staff say why"
    );
    let cancelled = market
        .staff(&paid, "cancel", json!({ "reason": "缺货" }))
        .await
        .ok();
    assert_eq!(
        (&cancelled["payment_status"], &cancelled["refunded"]),
        (&json!("refunded"), &json!(47_700))
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 0, 20]
    );
    assert!(
        market
            .said(&paid)
            .await
            .contains(&"订单已取消:缺货".to_owned())
    );
    market.on_time().await;
    let settled: i64 = sqlx::query_scalar("select count(*) from refunds where state = 'succeeded'")
        .fetch_one(market.server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(settled, 1);
    let accepted = market.accepted(1).await;
    for by in [
        market.mine(&accepted, "cancel", json!({})).await,
        market
            .staff(&accepted, "cancel", json!({ "reason": "x" }))
            .await,
    ] {
        assert_eq!(by.refused(), "order_state");
    }
    assert_eq!(
        market.deeds(&accepted).await,
        ["place", "pay", "accept"],
        "a refusal leaves no trace"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// PAY-02, O6, decision 40: an unpaid order is reminded of once a step and cancelled when its time is over.
#[tokio::test]
async fn an_unpaid_order_is_reminded_of_and_ends() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    let minutes = |number| {
        let time = jiff::SignedDuration::from_mins(number);
        market.server.clock.advance(time);
    };
    let reminders = async || {
        let said = market.said(&order).await;
        said.iter().filter(|words| words.contains("待付款")).count()
    };
    minutes(9);
    market.on_time().await;
    assert_eq!(reminders().await, 0);
    minutes(2);
    market.on_time().await;
    market.on_time().await;
    assert_eq!(reminders().await, 1);
    minutes(10);
    market.on_time().await;
    assert_eq!(reminders().await, 2);
    minutes(10);
    market.on_time().await;
    let ended = market.seen(&order).await;
    assert_eq!(
        (&ended["state"], &ended["remark"]),
        (&json!("cancelled"), &json!("超时未付款"))
    );
    assert_eq!(reminders().await, 2);
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 0, 20]
    );
    let paid = market.paid(1).await;
    minutes(60);
    market.on_time().await;
    assert_eq!(market.seen(&paid).await["state"], "pending_acceptance");
}

/// O18, decision 40: a day after shipment it counts as moving, after ten days as received; the customer may ask for three more days, once.
#[tokio::test]
async fn what_was_sent_moves_and_is_received_by_itself() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    market.staff(&order, "ship", parcel).await.ok();
    market.time_passes(24).await;
    assert_eq!(market.seen(&order).await["state"], "in_transit");
    market.mine(&order, "extend", json!({})).await.ok();
    assert_eq!(
        market.mine(&order, "extend", json!({})).await.refused(),
        "conflict"
    );
    market.time_passes(24 * 10).await;
    assert_eq!(market.seen(&order).await["state"], "in_transit");
    market.time_passes(24 * 2).await;
    assert_eq!(market.seen(&order).await["state"], "completed");
    let history = market
        .boss()
        .get(&market.shop.path(&format!("/orders/{}/history", id(&order))))
        .await
        .ok();
    assert_eq!(
        history["entries"].as_array().unwrap().last().unwrap()["actor_kind"],
        "system"
    );
}

/// LOG-01, LOG-04: an unknown carrier, an unpaid order and another shop's order are not shipped.
#[tokio::test]
async fn what_may_not_be_shipped_is_not() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let by = |carrier: &str| json!({ "carrier": carrier, "tracking_number": "1" });
    assert_eq!(
        market.staff(&order, "ship", by("pigeon")).await.refused(),
        "carrier_unknown"
    );
    let unpaid = market.place(market.basket(1)).await.ok();
    assert_eq!(
        market
            .staff(&unpaid, "ship", by("shunfeng"))
            .await
            .refused(),
        "order_state"
    );
    let other = crate::support::TestShop::open(&market.server).await;
    let path = other.path(&format!("/orders/{}/ship", id(&order)));
    assert_eq!(
        other
            .boss(&market.server)
            .post(&path, by("shunfeng"))
            .await
            .refused(),
        "not_found"
    );
    let agent = market.shop.hire(&market.server, "agent").await;
    let agents = market.server.rest().by(&agent);
    assert_eq!(
        market
            .staff_as(&agents, &order, "ship", by("shunfeng"))
            .await
            .refused(),
        "forbidden"
    );
    assert_eq!(market.deeds(&order).await.len(), 3);
}

/// ORD-12, CHAT-11: a progress note stands in the conversation and in the history.
#[tokio::test]
async fn staff_say_how_far_it_is() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    market
        .staff(&order, "prepare", json!({ "remark": "今天打包" }))
        .await
        .ok();
    market
        .staff(&order, "notes", json!({ "text": "快递员已取件" }))
        .await
        .ok();
    let said = market.said(&order).await;
    assert!(
        said.contains(&"订单备货中:今天打包".to_owned())
            && said.contains(&"快递员已取件".to_owned()),
        "{said:?}"
    );
    assert_eq!(market.deeds(&order).await[3..], ["prepare", "note"]);
    assert_eq!(conversation(&order).to_string(), order["conversation_id"]);
}

/// CHAT-11: a progress note carries pictures: they are seen in the chat and in the order's history, and only who takes part may fetch them.
#[tokio::test]
async fn staff_show_how_far_it_is() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let pictures = crate::goods::pictures(&market.server, &market.shop, 2).await;
    let note = json!({ "text": "正在打包", "pictures": pictures });
    market.staff(&order, "notes", note).await.ok();
    let path = format!("/conversations/{}/messages", conversation(&order));
    let page = market.customer().get(&path).await.ok();
    let shown = page["messages"].as_array().unwrap().iter();
    let mut shown: Vec<_> = shown
        .filter_map(|said| said["picture"].get("file_id"))
        .collect();
    shown.sort_by_key(|file| pictures.iter().position(|picture| picture == *file));
    assert_eq!(shown, pictures.iter().collect::<Vec<_>>());
    let history = format!("/orders/{}/history", id(&order));
    let history = market.customer().get(&history).await.ok();
    let last = history["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["deed"], &last["after"]["pictures"]),
        (&json!("note"), &json!(pictures))
    );

    let bob = crate::support::Person::customer(&market.server, "Bob").await;
    let file = format!("/files/{}", pictures[0].as_str().unwrap());
    assert_eq!(market.customer().get(&file).await.status, 200);
    assert_eq!(
        market.server.rest().by(&bob).get(&file).await.refused(),
        "not_found"
    );
    let own = crate::file::upload(&market.server, &bob, "a.png", crate::file::picture(4, 4)).await;
    for pictures in [
        json!([own.1["file_id"]]),
        json!([pictures[0], pictures[0]]),
        json!([uuid::Uuid::now_v7()]),
    ] {
        let note = json!({ "text": "正在打包", "pictures": pictures });
        assert_eq!(
            market.staff(&order, "notes", note).await.refused(),
            "invalid_argument"
        );
    }
    assert_eq!(market.deeds(&order).await[3..], ["note"]);
}
