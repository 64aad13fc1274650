//! What asks for a shop's staff: who is shown it, and who still has it to read.

mod calling;
mod choosing;
mod device;
mod pushing;
mod reading;

use proto::{Alert, AlertKind, Permission, push::Event};
use serde_json::{Value, json};
use souk::{
    alert::{self, NewAlert},
    id::AlertId,
};

use crate::support::{TestServer, TestShop, people::Line};

/// A new order, as the orders' unit of work raises it.
pub async fn new_order(server: &TestServer, shop: &TestShop, text: &str) -> AlertId {
    let new = NewAlert::new(AlertKind::NewOrder, Permission::ManageOrders, text);
    raise(server, shop, new).await
}

/// Something asks for staff.
pub async fn raise(server: &TestServer, shop: &TestShop, new: NewAlert) -> AlertId {
    let app = &server.server.app;
    let mut tx = app.store.begin(shop.id).await.expect("a unit of work");
    let id = alert::raise(&mut tx, new, app.clock.now()).await;
    tx.commit().await.expect("raised");
    id.expect("raised")
}

/// ALRT-02: where a customer waits the alert says that it may be heard, pushed and listed; what can be looked at later is silent.
#[tokio::test]
async fn an_alert_says_whether_it_may_be_heard() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let mut line = shop.owner.connect(&server).await;
    let kinds = [
        (AlertKind::NewOrder, true),
        (AlertKind::AfterSale, true),
        (AlertKind::StockLow, false),
    ];
    for (kind, heard) in kinds {
        let new = NewAlert::new(kind, Permission::ManageOrders, "look");
        raise(&server, &shop, new).await;
        assert_eq!(next_alert(&mut line).await.sound, heard, "{kind:?}");
    }
    let page = shop.boss(&server).get(&shop.path("/alerts")).await.ok();
    let listed = page["alerts"].as_array().unwrap().iter();
    let heard: Vec<_> = listed.map(|alert| alert["sound"].clone()).collect();
    assert_eq!(heard, [json!(false), json!(true), json!(true)]);
}

/// The next alert on a line.
pub async fn next_alert(line: &mut Line) -> Alert {
    loop {
        if let Event::Alert(alert) = line.client.next_push().await.expect("a push") {
            return alert;
        }
    }
}

/// The texts of a page of alerts.
fn texts(page: &Value) -> Vec<&str> {
    let alerts = page["alerts"].as_array().expect("alerts");
    let texts = alerts
        .iter()
        .map(|alert| alert["text"].as_str().expect("text"));
    texts.collect()
}

/// What a welcome says of alerts that waited.
fn waited(line: &Line) -> Vec<(String, u32)> {
    let unread = line.welcome.unread_alerts.iter();
    unread
        .map(|unread| (unread.shop_id.clone(), unread.unread))
        .collect()
}

fn up_to(id: AlertId) -> Value {
    json!({ "up_to": id })
}
