//! People come back and get what they missed.

use proto::{CatchUp, Cursor, Refusal, Resumed, client_frame::Request};
use souk::id::ConversationId;

use crate::support::{
    Person, Shop, TestServer,
    asking::{asked, refused},
    people::Line,
    shop::{edits_unseen, joins, leaves, run, says_unseen},
};

pub fn cursor(conversation: ConversationId, number: u64, revision: u64) -> Cursor {
    Cursor {
        conversation_id: conversation.to_string(),
        number,
        revision,
    }
}

async fn resume(line: &mut Line, cursors: Vec<Cursor>) -> Resumed {
    asked!(line, Resume { cursors: cursors } => Resumed)
}

fn numbers(caught_up: &CatchUp) -> Vec<u64> {
    caught_up
        .messages
        .iter()
        .map(|message| message.number)
        .collect()
}

/// CHAT-12, I-1, I-3: what was said and changed while away comes once and in order.
#[tokio::test]
async fn who_comes_back_gets_what_was_missed() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    let mut ann = person.connect(&server).await;
    let opened = asked!(ann, OpenConversation { shop_id: shop.id.to_string() } => Conversation);
    let id: ConversationId = opened.id.parse().unwrap();
    eva.say(id, "your order is on its way").await;
    eva.say(id, "and the tea is packed").await;
    ann.client.close().await.unwrap();

    for number in 0..20 {
        eva.say(id, &format!("news {number}")).await;
    }
    edits_unseen(&server, id, 3, "the tea is shipped").await;
    edits_unseen(&server, id, 2, "the order is done").await;

    let mut ann = person.connect(&server).await;
    let resumed = resume(&mut ann, vec![cursor(id, 3, 0)]).await;
    assert!(!resumed.more);
    let missed = &resumed.conversations[0];
    assert_eq!(numbers(missed), (4..=23).collect::<Vec<_>>());
    let changed: Vec<_> = missed
        .changed
        .iter()
        .map(|one| (one.revision, &one.text[..]))
        .collect();
    assert_eq!(
        changed,
        [(1, "the tea is shipped"), (2, "the order is done")]
    );
    assert_eq!(missed.cursor, Some(cursor(id, 23, 2)));

    let again = resume(&mut ann, vec![missed.cursor.clone().unwrap()]).await;
    assert!(
        again.conversations[0].messages.is_empty() && again.conversations[0].changed.is_empty()
    );
    assert_eq!(again.conversations[0].cursor, missed.cursor);
}

/// CHAT-12: many conversations share a page; who asks again with the cursors gets the rest.
#[tokio::test]
async fn pages_are_bounded_over_all_conversations() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let mut cursors = vec![];
    for _ in 0..5 {
        let group = shop.group(&server, &[&person]).await;
        for number in 1..=6 {
            says_unseen(&server, group, &person, &number.to_string()).await;
        }
        cursors.push(cursor(group, 0, 0));
    }
    let mut ann = person.connect(&server).await;
    let mut pages = vec![];
    loop {
        let resumed = asked!(ann, Resume { cursors: cursors.clone(), limit: 8 } => Resumed);
        assert_eq!(resumed.conversations.len(), 5);
        pages.push(
            resumed
                .conversations
                .iter()
                .map(|one| one.messages.len())
                .sum::<usize>(),
        );
        for (cursor, one) in cursors.iter_mut().zip(&resumed.conversations) {
            *cursor = one.cursor.clone().unwrap();
            assert_eq!(one.head.as_ref().unwrap().number, 6);
            assert_eq!(one.more, cursor.number < 6);
        }
        if !resumed.more {
            break;
        }
    }
    assert_eq!(pages, [8, 8, 8, 6]);
}

/// I-9: who has left gets what they missed while in it, and then only that they have left.
#[tokio::test]
async fn who_has_left_gets_the_end_of_their_time() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann, &bob]).await;
    for number in 1..=9 {
        says_unseen(&server, group, &ann, &number.to_string()).await;
    }
    leaves(&server, group, &bob, 6).await;
    edits_unseen(&server, group, 2, "two").await;
    edits_unseen(&server, group, 8, "eight").await;
    let mut bob = bob.connect(&server).await;
    let first = asked!(bob, Resume { cursors: vec![cursor(group, 3, 0)], limit: 3 } => Resumed);
    assert!(!first.conversations[0].left && first.more, "{first:?}");
    let rest = resume(
        &mut bob,
        vec![first.conversations[0].cursor.clone().unwrap()],
    )
    .await;
    let mut got = numbers(&first.conversations[0]);
    got.extend(numbers(&rest.conversations[0]));
    assert_eq!(got, [4, 5, 6]);
    let changed = first.conversations[0]
        .changed
        .iter()
        .chain(&rest.conversations[0].changed);
    assert_eq!(changed.map(|one| one.number).collect::<Vec<_>>(), [2]);
    assert!(rest.conversations[0].left && !rest.more);
    assert_eq!(rest.conversations[0].head.as_ref().unwrap().number, 6);
}

