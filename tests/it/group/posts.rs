//! Staff and bots are in a shop's groups while they have a post there, and not a moment longer.

use futures_util::future::join_all;
use proto::{Cursor, Refusal, SearchMessages, client_frame::Request, push::Event};
use serde_json::{Value, json};
use souk::{bus::Audience, id::ConversationId};

use super::shop::{
    Called, Shop, come, delete, get, id, intervals, link, listed, patch, pool, post, put,
    until_left,
};
use crate::file::{picture, upload};
use crate::support::{
    Person, Redis, TestServer,
    asking::{asked, refused},
    eventually,
    people::{Line, words},
    team::until,
};

/// The owner ends or renews somebody's post.
async fn disables(server: &TestServer, shop: &Shop, person: &Person, disabled: bool) {
    let path = format!("/shops/{}/staff/{}", shop.id, person.id);
    let body = json!({ "disabled": disabled });
    patch(server, &shop.owner, &path, body)
        .await
        .expect("changed");
}

/// Somebody on the staff who also has a shop of their own: their sessions outlive the post.
async fn moonlighter(server: &TestServer, shop: &Shop, role: &str) -> Person {
    let person = shop.hires(server, "Hugo", role).await;
    let second = post(server, &person, "/shops", json!({ "name": "other" })).await;
    second.expect("a shop of their own");
    person
}

fn search(group: ConversationId) -> Request {
    Request::SearchMessages(SearchMessages {
        conversation_id: group.to_string(),
        words: "2".to_owned(),
        ..SearchMessages::default()
    })
}

/// Everything that a group has for its members, on a line and over REST: how each of it is refused.
async fn refusals(server: &TestServer, person: &Person, group: ConversationId) -> Vec<String> {
    let mut line = person.connect(server).await;
    let mut codes = vec![
        line.refused(Request::SendMessage(words(group, "hi"))).await,
        refused!(
            line,
            ListMessages {
                conversation_id: group.to_string()
            }
        ),
        line.refused(search(group)).await,
    ];
    let edit = proto::EditMessage {
        conversation_id: group.to_string(),
        number: 2,
        text: "mine".to_owned(),
    };
    codes.push(line.refused(Request::EditMessage(edit)).await);
    let mut codes: Vec<String> = codes.into_iter().map(proto::json::Word::word).collect();
    let cursor = Cursor {
        conversation_id: group.to_string(),
        ..Cursor::default()
    };
    let resumed = asked!(line, Resume { cursors: vec![cursor] } => Resumed);
    let one = &resumed.conversations[0];
    assert!(
        one.left && one.messages.is_empty() && one.head.is_none(),
        "{one:?}"
    );
    let page = asked!(line, ListConversations {} => ConversationPage);
    assert_eq!(page.conversations, []);
    for path in ["", "/members", "/invites", "/requests"] {
        codes.push(refusal(
            get(server, person, &format!("/groups/{group}{path}")).await,
        ));
    }
    codes.push(refusal(
        get(server, person, &format!("/conversations/{group}")).await,
    ));
    codes
}

fn refusal(called: Called) -> String {
    called.expect_err("a refusal")
}

fn outside() -> Vec<String> {
    let mut codes = vec!["not_a_member".to_owned()];
    codes.resize(9, "not_found".to_owned());
    codes
}

