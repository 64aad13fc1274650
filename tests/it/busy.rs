//! Somebody asks too fast, or for what takes long: they wait for themselves, and nobody for them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proto::Refusal;
use serde_json::{Value, json};
use souk::{
    account::token::{Token, TokenKind},
    config::Networks,
};
use tokio::time::timeout;

use crate::support::{
    Held, Person, TestServer, TestShop, asking::asked, asking::request, eventually,
    people::direct_conversation, register::merchant_form, register::phone, rest::Said,
};

/// Asks until it is too fast: how often that was taken, and how often it can be at the most, one a second after a burst.
async fn until_refused(burst: u64, mut ask: impl AsyncFnMut() -> Said) -> (u64, u64, Said) {
    let began = Instant::now();
    for taken in 0.. {
        let said = ask().await;
        if said.status == 429 {
            return (taken, burst + 1 + began.elapsed().as_secs(), said);
        }
    }
    unreachable!("asks for ever")
}

/// SEC-02: requests of one person over REST have a pace, whatever the session; it is told when to come again.
#[tokio::test]
async fn a_hasty_person_over_rest_waits_alone() {
    let server = TestServer::with(|config| config.limits.rest_requests_per_second = 1).await;
    let (ann, bob, _) = direct_conversation(&server).await;
    let mut sessions = [ann.clone(), Person::log_in(&server, ann.id).await];
    let (taken, most, said) = until_refused(3, async || {
        sessions.swap(0, 1);
        server.rest().by(&sessions[0]).get("/me").await
    })
    .await;
    assert!((3..=most).contains(&taken), "{taken}");
    assert_eq!(said.refused(), "rate_limited");
    assert!((1..=3_000).contains(&said.body["retry_after_ms"].as_i64().unwrap()));
    server.rest().by(&bob).get("/me").await.ok();
}

/// SEC-02: whoever has no good token is counted by address; who is known goes on.
#[tokio::test]
async fn a_hasty_stranger_is_refused() {
    let server = strict_server().await;
    let (ann, _, _) = direct_conversation(&server).await;
    server.rest().by(&ann).get("/me").await.ok();
    let forged = server.rest().with_token("souk_at_forged");
    let login = json!({ "account": "customer", "phone": phone(1), "device_id": "d" });
    let mut turn = 0;
    let (taken, most, said) = until_refused(5, async || {
        turn += 1;
        match turn % 2 {
            0 => forged.get("/me").await,
            _ => server.rest().post("/sessions", login.clone()).await,
        }
    })
    .await;
    assert!((5..=most).contains(&taken), "{taken}");
    assert_eq!(said.refused(), "rate_limited");
    server.rest().by(&ann).get("/me").await.ok();
}

/// A server where strangers have one request a second, and no address is exempt.
async fn strict_server() -> TestServer {
    TestServer::with(|config| {
        config.limits.exempt_networks = Networks::default();
        config.limits.stranger_requests_per_second = 1;
        config.limits.handshakes_per_address = 0;
        config.limits.connections_per_address = 0;
    })
    .await
}

/// A token that could be somebody's.
fn nobody_s_token() -> String {
    Token::generate(TokenKind::Access, &mut rand::rng()).reveal()
}

/// SEC-02: by a new token each time nobody gets around the pace of strangers, and the database is not asked. Good tokens cost
/// nothing of it, and who had one lately goes on while somebody at the same address does that.
#[tokio::test]
async fn new_tokens_are_no_way_around_the_pace() {
    let server = strict_server().await;
    let (ann, _, _) = direct_conversation(&server).await;
    for _ in 0..20 {
        let again = Person::log_in(&server, ann.id).await;
        server.rest().by(&again).get("/me").await.ok();
    }
    server.rest().by(&ann).get("/me").await.ok();
    let (taken, most, said) = until_refused(5, async || {
        server.rest().with_token(&nobody_s_token()).get("/me").await
    })
    .await;
    assert!((5..=most).contains(&taken), "{taken}");
    assert_eq!(said.refused(), "rate_limited");
    server.rest().by(&ann).get("/me").await.ok();

    server.server.app.store.pool().close().await;
    let all = join_all((0..100).map(|_| async {
        let said = server.rest().with_token(&nobody_s_token()).get("/me").await;
        said.status
    }));
    let refused = all
        .await
        .into_iter()
        .filter(|status| *status == 429)
        .count();
    assert!(refused > 50, "{refused}");
}

