//! How people come into a group.

use jiff::SignedDuration;
use proto::{GroupRole, NoticeKind};
use serde_json::{Value, json};

use super::shop::{Shop, come, get, intervals, link, listed, notice, pool, post, role_word};
use crate::support::{Person, TestServer};

/// GRP-01: a merchant gathers customers; what is said reaches every member's socket.
#[tokio::test]
async fn a_shop_gathers_its_customers_and_everybody_hears() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let customers = shop.sells_to_many(&server, 5).await;
    let mut lines = vec![];
    for customer in &customers {
        lines.push(customer.connect(&server).await);
    }
    let mut owner = shop.owner.connect(&server).await;
    let group = shop
        .gathers(&server, &customers.iter().collect::<Vec<_>>())
        .await;

    assert_eq!(owner.say(group, "大家好").await.number, 2);
    for line in lines.iter_mut().chain([&mut owner]) {
        let (kind, created) = notice(line).await;
        assert_eq!((kind, created.number), (NoticeKind::GroupCreated, 1));
        assert_eq!(created.notice.expect("a notice").subjects.len(), 6);
        assert_eq!(line.hears().await.text, "大家好");
    }
    assert_eq!(lines[0].say(group, "你好").await.number, 3);
    assert_eq!(lines[4].hears().await.text, "你好");
    let seen = listed(&server, &customers[0], group, &shop.owner)
        .await
        .expect("listed");
    assert_eq!(seen["role"], role_word(GroupRole::Owner));
}

/// GRP-01: only the shop's own people are put into its groups, and only by those who may.
#[tokio::test]
async fn strangers_are_not_gathered() {
    let server = TestServer::start().await;
    let (shop, other) = (Shop::open(&server).await, Shop::open(&server).await);
    let stranger = other.sells_to(&server, "Sam").await;
    let path = format!("/shops/{}/groups", shop.id);
    let with = |id: String| json!({ "name": "g", "user_ids": [id] });
    let foreign = post(&server, &shop.owner, &path, with(stranger.id.to_string())).await;
    let nobody = post(
        &server,
        &shop.owner,
        &path,
        with(souk::id::UserId::new().to_string()),
    )
    .await;
    assert_eq!(
        (foreign, nobody),
        (Err("not_found".into()), Err("not_found".into()))
    );
    let agent = shop.hires(&server, "Abe", "agent").await;
    for nobody in [&agent, &stranger, &other.owner] {
        let tried = post(&server, nobody, &path, json!({ "name": "g" })).await;
        assert_eq!(tried, Err("forbidden".into()));
    }
    let groups: i64 = sqlx::query_scalar("select count(*) from conversations where kind = 'group'")
        .fetch_one(pool(&server))
        .await
        .expect("a count");
    assert_eq!(groups, 0, "a refused group leaves nothing behind");
}

/// GRP-02: who comes by a member's link is linked to that member; who is added has no inviter.
#[tokio::test]
async fn the_server_keeps_who_invited_whom() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let (ann, carl) = (
        shop.sells_to(&server, "Ann").await,
        shop.sells_to(&server, "Carl").await,
    );
    let bob = Person::customer(&server, "Bob").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let mut ann_line = ann.connect(&server).await;
    let mut bob_line = bob.connect(&server).await;

    let token = link(&server, &ann, group).await;
    assert!(token.starts_with("souk_in_"));
    let joined = come(&server, &bob, &token).await.expect("Bob is in");
    assert_eq!(
        (joined["members"].as_u64(), joined["role"].as_str()),
        (Some(3), Some("member"))
    );
    for line in [&mut ann_line, &mut bob_line] {
        let (kind, said) = notice(line).await;
        let said = said.notice.expect("a notice");
        assert_eq!(kind, NoticeKind::MembersJoined);
        assert_eq!(said.inviter.expect("an inviter").name, "Ann");
        assert_eq!(said.subjects[0].name, "Bob");
    }
    let path = format!("/groups/{group}/members");
    let added = post(
        &server,
        &shop.owner,
        &path,
        json!({ "user_ids": [carl.id] }),
    )
    .await;
    assert_eq!(added.expect("Carl is in")["members"], 4);

    let inviter = async |person: &Person| {
        listed(&server, &ann, group, person).await.expect("listed")["inviter_id"].clone()
    };
    assert_eq!(inviter(&bob).await, ann.id.to_string());
    assert_eq!(inviter(&carl).await, "");
    assert_eq!(
        come(&server, &bob, &token).await,
        Err("already_a_member".into())
    );
}

