//! Who is alerted to what.

use proto::{Alert, AlertKind, Permission, client_frame::Request, push::Event};
use serde_json::json;
use souk::{bus::Audience, event};

use crate::support::{Person, TestServer, TestShop, people::Line, team::until};

fn alert(shop: &TestShop, text: &str) -> Alert {
    Alert {
        kind: AlertKind::NewOrder.into(),
        shop_id: shop.id.to_string(),
        text: text.to_owned(),
        ..Alert::default()
    }
}

fn publish(server: &TestServer, shop: &TestShop, text: &str) {
    let entitled = Audience::Staff(shop.id, Permission::ManageOrders);
    let event = event::Event::alert(entitled, alert(shop, text));
    server.server.app.store.bus().publish(&event);
}

async fn next_alert(line: &mut Line) -> String {
    loop {
        if let Event::Alert(alert) = line.client.next_push().await.expect("a push") {
            return alert.text;
        }
    }
}

fn follows(server: &TestServer, shop: &TestShop, who: &Person, permission: Permission) -> bool {
    let lines = server.server.hub.lines_of(who.id);
    let audience = Audience::Staff(shop.id, permission);
    lines
        .iter()
        .any(|line| line.audiences().contains(&audience))
}

/// STAFF-06: a new-order alert reaches entitled colleagues and never the others, also after a role changed under an open
/// socket.
#[tokio::test]
async fn alerts_reach_only_the_entitled() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (agent, operator) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "operator").await,
    );
    let mut without = agent.connect(&server).await;
    let mut with = operator.connect(&server).await;
    publish(&server, &shop, "first");
    assert_eq!(next_alert(&mut with).await, "first");

    let agents = json!({ "role_id": shop.role(&server, "agent").await });
    let operators = json!({ "role_id": shop.role(&server, "operator").await });
    shop.change(&server, operator.id, agents).await;
    shop.change(&server, agent.id, operators).await;
    until(|| follows(&server, &shop, &agent, Permission::ManageOrders)).await;
    until(|| !follows(&server, &shop, &operator, Permission::ManageOrders)).await;
    publish(&server, &shop, "second");
    assert_eq!(next_alert(&mut without).await, "second", "not the first");
    with.ask(Request::Ping(proto::Ping {})).await;
    assert_eq!(with.client.pushes_so_far(), [], "not the second");
}

/// ALRT-04: who switched new-order alerts off is not alerted, on sockets that are open and on new ones; colleagues are.
#[tokio::test]
async fn everybody_chooses_their_alerts() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (one, other) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let mut open = one.connect(&server).await;
    let mut colleague = other.connect(&server).await;
    let rest = server.rest().by(&one);
    let all = rest.get("/me/alerts").await.ok();
    assert!(
        all["wanted"]
            .as_array()
            .unwrap()
            .contains(&json!("new_order"))
    );
    let chosen = json!({ "wanted": ["new_message", "after_sale"] });
    assert_eq!(
        rest.put("/me/alerts", chosen.clone()).await.ok(),
        rest.get("/me/alerts").await.ok()
    );
    assert_eq!(
        rest.put("/me/alerts", json!({ "wanted": ["earthquake"] }))
            .await
            .refused(),
        "invalid_argument"
    );

    let unwanted = || {
        let lines = server.server.hub.lines_of(one.id);
        lines.iter().all(|line| !line.wants(AlertKind::NewOrder))
    };
    until(unwanted).await;
    let mut new = one.connect(&server).await;
    publish(&server, &shop, "an order");
    assert_eq!(next_alert(&mut colleague).await, "an order");
    for line in [&mut open, &mut new] {
        line.ask(Request::Ping(proto::Ping {})).await;
        assert_eq!(line.client.pushes_so_far(), []);
    }
}