/// SEC-02: what cannot be a token is refused without the database.
#[tokio::test]
async fn what_is_no_token_is_not_looked_up() {
    let server = TestServer::start().await;
    server.server.app.store.pool().close().await;
    let refresh = Token::generate(TokenKind::Refresh, &mut rand::rng()).reveal();
    for bad in ["x", "souk_at_forged", &refresh] {
        let said = server.rest().with_token(bad).get("/me").await;
        assert_eq!((said.status, said.refused()), (401, "not_authenticated"));
    }
    let said = server.rest().with_token(&nobody_s_token()).get("/me").await;
    assert_eq!(said.status, 503, "{said:?}");
}

/// SEC-02: the description of the API is the same bytes for everybody, and strangers have their pace for it.
#[tokio::test]
async fn the_description_of_the_api_has_a_pace() {
    let server = strict_server().await;
    let url = server.url("/api/openapi.json");
    let (taken, most, said) = until_refused(5, async || {
        let said = TestServer::http()
            .get(&url)
            .send()
            .await
            .expect("an answer");
        let (status, kind) = (
            said.status().as_u16(),
            said.headers()["content-type"].clone(),
        );
        let body: Value = said.json().await.expect("JSON");
        if status == 200 {
            assert_eq!(kind, "application/json");
            assert!(body["paths"].as_object().unwrap().len() > 50);
        }
        Said { status, body }
    })
    .await;
    assert!((5..=most).contains(&taken), "{taken}");
    assert_eq!(said.refused(), "rate_limited");
}

