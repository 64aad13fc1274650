//! One's own account and sessions.

use std::time::Duration;

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx as _;
use serde_json::json;
use souk::id::ConversationId;
use tokio::time::timeout;

use crate::{
    file::{picture, upload},
    support::{
        Person, TestServer,
        register::{PASSWORD, phone},
    },
    webhook::stage::eventually,
};

async fn second_session(server: &TestServer, contact: &serde_json::Value) -> Person {
    let proof = server.proof("customer", contact.clone(), "log_in").await;
    let mut form = json!({ "account": "customer", "proof": proof, "device_id": "pc", "device_kind": "desktop" });
    form.as_object_mut()
        .unwrap()
        .extend(contact.as_object().unwrap().clone());
    Person::of(&server.rest().post("/sessions", form).await.ok())
}

/// ACC-13: one account on two devices: both are shown what is said.
#[tokio::test]
async fn both_devices_of_an_account_hear_everything() {
    let server = TestServer::start().await;
    let contact = json!({ "phone": phone(1) });
    let on_phone = Person::registered_customer(&server, contact.clone()).await;
    let on_pc = second_session(&server, &contact).await;
    assert_eq!(on_phone.id, on_pc.id);
    let bob = Person::customer(&server, "Bob").await;
    let conversation = direct(&server, &on_phone, &bob).await;
    let (mut phone, mut pc) = (
        on_phone.connect(&server).await,
        on_pc.connect(&server).await,
    );
    bob.connect(&server).await.say(conversation, "hi").await;
    assert_eq!(
        (phone.hears().await.text, pc.hears().await.text),
        ("hi".into(), "hi".into())
    );
    pc.say(conversation, "from the pc").await;
    assert_eq!(phone.hears().await.text, "from the pc");
}

async fn direct(server: &TestServer, ann: &Person, bob: &Person) -> ConversationId {
    let (id, now) = (ConversationId::new(), server.clock.now().to_sqlx());
    let sql = "with c as (insert into conversations (id, kind, person_a, person_b, active_at, created_at) values ($1, 'direct', $2, $3, $4, $4))
               insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, 1, $4), ($1, $3, 1, $4)";
    sqlx::query(sql)
        .bind(id)
        .bind(ann.id.min(bob.id))
        .bind(ann.id.max(bob.id))
        .bind(now)
        .execute(server.server.app.store.pool())
        .await
        .expect("a conversation");
    id
}

/// SEC-03: logging out, here or from afar, closes the session's sockets within two seconds and leaves the others alone.
#[tokio::test]
async fn logging_out_reaches_live_sockets() {
    let server = TestServer::start().await;
    let contact = json!({ "phone": phone(1) });
    let on_phone = Person::registered_customer(&server, contact.clone()).await;
    let on_pc = second_session(&server, &contact).await;
    let mut pc = on_pc.connect(&server).await;
    let mut other = on_phone.connect(&server).await;

    let rest = server.rest().by(&on_phone);
    let list = rest.get("/sessions").await.ok();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["device_kind"], "desktop", "newest first");
    assert_eq!(
        (&sessions[0]["current"], &sessions[1]["current"]),
        (&json!(false), &json!(true))
    );

    let eve = Person::customer(&server, "Eve").await;
    let path = format!("/sessions/{}", sessions[0]["id"].as_str().unwrap());
    assert_eq!(
        server.rest().by(&eve).delete(&path).await.refused(),
        "not_found",
        "somebody else's"
    );
    rest.delete(&path).await.ok();
    let closed = timeout(Duration::from_secs(2), pc.client.closed())
        .await
        .expect("in time");
    assert_eq!(closed.unwrap().code, 4102);
    assert_eq!(
        server.rest().by(&on_pc).get("/me").await.refused(),
        "session_revoked"
    );
    assert_eq!(
        rest.delete(&path).await.refused(),
        "not_found",
        "it is over already"
    );
    assert_eq!(rest.delete("/sessions/x").await.refused(), "not_found");

    let bob = Person::customer(&server, "Bob").await;
    let conversation = direct(&server, &on_phone, &bob).await;
    other.say(conversation, "still here").await;
    rest.delete("/sessions/current").await.ok();
    let closed = timeout(Duration::from_secs(2), other.client.closed())
        .await
        .expect("in time");
    assert_eq!(closed.unwrap().code, 4102);
}

