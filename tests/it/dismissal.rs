//! Whose post ends: at once, wholly, and without anybody else noticing.

use proto::{Refusal, client_frame::Request};
use reqwest::Method;
use serde_json::{Value, json};
use souk::id::{ConversationId, ShopId, UserId};
use sqlx::{PgPool, Postgres, Transaction};

use crate::goods::{thing, variant};
use crate::support::{
    Person, TestServer, TestShop,
    held::{Held, waiting},
    people::words,
    team::new_phone,
};

fn pool(server: &TestServer) -> PgPool {
    server.server.app.store.pool().clone()
}

/// The rights in a shop in the test's hand: whoever changes them or relies on them waits.
async fn hold_rights(server: &TestServer, shop: ShopId) -> Transaction<'static, Postgres> {
    let mut work = pool(server).begin().await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock(rights_of($1))")
        .bind(shop)
        .execute(&mut *work)
        .await
        .expect("the lock");
    work
}

async fn disable(sql: &mut sqlx::PgConnection, user: UserId, disabled: bool) {
    let at = if disabled { "now()" } else { "null" };
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "update staff set disabled_at = {at} where user_id = $1"
    )))
    .bind(user)
    .execute(sql)
    .await
    .expect("disabled");
}

fn id(of: &Value) -> String {
    of.as_str().expect("an id").to_owned()
}

/// Everything that is done by a right, on things that are there.
async fn deeds(server: &TestServer, shop: &TestShop) -> Vec<(Method, String, Value)> {
    let boss = shop.boss(server);
    let at = |rest: &str| shop.path(rest);
    let customer = Person::customer(server, "Ann").await;
    let conversation = shop.consult(server, &customer).await;
    let made = async |path: &str, body: Value| boss.post(&at(path), body).await.ok();
    let group = id(&made("/groups", json!({ "name": "Tea" })).await["id"]);
    let hooks = format!("/groups/{group}/hooks");
    let hook = id(&made(&hooks, json!({ "name": "Till" })).await["hook"]["id"]);
    let bot = id(&made("/bots", json!({ "name": "Bo", "scopes": [] })).await["bot"]["user_id"]);
    let url = json!({ "url": "https://example.com/", "events": ["members_joined"] });
    let endpoint = id(&made("/webhooks", url.clone()).await["endpoint"]["id"]);
    let key = id(&made("/embed-keys", json!({})).await["id"]);
    let invite = id(&shop.invite(server, &new_phone(), "agent").await["id"]);
    let agent = shop.role(server, "agent").await;
    let new = json!({ "phone": new_phone(), "name": "x", "role_id": agent });
    let (ban, banned) = (
        at(&format!("/bans/{}", customer.id)),
        json!({ "reason": "x" }),
    );
    let nobody = json!({ "assignee_id": shop.owner.id });
    let mut deeds = deeds_on_goods(server, shop).await;
    deeds.extend([
        (Method::POST, at(&hooks), json!({ "name": "x" })),
        (Method::DELETE, at(&format!("{hooks}/{hook}")), Value::Null),
        (
            Method::POST,
            at("/bots"),
            json!({ "name": "x", "scopes": [] }),
        ),
        (
            Method::PATCH,
            at(&format!("/bots/{bot}")),
            json!({ "name": "y" }),
        ),
        (Method::POST, at(&format!("/bots/{bot}/token")), Value::Null),
        (Method::DELETE, at(&format!("/bots/{bot}")), Value::Null),
        (Method::POST, at("/embed-keys"), json!({})),
        (
            Method::PUT,
            at("/embed-origins"),
            json!({ "origins": ["https://tea.example"] }),
        ),
        (
            Method::DELETE,
            at(&format!("/embed-keys/{key}")),
            Value::Null,
        ),
        (Method::POST, at("/webhooks"), url),
        (
            Method::PATCH,
            at(&format!("/webhooks/{endpoint}")),
            json!({ "on": false }),
        ),
        (
            Method::POST,
            at(&format!("/webhooks/{endpoint}/test")),
            Value::Null,
        ),
        (
            Method::DELETE,
            at(&format!("/webhooks/{endpoint}")),
            Value::Null,
        ),
        (Method::POST, at("/staff-invites"), new),
        (
            Method::DELETE,
            at(&format!("/staff-invites/{invite}")),
            Value::Null,
        ),
        (
            Method::POST,
            at("/roles"),
            json!({ "name": "x", "permissions": [] }),
        ),
        (
            Method::PATCH,
            at(&format!("/staff/{}", shop.owner.id)),
            json!({ "disabled": true }),
        ),
        (Method::PATCH, at(""), json!({ "name": "Coffee house" })),
        (Method::PUT, ban, banned),
        (
            Method::PATCH,
            at(&format!("/conversations/{conversation}/assignee")),
            nobody,
        ),
        (Method::POST, at("/groups"), json!({ "name": "x" })),
    ]);
    deeds
}

