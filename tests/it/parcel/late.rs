//! Parcels that do not arrive in time.

use serde_json::{Value, json};

use super::Road;
use crate::order::id;

impl Road {
    async fn late(&self) -> Vec<Value> {
        let path = self.market.shop.path("/late-parcels");
        let page = self.market.boss().get(&path).await.ok();
        page["parcels"].as_array().expect("a list").clone()
    }

    /// Hours later, everybody is told who is to be told, twice.
    async fn later(&self, hours: i64) {
        self.market.time_passes(hours).await;
        let server = &self.market.server;
        for _ in 0..2 {
            let told = souk::parcel::late::due(&server.server.app);
            let told = server.in_turn("late_parcels", told).await;
            told.expect("they are told");
        }
    }
}

/// LOG-09: past its time a parcel is on the list, and the customer is told once; when it arrives it is on the list no more.
#[tokio::test]
async fn a_late_parcel_is_on_the_list_and_told_of_once() {
    let road = Road::open().await;
    let rules = road.market.shop.path("/parcel-rules");
    assert_eq!(
        road.market.boss().get(&rules).await.ok()["late_after_days"],
        5
    );
    road.market
        .boss()
        .put(&rules, json!({ "late_after_days": 2 }))
        .await
        .ok();
    let order = road.sent(1, "SF1").await;
    road.later(47).await;
    assert_eq!(road.late().await, Vec::<Value>::new());
    assert_eq!(road.times_said(&order, "可能晚到").await, 0);
    road.later(2).await;
    let late = road.late().await;
    assert_eq!(late.len(), 1);
    assert_eq!(
        (&late[0]["order_id"], &late[0]["tracking_number"]),
        (&json!(id(&order)), &json!("SF1"))
    );
    assert!(late[0]["told_at"].is_string());
    road.later(24).await;
    assert_eq!(road.times_said(&order, "包裹(SF1)可能晚到").await, 1);
    let alerts = road
        .market
        .boss()
        .get(&road.market.shop.path("/alerts"))
        .await
        .ok();
    let alerts = alerts["alerts"].as_array().unwrap();
    let about = |alert: &&Value| alert["text"].as_str().unwrap().contains("物流延误");
    assert_eq!(alerts.iter().filter(about).count(), 1);
    let signed = road.news("SF1", "3", &[(4_000, "已签收")]);
    signed.tell(&road.market.server).await;
    assert_eq!(road.late().await, Vec::<Value>::new());
}

/// LOG-09: what has arrived in time, or was received, is never late.
#[tokio::test]
async fn what_has_arrived_is_not_late() {
    let road = Road::open().await;
    let (signed, received) = (road.sent(1, "SF2").await, road.sent(1, "SF3").await);
    road.news("SF2", "3", &[(60, "已签收")])
        .tell(&road.market.server)
        .await;
    road.market.mine(&received, "receive", json!({})).await.ok();
    road.later(24 * 6).await;
    assert_eq!(road.late().await, Vec::<Value>::new());
    for order in [&signed, &received] {
        assert_eq!(road.times_said(order, "可能晚到").await, 0);
    }
}

/// LOG-09: absurd rules are refused, and only who manages the shop sets them.
#[tokio::test]
async fn rules_on_parcels_have_bounds() {
    let road = Road::open().await;
    let rules = road.market.shop.path("/parcel-rules");
    for days in [0, 61, -1] {
        let said = road
            .market
            .boss()
            .put(&rules, json!({ "late_after_days": days }))
            .await;
        assert_eq!(said.refused(), "invalid_argument");
    }
    let agent = road.market.shop.hire(&road.market.server, "agent").await;
    let rest = road.market.server.rest().by(&agent);
    assert_eq!(
        rest.put(&rules, json!({ "late_after_days": 3 }))
            .await
            .refused(),
        "forbidden"
    );
    assert_eq!(
        rest.get(&road.market.shop.path("/late-parcels"))
            .await
            .refused(),
        "forbidden"
    );
}
