//! A shop's own site logs its users in.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use souk::{clock::Clock, config::Config, id::ShopId, shutdown::Shutdown};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{Person, TestServer, asking::asked, register::phone, rest::Said};

/// Signs as a shop's site does.
pub(super) fn sign(key: &Value, claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": key["id"] });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let secret = key["secret"].as_str().unwrap().as_bytes();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

pub(super) fn claims(server: &TestServer, shop: ShopId, subject: &str) -> Value {
    let now = server.clock.now().as_second();
    json!({ "iss": shop, "aud": "souk", "sub": subject, "iat": now, "exp": now + 300, "name": "安" })
}

pub(super) async fn visit(server: &TestServer, token: String) -> Said {
    server
        .rest()
        .post_as("", "/embed/sessions", json!({ "token": token }))
        .await
}

pub(super) async fn shop_with_key(server: &TestServer, number: u32) -> (Person, ShopId, Value) {
    let (owner, shop) = Person::registered_merchant(server, &phone(number)).await;
    let path = format!("/shops/{shop}/embed-keys");
    let key = server.rest().by(&owner).post(&path, json!({})).await.ok();
    (owner, shop, key)
}

/// ACC-01: the shop's signing keys are for the merchant who may manage the shop: customers and others get 403.
#[tokio::test]
async fn only_those_who_manage_the_shop_see_its_keys() {
    let server = TestServer::start().await;
    let (owner, shop, key) = shop_with_key(&server, 1).await;
    let customer = Person::registered_customer(&server, json!({ "phone": phone(1) })).await;
    let (other, _) = Person::registered_merchant(&server, &phone(2)).await;
    let path = format!("/shops/{shop}/embed-keys");
    let one = format!("{path}/{}", key["id"].as_str().unwrap());
    for stranger in [&customer, &other] {
        let rest = server.rest().by(stranger);
        for said in [
            rest.get(&path).await,
            rest.post(&path, json!({})).await,
            rest.delete(&one).await,
        ] {
            assert_eq!((said.status, said.refused()), (403, "forbidden"));
        }
    }
    let rest = server.rest().by(&owner);
    let list = rest.get(&path).await.ok();
    assert_eq!(list["keys"][0]["id"], key["id"]);
    assert!(list["keys"][0].get("secret").is_none(), "shown once");
    let more = join_all((0..8).map(|_| rest.post(&path, json!({})))).await;
    assert_eq!(
        more.iter().filter(|said| said.status == 201).count(),
        4,
        "five in all, at once or not"
    );
}

/// ACC-01: whom the shop names is its customer, the same one each time, also when they come twice at once.
#[tokio::test]
async fn a_shops_user_is_one_customer() {
    let server = TestServer::start().await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let token = sign(&key, &claims(&server, shop, "u-1"));
    let all = join_all((0..10).map(|_| visit(&server, token.clone()))).await;
    let all: Vec<Value> = all.into_iter().map(Said::ok).collect();
    assert!(
        all.iter().all(|one| one["user"] == all[0]["user"]),
        "one user"
    );
    assert_eq!(all[0]["user"]["name"], "安");
    assert_eq!(all[0]["user"]["kind"], "customer");
    assert_ne!(
        all[0]["access_token"], all[1]["access_token"],
        "a session each"
    );
    Person::of(&all[3]).connect(&server).await;

    let mut renamed = claims(&server, shop, "u-1");
    renamed["name"] = "安安".into();
    let again = visit(&server, sign(&key, &renamed)).await.ok();
    assert_eq!(
        (&again["user"]["id"], &again["user"]["name"]),
        (&all[0]["user"]["id"], &json!("安安"))
    );
    let someone = visit(&server, sign(&key, &claims(&server, shop, "u-2")))
        .await
        .ok();
    assert_ne!(someone["user"]["id"], all[0]["user"]["id"]);
}

/// ACC-01: whom the shop has banned is not let in by its word either, until the ban is lifted.
#[tokio::test]
async fn a_banned_user_of_a_shop_stays_out() {
    let server = TestServer::start().await;
    let (owner, shop, key) = shop_with_key(&server, 1).await;
    let token = sign(&key, &claims(&server, shop, "u-1"));
    let ann = visit(&server, token.clone()).await.ok();
    let ban = format!("/shops/{shop}/bans/{}", ann["user"]["id"].as_str().unwrap());
    let rest = server.rest().by(&owner);
    rest.put(&ban, json!({ "reason": "spam" })).await.ok();
    let said = visit(&server, token.clone()).await;
    assert_eq!((said.status, said.refused()), (403, "forbidden"));
    rest.delete(&ban).await.ok();
    visit(&server, token).await.ok();
}

/// ACC-01: nobody else's word is taken: not with a revoked key, another secret, for another shop, or too late.
#[tokio::test]
async fn only_the_shops_own_word_is_taken() {
    let server = TestServer::start().await;
    let (owner, shop, key) = shop_with_key(&server, 1).await;
    let (_, other_shop, other_key) = shop_with_key(&server, 2).await;
    let good = claims(&server, shop, "u-1");
    let forged = json!({ "id": key["id"], "secret": other_key["secret"] });
    let mut late = good.clone();
    late["iat"] = (good["iat"].as_i64().unwrap() - 1_000).into();
    late["exp"] = (good["exp"].as_i64().unwrap() - 1_000).into();
    for bad in [
        sign(&forged, &good),
        sign(&other_key, &good),
        sign(&key, &claims(&server, other_shop, "u-1")),
        sign(&key, &late),
        "x".to_owned(),
    ] {
        assert_eq!(visit(&server, bad).await.refused(), "embed_token_invalid");
    }
    visit(&server, sign(&key, &good)).await.ok();
    let path = format!("/shops/{shop}/embed-keys/{}", key["id"].as_str().unwrap());
    server.rest().by(&owner).delete(&path).await.ok();
    assert_eq!(
        visit(&server, sign(&key, &good)).await.refused(),
        "embed_token_invalid"
    );
    assert_eq!(
        server.rest().by(&owner).delete(&path).await.refused(),
        "not_found"
    );
    let recorded: Vec<String> =
        sqlx::query_scalar("select action from audit_entries where shop_id = $1 order by id")
            .bind(shop)
            .fetch_all(server.server.app.store.pool())
            .await
            .unwrap();
    assert_eq!(
        recorded,
        ["shop.opened", "embed_key.added", "embed_key.revoked"]
    );
}

/// How the secret of a key lies in the table.
async fn sealed(server: &TestServer, key: &Value) -> String {
    sqlx::query_scalar("select secret from embed_keys where id = $1")
        .bind(key["id"].as_str().unwrap())
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap()
}

async fn put(server: &TestServer, key: &Value, sealed: &str) {
    sqlx::query("update embed_keys set secret = $2 where id = $1")
        .bind(key["id"].as_str().unwrap())
        .bind(sealed)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
}

/// SEC-01, ACC-01: whoever reads the table cannot sign for a shop, and whoever can write to it cannot make one key out of
/// another: a sealed secret opens in its own row only.
#[tokio::test]
async fn a_secret_lies_sealed_in_its_row() {
    let server = TestServer::start().await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let (_, other_shop, other_key) = shop_with_key(&server, 2).await;
    let row: String = sqlx::query_scalar("select string_agg(k::text, ' ') from embed_keys k")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    for key in [&key, &other_key] {
        assert!(row.contains(key["id"].as_str().unwrap()));
        assert!(!row.contains(key["secret"].as_str().unwrap()), "{row}");
    }
    put(&server, &key, &sealed(&server, &other_key).await).await;
    let forged = json!({ "id": key["id"], "secret": other_key["secret"] });
    let said = visit(&server, sign(&forged, &claims(&server, shop, "u-1"))).await;
    assert_eq!((said.status, said.refused()), (500, "broken"));
    let good = sign(&other_key, &claims(&server, other_shop, "u-1"));
    visit(&server, good).await.ok();
}

/// Reliability 3.4: the key of the settings is changed: a server seals all anew at its start, also what an older version left
/// in the clear, and from then on the former key is not needed. Without a key that is needed a server does not start.
#[tokio::test]
async fn the_key_of_secrets_is_changed() {
    let former = TestServer::start().await;
    let (_, shop, key) = shop_with_key(&former, 1).await;
    let (_, old_shop, old_key) = shop_with_key(&former, 2).await;
    put(&former, &old_key, old_key["secret"].as_str().unwrap()).await;
    let (database, former_key) = (
        former.database.clone(),
        former.server.app.config.security.secrets_key.clone(),
    );
    former.stop().await;

    let new_key = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=".to_owned();
    assert!(
        fails_to_start(&database, &new_key)
            .await
            .contains("former_secrets_keys")
    );
    let changing = TestServer::on(database.clone(), |config| {
        config.security.secrets_key.clone_from(&new_key);
        config.security.former_secrets_keys = vec![former_key];
    })
    .await;
    changing.stop().await;
    let changed = TestServer::on(database, |config| config.security.secrets_key = new_key).await;
    for (shop, key) in [(shop, key), (old_shop, old_key)] {
        let token = sign(&key, &claims(&changed, shop, "u-1"));
        visit(&changed, token).await.ok();
        assert!(sealed(&changed, &key).await.starts_with("v1."));
    }
}

/// What a server says that cannot start with this key.
async fn fails_to_start(database: &PgConnectOptions, key: &str) -> String {
    let (mut config, data) = (Config::default(), TempDir::new().unwrap());
    config.server.data = data.path().display().to_string();
    config.security.secrets_key = key.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, shutdown) = (Clock::default(), Shutdown::default());
    let started = souk::run(config, database.clone(), listener, clock, &shutdown).await;
    let error = started.err().expect("it does not start");
    shutdown.stop(Duration::from_secs(5)).await;
    format!("{error:#}")
}

