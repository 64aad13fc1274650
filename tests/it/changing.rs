//! What was said changes in place, by rule, and the record keeps what it was.

mod evidence;
mod order;
mod quote;

use jiff::SignedDuration;
use proto::{
    EditMessage, Message, PinMessage, React, RecallMessage, RedrawCard, Refusal, SendMessage,
    client_frame::Request, push::Event, reply::Answer,
};
use serde_json::json;
use souk::id::ConversationId;

use crate::{
    message::{grants, picture_of, sale, wordless},
    support::{
        Person, Scene, TestServer,
        people::{Line, direct_conversation},
        scene,
    },
};

fn edit(conversation: ConversationId, number: u64, text: &str) -> Request {
    Request::EditMessage(EditMessage {
        conversation_id: conversation.to_string(),
        number,
        text: text.into(),
    })
}

fn recall(conversation: ConversationId, number: u64) -> Request {
    Request::RecallMessage(RecallMessage {
        conversation_id: conversation.to_string(),
        number,
    })
}

fn react(conversation: ConversationId, number: u64, emoji: &str, remove: bool) -> Request {
    Request::React(React {
        conversation_id: conversation.to_string(),
        number,
        emoji: emoji.into(),
        remove,
    })
}

fn pin(conversation: ConversationId, number: u64, pinned: bool) -> Request {
    Request::PinMessage(PinMessage {
        conversation_id: conversation.to_string(),
        number,
        pinned,
    })
}

async fn done(line: &mut Line, request: Request) {
    let answer = line.ask(request).await;
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
}

/// The next message that is shown anew.
async fn sees_change(line: &mut Line) -> Message {
    loop {
        if let Event::MessageChanged(changed) = line.client.next_push().await.expect("a push") {
            return changed.message.expect("a message");
        }
    }
}

/// CHAT-08: the sender corrects within the time allowed; others, later, and the same words again do not count.
#[tokio::test]
async fn a_sender_edits_in_time() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(conversation, "helo").await;
    done(&mut ann, edit(conversation, 1, "hello")).await;
    done(&mut ann, edit(conversation, 1, "hello")).await;
    let seen = sees_change(&mut bob).await;
    assert_eq!(
        (&seen.text[..], seen.version, seen.revision),
        ("hello", 2, 1)
    );
    assert!(seen.edited_at > 0);
    let denied = bob.refused(edit(conversation, 1, "no")).await;
    assert_eq!(denied, Refusal::NotTheSender);
    assert_eq!(
        ann.refused(edit(conversation, 1, " ")).await,
        Refusal::InvalidArgument
    );
    assert_eq!(
        ann.refused(edit(conversation, 2, "x")).await,
        Refusal::NotFound
    );
    server.clock.advance(SignedDuration::from_mins(16));
    let late = ann.refused(edit(conversation, 1, "later")).await;
    assert_eq!(late, Refusal::EditTooLate);
    assert_eq!(bob.say(conversation, "ok").await.number, 2);
}

/// I-9: a newcomer is not shown how a message from before their time was changed.
#[tokio::test]
async fn a_newcomer_does_not_see_old_messages_change() {
    let server = TestServer::start().await;
    let ann = Person::customer(&server, "Ann").await;
    let group = scene::group(&server, scene::shop(&server).await, &[&ann]).await;
    let mut ann = ann.connect(&server).await;
    ann.say(group, "before").await;
    let bob = Person::customer(&server, "Bob").await;
    scene::join(&server, group, &bob, 1).await;
    let mut bob = bob.connect(&server).await;
    ann.say(group, "after").await;
    done(&mut ann, edit(group, 1, "a secret of the old days")).await;
    done(&mut ann, edit(group, 2, "after all")).await;
    let seen = sees_change(&mut bob).await;
    assert_eq!((seen.number, &seen.text[..]), (2, "after all"));
}

