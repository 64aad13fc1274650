//! People page through what was said.

use proto::{ListMessages, Message, client_frame::Request, reply::Answer};
use souk::id::ConversationId;

use crate::support::{
    Person, Shop, TestServer,
    asking::{asked, refused},
    people::Line,
    shop::{joins, leaves, run, says_unseen},
};

/// All pages: newest first, or oldest first.
async fn all(
    line: &mut Line,
    conversation: ConversationId,
    limit: u32,
    oldest_first: bool,
) -> Vec<Message> {
    let mut said: Vec<Message> = vec![];
    loop {
        let stop = said.last().map_or(0, |message| message.number);
        let request = ListMessages {
            conversation_id: conversation.to_string(),
            before: if oldest_first { 0 } else { stop },
            after: oldest_first.then_some(stop),
            limit,
            ..ListMessages::default()
        };
        let Answer::MessagePage(page) = line.ask(Request::ListMessages(request)).await else {
            panic!("expected a page")
        };
        assert!(page.messages.len() <= limit as usize);
        said.extend(page.messages);
        if !page.more {
            return said;
        }
    }
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.number).collect()
}

/// CHAT-01, I-1, I-3: after a restart every message is there, once and in order.
#[tokio::test]
async fn the_history_outlives_the_server() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (customer, agent) = (
        Person::customer(&server, "Ann").await,
        shop.agent(&server, "Eva").await,
    );
    let (mut ann, mut eva) = (
        customer.connect(&server).await,
        agent.connect(&server).await,
    );
    let opened = asked!(ann, OpenConversation { shop_id: shop.id.to_string() } => Conversation);
    let id: ConversationId = opened.id.parse().unwrap();
    let mut said = vec![];
    for turn in 0..20 {
        let (line, text) = if turn % 3 == 0 {
            (&mut eva, format!("answer {turn}"))
        } else {
            (&mut ann, format!("问题 {turn}"))
        };
        assert_eq!(line.say(id, &text).await.number, turn + 2);
        said.push(text);
    }
    let database = server.database.clone();
    server.stop().await;

    let server = TestServer::on(database, |_| ()).await;
    let (mut ann, mut eva) = (
        customer.connect(&server).await,
        agent.connect(&server).await,
    );
    for line in [&mut ann, &mut eva] {
        let forward = all(line, id, 7, true).await;
        assert_eq!(numbers(&forward), (1..=21).collect::<Vec<_>>());
        let words: Vec<_> = forward[1..]
            .iter()
            .map(|message| message.text.clone())
            .collect();
        assert_eq!(words, said);
        let sender = forward[1].sender.as_ref().unwrap();
        assert_eq!(
            (&sender.name[..], &sender.shop_id[..]),
            ("Eva", &shop.id.to_string()[..])
        );
        let mut backward = all(line, id, 5, false).await;
        backward.reverse();
        assert_eq!(backward, forward);
    }
}

/// I-9: nobody reads what was said outside their time; to a stranger the conversation does not exist.
#[tokio::test]
async fn nobody_reads_outside_their_time() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann]).await;
    for number in 1..=9 {
        says_unseen(&server, group, &ann, &number.to_string()).await;
    }
    joins(&server, group, &bob, 3).await;
    leaves(&server, group, &bob, 4).await;
    joins(&server, group, &bob, 7).await;
    leaves(&server, group, &bob, 8).await;
    let mut bob = bob.connect(&server).await;
    assert_eq!(numbers(&all(&mut bob, group, 3, true).await), [3, 4, 7, 8]);
    assert_eq!(numbers(&all(&mut bob, group, 3, false).await), [8, 7, 4, 3]);
    assert!(
        asked!(bob, ListConversations {} => ConversationPage)
            .conversations
            .is_empty()
    );

    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    let stranger = eva.ask(Request::ListMessages(of(group))).await;
    let nowhere = eva
        .ask(Request::ListMessages(of(ConversationId::new())))
        .await;
    assert!(
        matches!(&stranger, Answer::Refused(refused) if refused.code() == proto::Refusal::NotFound)
    );
    assert_eq!(stranger, nowhere);
}

fn of(conversation: ConversationId) -> ListMessages {
    ListMessages {
        conversation_id: conversation.to_string(),
        ..ListMessages::default()
    }
}

