//! Goods of orders that are not there.

mod arriving;
mod choosing;
mod refused;

use serde_json::{Value, json};

use crate::{
    order::{Market, id},
    support::{people::Line, rest::Said},
};

/// Ann's accepted order of all that the shop has of the thing, some of which is not there; Ann is on the line.
pub struct Scarce {
    pub market: Market,
    pub order: Value,
    pub short: Value,
    pub ann: Line,
}

impl Scarce {
    /// Of so many units so many are missing.
    pub async fn of(units: u32, missing: u32) -> Self {
        let market = Market::with(units.into()).await;
        let order = market.accepted(units).await;
        let ann = market.ann.connect(&market.server).await;
        let short = market.miss(&order, missing, &[]).await;
        Self {
            market,
            order,
            short,
            ann,
        }
    }
}

impl Market {
    /// The owner cannot find so many of the order's first line.
    pub async fn miss(&self, order: &Value, units: u32, similar: &[Value]) -> Value {
        self.try_miss(order, units, similar).await.ok()
    }

    pub async fn try_miss(&self, order: &Value, units: u32, similar: &[Value]) -> Said {
        let missing = json!({
            "line": 1, "units": units, "reason": "supplier_late", "remark": "供应商延迟", "similar": similar,
        });
        self.staff(order, "shortages", missing).await
    }

    /// The customer chooses.
    pub async fn choose(&self, shortage: &Value, choice: Value) -> Said {
        let path = format!("/shortages/{}/choose", id(shortage));
        self.customer().post(&path, choice).await
    }

    /// So many more of the thing come in.
    pub async fn receive(&self, units: i64) -> Value {
        let path = self.shop.path(&format!("/variants/{}/stock", self.thing));
        let movement = json!({ "kind": "received", "units": units });
        self.boss().post(&path, movement).await.ok()
    }

    /// The shortage as the owner sees it.
    pub async fn shortage(&self, order: &Value) -> Value {
        let path = self.shop.path(&format!("/orders/{}/shortages", id(order)));
        self.boss().get(&path).await.ok()["shortages"][0].clone()
    }

    /// What of the order's history is about shortages: deed, remark and what is different.
    pub async fn short_history(&self, order: &Value) -> Vec<Value> {
        let path = self.shop.path(&format!("/orders/{}/history", id(order)));
        let history = self.boss().get(&path).await.ok();
        let entries = history["entries"].as_array().expect("entries").iter();
        let about = |entry: &&Value| !entry["after"]["shortage_id"].is_null();
        entries.filter(about).cloned().collect()
    }
}
