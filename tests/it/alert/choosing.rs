//! Who is alerted to what.

use proto::{AlertKind, Permission, client_frame::Request};
use serde_json::json;
use souk::bus::Audience;

use super::{new_order, next_alert};
use crate::support::{Person, TestServer, TestShop, team::until};

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
    new_order(&server, &shop, "first").await;
    assert_eq!(next_alert(&mut with).await.text, "first");

    let agents = json!({ "role_id": shop.role(&server, "agent").await });
    let operators = json!({ "role_id": shop.role(&server, "operator").await });
    shop.change(&server, operator.id, agents).await;
    shop.change(&server, agent.id, operators).await;
    until(|| follows(&server, &shop, &agent, Permission::ManageOrders)).await;
    until(|| !follows(&server, &shop, &operator, Permission::ManageOrders)).await;
    new_order(&server, &shop, "second").await;
    assert_eq!(
        next_alert(&mut without).await.text,
        "second",
        "not the first"
    );
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
    let chosen = json!({ "wanted": ["new_conversation", "after_sale"] });
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
    new_order(&server, &shop, "an order").await;
    assert_eq!(next_alert(&mut colleague).await.text, "an order");
    for line in [&mut open, &mut new] {
        line.ask(Request::Ping(proto::Ping {})).await;
        assert_eq!(line.client.pushes_so_far(), []);
    }
}
