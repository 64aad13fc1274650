//! Staff keep endpoints.

use serde_json::json;
use souk::config::Profile;

use super::{
    receiver::{Manner, Receiver},
    stage::{Stage, eventually},
};
use crate::support::{Person, TestServer, TestShop};

const HOOK: &str = "https://hooks.example.com/souk";

async fn remembers(stage: &Stage) -> bool {
    sqlx::query_scalar("select remembers_messages from shops where id = $1")
        .bind(stage.shop)
        .fetch_one(&stage.pool)
        .await
        .unwrap()
}

/// STAFF-05, SEC-01, SEC-03: an endpoint is added, changed and removed by who may; its secret is shown once and lies sealed;
/// all of it is recorded.
#[tokio::test]
async fn an_endpoint_lives_and_leaves_a_record() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let (id, secret) = stage.endpoint(HOOK, &["message_posted"]).await;
    assert!(secret.starts_with("whsec_"));
    assert!(remembers(&stage).await);
    let all = stage.rest.get(&stage.path("")).await.ok();
    assert_eq!(all["endpoints"][0]["id"], id[..]);
    assert!(!all.to_string().contains("whsec_"), "{all}");
    let path = stage.path(&format!("/{id}"));
    let changed = stage
        .rest
        .patch(&path, json!({"events": ["member_left"], "on": false}))
        .await
        .ok();
    assert_eq!(
        (&changed["on"], &changed["off_because"]),
        (&json!(false), &json!("by_staff"))
    );
    assert!(!remembers(&stage).await, "nobody wants messages any more");
    let rotated = stage
        .rest
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .ok();
    assert_ne!(rotated["secret"], secret[..]);
    let row: String =
        sqlx::query_scalar("select string_agg(e::text, ' ') from webhook_endpoints e")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert!(
        row.contains(HOOK) && row.matches("v1.").count() == 2,
        "{row}"
    );
    for secret in [&secret[..], rotated["secret"].as_str().unwrap()] {
        assert!(!row.contains(&secret["whsec_".len()..]), "sealed: {row}");
    }
    assert!(
        rotated["endpoint"]["previous_secret_until"]
            .as_i64()
            .unwrap()
            > 0
    );
    stage.rest.delete(&path).await.ok();
    assert_eq!(stage.rest.get(&path).await.refused(), "not_found");
    assert_eq!(stage.rest.delete(&path).await.refused(), "not_found");
    let audit: Vec<String> =
        sqlx::query_scalar("select action from audit_entries where target = $1 order by id")
            .bind(&id)
            .fetch_all(&stage.pool)
            .await
            .unwrap();
    assert_eq!(
        audit,
        [
            "webhook.added",
            "webhook.changed",
            "webhook.secret_rotated",
            "webhook.removed"
        ]
    );
}

/// STAFF-04, SEC: foreign shops' endpoints do not exist, agents may not, and bad input is refused by name.
#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let server = TestServer::start().await;
    let (stage, other) = (Stage::set(&server).await, Stage::set(&server).await);
    let (id, _) = stage.endpoint(HOOK, &["message_posted"]).await;
    let agent = Person::merchant(&server, "Abe").await;
    stage.employs(&agent, "agent").await;
    for stranger in [&agent, &other.owner] {
        let said = server.rest().by(stranger).get(&stage.path("")).await;
        assert_eq!(said.refused(), "forbidden");
    }
    for rest in [
        format!("/{id}"),
        format!("/{id}/deliveries"),
        "/no-id".to_owned(),
    ] {
        assert_eq!(
            other.rest.get(&other.path(&rest)).await.refused(),
            "not_found",
            "{rest}"
        );
    }
    for (body, code) in [
        (json!({"url": HOOK, "events": []}), "invalid_argument"),
        (
            json!({"url": HOOK, "events": ["planet_exploded"]}),
            "invalid_argument",
        ),
        (
            json!({"url": HOOK, "events": ["message_posted"], "surprise": 1}),
            "invalid_argument",
        ),
        (
            json!({"url": HOOK, "events": ["message_posted"], "bot_id": agent.id}),
            "not_found",
        ),
        (
            json!({"url": "https://10.0.0.1/", "events": ["message_posted"]}),
            "address_refused",
        ),
        (
            json!({"url": "ftp://example.com/", "events": ["message_posted"]}),
            "address_refused",
        ),
    ] {
        assert_eq!(
            stage
                .rest
                .post(&stage.path(""), body.clone())
                .await
                .refused(),
            code,
            "{body}"
        );
    }
    let moved = stage
        .rest
        .patch(
            &stage.path(&format!("/{id}")),
            json!({"url": "http://169.254.169.254/"}),
        )
        .await;
    assert_eq!(moved.refused(), "address_refused");
}

