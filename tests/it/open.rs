//! People find and open conversations.

use proto::{AlertKind, NoticeKind, Refusal, push::Event};
use souk::id::UserId;

use crate::support::{
    Person, Shop, TestServer,
    asking::{asked, refused},
    people::Line,
    shop::{joins, leaves, run},
};

/// What a shop's staff are shown until message `number`.
async fn shown_until(line: &mut Line, number: u64) -> Vec<Event> {
    let mut shown = vec![];
    loop {
        let event = line.client.next_push().await.expect("a push");
        let last = matches!(&event, Event::MessagePosted(posted) if posted.message.as_ref().unwrap().number == number);
        shown.push(event);
        if last {
            return shown;
        }
    }
}

/// CHAT-02, CHAT-13: consulting a shop opens one conversation, keeps the source and tells all agents, once.
#[tokio::test]
async fn a_customer_consults_a_shop() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea House").await;
    let agent = shop.agent(&server, "Eva").await;
    let mut eva = agent.connect(&server).await;
    let mut tom = shop.agent(&server, "Tom").await.connect(&server).await;
    let person = Person::customer(&server, "Ann").await;
    let mut ann = person.connect(&server).await;

    let source = "nearby";
    let opened = asked!(ann, OpenConversation { shop_id: shop.id.to_string(), source: source.into() } => Conversation);
    assert_eq!((&opened.title[..], opened.unread), ("Tea House", 1));
    let source = "product";
    let again = asked!(ann, OpenConversation { shop_id: shop.id.to_string(), source: source.into() } => Conversation);
    assert_eq!(again.id, opened.id);

    ann.say(opened.id.parse().unwrap(), "有人吗").await;
    for agent in [&mut eva, &mut tom] {
        let shown = shown_until(agent, 2).await;
        let alerts: Vec<_> = shown
            .iter()
            .filter_map(|event| match event {
                Event::Alert(alert) => Some((alert.kind(), alert.conversation_id.clone())),
                _ => None,
            })
            .collect();
        assert_eq!(alerts, [(AlertKind::NewConversation, opened.id.clone())]);
        let notices = shown.iter().filter(|event| match event {
            Event::MessagePosted(posted) => posted.message.as_ref().unwrap().notice.is_some(),
            _ => false,
        });
        assert_eq!(notices.count(), 1);
    }

    let facts: Vec<serde_json::Value> =
        sqlx::query_scalar("select payload from facts where kind = 'conversation_opened'")
            .fetch_all(server.server.app.store.pool())
            .await
            .unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0]["source"], "nearby");
    assert_eq!(facts[0]["customer_id"], person.id.to_string());
    let contact = format!("/shops/{}/customers/{}", shop.id, person.id);
    let contact = server.rest().by(&agent).get(&contact).await.ok();
    assert_eq!(contact["source"], "nearby");
}

/// CHAT-02: many devices at once open one conversation with one notice.
#[tokio::test]
async fn whoever_is_faster_opens_it_for_all() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea House").await;
    let ann = Person::customer(&server, "Ann").await;
    let mut lines = vec![];
    for _ in 0..6 {
        lines.push(ann.connect(&server).await);
    }
    let asking = lines.iter_mut().map(|line| async {
        asked!(line, OpenConversation { shop_id: shop.id.to_string() } => Conversation)
    });
    let opened = futures_util::future::join_all(asking).await;
    assert!(opened.iter().all(|one| one.id == opened[0].id));
    assert!(
        opened
            .iter()
            .all(|one| one.head.as_ref().unwrap().number == 1)
    );
    let notice = opened[5]
        .last_message
        .as_ref()
        .unwrap()
        .notice
        .as_ref()
        .unwrap();
    assert_eq!(notice.kind(), NoticeKind::ConversationOpened);
    assert_eq!(notice.actor.as_ref().unwrap().name, "Ann");
}

/// CHAT-02: a banned customer opens nothing, but still reads what there is.
#[tokio::test]
async fn a_banned_customer_opens_nothing() {
    let server = TestServer::start().await;
    let (tea, silk) = (
        Shop::new(&server, "Tea").await,
        Shop::new(&server, "Silk").await,
    );
    let person = Person::customer(&server, "Ann").await;
    let mut ann = person.connect(&server).await;
    let opened = asked!(ann, OpenConversation { shop_id: tea.id.to_string() } => Conversation);
    tea.ban(&server, &person).await;
    silk.ban(&server, &person).await;
    let found = asked!(ann, OpenConversation { shop_id: tea.id.to_string() } => Conversation);
    assert_eq!(found.id, opened.id);
    assert_eq!(
        refused!(
            ann,
            OpenConversation {
                shop_id: silk.id.to_string()
            }
        ),
        Refusal::Banned
    );
    assert!(
        asked!(ann, ListConversations {} => ConversationPage)
            .conversations
            .len()
            == 1
    );
}

