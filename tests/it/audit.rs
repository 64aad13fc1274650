//! The record of what was done with special rights.

use serde_json::{Value, json};

use crate::support::{Person, Rest, TestServer, TestShop, team::new_phone};

async fn record(rest: &Rest, shop: &TestShop) -> Vec<Value> {
    let page = rest.get(&shop.path("/audit?limit=200")).await.ok();
    page["entries"].as_array().expect("entries").clone()
}

/// A bot and a hook, from their first row to their last.
async fn make_and_retire_programs(boss: &Rest, shop: &TestShop, group: &str) {
    let bot = boss
        .post(
            &shop.path("/bots"),
            json!({ "name": "Robin", "scopes": [] }),
        )
        .await
        .ok();
    let of_bot = shop.path(&format!(
        "/bots/{}",
        bot["bot"]["user_id"].as_str().unwrap()
    ));
    boss.patch(&of_bot, json!({ "scopes": ["chat"] }))
        .await
        .ok();
    boss.patch(&of_bot, json!({ "scopes": ["chat"] }))
        .await
        .ok();
    boss.post(&format!("{of_bot}/token"), json!({})).await.ok();
    boss.delete(&of_bot).await.ok();
    let hooks = shop.path(&format!("/groups/{group}/hooks"));
    let hook = boss.post(&hooks, json!({ "name": "Stock" })).await.ok();
    let hook = format!("{hooks}/{}", hook["hook"]["id"].as_str().unwrap());
    boss.delete(&hook).await.ok();
}

/// SEC-03: each privileged action leaves exactly one row: who, what, when, before and after. What was refused or changed
/// nothing leaves none.
#[tokio::test]
async fn every_privileged_action_leaves_one_row() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let ann = Person::customer(&server, "Ann").await;
    let chat = shop.consult(&server, &ann).await;
    let group = shop.group(&server, &ann).await;
    let agent = shop.hire(&server, "agent").await;
    let operator = json!({ "role_id": shop.role(&server, "operator").await });
    shop.change(&server, agent.id, operator.clone()).await;
    shop.change(&server, agent.id, operator).await;
    let assignee = shop.path(&format!("/conversations/{chat}/assignee"));
    boss.patch(&assignee, json!({ "assignee_id": agent.id }))
        .await
        .ok();
    shop.change(&server, agent.id, json!({ "disabled": true }))
        .await;
    shop.change(&server, agent.id, json!({ "disabled": false }))
        .await;
    let role = json!({ "name": "packer", "permissions": ["manage_orders"] });
    let role = boss.post(&shop.path("/roles"), role).await.ok();
    let of_role = shop.path(&format!("/roles/{}", role["id"].as_str().unwrap()));
    boss.patch(&of_role, json!({ "name": "Packer" })).await.ok();
    boss.patch(&shop.path(""), json!({ "name": "Tea palace" }))
        .await
        .ok();
    let ban = shop.path(&format!("/bans/{}", ann.id));
    boss.put(&ban, json!({ "reason": "spam" })).await.ok();
    boss.put(&ban, json!({ "reason": "spam" })).await.ok();
    boss.delete(&ban).await.ok();
    make_and_retire_programs(&boss, &shop, &group.to_string()).await;
    let newcomer = json!({ "phone": "1", "name": "x", "role_id": role["id"] });
    assert_eq!(
        boss.post(&shop.path("/staff-invites"), newcomer)
            .await
            .refused(),
        "invalid_argument"
    );

    let rows = record(&boss, &shop).await;
    let actions: Vec<&str> = rows
        .iter()
        .rev()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "shop.opened",
            "staff.invited",
            "staff.joined",
            "staff.changed",
            "conversation.assigned",
            "staff.disabled",
            "staff.enabled",
            "role.composed",
            "role.changed",
            "shop.changed",
            "customer.banned",
            "customer.unbanned",
            "bot.created",
            "bot.changed",
            "bot.token_renewed",
            "bot.retired",
            "hook.created",
            "hook.revoked",
        ]
    );
    let invited = rows.iter().find(|row| row["action"] == "staff.invited");
    let number = invited.unwrap()["after"]["phone"].as_str().unwrap();
    assert!(number.starts_with("138****"), "{number}");
    let changed = rows
        .iter()
        .find(|row| row["action"] == "staff.changed")
        .unwrap();
    assert_eq!(
        (&changed["actor_id"], &changed["actor_name"]),
        (&json!(shop.owner.id), &json!("Olive"))
    );
    assert_eq!(changed["target"], json!(agent.id));
    assert_eq!(
        (&changed["before"]["role"], &changed["after"]["role"]),
        (&json!("agent"), &json!("operator"))
    );
    assert!(changed["at"].as_i64().unwrap() > 0);
    let secrets = json!(rows).to_string();
    assert!(!secrets.contains("souk_"), "no token is written down");
}