/// What of these is done to what the shop sells.
async fn deeds_on_goods(server: &TestServer, shop: &TestShop) -> Vec<(Method, String, Value)> {
    let goods = thing(server, shop, 1_000, 5).await;
    let product = id(&goods["product"]["id"]);
    let stock = shop.path(&format!("/variants/{}/stock", variant(&goods, 0)));
    let product = shop.path(&format!("/products/{product}"));
    let received = json!({ "kind": "received", "units": 1 });
    vec![
        (Method::PATCH, product, json!({ "title": "other" })),
        (Method::POST, stock.clone(), received),
        (
            Method::PUT,
            format!("{stock}/alert"),
            json!({ "alert_below": 3 }),
        ),
    ]
}

/// STAFF-06: whatever staff do by a right, they do not if their dismissal commits before it.
#[tokio::test]
async fn nothing_is_done_by_right_after_a_dismissal() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let hugo = shop.hire(&server, "owner").await;
    let rest = server.rest().by(&hugo);
    for (method, path, body) in deeds(&server, &shop).await {
        let mut rights = hold_rights(&server, shop.id).await;
        let asked = tokio::spawn({
            let (rest, method, path) = (rest.clone(), method.clone(), path.clone());
            async move { rest.send(method, &path, body).await }
        });
        waiting(&pool(&server), 1).await;
        disable(&mut rights, hugo.id, true).await;
        rights.commit().await.expect("dismissed");
        let answer = asked.await.expect("an answer");
        assert_eq!(answer.refused(), "forbidden", "{method} {path}");
        let mut sql = pool(&server).acquire().await.expect("a connection");
        disable(&mut sql, hugo.id, false).await;
    }
}

/// STAFF-06: whoever is busy with groups does not put off their own dismissal: it has its turn before what they ask next.
#[tokio::test]
async fn nobody_puts_off_their_own_dismissal() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let hugo = shop.hire(&server, "operator").await;
    let boss = shop.boss(&server);
    let mut groups = vec![];
    for name in ["one", "two"] {
        let group = json!({ "name": name });
        let group = boss.post(&shop.path("/groups"), group).await.ok();
        groups.push(id(&group["id"]));
    }
    let held = Held::new(&server, groups[0].parse().expect("an id")).await;
    let rename = |group: &str| {
        let (rest, path) = (server.rest().by(&hugo), format!("/groups/{group}"));
        tokio::spawn(async move { rest.patch(&path, json!({ "name": "mine" })).await })
    };
    let busy = rename(&groups[0]);
    held.until_waiting(1).await;
    let path = shop.path(&format!("/staff/{}", hugo.id));
    let dismissal = tokio::spawn({
        let boss = boss.clone();
        async move { boss.patch(&path, json!({ "disabled": true })).await }
    });
    held.until_waiting(2).await;
    let next = rename(&groups[1]);
    held.until_waiting(3).await;
    held.release().await;
    busy.await.expect("an answer").ok();
    dismissal.await.expect("an answer").ok();
    // To whoever has no post the group does not exist.
    assert_eq!(next.await.expect("an answer").refused(), "not_found");
}

