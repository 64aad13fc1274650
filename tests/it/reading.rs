//! People read, and others see how far; people type.

use proto::{MarkRead, Refusal, client_frame::Request, push::Event};
use souk::id::ConversationId;

use crate::support::{
    Person, Shop, TestServer,
    asking::{asked, refused},
    people::Line,
    shop::{joins, leaves, run, says_unseen},
};

/// Everything that is pushed up to and with the message with these words.
async fn until(line: &mut Line, words: &str) -> Vec<Event> {
    let mut shown = vec![];
    loop {
        let event = line.client.next_push().await.expect("a push");
        let last = matches!(&event, Event::MessagePosted(posted) if posted.message.as_ref().unwrap().text == words);
        shown.push(event);
        if last {
            return shown;
        }
    }
}

fn moves(events: &[Event]) -> Vec<u64> {
    let moved = |event: &Event| match event {
        Event::ReadMoved(moved) => Some(moved.number),
        _ => None,
    };
    events.iter().filter_map(moved).collect()
}

fn typists(events: &[Event]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, Event::Typing(_)))
        .count()
}

async fn unread(line: &mut Line) -> (u64, u32) {
    let page = asked!(line, ListConversations {} => ConversationPage);
    (page.conversations[0].read, page.conversations[0].unread)
}

/// ACC-13: two devices of one account see the same events and share one watermark, which never goes back.
#[tokio::test]
async fn two_devices_are_kept_in_step() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let (mut phone, mut desk) = (person.connect(&server).await, person.connect(&server).await);
    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    let opened = asked!(phone, OpenConversation { shop_id: shop.id.to_string() } => Conversation);
    let id: ConversationId = opened.id.parse().unwrap();
    for text in ["one", "two", "three"] {
        eva.say(id, text).await;
    }
    phone.say(id, "mine").await;
    until(&mut desk, "mine").await;
    until(&mut eva, "mine").await;
    assert_eq!(unread(&mut phone).await, (0, 4));

    asked!(phone, MarkRead { conversation_id: opened.id.clone(), number: 3 } => Done);
    asked!(desk, MarkRead { conversation_id: opened.id.clone(), number: 2 } => Done);
    for device in [&mut phone, &mut desk] {
        assert_eq!(unread(device).await, (3, 1));
    }
    asked!(desk, MarkRead { conversation_id: opened.id.clone(), number: 999 } => Done);
    for device in [&mut phone, &mut desk] {
        assert_eq!(unread(device).await, (5, 0));
    }
    eva.say(id, "end").await;
    for line in [&mut desk, &mut eva] {
        assert_eq!(
            moves(&until(line, "end").await),
            [3, 5],
            "what went back was shown to nobody"
        );
    }
    assert_eq!(unread(&mut phone).await, (5, 1));
}

/// Of many devices at once, the one that has read furthest wins.
#[tokio::test]
async fn the_furthest_of_many_wins() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann, &bob]).await;
    for number in 1..=40 {
        says_unseen(&server, group, &bob, &number.to_string()).await;
    }
    let mut ann = ann.connect(&server).await;
    let mut ids = vec![];
    for number in [7, 40, 3, 39, 12, 25, 40, 1] {
        let request = MarkRead {
            conversation_id: group.to_string(),
            number,
        };
        ids.push(ann.client.send(Request::MarkRead(request)).await.unwrap());
    }
    for id in ids {
        ann.client.answer(id).await.unwrap();
    }
    assert_eq!(unread(&mut ann).await, (40, 0));
    let shown = moves(&ann.client.pushes_so_far());
    assert_eq!(shown.iter().max(), Some(&40));
}

/// CHAT-01: in a group only one's own devices are shown how far one has read; a count is there for all.
#[tokio::test]
async fn a_group_counts_its_readers() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let (cid, late) = (
        Person::customer(&server, "Cid").await,
        Person::customer(&server, "Dan").await,
    );
    let group = shop.group(&server, &[&ann, &bob, &cid]).await;
    let (mut desk, mut other) = (bob.connect(&server).await, cid.connect(&server).await);
    let (mut phone, mut sender) = (bob.connect(&server).await, ann.connect(&server).await);
    sender.say(group, "hello").await;
    joins(&server, group, &late, 2).await;
    asked!(phone, MarkRead { conversation_id: group.to_string(), number: 1 } => Done);
    sender.say(group, "end").await;
    assert_eq!(moves(&until(&mut desk, "end").await), [1]);
    assert_eq!(moves(&until(&mut other, "end").await), [0_u64; 0]);

    let readers =
        asked!(sender, ListReaders { conversation_id: group.to_string(), number: 1 } => ReaderPage);
    assert_eq!(
        (readers.readers, readers.members, readers.user_ids),
        (1, 2, vec![bob.id.to_string()])
    );
    let mut late = late.connect(&server).await;
    assert_eq!(
        refused!(
            late,
            ListReaders {
                conversation_id: group.to_string(),
                number: 1
            }
        ),
        Refusal::NotFound
    );
    assert_eq!(
        refused!(
            late,
            ListReaders {
                conversation_id: group.to_string(),
                number: 3
            }
        ),
        Refusal::NotFound
    );
    leaves(&server, group, &cid, 2).await;
    assert_eq!(
        refused!(
            other,
            ListReaders {
                conversation_id: group.to_string(),
                number: 1
            }
        ),
        Refusal::NotAMember
    );
}