/// ACC-04, SEC-03: a new password wants the old one or a code, keeps the rule, and ends the other sessions.
#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = TestServer::start().await;
    let contact = json!({ "phone": phone(1) });
    let ann = Person::registered_customer(&server, contact.clone()).await;
    let thief = second_session(&server, &contact).await;
    let mut line = thief.connect(&server).await;
    let rest = server.rest().by(&ann);
    let change = async |current: &str, new: &str| {
        rest.patch(
            "/me",
            json!({ "current_password": current, "new_password": new }),
        )
        .await
    };
    assert_eq!(
        change("not-the-0ne", "b3tter-Password").await.refused(),
        "wrong_credentials"
    );
    assert_eq!(
        change(PASSWORD, "12345678").await.refused(),
        "password_too_common"
    );
    change(PASSWORD, "b3tter-Password").await.ok();
    assert_eq!(line.client.closed().await.unwrap().code, 4102);
    assert_eq!(
        server.rest().by(&thief).get("/me").await.refused(),
        "session_revoked"
    );
    rest.get("/me").await.ok();
    let log_in = async |password: &str| {
        let form = json!({ "account": "customer", "phone": phone(1), "password": password, "device_id": "phone" });
        server.rest().post("/sessions", form).await
    };
    assert_eq!(log_in(PASSWORD).await.refused(), "wrong_credentials");
    log_in("b3tter-Password").await.ok();

    let proof = server.proof("customer", contact, "set_password").await;
    let forgotten = json!({ "proof": proof, "new_password": "th1rd-Password" });
    rest.patch("/me", forgotten).await.ok();
    log_in("th1rd-Password").await.ok();
}

/// ACC-13: one's own name and picture; what is absent stays, an empty one takes the picture away.
#[tokio::test]
async fn one_changes_ones_own_name_and_picture() {
    let server = TestServer::start().await;
    let ann = Person::registered_customer(&server, json!({ "email": "ann@example.com" })).await;
    let rest = server.rest().by(&ann);
    let (_, uploaded) = upload(&server, &ann, "me.png", picture(30, 30)).await;
    let picture = uploaded["file_id"].as_str().unwrap();
    let me = rest
        .patch("/me", json!({ "name": " 安 ", "avatar": picture }))
        .await
        .ok();
    assert_eq!(
        (&me["name"], &me["avatar"]),
        (&json!("安"), &json!(picture))
    );
    assert_eq!(rest.patch("/me", json!({})).await.ok(), me);
    assert_eq!(
        rest.patch("/me", json!({ "avatar": "" })).await.ok()["avatar"],
        json!(null)
    );
    for bad in [
        json!({ "name": "" }),
        json!({ "name": "a\nb" }),
        json!({ "name": "x".repeat(101) }),
        json!({ "nmae": "x" }),
        json!({ "avatar": "x" }),
    ] {
        assert_eq!(rest.patch("/me", bad).await.refused(), "invalid_argument");
    }
    assert_eq!(
        server.rest().get("/me").await.refused(),
        "not_authenticated"
    );
}

/// What nobody can use any more is forgotten, and nothing else.
#[tokio::test]
async fn what_is_over_is_forgotten() {
    let server = TestServer::start().await;
    let ann = Person::registered_customer(&server, json!({ "phone": phone(1) })).await;
    server
        .rest()
        .by(&ann)
        .post("/tickets", json!({}))
        .await
        .ok();
    let app = &server.server.app;
    let left = async || {
        let sql = "select (select count(*) from codes), (select count(*) from tickets), (select count(*) from outgoing_messages),
                   (select count(*) from idempotency_keys), (select count(*) from allowances), (select count(*) from sessions)";
        sqlx::query_as::<_, (i64, i64, i64, i64, i64, i64)>(sql)
            .fetch_one(app.store.pool())
            .await
            .unwrap()
    };
    souk::job::forget::expired(app).await.unwrap();
    assert_eq!(left().await, (1, 1, 1, 1, 1, 1));
    server.clock.advance(SignedDuration::from_mins(10));
    souk::job::forget::expired(app).await.unwrap();
    assert_eq!(left().await, (0, 0, 0, 1, 1, 1));
    server.clock.advance(SignedDuration::from_hours(24));
    souk::job::forget::expired(app).await.unwrap();
    assert_eq!(left().await, (0, 0, 0, 0, 0, 1));
    server.clock.advance(SignedDuration::from_hours(24 * 120));
    eventually("the schedule forgets the session", async || {
        (left().await == (0, 0, 0, 0, 0, 0)).then_some(())
    })
    .await;
}