/// SEC-03: what staff do to messages of others and to webhooks, and who lets whom into a group.
#[tokio::test]
async fn what_is_done_to_others_is_on_record() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let chat = shop.consult(&server, &ann).await;
    let agent = shop.hire(&server, "agent").await;
    let card = |title: &str| json!({ "summary": title, "link": { "title": title, "links": [{ "label": "Look", "url": "https://shop.example.com/" }] } });
    let messages = format!("/conversations/{chat}/messages");
    let say = json!({ "client_message_id": "1", "card": card("one") });
    server.rest().by(&agent).post(&messages, say).await.ok();
    let first = format!("{messages}/1");
    boss.put(&format!("{first}/card"), card("two")).await.ok();
    boss.put(&format!("{first}/pin"), json!({})).await.ok();
    boss.put(&format!("{first}/pin"), json!({})).await.ok();
    boss.delete(&format!("{first}/pin")).await.ok();
    let record_of = boss.get(&format!("{first}/versions")).await.ok();
    assert_eq!(record_of["former"][0]["replaced_by"], json!(shop.owner.id));

    let body = json!({ "name": "g", "user_ids": [ann.id], "join_approval": true });
    let group = boss.post(&shop.path("/groups"), body).await.ok();
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    let invites = format!("{path}/invites");
    let link = boss.post(&invites, json!({})).await.ok();
    let come = json!({ "token": link["token"] });
    for verb in ["decline", "approve"] {
        let pending = server
            .rest()
            .by(&bob)
            .post("/invites/accept", come.clone())
            .await;
        assert_eq!(pending.refused(), "join_pending");
        let decide = format!("{path}/requests/{}/{verb}", bob.id);
        boss.post(&decide, json!({})).await.ok();
    }
    boss.delete(&format!("{invites}/{}", link["id"].as_str().unwrap()))
        .await
        .ok();
    let body = json!({ "user_ids": [agent.id] });
    boss.post(&format!("{path}/members"), body).await.ok();

    let hook = json!({ "url": "https://erp.example.com/", "events": ["member_left"] });
    let hook = boss.post(&shop.path("/webhooks"), hook).await.ok();
    let hook = shop.path(&format!(
        "/webhooks/{}",
        hook["endpoint"]["id"].as_str().unwrap()
    ));
    let tested = boss.post(&format!("{hook}/test"), json!({})).await.ok();
    sqlx::query("update webhook_deliveries set state = 'failed', leased_until = null")
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let delivery = tested["id"].as_str().unwrap();
    let replay = format!("{hook}/deliveries/{delivery}/replay");
    boss.post(&replay, json!({})).await.ok();

    let rows = record(&boss, &shop).await;
    let actions: Vec<&str> = rows
        .iter()
        .rev()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions[3..],
        [
            "message.redrawn",
            "message.pinned",
            "message.unpinned",
            "message.versions_read",
            "group.created",
            "group.invite_made",
            "group.member_declined",
            "group.member_approved",
            "group.invite_revoked",
            "group.members_added",
            "webhook.added",
            "webhook.tested",
            "webhook.delivery_replayed",
        ]
    );
}

/// SEC-03: the record is only added to, whoever tries.
#[tokio::test]
async fn the_record_cannot_be_changed() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let pool = server.server.app.store.pool();
    for statement in [
        "update audit_entries set action = 'nothing'",
        "delete from audit_entries",
        "truncate audit_entries",
    ] {
        let refused = sqlx::query(statement)
            .execute(pool)
            .await
            .expect_err(statement);
        let code = refused
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("23001"), "{statement}");
    }
    assert_eq!(record(&shop.boss(&server), &shop).await.len(), 1);
}

/// SEC-03: the record is read in pages, by those who may, in their own shop only.
#[tokio::test]
async fn the_record_is_read_in_pages() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let boss = shop.boss(&server);
    for name in ["one", "two", "three"] {
        boss.patch(&shop.path(""), json!({ "name": name }))
            .await
            .ok();
    }
    let (mut cursor, mut names) = (String::new(), vec![]);
    loop {
        let path = shop.path(&format!("/audit?limit=3&cursor={cursor}"));
        let page = boss.get(&path).await.ok();
        let entries = page["entries"].as_array().unwrap();
        names.extend(
            entries
                .iter()
                .map(|row| row["after"]["name"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["three", "two", "one", "Tea house"]);
    assert_eq!(record(&other.boss(&server), &other).await.len(), 1);
    assert_eq!(
        other
            .boss(&server)
            .get(&shop.path("/audit"))
            .await
            .refused(),
        "forbidden"
    );
    for wrong in [
        "/audit?limit=201",
        "/audit?limit=x",
        "/audit?cursor=x",
        "/audit?colour=red",
    ] {
        assert_eq!(
            boss.get(&shop.path(wrong)).await.refused(),
            "invalid_argument",
            "{wrong}"
        );
    }
    let role = json!({ "name": "auditor", "permissions": ["see_audit"] });
    boss.post(&shop.path("/roles"), role).await.ok();
    let auditor = shop.hire(&server, "auditor").await;
    assert_eq!(
        record(&server.rest().by(&auditor), &shop).await[0]["action"],
        "staff.joined"
    );
    let newcomer =
        json!({ "phone": new_phone(), "name": "x", "role_id": shop.role(&server, "agent").await });
    let staff = shop.path("/staff-invites");
    assert_eq!(
        server
            .rest()
            .by(&auditor)
            .post(&staff, newcomer)
            .await
            .refused(),
        "forbidden"
    );
}
