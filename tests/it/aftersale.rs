//! Money and goods that go back.

mod exchange;
mod refund;
mod returning;
mod review;
mod rules;

use serde_json::{Value, json};

use crate::{
    file::{picture, upload},
    goods::{thing, variant},
    order::{Market, id},
    support::{Person, eventually, rest::Said},
};

/// The text of an approved return, word for word (CHAT-06).
pub const SEND_BACK: &str = "售后申请已同意,请尽快寄回商品";

impl Market {
    /// The customer applies for something.
    pub async fn apply(&self, order: &Value, wish: Value) -> Said {
        self.mine(order, "cases", wish).await
    }

    /// The owner does something with a case.
    pub async fn decide(&self, case: &Value, deed: &str, said: Value) -> Said {
        let path = self.shop.path(&format!("/cases/{}/{deed}", id(case)));
        self.boss().post(&path, said).await
    }

    /// The customer does something with their case.
    pub async fn follow(&self, case: &Value, deed: &str, said: Value) -> Said {
        let path = format!("/cases/{}/{deed}", id(case));
        self.customer().post(&path, said).await
    }

    /// The case, as the owner sees it.
    pub async fn case(&self, case: &Value) -> Value {
        let path = self.shop.path(&format!("/cases/{}", id(case)));
        self.boss().get(&path).await.ok()
    }

    /// The money of a case arrives; gives the case then.
    pub async fn money_arrives(&self, case: &Value) -> Value {
        self.on_time().await;
        eventually(async || self.case(case).await["state"] == "refunded").await;
        self.case(case).await
    }

    /// An order of so many of the thing, paid and sent.
    pub async fn sent(&self, units: u32) -> Value {
        let order = self.accepted(units).await;
        let parcel = json!({ "carrier": "shunfeng", "tracking_number": "7312345678901" });
        self.staff(&order, "ship", parcel).await.ok()
    }

    /// An accepted order of one each of things at these prices.
    pub async fn several(&self, prices: &[i64]) -> Value {
        let mut lines = vec![];
        for price in prices {
            let made = thing(&self.server, &self.shop, *price, 5).await;
            lines.push(json!({ "variant_id": variant(&made, 0), "units": 1 }));
        }
        let mut form = self.basket(1);
        form["basket"]["lines"] = lines.into();
        let order = self.place(form).await.ok();
        self.mine(&order, "pay-in-sandbox", json!({})).await.ok();
        self.accept(&order).await.ok()
    }

    /// Pictures that somebody uploaded.
    pub async fn pictures(&self, who: &Person, number: usize) -> Vec<Value> {
        let mut ids = vec![];
        for _ in 0..number {
            let (_, file) = upload(&self.server, who, "proof.png", picture(4, 4)).await;
            ids.push(file["file_id"].clone());
        }
        ids
    }

    /// The texts of the alerts of a kind, the newest first.
    pub async fn alerts(&self, kind: &str) -> Vec<Value> {
        let page = self.boss().get(&self.shop.path("/alerts")).await.ok();
        let alerts = page["alerts"].as_array().expect("alerts").clone();
        alerts
            .into_iter()
            .filter(|alert| alert["kind"] == kind)
            .collect()
    }
}

/// Units of one line, and why.
pub fn unsent(line: i16, units: u32) -> Value {
    json!({ "lines": [{ "line": line, "units": units }], "reason": "不想要了" })
}

/// The same of goods that were sent.
pub fn wish(kind: &str, units: u32) -> Value {
    json!({ "lines": [{ "line": 1, "units": units }], "kind": kind, "reason": "尺寸不合适" })
}
