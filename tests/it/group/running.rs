//! Who may do what in a group.

mod ending;

use jiff::SignedDuration;
use proto::{NoticeKind, Refusal, client_frame::Request};
use serde_json::{Value, json};
use souk::clock::millis;

use super::shop::{
    Called, Shop, audited, come, delete, get, link, listed, notice, patch, pool, post, put,
};
use crate::support::{Person, TestServer, people::words};

fn refused(called: Called) -> String {
    called.expect_err("a refusal")
}

/// GRP-01: for outsiders a group does not exist; members may look, not run; nobody overrules their equal.
#[tokio::test]
async fn power_has_steps() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let people = shop.sells_to_many(&server, 4).await;
    let [ann, bob, may, max] = &people[..] else {
        panic!("four")
    };
    let eve = shop.sells_to(&server, "Eve").await;
    let rival = Shop::open(&server).await.owner;
    let group = shop.gathers(&server, &[ann, bob, may, max]).await;
    let path = format!("/groups/{group}");
    let place = |kind: &str, person: &Person| format!("{path}/{kind}/{}", person.id);
    for manager in [may, max] {
        put(
            &server,
            &shop.owner,
            &place("managers", manager),
            Value::Null,
        )
        .await
        .expect("a manager");
    }

    for outsider in [&eve, &rival] {
        assert_eq!(refused(get(&server, outsider, &path).await), "not_found");
        assert_eq!(
            refused(get(&server, outsider, &format!("{path}/members")).await),
            "not_found"
        );
        assert_eq!(
            refused(delete(&server, outsider, &place("members", ann)).await),
            "not_found"
        );
        assert_eq!(
            refused(patch(&server, outsider, &path, json!({ "name": "x" })).await),
            "not_found"
        );
        assert_eq!(refused(delete(&server, outsider, &path).await), "not_found");
    }
    assert_eq!(
        refused(delete(&server, ann, &place("members", bob)).await),
        "forbidden"
    );
    assert_eq!(
        refused(patch(&server, ann, &path, json!({ "all_muted": true })).await),
        "forbidden"
    );
    let add = json!({ "user_ids": [eve.id] });
    assert_eq!(
        refused(post(&server, ann, &format!("{path}/members"), add.clone()).await),
        "forbidden"
    );

    assert_eq!(
        refused(delete(&server, may, &place("members", max)).await),
        "forbidden"
    );
    assert_eq!(
        refused(delete(&server, may, &place("members", &shop.owner)).await),
        "forbidden"
    );
    assert_eq!(
        refused(put(&server, may, &place("managers", ann), Value::Null).await),
        "forbidden"
    );
    assert_eq!(refused(delete(&server, may, &path).await), "forbidden");
    assert!(
        post(&server, may, &format!("{path}/members"), add)
            .await
            .is_ok()
    );
    assert!(delete(&server, may, &place("members", bob)).await.is_ok());
    assert_eq!(
        refused(delete(&server, may, &place("members", bob)).await),
        "not_found"
    );
    delete(&server, &shop.owner, &place("managers", max))
        .await
        .expect("dismissed");
    assert!(delete(&server, may, &place("members", max)).await.is_ok());
    let actions = audited(&server, &shop).await;
    assert_eq!(
        actions,
        [
            "group.created",
            "group.role_changed",
            "group.role_changed",
            "group.members_added",
            "group.member_removed",
            "group.role_changed",
            "group.member_removed"
        ]
    );
}

/// GRP-01: who may is judged when it is done, not when it was asked: a manager dismissed a moment before removes nobody.
#[tokio::test]
async fn power_is_judged_under_the_groups_lock() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let people = shop.sells_to_many(&server, 2).await;
    let [may, bob] = &people[..] else {
        panic!("two")
    };
    let group = shop.gathers(&server, &[may, bob]).await;
    let path = format!("/groups/{group}");
    let managers = format!("{path}/managers/{}", may.id);
    put(&server, &shop.owner, &managers, Value::Null)
        .await
        .expect("a manager");

    let mut ahead = pool(&server).begin().await.expect("begins");
    sqlx::query("select 1 from conversations where id = $1 for no key update")
        .bind(group)
        .execute(&mut *ahead)
        .await
        .expect("locked");
    let remove = format!("{path}/members/{}", bob.id);
    let removal = delete(&server, may, &remove);
    let dismissal = async {
        somebody_waits(&server).await;
        sqlx::query("update memberships set role = 1 where conversation_id = $1 and user_id = $2")
            .bind(group)
            .bind(may.id)
            .execute(&mut *ahead)
            .await
            .expect("dismissed");
        ahead.commit().await.expect("commits");
    };
    let (removed, ()) = tokio::join!(removal, dismissal);
    assert_eq!(refused(removed), "forbidden");
    assert!(listed(&server, bob, group, bob).await.is_some());
}

/// Returns when a statement in this test's database waits for a lock.
async fn somebody_waits(server: &TestServer) {
    let waiting = "select exists (
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting)
        .fetch_one(pool(server))
        .await
        .expect("an answer")
    {}
}