/// ACC-03: a stranger's form that is refused writes nothing down, malformed or not.
#[tokio::test]
async fn what_is_refused_to_strangers_leaves_no_row() {
    let server = TestServer::start().await;
    let proof = json!({ "request_id": uuid::Uuid::nil(), "code": "123456" });
    let form = merchant_form(&phone(1), &proof);
    for body in [json!({}), json!({ "phone": 1 }), form] {
        let said = server.rest().post("/registrations/merchant", body).await;
        assert!((400..500).contains(&said.status), "{said:?}");
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from idempotency_keys")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

/// A server with few connections, and a group on whose lock requests wait.
async fn with_few_connections(lock_ms: u32) -> (TestServer, Person, Person, Held, String) {
    let server = TestServer::with(|config| {
        config.database.connections = 5;
        config.limits.requests_at_once = 3;
        config.limits.logins_at_once = 2;
        config.database.lock_ms = lock_ms;
    })
    .await;
    let shop = TestShop::open(&server).await;
    let eve = shop.owner.clone();
    let bob = Person::customer(&server, "Bob").await;
    let boss = shop.boss(&server);
    let named = json!({ "name": "Tea" });
    let group = boss.post(&shop.path("/groups"), named).await.ok();
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    let group = path.trim_start_matches("/groups/").parse().unwrap();
    let held = Held::new(&server, group).await;
    (server, eve, bob, held, path)
}

/// SEC-02: who asks for what takes long, by REST and by sockets, waits for a place of their own; others go on. Nobody's
/// request is lost.
#[tokio::test]
async fn one_person_does_not_have_all_connections() {
    let (server, eve, bob, held, path) = with_few_connections(60_000).await;
    let rest = server.rest().by(&eve);
    let stuck: Vec<_> = (0..6)
        .map(|number| {
            let (rest, path) = (rest.clone(), path.clone());
            let name = format!("Group {number}");
            tokio::spawn(async move { rest.patch(&path, json!({ "name": name })).await })
        })
        .collect();
    held.until_waiting(3).await;
    let mut line = eve.connect(&server).await;
    let id = line
        .client
        .send(request!(ListConversations {}))
        .await
        .unwrap();

    let bobs = timeout(Duration::from_secs(4), async {
        server.rest().by(&bob).get("/me").await.ok();
        let mut bob = bob.connect(&server).await;
        asked!(bob, ListConversations {} => ConversationPage);
    });
    bobs.await.expect("Bob does not wait for Eve");
    held.release().await;
    let done: Vec<Said> = join_all(stuck)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(
        done.iter()
            .all(|said| said.status == 200 || said.refused() == "overloaded"),
        "{done:?}"
    );
    line.client
        .answer(id)
        .await
        .expect("her own turn comes, too");
}

/// SEC-02: a request that waits too long for another is refused and has done nothing; the connection is as good as new.
#[tokio::test]
async fn who_waits_too_long_for_a_lock_is_told_to_try_again() {
    let (server, eve, bob, held, path) = with_few_connections(50).await;
    let rest = server.rest().by(&eve);
    let said = rest.patch(&path, json!({ "name": "Tea" })).await;
    assert_eq!((said.status, said.refused()), (503, "unavailable"));
    assert_eq!(said.body["retry_after_ms"], 1_000);
    held.release().await;
    let renamed = rest.patch(&path, json!({ "name": "Tea" })).await.ok();
    assert_eq!(renamed["name"], "Tea");
    server.rest().by(&bob).get("/me").await.ok();
}

/// SEC-02: a statement has its time, and a transaction that somebody leaves open is ended.
#[tokio::test]
async fn statements_and_idle_transactions_have_their_time() {
    let server = TestServer::with(|config| {
        config.database.statement_ms = 100;
        config.database.lock_ms = 100;
        config.database.idle_in_transaction_ms = 1_000;
    })
    .await;
    let app = &server.server.app;
    let slow = async |sql: &sqlx::PgPool| {
        let slept = sqlx::query("select pg_sleep(0.3)").execute(sql).await;
        slept.map_err(souk::error::Error::from)
    };
    let refused = slow(app.store.pool()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(Refusal::Unavailable));
    slow(app.by_itself().store.pool())
        .await
        .expect("what the server does by itself takes its time");

    let mut left_open = app.store.begin_people().await.unwrap();
    sqlx::query("select 1")
        .execute(left_open.sql())
        .await
        .unwrap();
    eventually(async || {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and state = 'idle in transaction'",
        )
        .fetch_one(app.store.pool())
        .await
        .unwrap();
        open == 0
    })
    .await;
    let late = left_open.commit().await.unwrap_err();
    assert_eq!(late.refusal(), Some(Refusal::Unavailable));
}

/// While requests hold all of their connections, a session that is over is ended all the same, and the node is
/// ready.
#[tokio::test]
async fn the_server_has_connections_of_its_own() {
    let server = TestServer::with(|config| config.database.connections = 4).await;
    let ann = Person::customer(&server, "Ann").await;
    let mut line = ann.connect(&server).await;
    let pool = server.server.app.store.pool();
    let mut last = pool.begin().await.unwrap();
    let mut held = vec![];
    for _ in 0..3 {
        held.push(pool.begin().await.unwrap());
    }
    for statement in [
        "update sessions set revoked_at = now() where user_id = $1",
        "insert into rechecks (user_id, what, reason) values ($1, 'sessions', 'log-out')",
    ] {
        sqlx::query(statement)
            .bind(ann.id)
            .execute(&mut *last)
            .await
            .unwrap();
    }
    last.commit().await.unwrap();
    held.push(pool.begin().await.unwrap());
    assert_eq!(line.client.closed().await.expect("a close").code, 4102);
    let ready = TestServer::http().get(server.url("/readyz")).send().await;
    assert_eq!(ready.unwrap().status().as_u16(), 200);
}