/// STAFF-01, STAFF-06, I-9: with the post ends all that somebody has in the shop's groups: speaking, reading, the list of
/// members, whatever they lead. The end is the last that their open socket hears. A new post brings nothing back.
#[tokio::test]
async fn who_loses_their_post_is_in_no_group() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let hugo = moonlighter(&server, &shop, "operator").await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&hugo, &ann]).await;
    let managers = format!("/groups/{group}/managers/{}", hugo.id);
    put(&server, &shop.owner, &managers, Value::Null)
        .await
        .expect("a manager");
    let (mut line, mut owner) = (
        hugo.connect(&server).await,
        shop.owner.connect(&server).await,
    );
    owner.say(group, "3: for all").await;

    disables(&server, &shop, &hugo, true).await;
    owner.say(group, "5: without Hugo").await;
    let (seen, last) = until_left(&mut line).await;
    assert_eq!((seen.last().map(|one| one.number), last), (Some(4), 4));
    line.ask(Request::Ping(proto::Ping {})).await;
    assert_eq!(line.client.pushes_so_far(), []);
    assert_eq!(refusals(&server, &hugo, group).await, outside());
    assert_eq!(intervals(&server, group, &hugo).await, []);
    assert!(listed(&server, &ann, group, &hugo).await.is_none());
    let seen = get(&server, &ann, &format!("/groups/{group}"))
        .await
        .expect("the group");
    assert_eq!(seen["members"], 2);

    disables(&server, &shop, &hugo, false).await;
    // An operator sees the shop's groups without being in them, and no word of them.
    for seen in ["/members", "/invites", "/requests", ""] {
        let path = format!("/groups/{group}{seen}");
        get(&server, &hugo, &path).await.expect("by the post");
    }
    let mut line = hugo.connect(&server).await;
    assert_eq!(
        line.refused(Request::SendMessage(words(group, "hi"))).await,
        Refusal::NotAMember
    );
    assert_eq!(line.refused(search(group)).await, Refusal::NotFound);
    let add = json!({ "user_ids": [hugo.id] });
    post(
        &server,
        &shop.owner,
        &format!("/groups/{group}/members"),
        add,
    )
    .await
    .expect("added");
    let page = asked!(line, ListMessages { conversation_id: group.to_string() } => MessagePage);
    assert_eq!(
        page.messages
            .iter()
            .map(|one| one.number)
            .collect::<Vec<_>>(),
        [6]
    );
}

/// STAFF-06: what was sent in a group may not be fetched either.
#[tokio::test]
async fn files_of_the_group_go_with_the_post() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let hugo = moonlighter(&server, &shop, "agent").await;
    let group = shop.gathers(&server, &[&hugo]).await;
    let (_, file) = upload(&server, &shop.owner, "a.png", picture(8, 8)).await;
    let said = json!({ "client_message_id": "1", "picture": { "file_id": file["file_id"] } });
    let messages = format!("/conversations/{group}/messages");
    post(&server, &shop.owner, &messages, said)
        .await
        .expect("sent");
    let url = server.url(&format!(
        "/api/v1/files/{}",
        file["file_id"].as_str().expect("an id")
    ));
    let status = async || {
        let request = TestServer::http().get(&url).bearer_auth(&hugo.token);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status().await, 200);
    disables(&server, &shop, &hugo, true).await;
    assert_eq!(status().await, 404);
}

/// STAFF-01: there is no way in without a post: not by link, not by invitation, not by approval, not by being added.
#[tokio::test]
async fn nobody_comes_in_without_a_post() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let hugo = moonlighter(&server, &shop, "agent").await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    let token = link(&server, &ann, group).await;
    let invite = json!({ "user_id": hugo.id });
    let invited = post(
        &server,
        &shop.owner,
        &format!("{path}/invites"),
        invite.clone(),
    )
    .await;
    let invited = invited.expect("invited");
    let approval = json!({ "join_approval": true });
    patch(&server, &shop.owner, &path, approval)
        .await
        .expect("changed");
    assert_eq!(refusal(come(&server, &hugo, &token).await), "join_pending");

    disables(&server, &shop, &hugo, true).await;
    let approve = format!("{path}/requests/{}/approve", hugo.id);
    let tried = post(&server, &shop.owner, &approve, json!({})).await;
    assert_eq!(refusal(tried), "not_found");
    assert_eq!(refusal(come(&server, &hugo, &token).await), "forbidden");
    let accept = json!({ "invite_id": invited["id"] });
    let tried = post(&server, &hugo, "/invites/accept", accept.clone()).await;
    assert_eq!(refusal(tried), "forbidden");
    let add = json!({ "user_ids": [hugo.id] });
    let tried = post(
        &server,
        &shop.owner,
        &format!("{path}/members"),
        add.clone(),
    )
    .await;
    assert_eq!(refusal(tried), "not_found");
    let tried = post(&server, &shop.owner, &format!("{path}/invites"), invite).await;
    assert_eq!(refusal(tried), "not_found");
    let groups = format!("/shops/{}/groups", shop.id);
    let with = json!({ "name": "g", "user_ids": [hugo.id] });
    assert_eq!(
        refusal(post(&server, &shop.owner, &groups, with).await),
        "not_found"
    );

    disables(&server, &shop, &hugo, false).await;
    let tried = post(&server, &hugo, "/invites/accept", accept).await;
    assert_eq!(refusal(tried), "invite_invalid", "it ended with the post");
}