/// GRP-01: staff run their shop's groups without being in them, but speak only as members.
#[tokio::test]
async fn staff_run_groups_from_outside() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let operator = shop.hires(&server, "Oona", "operator").await;
    let agent = shop.hires(&server, "Abe", "agent").await;
    let path = format!("/groups/{group}");
    let renamed = patch(&server, &operator, &path, json!({ "name": " 新 " })).await;
    assert_eq!(renamed.expect("renamed")["name"], "新");
    assert_eq!(refused(get(&server, &agent, &path).await), "not_found");
    assert_eq!(
        refused(delete(&server, &operator, &path).await),
        "forbidden"
    );
    assert_eq!(
        refused(post(&server, &operator, &format!("{path}/leave"), json!({})).await),
        "not_a_member"
    );
    let mut line = operator.connect(&server).await;
    let spoken = line.refused(Request::SendMessage(words(group, "hi"))).await;
    assert_eq!(spoken, Refusal::NotAMember);
    let groups = get(&server, &operator, &format!("/shops/{}/groups", shop.id)).await;
    assert_eq!(groups.expect("a page")["groups"][0]["role"], "unspecified");
}

/// GRP-01: what changes is told in the log, with its words, once.
#[tokio::test]
async fn changes_are_told() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let mut line = ann.connect(&server).await;
    let path = format!("/groups/{group}");
    let body = json!({ "name": "秋季", "announcement": "周五发券", "all_muted": true });
    patch(&server, &shop.owner, &path, body.clone())
        .await
        .expect("changed");
    patch(&server, &shop.owner, &path, body)
        .await
        .expect("no news");
    put(
        &server,
        &shop.owner,
        &format!("{path}/managers/{}", ann.id),
        Value::Null,
    )
    .await
    .expect("a manager");
    let mut told = vec![];
    for _ in 0..4 {
        let (kind, message) = notice(&mut line).await;
        told.push((kind, message.text));
    }
    let expected = [
        (NoticeKind::Renamed, "秋季"),
        (NoticeKind::Announced, "周五发券"),
        (NoticeKind::AllMuted, ""),
        (NoticeKind::ManagerNamed, ""),
    ];
    assert_eq!(told, expected.map(|(kind, words)| (kind, words.to_owned())));
    let bad = patch(&server, &shop.owner, &path, json!({ "name": "" })).await;
    assert_eq!(refused(bad), "invalid_argument");
    assert_eq!(
        get(&server, &ann, &path).await.expect("the group")["announcement"],
        "周五发券"
    );
}

/// GRP-01: the muted do not speak, wherever they go in between, until their time is over.
#[tokio::test]
async fn muting_lasts() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let token = link(&server, &shop.owner, group).await;
    let mut line = ann.connect(&server).await;
    let mute = format!("/groups/{group}/members/{}/mute", ann.id);
    let now = millis(server.clock.now());
    for past in [0, now - 1, i64::MAX] {
        let tried = put(&server, &shop.owner, &mute, json!({ "until": past })).await;
        assert_eq!(refused(tried), "invalid_argument");
    }
    put(
        &server,
        &shop.owner,
        &mute,
        json!({ "until": now + 600_000 }),
    )
    .await
    .expect("muted");
    let hello = || Request::SendMessage(words(group, "hi"));
    assert_eq!(line.refused(hello()).await, Refusal::Muted);
    post(&server, &ann, &format!("/groups/{group}/leave"), json!({}))
        .await
        .expect("left");
    come(&server, &ann, &token).await.expect("back");
    assert_eq!(line.refused(hello()).await, Refusal::Muted);
    server.clock.advance(SignedDuration::from_mins(11));
    line.say(group, "at last").await;

    let until = millis(server.clock.now()) + 600_000;
    put(&server, &shop.owner, &mute, json!({ "until": until }))
        .await
        .expect("muted");
    assert_eq!(
        listed(&server, &ann, group, &ann).await.expect("Ann")["muted_until"],
        until
    );
    delete(&server, &shop.owner, &mute)
        .await
        .expect("may speak");
    line.say(group, "thanks").await;

    patch(
        &server,
        &shop.owner,
        &format!("/groups/{group}"),
        json!({ "all_muted": true }),
    )
    .await
    .expect("all muted");
    assert_eq!(line.refused(hello()).await, Refusal::Muted);
    shop.owner
        .connect(&server)
        .await
        .say(group, "quiet, please")
        .await;
}

/// Affairs of groups are shown to all of it, and take from the pace of whoever sees to them; so does opening a conversation.
#[tokio::test]
async fn a_hasty_manager_has_to_wait() {
    let server = TestServer::with(|config| config.limits.sends_per_second = 1).await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    let mut renamed = 0;
    let code = loop {
        let name = json!({ "name": format!("Tea {renamed}") });
        match patch(&server, &shop.owner, &path, name).await {
            Ok(_) if renamed < 20 => renamed += 1,
            called => break refused(called),
        }
    };
    assert_eq!(code, "rate_limited", "after {renamed}");
    assert!((5..20).contains(&renamed), "{renamed}");
    let opening = json!({ "user_id": ann.id });
    let opened = post(&server, &shop.owner, "/conversations", opening).await;
    assert_eq!(refused(opened), "rate_limited");
}
