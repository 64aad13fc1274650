//! Parcels on their way, told of by a carrier who is played, and who lies.

mod forged;
mod late;
mod trace;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    order::{Market, id},
    support::{
        TestServer,
        courier::{Courier, Letter},
    },
};

/// A market whose parcels are followed.
pub struct Road {
    pub market: Market,
    pub courier: Courier,
    pub since: Timestamp,
}

impl Road {
    pub async fn open() -> Self {
        let courier = Courier::start().await;
        let server = TestServer::with(|config| courier.set(config)).await;
        let since = server.clock.now();
        Self {
            market: Market::on(server, 20).await,
            courier,
            since,
        }
    }

    /// An order of so many, wholly sent under this number, which is followed.
    pub async fn sent(&self, units: u32, number: &str) -> Value {
        let order = self.market.accepted(units).await;
        self.send(&order, number, json!([])).await;
        self.courier.subscription(&self.market.server, number).await;
        order
    }

    /// Sends a package.
    pub async fn send(&self, order: &Value, number: &str, units: Value) -> Value {
        let shipment = json!({ "carrier": "shunfeng", "tracking_number": number, "units": units });
        self.market.staff(order, "ship", shipment).await.ok()
    }

    /// News while the parcel is under way.
    pub fn news(&self, number: &str, state: &str, events: &[(i64, &str)]) -> Letter {
        self.courier
            .letter(number, ("polling", state), events, self.since)
    }

    /// The packages of an order, as the customer sees them.
    pub async fn packages(&self, order: &Value) -> Value {
        let path = format!("/orders/{}/packages", id(order));
        self.market.customer().get(&path).await.ok()["packages"].clone()
    }

    /// Where the order's first package is, and the words of its trace, the newest first.
    pub async fn trace(&self, order: &Value) -> (String, Vec<String>) {
        let package = self.packages(order).await[0].clone();
        let trace = package["trace"].as_array().expect("a trace").clone();
        let words = trace.iter().map(|event| event["words"].as_str());
        let words = words.map(|words| words.expect("words").to_owned());
        let state = package["state"].as_str().expect("a state");
        (state.to_owned(), words.collect())
    }

    /// How often somebody said words like these in the order's conversation.
    pub async fn times_said(&self, order: &Value, words: &str) -> usize {
        let said = self.market.said(order).await;
        said.iter().filter(|text| text.contains(words)).count()
    }
}