/// CHAT-01: messages come as they are now: signs counted, pins marked, a recalled one without its words.
#[tokio::test]
async fn messages_come_as_they_are_now() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &[&person]).await;
    for text in ["secret", "pinned", "pinned too"] {
        says_unseen(&server, group, &person, text).await;
    }
    run!(
        server,
        "update messages set recalled_at = now(), version = 2 where conversation_id = $1 and number = 1",
        group
    );
    run!(
        server,
        "update messages set pinned_at = now() where conversation_id = $1 and number >= 2",
        group
    );
    for at in 0..25 {
        let fan = Person::customer(&server, "Fan").await;
        run!(
            server,
            "insert into reactions values ($1, 2, $2, '👍', to_timestamp($3))",
            group,
            fan.id,
            f64::from(at)
        );
    }
    run!(
        server,
        "insert into reactions values ($1, 2, $2, '❤️', to_timestamp(99))",
        group,
        person.id
    );
    let mut ann = person.connect(&server).await;
    let page = asked!(ann, ListMessages { conversation_id: group.to_string() } => MessagePage);
    let [_, pinned, recalled] = &page.messages[..] else {
        panic!("three messages")
    };
    assert_eq!(
        (recalled.recalled, &recalled.text[..], recalled.version),
        (true, "", 2)
    );
    assert!(pinned.pinned);
    let [thumbs, heart] = &pinned.reactions[..] else {
        panic!("two signs")
    };
    assert_eq!(
        (&thumbs.emoji[..], thumbs.count, thumbs.user_ids.len()),
        ("👍", 25, 20)
    );
    assert_eq!(
        (heart.count, &heart.user_ids[..]),
        (1, &[person.id.to_string()][..])
    );

    let pins = asked!(ann, ListMessages { conversation_id: group.to_string(), pinned_only: true, limit: 1 } => MessagePage);
    assert_eq!((numbers(&pins.messages), pins.more), (vec![3], true));
    let pins = asked!(ann, ListMessages { conversation_id: group.to_string(), pinned_only: true, after: Some(1) } => MessagePage);
    assert_eq!((numbers(&pins.messages), pins.more), (vec![2, 3], false));
}

/// CHAT-01: a page of long messages is cut so that it fits a slow queue, and the rest follows.
#[tokio::test]
async fn long_messages_come_in_short_pages() {
    let server = TestServer::with(|config| config.limits.queue_bytes = 400_000).await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &[&person]).await;
    for _ in 0..40 {
        says_unseen(&server, group, &person, &"长".repeat(8_000)).await;
    }
    let mut ann = person.connect(&server).await;
    let first =
        asked!(ann, ListMessages { conversation_id: group.to_string(), limit: 200 } => MessagePage);
    assert!(
        first.more && first.messages.len() < 20,
        "{}",
        first.messages.len()
    );
    assert_eq!(
        numbers(&all(&mut ann, group, 200, true).await),
        (1..=40).collect::<Vec<_>>()
    );
}

/// CHAT-01: conversations by activity, in pages; a shop's are for its staff.
#[tokio::test]
async fn conversations_are_listed_by_activity() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    let mut opened = vec![];
    for name in ["Ann", "Bob", "Cid", "Dan", "Eli"] {
        let mut line = Person::customer(&server, name).await.connect(&server).await;
        let one = asked!(line, OpenConversation { shop_id: shop.id.to_string() } => Conversation);
        line.say(one.id.parse().unwrap(), &format!("I am {name}"))
            .await;
        opened.push(one.id);
        let listed = asked!(line, ListConversations {} => ConversationPage);
        assert_eq!(listed.conversations.len(), 1);
        assert_eq!(
            refused!(
                line,
                ListConversations {
                    shop_id: shop.id.to_string()
                }
            ),
            proto::Refusal::Forbidden
        );
    }
    run!(
        server,
        "update conversations set active_at = now() + interval '1 hour' where id = $1::uuid",
        opened[1].clone()
    );
    let (mut names, mut cursor) = (vec![], String::new());
    loop {
        let page = asked!(eva, ListConversations { shop_id: shop.id.to_string(), cursor: cursor, limit: 2 } => ConversationPage);
        for one in &page.conversations {
            assert_eq!(
                one.last_message.as_ref().unwrap().text,
                format!("I am {}", one.title)
            );
            assert_eq!(
                (one.unread, &one.partner.as_ref().unwrap().name),
                (2, &one.title)
            );
        }
        names.extend(page.conversations.into_iter().map(|one| one.title));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["Bob", "Eli", "Dan", "Cid", "Ann"]);
    assert_eq!(
        refused!(eva, ListConversations { cursor: "x".into() }),
        proto::Refusal::InvalidArgument
    );
    assert_eq!(
        refused!(eva, ListConversations { limit: 101 }),
        proto::Refusal::InvalidArgument
    );
}