/// STAFF-01: however a dismissal and many ways in fall together, nobody without a post is left in a group, and the counts
/// are right.
#[tokio::test]
async fn a_dismissal_is_not_overtaken() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let hugo = moonlighter(&server, &shop, "agent").await;
    let mut ways = vec![];
    for _ in 0..6 {
        let group = shop.gathers(&server, &[&ann]).await;
        ways.push((group, link(&server, &ann, group).await));
    }
    let coming =
        async { join_all(ways.iter().map(|(_, token)| come(&server, &hugo, token))).await };
    let (came, ()) = tokio::join!(coming, disables(&server, &shop, &hugo, true));
    for one in came {
        assert!(
            one.as_ref().err().is_none_or(|code| code == "forbidden"),
            "{one:?}"
        );
    }
    for (group, _) in ways {
        assert_eq!(intervals(&server, group, &hugo).await, []);
        let members: i32 =
            sqlx::query_scalar("select members from groups where conversation_id = $1")
                .bind(group)
                .fetch_one(pool(&server))
                .await
                .expect("the group");
        assert_eq!(members, 2);
    }
}

/// STAFF-01, GRP-02: what a dismissed manager of the shop handed out admits nobody; nor does it vouch any more once they
/// are no manager.
#[tokio::test]
async fn invitations_are_worth_what_their_maker_may_do() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let hugo = moonlighter(&server, &shop, "operator").await;
    let ann = shop.sells_to(&server, "Ann").await;
    let (bob, eve) = (
        shop.sells_to(&server, "Bob").await,
        shop.sells_to(&server, "Eve").await,
    );
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    patch(
        &server,
        &shop.owner,
        &path,
        json!({ "join_approval": true }),
    )
    .await
    .expect("changed");
    let invites = async |by: &Person, whom: &Person| {
        let body = json!({ "user_id": whom.id });
        let made = post(&server, by, &format!("{path}/invites"), body).await;
        json!({ "invite_id": made.expect("invited")["id"] })
    };
    let accepts = async |person: &Person, invite: Value| {
        refusal(post(&server, person, "/invites/accept", invite).await)
    };
    let managers = format!("{path}/managers/{}", ann.id);
    put(&server, &shop.owner, &managers, Value::Null)
        .await
        .expect("a manager");
    let vouched = invites(&ann, &bob).await;
    delete(&server, &shop.owner, &managers)
        .await
        .expect("dismissed");
    assert_eq!(accepts(&bob, vouched).await, "join_pending");

    // Hugo runs the group by his post, without being in it.
    let (personal, token) = (
        invites(&hugo, &eve).await,
        link(&server, &hugo, group).await,
    );
    let agents = json!({ "role_id": role(&server, &shop, "agent").await });
    let of_hugo = format!("/shops/{}/staff/{}", shop.id, hugo.id);
    patch(&server, &shop.owner, &of_hugo, agents)
        .await
        .expect("an agent");
    assert_eq!(accepts(&eve, personal.clone()).await, "invite_invalid");
    let operators = json!({ "role_id": role(&server, &shop, "operator").await });
    patch(&server, &shop.owner, &of_hugo, operators)
        .await
        .expect("an operator");
    disables(&server, &shop, &hugo, true).await;
    disables(&server, &shop, &hugo, false).await;
    assert_eq!(accepts(&eve, personal).await, "invite_invalid", "for good");
    assert_eq!(refusal(come(&server, &eve, &token).await), "invite_invalid");
}

async fn role(server: &TestServer, shop: &Shop, name: &str) -> Value {
    let roles = get(server, &shop.owner, &format!("/shops/{}/roles", shop.id)).await;
    let roles = roles.expect("roles")["roles"]
        .as_array()
        .expect("a list")
        .clone();
    let found = roles.into_iter().find(|role| role["name"] == name);
    found.expect("a role")["id"].clone()
}

