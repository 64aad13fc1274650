//! How people come to a shop's staff, and go.

use proto::{Refusal, client_frame::Request};
use serde_json::json;

use crate::support::{
    Person, TestServer, TestShop,
    people::words,
    team::{merchant_of, new_phone},
};

/// STAFF-01: a member of staff is created, logs in and is disabled: the socket closes and the token is refused.
#[tokio::test]
async fn a_disabled_agent_is_out_at_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let agent = shop.hire(&server, "agent").await;
    let mut line = agent.connect(&server).await;
    assert_eq!(line.welcome.posts[0].role, "agent");

    shop.change(&server, agent.id, json!({ "disabled": true }))
        .await;
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let rest = server.rest().by(&agent);
    assert_eq!(rest.get("/me/alerts").await.refused(), "session_revoked");

    shop.change(&server, agent.id, json!({ "disabled": false }))
        .await;
    let agent = Person::log_in(&server, agent.id).await;
    assert_eq!(agent.connect(&server).await.welcome.posts.len(), 1);
}

/// STAFF-01, STAFF-06: inviting a number tells nothing of it: whether or not it has an account, and whose, the answer is
/// what was asked. Who it is, the staff see once that person has come.
#[tokio::test]
async fn an_invitation_tells_nothing_of_a_number() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (known, unknown) = (new_phone(), new_phone());
    let ada = other.hire_by(&server, &known, "agent").await;
    sqlx::query("update users set name = 'Ada' where id = $1")
        .bind(ada.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let mut answers = vec![];
    for phone in [&known, &unknown] {
        let mut invite = shop.invite(&server, phone, "agent").await;
        assert_eq!(invite["phone"], format!("+86{phone}"));
        for own in ["id", "phone", "expires_at"] {
            invite.as_object_mut().unwrap().remove(own);
        }
        answers.push(invite);
    }
    assert_eq!(answers[0], answers[1]);
    let boss = shop.boss(&server);
    let seen = async || {
        let staff = boss.get(&shop.path("/staff")).await.ok();
        let open = boss.get(&shop.path("/staff-invites")).await.ok();
        format!("{staff}{open}")
    };
    let before = seen().await;
    assert!(!before.contains("Ada") && !before.contains(&ada.id.to_string()));

    let rest = server.rest().by(&ada);
    let mine = rest.get("/staff-invites").await.ok()["invites"][0].clone();
    assert_eq!(
        (&mine["shop_name"], &mine["role"]),
        (&json!("Tea house"), &json!("agent"))
    );
    let accept = format!("/staff-invites/{}/accept", mine["id"].as_str().unwrap());
    let mut line = ada.connect(&server).await;
    rest.post(&accept, json!({})).await.ok();
    assert!(seen().await.contains("Ada"));
    let customer = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &customer).await;
    line.say(conversation, "on the same socket").await;
    assert_eq!(
        rest.post(&accept, json!({})).await.refused(),
        "invite_invalid"
    );
    let again =
        json!({ "phone": known, "name": "x", "role_id": shop.role(&server, "agent").await });
    assert_eq!(
        boss.post(&shop.path("/staff-invites"), again)
            .await
            .refused(),
        "conflict"
    );
}

/// STAFF-01: an invitation is one number's, and ends by time, by hand, by its maker's end and by a better one.
#[tokio::test]
async fn an_invitation_to_the_staff_ends() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let phone = new_phone();
    let id = |invite: &serde_json::Value| invite["id"].as_str().unwrap().to_owned();
    let first = id(&shop.invite(&server, &phone, "agent").await);
    let ada = merchant_of(&server, &phone, "Ada").await;
    let rest = server.rest().by(&ada);
    let accept = async |rest: &crate::support::Rest, invite: &str| {
        let path = format!("/staff-invites/{invite}/accept");
        rest.post(&path, json!({})).await
    };
    let rival = server.rest().by(&TestShop::open(&server).await.owner);
    assert_eq!(accept(&rival, &first).await.refused(), "invite_invalid");
    let customer = server.rest().by(&Person::customer(&server, "Ann").await);
    assert_eq!(accept(&customer, &first).await.refused(), "forbidden");

    let second = id(&shop.invite(&server, &phone, "operator").await);
    assert_eq!(accept(&rest, &first).await.refused(), "invite_invalid");
    let path = shop.path(&format!("/staff-invites/{second}"));
    boss.delete(&path).await.ok();
    assert_eq!(boss.delete(&path).await.refused(), "not_found");
    assert_eq!(accept(&rest, &second).await.refused(), "invite_invalid");

    let admin = shop.hire(&server, "administrator").await;
    let newcomer =
        json!({ "phone": phone, "name": "x", "role_id": shop.role(&server, "agent").await });
    let by_admin = server.rest().by(&admin);
    let third = by_admin
        .post(&shop.path("/staff-invites"), newcomer)
        .await
        .ok();
    shop.change(&server, admin.id, json!({ "disabled": true }))
        .await;
    assert_eq!(accept(&rest, &id(&third)).await.refused(), "invite_invalid");

    let fourth = id(&shop.invite(&server, &phone, "agent").await);
    let mine = format!("/staff-invites/{fourth}");
    rest.delete(&mine).await.ok();
    assert_eq!(accept(&rest, &fourth).await.refused(), "invite_invalid");
    let fifth = id(&shop.invite(&server, &phone, "agent").await);
    server
        .clock
        .advance(jiff::SignedDuration::from_hours(7 * 24));
    let ada = Person::log_in(&server, ada.id).await;
    let rest = server.rest().by(&ada);
    assert_eq!(rest.get("/staff-invites").await.ok()["invites"], json!([]));
    assert_eq!(accept(&rest, &fifth).await.refused(), "invite_invalid");
}

/// STAFF-01: who works for two shops and is disabled in one goes on in the other, on the same socket.
#[tokio::test]
async fn a_second_post_outlives_the_first() {
    let server = TestServer::start().await;
    let (one, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let phone = new_phone();
    one.hire_by(&server, &phone, "agent").await;
    let agent = other.hire_by(&server, &phone, "agent").await;
    let customer = Person::customer(&server, "Ann").await;
    let (first, second) = (
        one.consult(&server, &customer).await,
        other.consult(&server, &customer).await,
    );
    let mut line = agent.connect(&server).await;
    assert_eq!(line.say(first, "hello").await.number, 1);

    one.change(&server, agent.id, json!({ "disabled": true }))
        .await;
    let hi = Request::SendMessage(words(first, "still here?"));
    assert_eq!(line.refused(hi).await, Refusal::NotAMember);
    assert_eq!(line.say(second, "hello").await.number, 1);
    let contact = one.path(&format!("/customers/{}", customer.id));
    assert_eq!(
        server.rest().by(&agent).get(&contact).await.refused(),
        "forbidden"
    );
}