/// CHAT-08: what is recalled is gone from history, from its pins, from quotes made later, and not changed again.
#[tokio::test]
async fn a_recalled_message_is_blank_everywhere() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let bob_rest = server.rest().by(&bob);
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(conversation, "a secret").await;
    done(&mut bob, pin(conversation, 1, true)).await;
    assert!(sees_change(&mut ann).await.pinned);
    let denied = bob.refused(recall(conversation, 1)).await;
    assert_eq!(denied, Refusal::NotTheSender);
    done(&mut ann, recall(conversation, 1)).await;
    done(&mut ann, recall(conversation, 1)).await;
    let seen = sees_change(&mut ann).await;
    assert_eq!(
        (&seen.text[..], seen.recalled, seen.pinned, seen.version),
        ("", true, false, 2)
    );
    for request in [
        edit(conversation, 1, "x"),
        react(conversation, 1, "👍", false),
        pin(conversation, 1, true),
    ] {
        assert_eq!(ann.refused(request).await, Refusal::AlreadyRecalled);
    }
    let path = format!("/conversations/{conversation}/messages");
    let answer = json!({"client_message_id": "1", "text": "what?", "quote": 1});
    bob_rest.post(&path, answer).await.ok();
    loop {
        let heard = bob.hears().await;
        if let Some(quote) = heard.quote {
            assert_eq!(quote.excerpt, "");
            break;
        }
    }
    ann.say(conversation, "another").await;
    server.clock.advance(SignedDuration::from_mins(3));
    let late = ann.refused(recall(conversation, 3)).await;
    assert_eq!(late, Refusal::RecallTooLate);
}

/// CHAT-08, SEC-03: who moderates takes back what others said, at any time, and it is recorded; an agent may not.
#[tokio::test]
async fn a_moderator_recalls_and_it_is_recorded() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    ann.say(scene.conversation, "rude words").await;
    server.clock.advance(SignedDuration::from_hours(20));
    let path = format!("/conversations/{}/messages/1", scene.conversation);
    let mut agent = scene.agent.connect(&server).await;
    let denied = agent.refused(recall(scene.conversation, 1)).await;
    assert_eq!(denied, Refusal::NotTheSender);
    let mut operator = scene.operator.connect(&server).await;
    done(&mut operator, recall(scene.conversation, 1)).await;
    let (action, target): (String, String) = sqlx::query_as(
        "select action, target from audit_entries where actor_id = $1 and shop_id = $2",
    )
    .bind(scene.operator.id)
    .bind(scene.shop)
    .fetch_one(server.server.app.store.pool())
    .await
    .expect("one entry");
    assert_eq!(action, "message.recalled");
    assert!(target.ends_with("/1"), "{target}");
    assert_eq!(server.rest().get(&path).await.status / 100, 4);
}

/// CHAT-08: signs are counted for everybody, five of one person and twenty different ones at most.
#[tokio::test]
async fn signs_are_counted_and_bounded() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let rest = server.rest().by(&bob);
    let mut ann = ann.connect(&server).await;
    ann.say(conversation, "good?").await;
    done(&mut ann, react(conversation, 1, "👍", false)).await;
    let path = format!("/conversations/{conversation}/messages/1/reactions");
    let shown = rest
        .put(&format!("{path}/%F0%9F%91%8D"), json!(null))
        .await
        .ok();
    assert_eq!(shown["reactions"][0]["count"], 2);
    let again = rest
        .put(&format!("{path}/%F0%9F%91%8D"), json!(null))
        .await
        .ok();
    assert_eq!(again["revision"], shown["revision"], "nothing changed");
    for sign in ["a", "b", "c", "d"] {
        done(&mut ann, react(conversation, 1, sign, false)).await;
    }
    for sign in ["e", "", "a b"] {
        let code = ann.refused(react(conversation, 1, sign, false)).await;
        assert_eq!(code, Refusal::InvalidArgument, "{sign}");
    }
    done(&mut ann, react(conversation, 1, "👍", true)).await;
    let left = rest.delete(&format!("{path}/%F0%9F%91%8D")).await.ok();
    assert_eq!(left["reactions"].as_array().unwrap().len(), 4);
}

/// GRP-02: in a group its owner pins, in a shop's conversation its staff, fifty messages at most.
#[tokio::test]
async fn pins_are_for_those_who_lead() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let bob = Person::customer(&server, "Bob").await;
    let group = scene::group(&server, scene.shop, &[&scene.customer, &bob]).await;
    let (mut owner, mut bob) = (
        scene.customer.connect(&server).await,
        bob.connect(&server).await,
    );
    for place in 1..=51 {
        owner.say(group, &place.to_string()).await;
    }
    assert_eq!(bob.refused(pin(group, 1, true)).await, Refusal::Forbidden);
    for number in 1..=50 {
        done(&mut owner, pin(group, number, true)).await;
    }
    assert_eq!(
        owner.refused(pin(group, 51, true)).await,
        Refusal::InvalidArgument
    );
    done(&mut owner, pin(group, 7, false)).await;
    done(&mut owner, pin(group, 51, true)).await;

    owner.say(scene.conversation, "to the shop").await;
    let denied = owner.refused(pin(scene.conversation, 1, true)).await;
    assert_eq!(denied, Refusal::Forbidden);
    let mut agent = scene.agent.connect(&server).await;
    done(&mut agent, pin(scene.conversation, 1, true)).await;
}

