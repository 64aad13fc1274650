//! The way of an order.

use proto::OrderState::{
    Accepted, Completed, InProgress, PartiallyShipped, PendingAcceptance, PendingPayment, Shipped,
};
use serde_json::{Value, json};

use super::{Market, id, next_state};
use crate::goods::level;

/// What is said when a package leaves.
fn sent(number: &str) -> String {
    format!("订单已发货,物流单号:{number},可在‘我的订单’中查看物流进度")
}

impl Market {
    /// Two of an order of three leave in one package, the last in another.
    async fn sends_two_packages(&self, order: &Value) {
        let package = json!({ "carrier": "shunfeng", "tracking_number": "7312345678901", "units": [{ "line": 1, "units": 2 }] });
        let partly = self.staff(order, "ship", package.clone()).await.ok();
        assert_eq!(partly["state"], "partially_shipped");
        let again = self.staff(order, "ship", package).await;
        assert_eq!(again.refused(), "invalid_argument", "one is left");
        let rest = json!({ "carrier": "shunfeng", "tracking_number": "7312345678902" });
        let shipped = self.staff(order, "ship", rest).await.ok();
        assert_eq!(shipped["state"], "shipped");
        assert_eq!(shipped["packages"].as_array().unwrap().len(), 2);
    }

    /// An order that comes to the customer in this way, paid and accepted.
    async fn accepted_by(&self, method: &str) -> Value {
        let mut form = self.basket(1);
        form["delivery_method"] = json!(method);
        let order = self.place(form).await.ok();
        self.mine(&order, "pay-in-sandbox", json!({})).await.ok();
        self.accept(&order).await.ok()
    }

    /// Staff may not do this with it where it stands.
    async fn cannot(&self, order: &Value, deed: &str, form: Value) {
        let refused = self.staff(order, deed, form).await;
        assert_eq!(refused.refused(), "order_state", "{deed}");
    }
}

/// ORD-08, ORD-13, CHAT-05, CHAT-06, LOG-04, LOG-05, ORD-20: confirmed, paid, accepted, sent in two packages, received: both sides' cards
/// follow with one event a transition, each fixed text stands once in the conversation, word for word, and money is earned once.
#[tokio::test]
async fn an_order_goes_its_way() {
    let market = Market::with(20).await;
    let mut ann = market.ann.connect(&market.server).await;
    let mut boss = market.shop.owner.connect(&market.server).await;
    let order = market.accepted(3).await;
    assert_eq!(market.accept(&order).await.refused(), "order_state");
    market.sends_two_packages(&order).await;
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [17, 0, 17]);
    let done = market.mine(&order, "receive", json!({})).await.ok();
    assert_eq!(done["state"], "completed");
    let again = market.mine(&order, "receive", json!({})).await;
    assert_eq!(again.refused(), "order_state");
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
        "订单已确认,正在备货".to_owned(),
        sent("7312345678901"),
        sent("7312345678902"),
    ] {
        let times = said.iter().filter(|words| **words == text).count();
        assert_eq!(times, 1, "{text}: {said:?}");
    }
    let deeds = ["place", "pay", "accept", "ship", "ship", "receive"];
    assert_eq!(market.deeds(&order).await, deeds);
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-21: what is collected waits for its code, which the customer alone is shown, and is completed without being sent.
#[tokio::test]
async fn some_orders_are_collected() {
    let market = Market::with(20).await;
    let order = market.accepted_by("pickup").await;
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    market.cannot(&order, "ship", parcel).await;
    let ready = market.staff(&order, "get-ready", json!({})).await.ok();
    assert_eq!(ready["state"], "ready_for_pickup");
    assert_eq!(ready["pickup_code"], Value::Null);
    let mine = format!("/orders/{}", id(&order));
    let mine = market.customer().get(&mine).await.ok();
    let code = mine["pickup_code"].as_str().unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = market.staff(&order, "hand-over", json!({ "code": wrong }));
    assert_eq!(refused.await.refused(), "code_wrong");
    let done = market.staff(&order, "hand-over", json!({ "code": code }));
    let done = done.await.ok();
    assert_eq!(done["state"], "completed");
    assert_eq!(done["packages"], json!([]));
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [19, 0, 19]);
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-22: a service is in progress, by somebody whose name the customer is told and whose card says so, and is finished; it is never sent.
#[tokio::test]
async fn some_orders_are_services() {
    let market = Market::with(20).await;
    let mut ann = market.ann.connect(&market.server).await;
    let order = market.accepted_by("service").await;
    market.cannot(&order, "get-ready", json!({})).await;
    let started = json!({ "person": "张师傅" });
    let started = market.staff(&order, "start", started).await.ok();
    assert_eq!(started["state"], "in_progress");
    assert_eq!(started["person"], "张师傅");
    for state in [PendingPayment, PendingAcceptance, Accepted, InProgress] {
        assert_eq!(next_state(&mut ann).await, state);
    }
    let said = market.said(&order).await;
    assert!(
        said.iter().any(|words| words.contains("张师傅")),
        "{said:?}"
    );
    let done = market.staff(&order, "finish", json!({})).await.ok();
    assert_eq!(done["state"], "completed");
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [19, 0, 19]);
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