/// Reliability 3.4: in production not even loopback is called.
#[tokio::test]
async fn production_calls_no_loopback() {
    let server = TestServer::with(|config| config.server.profile = Profile::Production).await;
    let stage = Stage::set(&server).await;
    let body = json!({"url": "http://127.0.0.1:9/", "events": ["message_posted"]});
    assert_eq!(
        stage.rest.post(&stage.path(""), body).await.refused(),
        "address_refused"
    );
}

/// A shop has 20 endpoints at most, also when many are added at once.
#[tokio::test]
async fn twenty_are_enough() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let body = json!({"url": HOOK, "events": ["member_left"]});
    let path = stage.path("");
    let asked = (0..25).map(|_| stage.rest.post(&path, body.clone()));
    let said = futures_util::future::join_all(asked).await;
    let refused: Vec<&str> = said
        .iter()
        .filter(|one| one.status >= 400)
        .map(|one| one.refused())
        .collect();
    assert_eq!(refused, ["quota_exceeded"; 5]);
}

/// `POST …/test` shows whether an endpoint hears; one that is switched off is not called.
#[tokio::test]
async fn an_endpoint_is_tried() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let mut receiver = Receiver::new(Manner::Says(204)).await;
    let (id, secret) = stage.endpoint(&receiver.url(), &["member_left"]).await;
    let path = stage.path(&format!("/{id}/test"));
    let sent = stage.rest.post(&path, json!({})).await.ok();
    let call = receiver.hears().await;
    assert!(call.signed_with(&secret));
    assert_eq!(
        (call.json()["type"].as_str(), &call.id()[..]),
        (Some("test"), sent["webhook_id"].as_str().unwrap())
    );
    stage.delivery(&id, |one| one["state"] == "delivered").await;
    stage
        .rest
        .patch(&stage.path(&format!("/{id}")), json!({"on": false}))
        .await
        .ok();
    assert_eq!(
        stage.rest.post(&path, json!({})).await.refused(),
        "conflict"
    );
}

/// Deliveries come in pages, newest first, none twice and none left out; a month later they are forgotten.
#[tokio::test]
async fn deliveries_are_paged_and_forgotten() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let receiver = Receiver::new(Manner::Says(200)).await;
    let (id, _) = stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    for _ in 0..5 {
        stage.happens(&server).await;
    }
    let path = stage.path(&format!("/{id}/deliveries?limit=2&state=delivered"));
    let seen = eventually("five are delivered", async || {
        let (mut seen, mut cursor) = (vec![], String::new());
        loop {
            let page = stage
                .rest
                .get(&format!("{path}&cursor={cursor}"))
                .await
                .ok();
            seen.extend(
                page["deliveries"]
                    .as_array()?
                    .iter()
                    .map(|one| one["id"].to_string()),
            );
            cursor = page["next_cursor"].as_str()?.to_owned();
            if cursor.is_empty() {
                return (seen.len() == 5).then_some(seen);
            }
        }
    })
    .await;
    let different: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(different.len(), 5);
    assert_eq!(
        stage
            .rest
            .get(&stage.path(&format!("/{id}/deliveries?limit=101")))
            .await
            .refused(),
        "invalid_argument"
    );
    server
        .clock
        .advance(jiff::SignedDuration::from_hours(31 * 24));
    eventually("they are forgotten", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from webhook_deliveries")
            .fetch_one(&stage.pool)
            .await
            .ok()?;
        (left == 0).then_some(())
    })
    .await;
}

/// STAFF-05: every word of the shop goes only where somebody sends it who may read them all.
#[tokio::test]
async fn whoever_only_manages_bots_sends_no_words_away() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let role = json!({ "name": "clerk", "permissions": ["manage_bots"] });
    let boss = shop.boss(&server);
    boss.post(&shop.path("/roles"), role).await.ok();
    let clerk = server.rest().by(&shop.hire(&server, "clerk").await);
    let endpoints = shop.path("/webhooks");
    for event in ["message_posted", "message_changed"] {
        let words = json!({ "url": HOOK, "events": [event] });
        assert_eq!(
            clerk.post(&endpoints, words).await.refused(),
            "forbidden",
            "{event}"
        );
    }
    let openings = json!({ "url": HOOK, "events": ["conversation_opened"] });
    let added = clerk.post(&endpoints, openings).await.ok();
    let one = format!("{endpoints}/{}", added["endpoint"]["id"].as_str().unwrap());
    let more = json!({ "events": ["message_posted"] });
    assert_eq!(clerk.patch(&one, more.clone()).await.refused(), "forbidden");
    boss.patch(&one, more).await.ok();
    let elsewhere = json!({ "url": "https://example.org/" });
    assert_eq!(clerk.patch(&one, elsewhere).await.refused(), "forbidden");
}