/// GRP-02: a link ends by use, by time, by hand, and with its maker's membership.
#[tokio::test]
async fn links_end() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let invites = format!("/groups/{group}/invites");
    let make = async |body: Value| post(&server, &ann, &invites, body).await.expect("a link");
    let newcomer = async |invite: &Value| {
        let person = Person::customer(&server, "New").await;
        come(&server, &person, invite["token"].as_str().expect("a token")).await
    };

    let once = make(json!({ "uses": 1 })).await;
    assert!(newcomer(&once).await.is_ok());
    assert_eq!(newcomer(&once).await, Err("invite_invalid".into()));

    let revoked = make(json!({})).await;
    let path = format!("{invites}/{}", revoked["id"].as_str().expect("an id"));
    assert!(
        super::shop::delete(&server, &shop.owner, &path)
            .await
            .is_ok()
    );
    assert_eq!(newcomer(&revoked).await, Err("invite_invalid".into()));

    let short = make(json!({ "seconds": 60 })).await;
    server.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(newcomer(&short).await, Err("invite_invalid".into()));

    let orphaned = make(json!({})).await;
    let shown = get(&server, &ann, &invites).await.expect("a page");
    assert_eq!(shown["invites"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["invites"][0]["token"], "", "a token is shown once");
    assert!(
        post(&server, &ann, &format!("/groups/{group}/leave"), json!({}))
            .await
            .is_ok()
    );
    assert_eq!(newcomer(&orphaned).await, Err("invite_invalid".into()));

    let stranger = Person::customer(&server, "Eve").await;
    for wrong in ["souk_in_nonsense", &stranger.token] {
        assert_eq!(
            come(&server, &stranger, wrong).await,
            Err("invite_invalid".into())
        );
    }
    let too_long = post(
        &server,
        &shop.owner,
        &invites,
        json!({ "seconds": 9_999_999 }),
    )
    .await;
    assert_eq!(too_long, Err("invalid_argument".into()));
}

/// GRP-02: with join approval, a link leads to the list of those who wait; the inviter is kept.
#[tokio::test]
async fn a_manager_approves_who_comes_by_a_link() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let (bob, eve) = (
        Person::customer(&server, "Bob").await,
        Person::customer(&server, "Eve").await,
    );
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    let changed = super::shop::patch(
        &server,
        &shop.owner,
        &path,
        json!({ "join_approval": true }),
    )
    .await;
    assert_eq!(changed.expect("changed")["join_approval"], true);

    let token = link(&server, &ann, group).await;
    for (person, again) in [(&bob, false), (&eve, false), (&bob, true)] {
        assert_eq!(
            come(&server, person, &token).await,
            Err("join_pending".into()),
            "{again}"
        );
    }
    let requests = format!("{path}/requests");
    assert_eq!(get(&server, &ann, &requests).await, Err("forbidden".into()));
    let waiting = get(&server, &shop.owner, &requests).await.expect("a page");
    let waiting: Vec<&str> = waiting["requests"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["user"]["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(waiting, ["Bob", "Eve"]);
    assert_eq!(get(&server, &bob, &path).await, Err("not_found".into()));

    let decide = async |person: &Person, verb: &str| {
        post(
            &server,
            &shop.owner,
            &format!("{requests}/{}/{verb}", person.id),
            json!({}),
        )
        .await
    };
    assert!(decide(&bob, "approve").await.is_ok());
    assert!(decide(&eve, "decline").await.is_ok());
    assert_eq!(decide(&eve, "approve").await, Err("not_found".into()));
    let bob_listed = listed(&server, &ann, group, &bob).await.expect("Bob is in");
    assert_eq!(bob_listed["inviter_id"], ann.id.to_string());
    assert!(listed(&server, &ann, group, &eve).await.is_none());
}

/// GRP-02: a personal invitation is one person's; a manager's needs no approval, a member's does.
#[tokio::test]
async fn a_personal_invitation_is_for_one_person() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let (bob, eve) = (
        Person::customer(&server, "Bob").await,
        Person::customer(&server, "Eve").await,
    );
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    super::shop::patch(
        &server,
        &shop.owner,
        &path,
        json!({ "join_approval": true }),
    )
    .await
    .expect("changed");
    let invite = async |by: &Person, whom: &Person| {
        let body = json!({ "user_id": whom.id });
        post(&server, by, &format!("{path}/invites"), body).await
    };
    let accept = async |person: &Person, invite: &Value| {
        post(
            &server,
            person,
            "/invites/accept",
            json!({ "invite_id": invite["id"] }),
        )
        .await
    };

    let vouched = invite(&shop.owner, &bob).await.expect("invited");
    assert_eq!(accept(&eve, &vouched).await, Err("invite_invalid".into()));
    let mine = get(&server, &bob, "/invites").await.expect("a page");
    assert_eq!(mine["invites"][0]["group_name"], "福利群");
    assert!(accept(&bob, &vouched).await.is_ok());
    let mine = get(&server, &bob, "/invites").await.expect("a page");
    assert_eq!(mine["invites"], json!([]));

    let plain = invite(&ann, &eve).await.expect("invited");
    assert_eq!(accept(&eve, &plain).await, Err("join_pending".into()));
    assert_eq!(invite(&ann, &bob).await, Err("already_a_member".into()));
    let rival = Shop::open(&server).await.owner;
    assert_eq!(invite(&ann, &rival).await, Err("not_found".into()));
    let token = link(&server, &ann, group).await;
    assert_eq!(come(&server, &rival, &token).await, Err("forbidden".into()));
}

