//! Staying logged in, and thieves of tokens.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    Person, TestServer,
    register::{merchant_form, phone},
    rest::Said,
};

async fn session(server: &TestServer) -> Value {
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "register")
        .await;
    let form = merchant_form(&phone(1), &proof);
    server
        .rest()
        .post("/registrations/merchant", form)
        .await
        .ok()["session"]
        .clone()
}

async fn refresh(server: &TestServer, tokens: &Value) -> Said {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    server.rest().post_as("", "/sessions/refresh", body).await
}

async fn me(server: &TestServer, tokens: &Value) -> Said {
    let token = tokens["access_token"].as_str().unwrap();
    server.rest().with_token(token).get("/me").await
}

/// ACC-06: an access token lasts an hour; a refresh gives the next one, and the old one is over.
#[tokio::test]
async fn a_refresh_gives_the_next_tokens() {
    let server = TestServer::start().await;
    let first = session(&server).await;
    let second = refresh(&server, &first).await.ok();
    assert_eq!(second["session_id"], first["session_id"]);
    assert_eq!(me(&server, &first).await.refused(), "not_authenticated");
    me(&server, &second).await.ok();
    server.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(me(&server, &second).await.refused(), "token_expired");
    let third = refresh(&server, &second).await.ok();
    me(&server, &third).await.ok();
    for bad in [
        json!({ "refresh_token": "x" }),
        json!({ "refresh_token": third["access_token"] }),
    ] {
        assert_eq!(refresh(&server, &bad).await.refused(), "not_authenticated");
    }
}

/// ACC-13: tabs that refresh at once, and a client that lost the answer, get the same tokens, all of them good.
#[tokio::test]
async fn a_race_of_refreshes_gives_everybody_the_same_tokens() {
    let server = TestServer::start().await;
    let first = session(&server).await;
    let all = join_all((0..10).map(|_| refresh(&server, &first))).await;
    let all: Vec<Value> = all.into_iter().map(Said::ok).collect();
    assert!(all.iter().all(|tokens| tokens == &all[0]), "{all:?}");
    me(&server, &all[0]).await.ok();
    refresh(&server, &all[9]).await.ok();
}

/// SEC-03: a spent refresh token after the grace time means theft: the session ends everywhere, and it is on record.
/// However many refreshes ago it was spent.
#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session() {
    for refreshes in [1, 3] {
        let server = TestServer::start().await;
        let first = session(&server).await;
        let mut newest = first.clone();
        for _ in 0..refreshes {
            newest = refresh(&server, &newest).await.ok();
        }
        let mut line =
            Person::of(&json!({ "user": first["user"], "access_token": newest["access_token"] }))
                .connect(&server)
                .await;
        if refreshes == 1 {
            server.clock.advance(SignedDuration::from_secs(11));
        }
        assert_eq!(refresh(&server, &first).await.refused(), "session_revoked");
        assert_eq!(line.client.closed().await.unwrap().code, 4102);
        assert_eq!(me(&server, &newest).await.refused(), "session_revoked");
        assert_eq!(refresh(&server, &newest).await.refused(), "session_revoked");
        let recorded: i64 = sqlx::query_scalar(
            "select count(*) from audit_entries where action = 'session.revoked' and target = $1",
        )
        .bind(first["session_id"].as_str().unwrap())
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
        assert_eq!(recorded, 1);
    }
}

/// A session ends 30 days after its last use and 90 days after it began.
#[tokio::test]
async fn a_session_ends_unused_or_old() {
    let server = TestServer::start().await;
    let mut tokens = session(&server).await;
    for _ in 0..3 {
        server.clock.advance(SignedDuration::from_hours(24 * 29));
        tokens = refresh(&server, &tokens).await.ok();
    }
    server.clock.advance(SignedDuration::from_hours(24 * 4));
    assert_eq!(
        refresh(&server, &tokens).await.refused(),
        "session_revoked",
        "91 days old"
    );

    let other = Person::registered_customer(&server, json!({ "phone": phone(1) })).await;
    server.clock.advance(SignedDuration::from_hours(24 * 31));
    assert_eq!(
        server.rest().by(&other).get("/me").await.refused(),
        "token_expired"
    );
}