/// STAFF-06: on every node a dismissed colleague's line, which stays open for another post, is out of the group.
async fn out_on_every_node(redis_url: &str, sweep_ms: u64) {
    let change = |config: &mut souk::config::Config| {
        redis_url.clone_into(&mut config.bus.redis_url);
        config.bus.sweep_ms = sweep_ms;
    };
    let one = TestServer::with(change).await;
    let other = TestServer::on(one.database.clone(), change).await;
    eventually(async || other.server.app.store.bus().healthy()).await;
    eventually(async || one.server.app.store.bus().healthy()).await;
    let shop = Shop::open(&one).await;
    let hugo = moonlighter(&one, &shop, "agent").await;
    let ann = shop.sells_to(&one, "Ann").await;
    let group = shop.gathers(&one, &[&hugo, &ann]).await;
    let mut far = hugo.connect(&other).await;
    let mut hearing = ann.connect(&other).await;
    let mut near = ann.connect(&one).await;
    let follows = || {
        let lines = other.server.hub.lines_of(hugo.id);
        lines
            .iter()
            .any(|line| line.audiences().contains(&Audience::Group(group)))
    };
    assert!(follows());
    disables(&one, &shop, &hugo, true).await;
    until(|| !follows()).await;
    near.say(group, "3: without Hugo").await;
    knows_of(&mut hearing, 3).await;
    far.ask(Request::Ping(proto::Ping {})).await;
    let shown = far.client.pushes_so_far();
    let later = |event: &Event| matches!(event, Event::MessagePosted(posted) if posted.message.as_ref().is_some_and(|one| one.number > 2));
    assert!(!shown.iter().any(later), "{shown:?}");
}

/// Is shown message `number`, or told that the group has come so far.
async fn knows_of(line: &mut Line, number: u64) {
    loop {
        let known = match line.client.next_push().await.expect("a push") {
            Event::MessagePosted(posted) => posted.message.map(|one| one.number),
            Event::Heartbeat(beat) => beat.heads.iter().map(|head| head.number).max(),
            _ => None,
        };
        if known.is_some_and(|known| known >= number) {
            return;
        }
    }
}

/// By the bus.
#[tokio::test]
async fn a_dismissal_is_heeded_on_the_other_node() {
    let redis = Redis::start().await;
    out_on_every_node(&redis.url(), 600_000).await;
}

/// By the sweep.
#[tokio::test]
async fn a_dismissal_is_heeded_without_redis() {
    out_on_every_node("", 100).await;
}

/// Bots: a disabled bot is off its line and its groups, its token is nothing, for good; the voice of a hook, which has no
/// post, speaks on, whatever becomes of whoever made it.
#[tokio::test]
async fn a_disabled_bot_is_in_no_group() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let (olaf, ann) = (
        shop.hires(&server, "Olaf", "owner").await,
        shop.sells_to(&server, "Ann").await,
    );
    let bots = format!("/shops/{}/bots", shop.id);
    let made = post(
        &server,
        &shop.owner,
        &bots,
        json!({ "name": "Robin", "scopes": [] }),
    )
    .await;
    let made = made.expect("a bot");
    let robin = Person {
        id: made["bot"]["user_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id"),
        token: made["token"].as_str().expect("a token").to_owned(),
    };
    let group = shop.gathers(&server, &[&robin, &ann, &olaf]).await;
    let hooks = format!("/shops/{}/groups/{group}/hooks", shop.id);
    let hook = post(&server, &olaf, &hooks, json!({ "name": "Stock" }))
        .await
        .expect("a hook");
    let mut line = robin.connect(&server).await;
    line.say(group, "beep").await;

    disables(&server, &shop, &olaf, true).await;
    let of_robin = format!("{bots}/{}", robin.id);
    let disable = json!({ "disabled": true });
    patch(&server, &shop.owner, &of_robin, disable)
        .await
        .expect("disabled");
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let tried = get(&server, &robin, &format!("/conversations/{group}")).await;
    assert_eq!(refusal(tried), "session_revoked");
    let token = format!("{of_robin}/token");
    let tried = post(&server, &shop.owner, &token, json!({})).await;
    assert_eq!(refusal(tried), "staff_disabled");
    assert!(listed(&server, &ann, group, &robin).await.is_none());

    let enable = json!({ "disabled": false });
    patch(&server, &shop.owner, &of_robin, enable)
        .await
        .expect("enabled");
    let renewed = post(&server, &shop.owner, &token, json!({}))
        .await
        .expect("a token");
    let robin = Person {
        token: renewed["token"].as_str().expect("a token").to_owned(),
        ..robin
    };
    assert_eq!(refusals(&server, &robin, group).await, outside());

    let url = hook["url"].as_str().expect("a URL");
    let address = &url[url.find("/hooks/").expect("the path")..];
    let said = server
        .rest()
        .post_as("", address, json!({ "text": "12 left" }))
        .await
        .ok();
    assert_eq!(id(&said["conversation_id"]), group);
}