/// ACC-01, SEC-01: who has a shop's key can be any of its customers; when it is revoked, whoever came by it is logged out,
/// on the line as well. Who came by another key stays.
#[tokio::test]
async fn a_revoked_key_ends_the_sessions_that_it_opened() {
    let server = TestServer::start().await;
    let (owner, shop, key) = shop_with_key(&server, 1).await;
    let path = format!("/shops/{shop}/embed-keys");
    let rest = server.rest().by(&owner);
    let kept = rest.post(&path, json!({})).await.ok();
    let come = async |key: &Value, who: &str| {
        let session = visit(&server, sign(key, &claims(&server, shop, who)));
        session.await.ok()
    };
    let (ann, bob) = (come(&key, "ann").await, come(&kept, "bob").await);
    let both_ways = come(&kept, "ann").await;
    let mut on_the_line = Person::of(&ann).connect(&server).await;
    let mut stays = Person::of(&bob).connect(&server).await;

    rest.delete(&format!("{path}/{}", key["id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(on_the_line.client.closed().await.unwrap().code, 4102);
    let me = server.rest().by(&Person::of(&ann)).get("/me").await;
    assert_eq!(me.refused(), "session_revoked");
    let refresh = json!({ "refresh_token": ann["refresh_token"] });
    let refreshed = server.rest().post("/sessions/refresh", refresh).await;
    assert_eq!(refreshed.refused(), "session_revoked");
    for session in [&bob, &both_ways] {
        let rest = server.rest().by(&Person::of(session));
        rest.get("/me").await.ok();
    }
    asked!(stays, Ping {} => Pong);
    let late = visit(&server, sign(&key, &claims(&server, shop, "ann"))).await;
    assert_eq!(late.refused(), "embed_token_invalid");
}

/// SEC-02: a shop signs so many log-ins a second; another shop has a pace of its own, and what it did not sign costs it
/// nothing.
#[tokio::test]
async fn a_shop_s_visits_have_a_pace() {
    let server = TestServer::with(|config| config.limits.visits_per_second = 1).await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let (_, other_shop, other_key) = shop_with_key(&server, 2).await;
    let come = async |key: &Value, shop| {
        let token = sign(key, &claims(&server, shop, "u"));
        visit(&server, token).await
    };
    let mut forged = key.clone();
    forged["secret"] = other_key["secret"].clone();
    let all = join_all((0..20).map(|_| come(&forged, shop))).await;
    assert!(
        all.iter()
            .all(|said| said.refused() == "embed_token_invalid")
    );
    come(&key, shop).await.ok();
    let all = join_all((0..50).map(|_| come(&key, shop))).await;
    let refused: Vec<_> = all.iter().filter(|said| said.status != 200).collect();
    assert!(!refused.is_empty() && refused.len() < 50);
    assert!(refused.iter().all(|said| said.refused() == "rate_limited"));
    come(&other_key, other_shop).await.ok();
}

/// SEC-02: a word may be said again for ten minutes; whoever does so too often locks out nobody but themselves.
#[tokio::test]
async fn one_visitor_does_not_use_up_the_shop_s_pace() {
    let server = TestServer::with(|config| {
        config.limits.visits_per_second = 2;
        config.limits.visits_per_visitor = 1;
    })
    .await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let word = sign(&key, &claims(&server, shop, "ann"));
    let all = join_all((0..60).map(|_| visit(&server, word.clone()))).await;
    let refused: Vec<_> = all.iter().filter(|said| said.status != 200).collect();
    assert!(
        refused.len() > 30 && refused.len() < 60,
        "{}",
        refused.len()
    );
    assert!(refused.iter().all(|said| said.refused() == "rate_limited"));
    let others = (0..5).map(|n| {
        visit(
            &server,
            sign(&key, &claims(&server, shop, &format!("bob {n}"))),
        )
    });
    for said in join_all(others).await {
        said.ok();
    }
}

/// ACC-01: whatever a shop writes into its word, the answer is a refusal or a session.
#[tokio::test]
async fn no_word_of_a_shop_breaks_anything() {
    let server = TestServer::start().await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    for id in ["\0", "", "a\0b", &"k".repeat(65), &"k".repeat(2_000)] {
        let mut named = key.clone();
        named["id"] = id.into();
        let said = visit(&server, sign(&named, &claims(&server, shop, "u"))).await;
        assert_eq!(said.refused(), "embed_token_invalid");
    }
    for (subject, taken) in [
        ("茶".repeat(128), true),
        ("𝄞".repeat(128), true),
        ("茶".repeat(129), false),
        ("a\0".to_owned(), false),
    ] {
        let said = visit(&server, sign(&key, &claims(&server, shop, &subject))).await;
        if taken {
            said.ok();
        } else {
            assert_eq!(said.refused(), "embed_token_invalid");
        }
    }
}

/// RISK-02: two of a shop's users of whose devices its site says nothing are not one person; one of them who comes twice is.
#[tokio::test]
async fn each_visitor_counts_as_on_a_device_of_their_own() {
    let server = TestServer::start().await;
    let (_, shop, key) = shop_with_key(&server, 1).await;
    let mut users = vec![];
    for subject in ["u-1", "u-2", "u-1"] {
        let token = sign(&key, &claims(&server, shop, subject));
        let visitor = visit(&server, token).await.ok();
        users.push(
            visitor["user"]["id"]
                .as_str()
                .unwrap()
                .parse::<uuid::Uuid>()
                .unwrap(),
        );
    }
    assert_eq!(users[0], users[2]);
    let together: bool = sqlx::query_scalar("select share_a_device($1, $2)")
        .bind(users[0])
        .bind(users[1])
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert!(!together);
}
