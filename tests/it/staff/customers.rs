//! What staff see of customers, and when customers are not heard.

use proto::{NoticeKind, Refusal, client_frame::Request};
use serde_json::json;

use crate::support::{Person, TestServer, TestShop, people::words};

/// STAFF-06, CHAT-02: a customer's phone number is masked for those who may not see customers; strangers are no
/// customers.
#[tokio::test]
async fn phone_numbers_are_masked() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    sqlx::query("update users set phone = '+8613812345678' where id = $1")
        .bind(ann.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let contact = shop.path(&format!("/customers/{}", ann.id));
    assert_eq!(
        shop.boss(&server).get(&contact).await.refused(),
        "not_found"
    );
    shop.consult(&server, &ann).await;

    let (agent, operator) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "operator").await,
    );
    let masked = server.rest().by(&agent).get(&contact).await.ok();
    assert_eq!(
        (&masked["phone"], &masked["source"]),
        (&json!("138****5678"), &json!("nearby"))
    );
    let clear = server.rest().by(&operator).get(&contact).await.ok();
    assert_eq!(clear["phone"], "+8613812345678");
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/customers/{}", ann.id));
    assert_eq!(
        other.boss(&server).get(&foreign).await.refused(),
        "not_found"
    );
}

/// STAFF-08: a disabled agent's conversation goes to another one; the customer goes on in the same conversation.
#[tokio::test]
async fn conversations_stay_when_agents_go() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (old, new) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "agent").await,
    );
    let ann = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &ann).await;
    let (mut customer, mut colleague) = (ann.connect(&server).await, new.connect(&server).await);
    let path = shop.path(&format!("/conversations/{conversation}/assignee"));
    let to = |who: &Person| json!({ "assignee_id": who.id });
    let boss = shop.boss(&server);
    boss.patch(&path, to(&old)).await.ok();
    old.connect(&server)
        .await
        .say(conversation, "I see to it")
        .await;
    shop.change(&server, old.id, json!({ "disabled": true }))
        .await;

    assert_eq!(
        boss.patch(&path, to(&old)).await.status,
        200,
        "it is theirs, nothing to do"
    );
    boss.patch(&path, to(&new)).await.ok();
    assert_eq!(
        boss.patch(&path, to(&old)).await.refused(),
        "not_found",
        "may not chat any more"
    );
    assert_eq!(boss.patch(&path, to(&ann)).await.refused(), "not_found");
    assert_eq!(customer.say(conversation, "thanks").await.number, 4);
    for line in [&mut customer, &mut colleague] {
        let mut seen = vec![];
        for _ in 0..4 {
            seen.push(line.hears().await);
        }
        let notice = seen[2].notice.clone().expect("a notice");
        assert_eq!(notice.kind(), NoticeKind::StaffAssigned);
        assert_eq!(notice.subjects[0].id, new.id.to_string());
        assert_eq!(seen[3].text, "thanks");
    }
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/conversations/{conversation}/assignee"));
    let theirs = other
        .boss(&server)
        .patch(&foreign, json!({ "assignee_id": null }))
        .await;
    assert_eq!(theirs.refused(), "not_found");
}

/// SEC-03, revocation by ban: a banned customer is heard by nobody in that shop, and may speak again when it is lifted.
#[tokio::test]
async fn a_banned_customer_is_not_heard() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let ann = Person::customer(&server, "Ann").await;
    let (here, elsewhere) = (
        shop.consult(&server, &ann).await,
        other.consult(&server, &ann).await,
    );
    let group = shop.group(&server, &ann).await;
    let mut line = ann.connect(&server).await;
    let ban = shop.path(&format!("/bans/{}", ann.id));
    let boss = shop.boss(&server);
    boss.put(&ban, json!({ "reason": "insults" })).await.ok();
    for conversation in [here, group] {
        let hi = Request::SendMessage(words(conversation, "hi"));
        assert_eq!(line.refused(hi).await, Refusal::Banned);
    }
    line.say(elsewhere, "hi").await;

    boss.delete(&ban).await.ok();
    line.say(here, "sorry").await;
    assert_eq!(boss.delete(&ban).await.refused(), "not_found");
    let stranger = Person::customer(&server, "Eve").await;
    let ban = shop.path(&format!("/bans/{}", stranger.id));
    assert_eq!(
        boss.put(&ban, json!({ "reason": "x" })).await.refused(),
        "not_found"
    );
    let colleague = shop.path(&format!("/bans/{}", shop.owner.id));
    assert_eq!(
        boss.put(&colleague, json!({ "reason": "x" }))
            .await
            .refused(),
        "not_found"
    );
}

/// Revocation by ban: a customer whom the shop's own site logged in is out altogether while the ban lasts.
#[tokio::test]
async fn a_banned_embedded_customer_is_out() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    sqlx::query("update users set home_id = $2, external_id = 'ann' where id = $1")
        .bind(ann.id)
        .bind(shop.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let mut line = ann.connect(&server).await;
    let ban = shop.path(&format!("/bans/{}", ann.id));
    shop.boss(&server)
        .put(&ban, json!({ "reason": "spam" }))
        .await
        .ok();
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let rest = server.rest().by(&ann);
    assert_eq!(rest.get("/me/alerts").await.refused(), "session_revoked");
    shop.boss(&server).delete(&ban).await.ok();
    ann.connect(&server).await;
}
