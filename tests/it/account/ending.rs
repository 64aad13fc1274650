//! Sessions end: all of somebody's at once, all of a key's, and the oldest where there are too many. However many there
//! are, that is a matter of one row.

use std::time::Duration;

use futures_util::future::join_all;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use super::embed::{claims, shop_with_key, sign, visit};
use crate::support::{
    Person, TestServer, eventually,
    register::{PASSWORD, phone},
};

/// Somebody's hand on every session that there is: whoever wants to change one of them has to wait for it.
async fn hold_all_sessions(server: &TestServer) -> Transaction<'static, Postgres> {
    let pool = server.server.app.store.by_itself().pool().clone();
    let mut hand = pool.begin().await.expect("a transaction");
    sqlx::query("select id from sessions for update")
        .execute(&mut *hand)
        .await
        .expect("held");
    hand
}

/// A server where nobody waits for long.
async fn hasty_server() -> TestServer {
    TestServer::with(|config| config.database.lock_ms = 500).await
}

/// Customers of a shop, each with a session by its key.
async fn crowd(server: &TestServer, shop: souk::id::ShopId, key: &Value, size: i32) {
    let now = server.clock.now().to_sqlx();
    for sql in [
        "insert into users (id, kind, name, home_id, external_id, created_at)
         select gen_random_uuid(), 'customer', 'x', $1, n::text, $4 from generate_series(1, $3) n where $2 <> ''",
        "insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at,
           embed_key)
         select gen_random_uuid(), id, 'x', sha256(('a' || id)::bytea), $4 + interval '1 hour', sha256(('r' || id)::bytea), $4,
           $4 + interval '1 day', $4, $2
         from users where home_id = $1 and name = 'x' limit $3",
    ] {
        let statement = sqlx::query(sql).bind(shop).bind(key["id"].as_str());
        let pool = server.server.app.store.pool();
        statement.bind(size).bind(now).execute(pool).await.expect("a crowd");
    }
}

/// ACC-01, SEC-03: a key is revoked without touching one of the sessions that it opened, be they thousands; they are over with
/// it, and every node looks at all of their users again.
#[tokio::test]
async fn a_key_is_revoked_however_many_sessions_it_has() {
    let server = hasty_server().await;
    let (owner, shop, key) = shop_with_key(&server, 1).await;
    let ann = visit(&server, sign(&key, &claims(&server, shop, "ann")));
    let ann = ann.await.ok();
    crowd(&server, shop, &key, 2_500).await;
    let mut on_the_line = Person::of(&ann).connect(&server).await;
    let hand = hold_all_sessions(&server).await;
    let path = format!("/shops/{shop}/embed-keys/{}", key["id"].as_str().unwrap());
    server.rest().by(&owner).delete(&path).await.ok();
    let me = server.rest().by(&Person::of(&ann)).get("/me").await;
    assert_eq!(me.refused(), "session_revoked");
    hand.rollback().await.expect("let go");

    assert_eq!(on_the_line.client.closed().await.unwrap().code, 4102);
    let refresh = json!({ "refresh_token": ann["refresh_token"] });
    let refreshed = server.rest().post("/sessions/refresh", refresh).await;
    assert_eq!(refreshed.refused(), "session_revoked");
    let told = "select count(distinct user_id) from rechecks where reason = 'embed_key_revoked'";
    eventually(async || {
        let told = sqlx::query_scalar::<_, i64>(told);
        told.fetch_one(server.server.app.store.pool())
            .await
            .unwrap()
            == 2_501
    })
    .await;
}

