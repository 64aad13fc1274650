//! `Idempotency-Key`: once and no more.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    Person, TestServer, TestShop,
    register::{merchant_form, phone},
    rest::{Rest, Said},
};

/// A shop's owner and the path on which they make keys.
async fn owner(server: &TestServer) -> (Rest, String) {
    let (owner, shop) = Person::registered_merchant(server, &phone(1)).await;
    (
        server.rest().by(&owner),
        format!("/shops/{shop}/embed-keys"),
    )
}

async fn keys(rest: &Rest, path: &str) -> usize {
    rest.get(path).await.ok()["keys"].as_array().unwrap().len()
}

/// A POST that creates wants a key; the same key gives the first answer for a day; another body is refused.
#[tokio::test]
async fn the_same_key_gives_the_first_answer() {
    let server = TestServer::start().await;
    let (rest, path) = owner(&server).await;
    assert_eq!(
        rest.post_as("", &path, json!({})).await.refused(),
        "idempotency_key_missing"
    );
    assert_eq!(
        rest.post_as(&"k".repeat(256), &path, json!({}))
            .await
            .refused(),
        "invalid_argument"
    );
    let first = rest.post_as("k", &path, json!({})).await.ok();
    server.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(rest.post_as("k", &path, json!({})).await.ok(), first);
    let other = rest.post_as("k", &path, json!({ "other": 1 })).await;
    assert_eq!(
        (other.status, other.refused()),
        (409, "idempotency_key_reused")
    );
    assert_eq!(keys(&rest, &path).await, 1);
    assert_ne!(rest.post_as("l", &path, json!({})).await.ok(), first);
}

/// What creates answers 201 and wants a key, and nothing else does: the routes say so themselves, in the OpenAPI document.
#[tokio::test]
async fn what_creates_wants_a_key_and_answers_created() {
    let server = TestServer::start().await;
    let (rest, path) = owner(&server).await;
    let document = souk::http::router::document().to_json().unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let posts = document["paths"].as_object().unwrap().iter();
    let posts = posts.filter(|(_, item)| item["post"].is_object());
    let wants_key = |item: &Value| item["post"].to_string().contains("Idempotency-Key");
    let (creating, others): (Vec<_>, Vec<_>) =
        posts.partition(|(_, item)| item["post"]["responses"]["201"].is_object());
    assert!(creating.iter().all(|(_, item)| wants_key(item)));
    assert!(!others.iter().any(|(_, item)| wants_key(item)));
    for (path, _) in &creating {
        // An import of which no row is kept, because some are wrong, says so with 200.
        let may_keep_nothing = path.ends_with("/products/import");
        let plain = &document["paths"][path]["post"]["responses"]["200"];
        assert!(may_keep_nothing || plain.is_null(), "{path}");
        let path = path.trim_start_matches("/api/v1").replace(['{', '}'], "");
        let keyless = rest.post_as("", &path, json!({})).await;
        assert_eq!(keyless.refused(), "idempotency_key_missing", "{path}");
    }
    for (path, body) in [(&path[..], json!({})), ("/shops", json!({ "name": "Tea" }))] {
        assert_eq!(rest.post(path, body.clone()).await.status, 201);
        assert_eq!(rest.post_as("k", path, body.clone()).await.status, 201);
        assert_eq!(rest.post_as("k", path, body).await.status, 201, "again");
    }
}

/// A key belongs to its user, whatever token they have, and to nobody else.
#[tokio::test]
async fn a_key_belongs_to_its_user() {
    let server = TestServer::start().await;
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "register")
        .await;
    let form = merchant_form(&phone(1), &proof);
    let answer = server
        .rest()
        .post("/registrations/merchant", form)
        .await
        .ok();
    let path = format!("/shops/{}/embed-keys", answer["shop_id"].as_str().unwrap());
    let by = |tokens: &Value| {
        server
            .rest()
            .with_token(tokens["access_token"].as_str().unwrap())
    };
    let first = by(&answer["session"])
        .post_as("k", &path, json!({}))
        .await
        .ok();
    let refreshed = json!({ "refresh_token": answer["session"]["refresh_token"] });
    let refreshed = server
        .rest()
        .post("/sessions/refresh", refreshed)
        .await
        .ok();
    assert_eq!(
        by(&refreshed).post_as("k", &path, json!({})).await.ok(),
        first
    );
    let eve = Person::customer(&server, "Eve").await;
    assert_eq!(
        server
            .rest()
            .by(&eve)
            .post_as("k", &path, json!({}))
            .await
            .refused(),
        "forbidden"
    );
}