/// I-9: a stranger cannot tell a conversation from none.
#[tokio::test]
async fn a_stranger_learns_nothing() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let ann = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &[&ann]).await;
    says_unseen(&server, group, &ann, "secret").await;
    let nowhere = ConversationId::new();
    let mut eva = shop.agent(&server, "Eva").await.connect(&server).await;
    let resumed = resume(&mut eva, vec![cursor(group, 0, 0), cursor(nowhere, 0, 0)]).await;
    let nothing = |id: ConversationId| CatchUp {
        conversation_id: id.to_string(),
        left: true,
        ..CatchUp::default()
    };
    assert_eq!(resumed.conversations, [nothing(group), nothing(nowhere)]);
}

/// CHAT-12: a cursor ahead of the log is taken as its end; who joined late begins there.
#[tokio::test]
async fn odd_cursors_do_no_harm() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann]).await;
    for number in 1..=5 {
        says_unseen(&server, group, &ann, &number.to_string()).await;
    }
    edits_unseen(&server, group, 1, "one").await;
    joins(&server, group, &bob, 4).await;
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    let ahead = resume(&mut ann, vec![cursor(group, u64::MAX, u64::MAX)]).await;
    assert_eq!(ahead.conversations[0].cursor, Some(cursor(group, 5, 1)));
    let late = resume(&mut bob, vec![cursor(group, 0, 0)]).await;
    assert_eq!(numbers(&late.conversations[0]), [4, 5]);
    assert_eq!(late.conversations[0].cursor, Some(cursor(group, 5, 1)));
    assert_eq!(
        refused!(
            ann,
            Resume {
                cursors: vec![cursor(group, 0, 0); 2]
            }
        ),
        Refusal::InvalidArgument
    );
    assert_eq!(
        refused!(
            ann,
            Resume {
                cursors: vec![Cursor::default()]
            }
        ),
        Refusal::InvalidArgument
    );
    assert_eq!(
        refused!(ann, Resume { limit: 1_001 }),
        Refusal::InvalidArgument
    );
    let many = (0..501)
        .map(|_| cursor(ConversationId::new(), 0, 0))
        .collect();
    assert_eq!(
        refused!(ann, Resume { cursors: many }),
        Refusal::InvalidArgument
    );
}

/// CHAT-12: however much was missed, and however long the messages, a small queue takes it page by page.
#[tokio::test]
async fn a_flood_of_long_messages_is_caught_up_with() {
    let server = TestServer::with(|config| config.limits.queue_bytes = 400_000).await;
    let shop = Shop::new(&server, "Tea").await;
    let person = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &[&person]).await;
    let long = "长".repeat(8_000);
    for _ in 0..30 {
        says_unseen(&server, group, &person, &long).await;
    }
    let mut ann = person.connect(&server).await;
    let (mut at, mut got) = (cursor(group, 0, 0), vec![]);
    loop {
        let resumed = resume(&mut ann, vec![at]).await;
        got.extend(numbers(&resumed.conversations[0]));
        at = resumed.conversations[0].cursor.clone().unwrap();
        if !resumed.more {
            break;
        }
    }
    assert_eq!(got, (1..=30).collect::<Vec<_>>());

    run!(server, "with c as (update conversations set revision = revision + 30 where id = $1)
        update messages set text = text || '!', version = 2, revision = number where conversation_id = $1", group);
    let mut changed = vec![];
    loop {
        let request = proto::Resume {
            cursors: vec![at],
            ..Default::default()
        };
        let proto::reply::Answer::Resumed(resumed) = ann.ask(Request::Resume(request)).await else {
            panic!()
        };
        changed.extend(
            resumed.conversations[0]
                .changed
                .iter()
                .map(|one| one.revision),
        );
        at = resumed.conversations[0].cursor.clone().unwrap();
        if !resumed.more {
            break;
        }
    }
    assert_eq!(changed, (1..=30).collect::<Vec<_>>());
}
