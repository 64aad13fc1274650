//! Orders that are cancelled.

use serde_json::{Value, json};

use super::Market;
use crate::goods::level;

impl Market {
    /// Neither side cancels it where it stands, and nothing happens.
    async fn nobody_cancels(&self, order: &Value, state: &str) {
        assert_eq!(self.seen(order).await["state"], state);
        let done = self.deeds(order).await;
        let because = json!({ "reason": "x" });
        for said in [
            self.mine(order, "cancel", because.clone()).await,
            self.staff(order, "cancel", because).await,
        ] {
            assert_eq!(said.refused(), "order_state", "{state}");
        }
        assert_eq!(self.deeds(order).await, done, "a refusal leaves no trace");
    }

    /// An order, paid and accepted, that is collected or a service.
    async fn accepted_as(&self, method: &str) -> Value {
        let mut form = self.basket(1);
        form["delivery_method"] = json!(method);
        let order = self.place(form).await.ok();
        self.mine(&order, "pay-in-sandbox", json!({})).await.ok();
        self.accept(&order).await.ok()
    }

    /// How many refunds went well.
    async fn settled(&self) -> i64 {
        sqlx::query_scalar("select count(*) from refunds where state = 'succeeded'")
            .fetch_one(self.server.server.app.store.pool())
            .await
            .expect("a count")
    }
}

/// ORD-11, INV-02: what is not paid or not accepted is cancelled by either side; goods and money come back once, both sides are told.
#[tokio::test]
async fn an_order_is_cancelled_before_it_is_accepted() {
    let market = Market::with(20).await;
    let unpaid = market.place(market.basket(2)).await.ok();
    let because = json!({ "reason": "不要了" });
    let cancelled = market.mine(&unpaid, "cancel", because).await.ok();
    assert_eq!(cancelled["state"], "cancelled");
    market.nobody_cancels(&unpaid, "cancelled").await;
    let paid = market.paid(3).await;
    let silent = market.staff(&paid, "cancel", json!({})).await;
    assert_eq!(silent.refused(), "invalid_argument", "staff say why");
    let because = json!({ "reason": "缺货" });
    let cancelled = market.staff(&paid, "cancel", because).await.ok();
    assert_eq!(
        (&cancelled["payment_status"], &cancelled["refunded"]),
        (&json!("refunded"), &json!(47_700))
    );
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [20, 0, 20]);
    let said = market.said(&paid).await;
    assert!(said.contains(&"订单已取消:缺货".to_owned()), "{said:?}");
    market.on_time().await;
    assert_eq!(market.settled().await, 1);
    assert_eq!(market.differences().await, [""; 0]);
}

/// ORD-11: in every other state nobody cancels.
#[tokio::test]
async fn cancelling_has_its_time() {
    let market = Market::with(20).await;
    let draft = market.drafted().await;
    market.nobody_cancels(&draft, "awaiting_customer").await;
    let sent = market.accepted(2).await;
    market.nobody_cancels(&sent, "accepted").await;
    market.staff(&sent, "prepare", json!({})).await.ok();
    market.nobody_cancels(&sent, "preparing").await;
    let mut parcel = json!({ "carrier": "shunfeng", "tracking_number": "1", "units": [{ "line": 1, "units": 1 }] });
    market.staff(&sent, "ship", parcel.clone()).await.ok();
    market.nobody_cancels(&sent, "partially_shipped").await;
    parcel["tracking_number"] = json!("2");
    market.staff(&sent, "ship", parcel).await.ok();
    market.nobody_cancels(&sent, "shipped").await;
    market.time_passes(24).await;
    market.nobody_cancels(&sent, "in_transit").await;
    market.mine(&sent, "receive", json!({})).await.ok();
    market.nobody_cancels(&sent, "completed").await;
    let collected = market.accepted_as("pickup").await;
    market.staff(&collected, "get-ready", json!({})).await.ok();
    market.nobody_cancels(&collected, "ready_for_pickup").await;
    let service = market.accepted_as("service").await;
    let started = json!({ "person": "张师傅" });
    market.staff(&service, "start", started).await.ok();
    market.nobody_cancels(&service, "in_progress").await;
    assert_eq!(market.differences().await, [""; 0]);
}