/// Unread counts stop at a thousand, leave out one's own and what one may not see.
#[tokio::test]
async fn unread_counts_stop_at_a_thousand() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&bob]).await;
    run!(
        server,
        "select count(*) from append_messages(
           array_fill($1::uuid, array[1300]), array_fill($2::uuid, array[1300]),
           (select array_agg(n::text) from generate_series(1, 1300) n), array_fill(0::bigint, array[1300]), array_fill('x'::text, array[1300]),
           array_fill(null::bytea, array[1300]), array_fill(null::bytea, array[1300]), now())",
        group, bob.id
    );
    joins(&server, group, &ann, 201).await;
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    assert_eq!(unread(&mut ann).await, (0, 1_000));
    assert_eq!(unread(&mut bob).await, (0, 0));
    asked!(ann, MarkRead { conversation_id: group.to_string(), number: 1_000 } => Done);
    assert_eq!(unread(&mut ann).await, (1_000, 300));
    ann.say(group, "mine").await;
    assert_eq!(unread(&mut ann).await, (1_000, 300));
    assert_eq!(unread(&mut bob).await, (0, 1));
}

/// Typing is shown to those in the conversation, once a second, and never stored.
#[tokio::test]
async fn typing_is_shown_and_forgotten() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann, &bob]).await;
    leaves(&server, group, &bob, 1).await;
    let cid = Person::customer(&server, "Cid").await;
    joins(&server, group, &cid, 1).await;
    let (mut ann, mut cid, mut bob) = (
        ann.connect(&server).await,
        cid.connect(&server).await,
        bob.connect(&server).await,
    );
    asked!(ann, Type { conversation_id: group.to_string() } => Done);
    for _ in 0..20 {
        let request = proto::Type {
            conversation_id: group.to_string(),
        };
        ann.client.send(Request::Type(request)).await.unwrap();
    }
    assert_eq!(ann.say(group, "typed").await.number, 1);
    let shown = typists(&until(&mut cid, "typed").await);
    assert!((1..=3).contains(&shown), "{shown}");
    assert_eq!(
        refused!(
            bob,
            Type {
                conversation_id: group.to_string()
            }
        ),
        Refusal::NotAMember
    );
    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    assert_eq!(
        refused!(
            eva,
            Type {
                conversation_id: group.to_string()
            }
        ),
        Refusal::NotFound
    );
}

/// CHAT-13: what a customer says reaches all agents of the shop, on all their devices, and no agent of another.
#[tokio::test]
async fn all_agents_hear_the_customer() {
    let server = TestServer::start().await;
    let (tea, silk) = (
        Shop::new(&server, "Tea").await,
        Shop::new(&server, "Silk").await,
    );
    let eva = tea.agent(&server, "Eva").await;
    let mut lines = vec![eva.connect(&server).await, eva.connect(&server).await];
    lines.push(tea.agent(&server, "Tom").await.connect(&server).await);
    let mut stranger = silk.agent(&server, "Sam").await.connect(&server).await;
    let person = Person::customer(&server, "Ann").await;
    let mut ann = person.connect(&server).await;
    let opened = asked!(ann, OpenConversation { shop_id: tea.id.to_string() } => Conversation);
    ann.say(opened.id.parse().unwrap(), "hello").await;
    for line in &mut lines {
        until(line, "hello").await;
    }
    let other = asked!(ann, OpenConversation { shop_id: silk.id.to_string() } => Conversation);
    ann.say(other.id.parse().unwrap(), "silk?").await;
    let heard = until(&mut stranger, "silk?").await;
    assert!(heard.iter().all(|event| match event {
        Event::MessagePosted(posted) =>
            posted.message.as_ref().unwrap().conversation_id == other.id,
        Event::Alert(alert) => alert.conversation_id == other.id,
        _ => false,
    }));
}