/// CHAT-04: a card is replaced in place, by its sender or the shop's staff; its version rises and its summary follows.
#[tokio::test]
async fn a_card_is_redrawn_in_place() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let here = scene.conversation;
    let mut ann = scene.customer.connect(&server).await;
    let mut agent = scene.agent.connect(&server).await;
    let mut operator = scene.operator.connect(&server).await;
    let card = SendMessage {
        card: Some(sale("37 left")),
        ..wordless(here)
    };
    agent.ask(Request::SendMessage(card)).await;
    agent.say(here, "plain").await;
    let redraw = |number, summary: &str| {
        Request::RedrawCard(RedrawCard {
            conversation_id: here.to_string(),
            number,
            card: Some(sale(summary)),
        })
    };
    done(&mut agent, redraw(1, "36 left")).await;
    done(&mut operator, redraw(1, "35 left")).await;
    done(&mut operator, redraw(1, "35 left")).await;
    let seen = [sees_change(&mut ann).await, sees_change(&mut ann).await];
    assert_eq!(
        seen.each_ref().map(|one| (one.version, one.revision)),
        [(2, 1), (3, 2)]
    );
    assert_eq!(seen[1].card, Some(sale("35 left")));
    assert_eq!(seen[1].text, "35 left");
    assert_eq!(
        ann.refused(redraw(1, "0 left")).await,
        Refusal::NotTheSender
    );
    assert_eq!(agent.refused(redraw(2, "x")).await, Refusal::NotEditable);
    assert_eq!(
        agent.refused(edit(here, 1, "x")).await,
        Refusal::NotEditable
    );
}

/// CHAT-04, CHAT-09: a card drawn with another picture carries that one only, and none after it was recalled.
#[tokio::test]
async fn a_card_carries_the_picture_that_it_shows() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut agent = scene.agent.connect(&server).await;
    let mut with_picture = sale("37 left");
    let mut card = async |agent: &mut Line, number: u64| {
        let picture = picture_of(&server, &scene.agent).await;
        with_picture.link.get_or_insert_default().picture = picture;
        let card = Some(with_picture.clone());
        agent
            .ask(match number {
                0 => Request::SendMessage(SendMessage {
                    card,
                    ..wordless(scene.conversation)
                }),
                number => Request::RedrawCard(RedrawCard {
                    conversation_id: scene.conversation.to_string(),
                    number,
                    card,
                }),
            })
            .await
    };
    assert!(matches!(
        card(&mut agent, 0).await,
        Answer::MessageAccepted(_)
    ));
    assert!(matches!(card(&mut agent, 1).await, Answer::Done(_)));
    assert_eq!(grants(&server).await, 1, "the second picture alone");
    done(&mut agent, recall(scene.conversation, 1)).await;
    assert_eq!(grants(&server).await, 0);
}

/// I-9: to a stranger, and to who has left, there is nothing to change.
#[tokio::test]
async fn a_stranger_changes_nothing() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let (ann, bob) = (&scene.customer, Person::customer(&server, "Bob").await);
    let group = scene::group(&server, scene.shop, &[ann, &bob]).await;
    let mut bob_line = bob.connect(&server).await;
    bob_line.say(group, "mine").await;
    let mut eve = Person::customer(&server, "Eve")
        .await
        .connect(&server)
        .await;
    for request in [
        edit(group, 1, "x"),
        recall(group, 1),
        react(group, 1, "x", false),
        pin(group, 1, true),
    ] {
        assert_eq!(eve.refused(request).await, Refusal::NotFound);
    }
    scene::leave(&server, group, &bob).await;
    for request in [
        edit(group, 1, "x"),
        recall(group, 1),
        react(group, 1, "x", false),
    ] {
        assert_eq!(bob_line.refused(request).await, Refusal::NotAMember);
    }
}