/// SEC-03: a new password ends all other sessions without touching one of them, and the own one goes on.
#[tokio::test]
async fn a_new_password_ends_the_others_however_many_they_are() {
    let server = hasty_server().await;
    let (owner, _) = Person::registered_merchant(&server, &phone(1)).await;
    let form = json!({ "account": "merchant", "phone": phone(1), "password": PASSWORD, "device_id": "pc" });
    let mut with_code = form.clone();
    with_code["proof"] = server
        .proof("merchant", json!({ "phone": phone(1) }), "log_in")
        .await;
    server.rest().post("/sessions", with_code).await.ok();
    let own = server.rest().post("/sessions", form).await.ok();
    let rest = server.rest().by(&Person::of(&own));
    let mut elsewhere = owner.connect(&server).await;

    let mut hand = server
        .server
        .app
        .store
        .by_itself()
        .pool()
        .begin()
        .await
        .unwrap();
    sqlx::query("select id from sessions where id <> $1::uuid for update")
        .bind(own["session_id"].as_str())
        .execute(&mut *hand)
        .await
        .expect("held");
    let change = json!({ "new_password": "b3tter-Word!", "current_password": PASSWORD });
    rest.patch("/me", change).await.ok();
    let me = server.rest().by(&owner).get("/me").await;
    assert_eq!(me.refused(), "session_revoked");
    hand.rollback().await.expect("let go");

    assert_eq!(elsewhere.client.closed().await.unwrap().code, 4102);
    let list = rest.get("/sessions").await.ok();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(list["sessions"][0]["current"], true);
    let refresh = json!({ "refresh_token": own["refresh_token"] });
    server.rest().post("/sessions/refresh", refresh).await.ok();
}

/// SEC-03: all of a bot's sessions end without touching one of them, and its new token is good.
#[tokio::test]
async fn a_new_token_ends_the_others_however_many_they_are() {
    let server = hasty_server().await;
    let (owner, shop) = Person::registered_merchant(&server, &phone(1)).await;
    let rest = server.rest().by(&owner);
    let form = json!({ "name": "Helper", "scopes": ["chat"] });
    let made = rest.post(&format!("/shops/{shop}/bots"), form).await.ok();
    let (bot, token) = (made["bot"]["user_id"].as_str().unwrap(), &made["token"]);
    let former = server.rest().with_token(token.as_str().unwrap());
    former.get("/me").await.ok();
    let hand = hold_all_sessions(&server).await;
    let path = format!("/shops/{shop}/bots/{bot}/token");
    let renewed = rest.post(&path, json!({})).await.ok();
    assert_eq!(former.get("/me").await.refused(), "session_revoked");
    let now = server.rest().with_token(renewed["token"].as_str().unwrap());
    now.get("/me").await.ok();
    hand.rollback().await.expect("let go");
}

/// ACC-01, SEC-02: nobody has more sessions than they may; the oldest gives way, on the line as well, and it is told why.
#[tokio::test]
async fn the_oldest_session_gives_way() {
    let server = TestServer::with(|config| config.login.sessions_per_user = 2).await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let come = async |who: &str| {
        let session = visit(&server, sign(&key, &claims(&server, shop, who)));
        Person::of(&session.await.ok())
    };
    let bystander = come("bob").await;
    let oldest = come("ann").await;
    let mut on_the_line = oldest.connect(&server).await;
    let second = come("ann").await;
    server.rest().by(&oldest).get("/me").await.ok();
    let third = come("ann").await;
    assert_eq!(on_the_line.client.closed().await.unwrap().code, 4102);
    let said = server.rest().by(&oldest).get("/me").await;
    assert_eq!(said.refused(), "session_revoked");
    for good in [&second, &third, &bystander] {
        server.rest().by(good).get("/me").await.ok();
    }
    join_all((0..5).map(|_| come("ann"))).await;
    let newest = come("ann").await;
    let list = server.rest().by(&newest).get("/sessions").await.ok();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
    server.rest().by(&bystander).get("/me").await.ok();
}

/// ACC-05: by a phone number as well; a session of somebody's who has logged out makes room.
#[tokio::test]
async fn whoever_logs_out_makes_room() {
    let server = TestServer::with(|config| config.login.sessions_per_user = 2).await;
    let contact = json!({ "phone": phone(1) });
    let first = Person::registered_customer(&server, contact.clone()).await;
    let log_in = async |device: &str| {
        let proof = server.proof("customer", contact.clone(), "log_in").await;
        let form = json!({ "account": "customer", "phone": phone(1), "proof": proof, "device_id": device });
        server
            .clock
            .advance(jiff::SignedDuration::try_from(Duration::from_mins(2)).unwrap());
        Person::of(&server.rest().post("/sessions", form).await.ok())
    };
    let second = log_in("second").await;
    server
        .rest()
        .by(&second)
        .delete("/sessions/current")
        .await
        .ok();
    let third = log_in("third").await;
    server.rest().by(&first).get("/me").await.ok();
    log_in("fourth").await;
    let said = server.rest().by(&first).get("/me").await;
    assert_eq!(said.refused(), "session_revoked");
    server.rest().by(&third).get("/me").await.ok();
}