/// GRP-01: the last places of a group are given once, however many reach for them.
#[tokio::test]
async fn a_full_group_takes_nobody_more() {
    let server = TestServer::with(|config| config.limits.group_members = 8).await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let token = link(&server, &ann, group).await;
    let customers = shop.sells_to_many(&server, 20).await;
    let coming = customers.iter().map(|one| come(&server, one, &token));
    let came = futures_util::future::join_all(coming).await;
    assert_eq!(came.iter().filter(|one| one.is_ok()).count(), 6);
    let refused = came.iter().filter_map(|one| one.as_ref().err());
    assert!(refused.into_iter().all(|code| code == "group_full"));

    let gone = customers[came.iter().position(Result::is_ok).expect("one came")].clone();
    let leave = format!("/groups/{group}/leave");
    assert!(post(&server, &gone, &leave, json!({})).await.is_ok());
    let two: Vec<_> = customers
        .iter()
        .zip(&came)
        .filter(|(_, came)| came.is_err())
        .map(|(one, _)| one.id)
        .take(2)
        .collect();
    let add = format!("/groups/{group}/members");
    let both = post(&server, &shop.owner, &add, json!({ "user_ids": two })).await;
    assert_eq!(both, Err("group_full".into()), "all or none");
    let one = post(&server, &shop.owner, &add, json!({ "user_ids": [two[0]] })).await;
    assert_eq!(one.expect("one place")["members"], 8);
}

/// GRP-01: adding is repeatable, and counts people once.
#[tokio::test]
async fn who_is_in_it_is_passed_over() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let (ann, bob) = (
        shop.sells_to(&server, "Ann").await,
        shop.sells_to(&server, "Bob").await,
    );
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}/members");
    let body = json!({ "user_ids": [ann.id, bob.id, bob.id] });
    let added = post(&server, &shop.owner, &path, body.clone())
        .await
        .expect("added");
    assert_eq!(added, json!({ "added": 1, "members": 3 }));
    assert_eq!(
        post(&server, &shop.owner, &path, body).await,
        Err("already_a_member".into())
    );
    assert_eq!(intervals(&server, group, &bob).await, [(2, None)]);
    let wrong = post(&server, &shop.owner, &path, json!({ "users": [] })).await;
    let nobody = post(&server, &shop.owner, &path, json!({ "user_ids": [] })).await;
    assert_eq!(
        (wrong, nobody),
        (
            Err("invalid_argument".into()),
            Err("invalid_argument".into())
        )
    );
}
