//! What was raised while nobody looked is there to be read.

use loadtest::Format;
use proto::{AlertKind, Permission, client_frame::Request, push::Event};
use serde_json::json;
use souk::{
    alert::{self, NewAlert},
    id::{AlertId, CaseId, ConversationId, OrderId},
};

use super::{new_order, next_alert, raise, texts, up_to, waited};
use crate::support::{Person, TestServer, TestShop, people::Line};

async fn quiet(line: &mut Line) {
    line.ask(Request::Ping(proto::Ping {})).await;
    assert_eq!(line.client.pushes_so_far(), []);
}

/// ALRT-01: an alert is one frame on every entitled socket, says where it leads, and is the same in the list.
#[tokio::test]
async fn one_frame_on_every_entitled_socket() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let operator = shop.hire(&server, "operator").await;
    let agent = shop.hire(&server, "agent").await;
    let mut lines = [
        operator.connect(&server).await,
        operator.connect_as(&server, Format::Json).await,
        shop.owner.connect(&server).await,
    ];
    let mut unentitled = agent.connect(&server).await;
    let (conversation, order, case) = (ConversationId::new(), OrderId::new(), CaseId::new());
    let text = "订单号:WS20250101001,客户:安,商品:连衣裙(M 码,粉色),金额:159 元";
    let new = NewAlert::new(AlertKind::NewOrder, Permission::ManageOrders, text)
        .in_conversation(conversation)
        .about_order(order)
        .about_case(case);
    let id = raise(&server, &shop, new).await;
    let listed = server.rest().by(&operator).get(&shop.path("/alerts")).await;
    let listed = listed.ok()["alerts"][0].clone();
    for line in &mut lines {
        let alert = next_alert(line).await;
        assert_eq!(serde_json::to_value(&alert).unwrap(), listed);
        assert_eq!((alert.kind(), &alert.text[..]), (AlertKind::NewOrder, text));
        assert_eq!(
            [
                alert.id,
                alert.conversation_id,
                alert.order_id,
                alert.case_id
            ],
            [
                id.to_string(),
                conversation.to_string(),
                order.to_string(),
                case.to_string()
            ]
        );
        quiet(line).await;
    }
    quiet(&mut unentitled).await;
}

/// ALRT-03: whoever was away is told on coming back how much is unread; reading moves one mark on all devices, which never goes back.
#[tokio::test]
async fn what_was_raised_meanwhile_is_unread_on_coming_back() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let operator = shop.hire(&server, "operator").await;
    let (rest, path) = (server.rest().by(&operator), shop.path("/alerts"));
    assert_eq!(waited(&operator.connect(&server).await), []);
    let (first, second) = (
        new_order(&server, &shop, "first").await,
        new_order(&server, &shop, "second").await,
    );
    let mut phone = operator.connect(&server).await;
    assert_eq!(waited(&phone), [(shop.id.to_string(), 2)]);
    let page = rest.get(&path).await.ok();
    assert_eq!(texts(&page), ["second", "first"]);
    assert_eq!(
        (&page["unread"], &page["read_up_to"]),
        (&json!(2), &json!(null))
    );

    let read = format!("{path}/read");
    let told = rest.put(&read, up_to(first)).await.ok();
    assert_eq!(
        (&told["unread"], &told["read_up_to"]),
        (&json!(1), &json!(first))
    );
    match phone.client.next_push().await.expect("a push") {
        Event::AlertsRead(read) => assert_eq!(serde_json::to_value(&read).unwrap(), told),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        waited(&operator.connect(&server).await),
        [(shop.id.to_string(), 1)]
    );
    assert_eq!(
        waited(&shop.owner.connect(&server).await),
        [(shop.id.to_string(), 2)]
    );

    rest.put(&read, up_to(second)).await.ok();
    let told = rest.put(&read, up_to(first)).await.ok();
    assert_eq!(
        (&told["unread"], &told["read_up_to"]),
        (&json!(0), &json!(second))
    );
    assert_eq!(waited(&operator.connect(&server).await), []);
}

/// ALRT-04: what somebody may not see, or does not want, is neither listed nor counted nor read by them, by the rights of the moment.
#[tokio::test]
async fn alerts_are_read_by_the_rights_of_the_moment() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (agent, customer) = (
        shop.hire(&server, "agent").await,
        Person::customer(&server, "Ann").await,
    );
    let rest = server.rest().by(&agent);
    let (path, read) = (shop.path("/alerts"), shop.path("/alerts/read"));
    let order = new_order(&server, &shop, "an order").await;
    let new = NewAlert::new(AlertKind::NewConversation, Permission::Chat, "Ann");
    raise(&server, &shop, new).await;
    let page = rest.get(&path).await.ok();
    assert_eq!((texts(&page), &page["unread"]), (vec!["Ann"], &json!(1)));
    assert_eq!(rest.put(&read, up_to(order)).await.refused(), "not_found");

    let operators = json!({ "role_id": shop.role(&server, "operator").await });
    shop.change(&server, agent.id, operators).await;
    assert_eq!(texts(&rest.get(&path).await.ok()), ["Ann", "an order"]);
    rest.put("/me/alerts", json!({ "wanted": ["new_conversation"] }))
        .await
        .ok();
    let page = rest.get(&path).await.ok();
    assert_eq!((texts(&page), &page["unread"]), (vec!["Ann"], &json!(1)));

    for stranger in [&customer, &TestShop::open(&server).await.owner] {
        let rest = server.rest().by(stranger);
        assert_eq!(rest.get(&path).await.refused(), "forbidden");
        assert_eq!(rest.put(&read, up_to(order)).await.refused(), "forbidden");
    }
}

/// ALRT-01: what is rolled back was never raised; pages go on where the last one ended.
#[tokio::test]
async fn pages_hold_what_was_committed() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let app = &server.server.app;
    let mut owner = shop.owner.connect(&server).await;
    let mut tx = app.store.begin(shop.id).await.unwrap();
    let new = NewAlert::new(AlertKind::NewOrder, Permission::ManageOrders, "never");
    alert::raise(&mut tx, new, app.clock.now()).await.unwrap();
    drop(tx);
    for text in ["1", "2", "3"] {
        new_order(&server, &shop, text).await;
    }
    assert_eq!(next_alert(&mut owner).await.text, "1");
    let (boss, path) = (shop.boss(&server), shop.path("/alerts"));
    let page = boss.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(texts(&page), ["3", "2"]);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let page = boss
        .get(&format!("{path}?limit=2&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(
        (texts(&page), &page["next_cursor"]),
        (vec!["1"], &json!(""))
    );
    for wrong in ["limit=101", "cursor=mine"] {
        let said = boss.get(&format!("{path}?{wrong}")).await;
        assert_eq!(said.refused(), "invalid_argument");
    }
    let nobody = boss
        .put(&format!("{path}/read"), up_to(AlertId::new()))
        .await;
    assert_eq!(nobody.refused(), "not_found");
}