/// GRP-01: a shop has so many groups, and one person is in so many of them; dissolved ones make room, and those left.
#[tokio::test]
async fn groups_have_a_bound() {
    let server = TestServer::with(|config| {
        config.limits.groups_per_shop = 3;
        config.limits.groups_per_customer = 2;
        config.limits.groups_per_colleague = 3;
    })
    .await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let ann = Person::customer(&server, "Ann").await;
    shop.consult(&server, &ann).await;
    let make = async |people: &[UserId]| {
        let new = json!({ "name": "Tea", "user_ids": people });
        boss.post(&shop.path("/groups"), new).await
    };
    let first = id(&make(&[ann.id]).await.ok()["id"]);
    make(&[ann.id]).await.ok();
    assert_eq!(make(&[ann.id]).await.refused(), "too_many_groups");
    let third = id(&make(&[]).await.ok()["id"]);
    assert_eq!(make(&[]).await.refused(), "too_many_groups");

    boss.delete(&format!("/groups/{first}")).await.ok();
    assert_eq!(make(&[]).await.refused(), "too_many_groups", "the maker's");
    boss.post(&format!("/groups/{first}/leave"), json!({}))
        .await
        .ok();
    make(&[]).await.ok();
    let add = async || {
        let path = format!("/groups/{third}/members");
        boss.post(&path, json!({ "user_ids": [ann.id] })).await
    };
    assert_eq!(add().await.refused(), "too_many_groups");
    let leave = format!("/groups/{first}/leave");
    server.rest().by(&ann).post(&leave, json!({})).await.ok();
    add().await.ok();
}

/// STAFF-06: whoever is in as many groups as may be is out of all of them with their post, and each group hears of it.
#[tokio::test]
async fn a_dismissal_takes_somebody_out_of_all_groups() {
    const GROUPS: i32 = 500;
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let hugo = shop.hire(&server, "operator").await;
    for sql in [
        "insert into conversations (id, kind, shop_id, number, active_at, created_at)
         select gen_random_uuid(), 'group', $1, 1, now(), now() from generate_series(1, $3)",
        "insert into groups (conversation_id, shop_id, name, members, created_by, created_at)
         select id, shop_id, 'Tea', 1, $2, now() from conversations
         where kind = 'group' and shop_id = $1 and $3 > 0",
        "insert into memberships (conversation_id, user_id, joined_number, joined_at)
         select conversation_id, $2, 1, now() from groups where shop_id = $1 and $3 > 0",
    ] {
        sqlx::query(sql)
            .bind(shop.id)
            .bind(hugo.id)
            .bind(GROUPS)
            .execute(&pool(&server))
            .await
            .expect("groups");
    }
    let begun = std::time::Instant::now();
    shop.change(&server, hugo.id, json!({ "disabled": true }))
        .await;
    println!("out of {GROUPS} groups in {:?}", begun.elapsed());
    let count = async |sql: &'static str| -> i64 {
        let count = sqlx::query_scalar(sql).bind(hugo.id.to_string());
        count.fetch_one(&pool(&server)).await.expect("a count")
    };
    let left =
        "select count(*) from facts where kind = 'member_left' and payload ->> 'user_id' = $1";
    assert_eq!(count(left).await, i64::from(GROUPS));
    let member = "select count(*) from memberships where user_id = $1::uuid";
    assert_eq!(count(member).await, 0);
    let noticed =
        "select count(*) from conversations where kind = 'group' and number = 2 and $1 <> ''";
    assert_eq!(count(noticed).await, i64::from(GROUPS));
}

async fn group_of(server: &TestServer, person: &Person) -> ConversationId {
    let shop = TestShop::open(server).await;
    shop.group(server, person).await
}

/// F2: while somebody else holds a conversation for long, only what is said there is refused: others go on, and it is
/// said when the conversation is free.
#[tokio::test]
async fn a_conversation_that_is_held_stops_nobody_else() {
    let server = TestServer::with(|config| {
        config.database.lanes = 1;
        config.database.send_lock_ms = 100;
    })
    .await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let (stuck, free) = (group_of(&server, &ann).await, group_of(&server, &bob).await);
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    let held = Held::new(&server, stuck).await;
    let said = words(stuck, "hello");
    for _ in 0..3 {
        let again = Request::SendMessage(said.clone());
        let id = ann.client.send(again).await.expect("sent");
        bob.say(free, "meanwhile").await;
        let answer = ann.client.answer(id).await.expect("an answer");
        let proto::reply::Answer::Refused(refused) = answer else {
            panic!("expected a refusal, got {answer:?}")
        };
        assert_eq!(refused.code(), Refusal::Unavailable);
        assert!(refused.retry_after_ms > 0);
    }
    held.release().await;
    ann.ask(Request::SendMessage(said)).await;
}