/// CHAT-02: who may not open, and what does not exist.
#[tokio::test]
async fn what_cannot_be_opened() {
    let server = TestServer::start().await;
    let (tea, silk) = (
        Shop::new(&server, "Tea").await,
        Shop::new(&server, "Silk").await,
    );
    let embedded = Person::customer(&server, "Ann").await;
    run!(
        server,
        "update users set home_id = $1, external_id = 'a1' where id = $2",
        tea.id,
        embedded.id
    );
    let mut ann = embedded.connect(&server).await;
    assert_eq!(
        refused!(
            ann,
            OpenConversation {
                shop_id: silk.id.to_string()
            }
        ),
        Refusal::NotFound
    );
    assert_eq!(
        refused!(
            ann,
            OpenConversation {
                shop_id: UserId::new().to_string()
            }
        ),
        Refusal::NotFound
    );
    assert_eq!(refused!(ann, OpenConversation {}), Refusal::InvalidArgument);
    assert_eq!(
        refused!(
            ann,
            OpenConversation {
                shop_id: "tea".into()
            }
        ),
        Refusal::InvalidArgument
    );
    let long = "x".repeat(65);
    assert_eq!(
        refused!(
            ann,
            OpenConversation {
                shop_id: tea.id.to_string(),
                source: long
            }
        ),
        Refusal::InvalidArgument
    );
    let mut eva = tea.agent(&server, "Eva").await.connect(&server).await;
    assert_eq!(
        refused!(
            eva,
            OpenConversation {
                shop_id: silk.id.to_string()
            }
        ),
        Refusal::Forbidden
    );
}

/// CHAT-02: staff find what a customer has opened with their shop, and nothing else.
#[tokio::test]
async fn staff_find_their_customer() {
    let server = TestServer::start().await;
    let (tea, silk) = (
        Shop::new(&server, "Tea").await,
        Shop::new(&server, "Silk").await,
    );
    let person = Person::customer(&server, "Ann").await;
    let mut eva = tea.agent(&server, "Eva").await.connect(&server).await;
    let (shop_id, user_id) = (tea.id.to_string(), person.id.to_string());
    assert_eq!(
        refused!(
            eva,
            OpenConversation {
                shop_id: shop_id.clone(),
                user_id: user_id.clone()
            }
        ),
        Refusal::NotFound
    );
    let mut ann = person.connect(&server).await;
    let opened = asked!(ann, OpenConversation { shop_id: shop_id.clone() } => Conversation);
    let found = asked!(eva, OpenConversation { shop_id: shop_id.clone(), user_id: user_id.clone() } => Conversation);
    assert_eq!((&found.id, &found.title[..]), (&opened.id, "Ann"));
    let mut sam = silk.agent(&server, "Sam").await.connect(&server).await;
    assert_eq!(
        refused!(sam, OpenConversation { shop_id, user_id }),
        Refusal::Forbidden
    );
}

/// CHAT-01: two people talk if they share a group or a shop's staff.
#[tokio::test]
async fn two_people_need_a_tie() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let mut line = ann.connect(&server).await;
    let mut other = bob.connect(&server).await;
    assert_eq!(
        refused!(
            line,
            OpenConversation {
                user_id: bob.id.to_string()
            }
        ),
        Refusal::Forbidden
    );
    assert_eq!(
        refused!(
            line,
            OpenConversation {
                user_id: UserId::new().to_string()
            }
        ),
        Refusal::Forbidden
    );
    assert_eq!(
        refused!(
            line,
            OpenConversation {
                user_id: ann.id.to_string()
            }
        ),
        Refusal::InvalidArgument
    );

    let group = shop.group(&server, &[&ann]).await;
    joins(&server, group, &bob, 1).await;
    let opened = asked!(line, OpenConversation { user_id: bob.id.to_string() } => Conversation);
    assert_eq!(opened.title, "Bob");
    assert_eq!(other.hears().await.conversation_id, opened.id);
    leaves(&server, group, &bob, 1).await;
    let found = asked!(other, OpenConversation { user_id: ann.id.to_string() } => Conversation);
    assert_eq!((&found.id, &found.title[..]), (&opened.id, "Ann"));

    let (eva, tom) = (
        shop.agent(&server, "Eva").await,
        shop.agent(&server, "Tom").await,
    );
    let mut eva = eva.connect(&server).await;
    asked!(eva, OpenConversation { user_id: tom.id.to_string() } => Conversation);
    assert_eq!(
        refused!(
            eva,
            OpenConversation {
                user_id: ann.id.to_string()
            }
        ),
        Refusal::Forbidden
    );
}

/// CHAT-02: the same over REST.
#[tokio::test]
async fn a_conversation_is_opened_over_rest() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let ann = Person::customer(&server, "Ann").await;
    let post = |token: String, body: serde_json::Value| {
        TestServer::http()
            .post(server.url("/api/v1/conversations"))
            .bearer_auth(token)
            .json(&body)
            .send()
    };
    let answer = post(ann.token.clone(), serde_json::json!({"shop_id": shop.id}))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let opened: proto::Conversation = answer.json().await.unwrap();
    let path = format!("/api/v1/conversations/{}", opened.id);
    let get = |path: &str| {
        TestServer::http()
            .get(server.url(path))
            .bearer_auth(&ann.token)
            .send()
    };
    let shown: proto::Conversation = get(&path).await.unwrap().json().await.unwrap();
    assert_eq!(shown, opened);
    let wrong = post(ann.token.clone(), serde_json::json!({"shop": shop.id}))
        .await
        .unwrap();
    assert_eq!(wrong.status(), 422);
    let nobody = post("nobody".into(), serde_json::json!({"shop_id": shop.id}))
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
}