/// Fifty at once with one key: one execution; the others get its answer or are told to come again.
#[tokio::test]
async fn fifty_at_once_are_one() {
    let server = TestServer::start().await;
    let (rest, path) = owner(&server).await;
    let all = join_all((0..50).map(|_| rest.post_as("k", &path, json!({})))).await;
    let (done, told): (Vec<Said>, Vec<Said>) = all.into_iter().partition(|said| said.status == 201);
    assert!(done.iter().all(|said| said.body == done[0].body));
    assert!(
        told.iter()
            .all(|said| said.refused() == "conflict" && said.body["retry_after_ms"] == 1_000)
    );
    assert_eq!(keys(&rest, &path).await, 1);
    assert_eq!(rest.post_as("k", &path, json!({})).await.ok(), done[0].body);
}

/// ACC-03: what was refused did not happen: the corrected form may use the key of the wrong one. And an answer with
/// tokens is not readable where it is kept.
#[tokio::test]
async fn a_corrected_form_may_keep_its_key() {
    let server = TestServer::start().await;
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "register")
        .await;
    let form = merchant_form(&phone(1), &proof);
    let mut wrong = form.clone();
    wrong["proof"]["code"] = "x".into();
    let (rest, path) = (server.rest(), "/registrations/merchant");
    assert_eq!(rest.post_as("k", path, wrong).await.refused(), "code_wrong");
    let first = rest.post_as("k", path, form.clone()).await.ok();
    assert_eq!(
        rest.post_as("k", path, form).await.ok(),
        first,
        "with its tokens"
    );
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select body from idempotency_keys")
        .fetch_all(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    let readable = |word: &str| {
        kept[0]
            .windows(word.len())
            .any(|bytes| bytes == word.as_bytes())
    };
    assert!(!readable("souk_at_") && !readable("access_token"));
}

/// F13: a node that dies between its commit and its answer: a retry hears that it is not known, and nothing happens twice.
#[tokio::test]
async fn what_was_done_without_an_answer_is_not_done_again() {
    let server = TestServer::start().await;
    let (rest, path) = owner(&server).await;
    rest.post_as("k", &path, json!({})).await.ok();
    sqlx::query(
        "update idempotency_keys set status = null, body = null where route like '%embed-keys'",
    )
    .execute(server.server.app.store.pool())
    .await
    .unwrap();
    assert_eq!(
        rest.post_as("k", &path, json!({})).await.refused(),
        "conflict",
        "it may be alive"
    );
    server.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(
        rest.post_as("k", &path, json!({})).await.refused(),
        "outcome_unknown"
    );
    assert_eq!(keys(&rest, &path).await, 1);
    server.clock.advance(SignedDuration::from_hours(24));
    let rest = Person::log_in(&server, owner_of(&server).await).await;
    let rest = server.rest().by(&rest);
    rest.post_as("k", &path, json!({})).await.ok();
    assert_eq!(keys(&rest, &path).await, 2, "a day later it is another");
}

async fn owner_of(server: &TestServer) -> souk::id::UserId {
    sqlx::query_scalar("select id from users where kind = 'merchant'")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap()
}

/// F13: of two executions of one key one commits, and the other nothing, also if they are neck and neck.
#[tokio::test]
async fn the_second_execution_of_a_key_cannot_commit() {
    use souk::store::once::{Execution, First, look, run};
    let server = TestServer::start().await;
    let app = &server.server.app;
    let execution = || {
        let nobody = uuid::Uuid::nil();
        Execution::new(nobody, "/x", [7; 32], [1; 32], server.clock.now())
    };
    let (one, other) = (execution(), execution());
    let commit = async || app.store.begin_people().await.unwrap().commit().await;
    assert!(look(app.store.pool(), &one).await.unwrap().is_none());
    let (done, refused) = tokio::join!(run(one.clone(), commit()), run(other.clone(), commit()));
    assert_eq!(
        [&done, &refused].iter().filter(|one| one.is_ok()).count(),
        1
    );
    let refused = done.err().or(refused.err()).unwrap();
    assert_eq!(refused.refusal(), Some(proto::Refusal::Conflict));
    assert_ne!(one.committed(), other.committed());
    let found = look(app.store.pool(), &execution()).await.unwrap();
    assert!(matches!(found, Some(First::UnderWay)), "{found:?}");
    let winner = if one.committed() { one } else { other };
    run(winner, commit())
        .await
        .expect("the same execution may commit once more");
}

/// GRP-02: a wish to come in is noted and refused for now; a retry hears the same.
#[tokio::test]
async fn a_refusal_after_something_was_done_is_kept() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let group = json!({ "name": "Tea", "join_approval": true });
    let group = shop.boss(&server).post(&shop.path("/groups"), group).await;
    let group = group.ok()["id"].as_str().unwrap().to_owned();
    let invite = shop
        .boss(&server)
        .post(&format!("/groups/{group}/invites"), json!({}))
        .await
        .ok();
    let ann = Person::customer(&server, "Ann").await;
    let form = json!({ "token": invite["token"] });
    let rest = server.rest().by(&ann);
    for _ in 0..2 {
        let said = rest.post_as("k", "/invites/accept", form.clone()).await;
        assert_eq!((said.status, said.refused()), (409, "join_pending"));
    }
}
