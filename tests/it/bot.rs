//! Programs that act for a shop: tokens, scopes, pace, and addresses that post into groups.

use proto::{NoticeKind, Refusal, client_frame::Request};
use serde_json::{Value, json};

use crate::support::{Person, TestServer, TestShop, people::words};

/// The owner makes a bot.
async fn bot(server: &TestServer, shop: &TestShop, scopes: &[&str]) -> Person {
    let wanted = json!({ "name": "Robin", "scopes": scopes });
    let made = shop.boss(server).post(&shop.path("/bots"), wanted).await;
    person(&made.ok())
}

fn person(made: &Value) -> Person {
    Person {
        id: made["bot"]["user_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id"),
        token: made["token"].as_str().expect("a token").to_owned(),
    }
}

fn path(shop: &TestShop, bot: &Person) -> String {
    shop.path(&format!("/bots/{}", bot.id))
}

/// Bots: a bot speaks for its shop over the socket and asks over REST, within its scopes, which may change under an open
/// socket.
#[tokio::test]
async fn a_bot_acts_within_its_scopes() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let robin = bot(&server, &shop, &["chat"]).await;
    assert!(robin.token.starts_with("souk_bt_"));
    let ann = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &ann).await;
    let (mut customer, mut line) = (ann.connect(&server).await, robin.connect(&server).await);
    line.say(conversation, "beep").await;
    let sender = customer.hears().await.sender.expect("a sender");
    assert_eq!(
        (&sender.name[..], sender.shop_id),
        ("Robin", shop.id.to_string())
    );
    let rest = server.rest().by(&robin);
    let contact = shop.path(&format!("/customers/{}", ann.id));
    assert_eq!(rest.get(&contact).await.status, 200);
    assert_eq!(rest.get(&shop.path("/staff")).await.refused(), "forbidden");

    let scopes = json!({ "scopes": ["see_audit"] });
    shop.boss(&server)
        .patch(&path(&shop, &robin), scopes)
        .await
        .ok();
    assert_eq!(rest.get(&contact).await.refused(), "forbidden");
    let more = Request::SendMessage(words(conversation, "beep"));
    assert_eq!(line.refused(more).await, Refusal::NotAMember);
}

/// Bots: nobody makes, strengthens or takes over a bot that may do more than they may themselves.
#[tokio::test]
async fn a_bot_may_no_more_than_its_maker() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let role = json!({ "name": "tinkerer", "permissions": ["manage_bots", "chat"] });
    shop.boss(&server)
        .post(&shop.path("/roles"), role)
        .await
        .ok();
    let tinkerer = shop.hire(&server, "tinkerer").await;
    let rest = server.rest().by(&tinkerer);
    let bots = shop.path("/bots");
    let strong = json!({ "name": "x", "scopes": ["chat", "manage_staff"] });
    assert_eq!(rest.post(&bots, strong).await.refused(), "forbidden");
    let strange = json!({ "name": "x", "scopes": ["fly"] });
    assert_eq!(
        rest.post(&bots, strange).await.refused(),
        "invalid_argument"
    );
    let weak = person(
        &rest
            .post(&bots, json!({ "name": "x", "scopes": ["chat"] }))
            .await
            .ok(),
    );
    let stronger = json!({ "scopes": ["chat", "see_customers"] });
    assert_eq!(
        rest.patch(&path(&shop, &weak), stronger).await.refused(),
        "forbidden"
    );

    let chief = bot(&server, &shop, &["manage_staff"]).await;
    let token = format!("{}/token", path(&shop, &chief));
    assert_eq!(rest.post(&token, json!({})).await.refused(), "forbidden");
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/bots/{}", weak.id));
    assert_eq!(
        other.boss(&server).delete(&foreign).await.refused(),
        "not_found"
    );
}

/// Bots, revocation: a renewed token closes the old one's sockets; disabling and retiring do the same for the bot.
#[tokio::test]
async fn an_old_token_is_nothing() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let robin = bot(&server, &shop, &["chat"]).await;
    let mut line = robin.connect(&server).await;
    let token = format!("{}/token", path(&shop, &robin));
    let renewed = person(&boss.post(&token, json!({})).await.ok());
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let old = server.rest().by(&robin);
    assert_eq!(old.get("/me/alerts").await.refused(), "session_revoked");

    let mut line = renewed.connect(&server).await;
    boss.delete(&path(&shop, &robin)).await.ok();
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    assert_eq!(boss.get(&shop.path("/bots")).await.ok()["bots"], json!([]));
    assert_eq!(
        boss.delete(&path(&shop, &robin)).await.refused(),
        "not_found"
    );
}

/// Bots: a disabled bot may do nothing until it is enabled again and has a new token.
#[tokio::test]
async fn a_disabled_bot_rests() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let robin = bot(&server, &shop, &["see_audit"]).await;
    let rest = server.rest().by(&robin);
    let record = shop.path("/audit");
    boss.patch(&path(&shop, &robin), json!({ "disabled": true }))
        .await
        .ok();
    assert_eq!(rest.get(&record).await.refused(), "session_revoked");
    let token = format!("{}/token", path(&shop, &robin));
    let early = boss.post(&token, json!({})).await;
    assert_eq!(early.refused(), "staff_disabled");
    boss.patch(&path(&shop, &robin), json!({ "disabled": false }))
        .await
        .ok();
    assert_eq!(rest.get(&record).await.refused(), "session_revoked");
    let renewed = person(&boss.post(&token, json!({})).await.ok());
    let rest = server.rest().by(&renewed);
    assert_eq!(rest.get(&record).await.status, 200);
}

/// Limits: a bot that asks too fast over REST is told when to come again; people and other bots are not concerned.
#[tokio::test]
async fn a_bot_has_a_pace_of_its_own() {
    let server = TestServer::with(|config| config.limits.bot_requests_per_second = 1).await;
    let shop = TestShop::open(&server).await;
    let (robin, other) = (
        bot(&server, &shop, &["see_audit"]).await,
        bot(&server, &shop, &["see_audit"]).await,
    );
    let record = shop.path("/audit");
    let rest = server.rest().by(&robin);
    let mut answers = vec![];
    for _ in 0..8 {
        answers.push(rest.get(&record).await);
    }
    let slow = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("too fast");
    assert_eq!(slow.refused(), "rate_limited");
    let wait = slow.body["retry_after_ms"].as_u64().expect("a time");
    assert!((1..=1_000).contains(&wait), "{wait}");
    assert_eq!(answers[0].status, 200);
    assert_eq!(server.rest().by(&other).get(&record).await.status, 200);
    for _ in 0..8 {
        assert_eq!(shop.boss(&server).get(&record).await.status, 200);
    }
}

/// GRP-05, bots: one POST to a hook's address, without any token, says something in the group; the address can be
/// revoked.
#[tokio::test]
async fn a_hook_posts_with_one_curl() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &ann).await;
    let mut member = ann.connect(&server).await;
    let (boss, hooks) = (
        shop.boss(&server),
        shop.path(&format!("/groups/{group}/hooks")),
    );
    let made = boss.post(&hooks, json!({ "name": "Stock" })).await.ok();
    let url = made["url"].as_str().expect("a URL");
    let address = &url[url.find("/hooks/").expect("the path")..];
    assert_eq!(
        member.hears().await.notice.expect("a notice").kind(),
        NoticeKind::MembersJoined
    );

    let anybody = server.rest();
    let posted = anybody
        .post_as("", address, json!({ "text": "12 left" }))
        .await
        .ok();
    assert_eq!(posted["number"], 2);
    let heard = member.hears().await;
    assert_eq!(
        (&heard.text[..], &heard.sender.unwrap().name[..]),
        ("12 left", "Stock")
    );
    assert_eq!(
        anybody.post(address, json!({})).await.refused(),
        "invalid_argument"
    );
    let card = json!({ "summary": "Sale", "link": { "title": "Half price", "links": [{ "label": "Look", "url": "https://shop.example.com/" }] } });
    anybody.post(address, json!({ "card": card })).await.ok();
    let drawn = member.hears().await.card.expect("a card");
    assert_eq!(drawn.link.expect("a link card").title, "Half price");
    let listed = boss.get(&hooks).await.ok();
    assert!(
        !listed.to_string().contains(address),
        "the address is shown once"
    );

    let hook = format!("{hooks}/{}", made["hook"]["id"].as_str().unwrap());
    boss.delete(&hook).await.ok();
    assert_eq!(
        member.hears().await.notice.expect("a notice").kind(),
        NoticeKind::MemberRemoved
    );
    assert_eq!(
        anybody
            .post(address, json!({ "text": "x" }))
            .await
            .refused(),
        "not_found"
    );
    assert_eq!(boss.delete(&hook).await.refused(), "not_found");
    assert_eq!(boss.get(&hooks).await.ok()["hooks"], json!([]));
}

/// Bots: hooks are for groups of one's own shop, have a pace, and are not a way to guess.
#[tokio::test]
async fn a_hook_is_kept_within_bounds() {
    let server = TestServer::with(|config| config.limits.bot_requests_per_second = 1).await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let ann = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &ann).await;
    let foreign = other.path(&format!("/groups/{group}/hooks"));
    let name = json!({ "name": "Stock" });
    assert_eq!(
        other
            .boss(&server)
            .post(&foreign, name.clone())
            .await
            .refused(),
        "not_found"
    );
    let chat = shop.consult(&server, &ann).await;
    let no_group = shop.path(&format!("/groups/{chat}/hooks"));
    assert_eq!(
        shop.boss(&server)
            .post(&no_group, name.clone())
            .await
            .refused(),
        "not_found"
    );

    let hooks = shop.path(&format!("/groups/{group}/hooks"));
    let made = shop.boss(&server).post(&hooks, name).await.ok();
    let url = made["url"].as_str().expect("a URL");
    let address = &url[url.find("/hooks/").expect("the path")..];
    let mut statuses = vec![];
    for _ in 0..8 {
        statuses.push(
            server
                .rest()
                .post(address, json!({ "text": "x" }))
                .await
                .status,
        );
    }
    assert_eq!(statuses[0], 200);
    assert!(statuses.contains(&429), "{statuses:?}");
    let robin = bot(&server, &shop, &["chat"]).await;
    for wrong in ["/hooks/x".to_owned(), format!("/hooks/{}", robin.token)] {
        let said = server.rest().post(&wrong, json!({ "text": "x" })).await;
        assert_eq!(said.refused(), "not_found");
    }
}
