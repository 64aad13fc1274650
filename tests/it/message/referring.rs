//! What a message refers to: an earlier one, people, the same message sent before.

use proto::{MessageName, Refusal, SendMessage, client_frame::Request, reply::Answer};
use serde_json::json;
use souk::id::ConversationId;

use super::{refused, send, wordless};
use crate::support::{
    Person, Scene, TestServer,
    people::{direct_conversation, words},
    scene,
};

/// CHAT-09, I-9: a quote carries who and what, of what its sender can see and of nothing else.
#[tokio::test]
async fn an_answer_quotes_what_its_sender_can_see() {
    let server = TestServer::start().await;
    let shop = scene::shop(&server).await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = scene::group(&server, shop, &[&ann]).await;
    let mut ann_line = ann.connect(&server).await;
    ann_line.say(group, "before Bob came").await;
    scene::join(&server, group, &bob, 1).await;
    ann_line.say(group, &"茶".repeat(300)).await;

    let mut bob = bob.connect(&server).await;
    let quoting = |number| SendMessage {
        quote: Some(number),
        ..words(group, "yes")
    };
    send(&mut bob, quoting(2)).await;
    let quote = bob.hears().await.quote.expect("a quote");
    assert_eq!(quote.excerpt, "茶".repeat(200));
    assert_eq!(quote.sender.unwrap().name, "Ann");
    for unseen in [0, 1, 99] {
        assert_eq!(
            refused(&mut bob, quoting(unseen)).await,
            Refusal::InvalidArgument
        );
    }
}

/// GRP-01: a mention calls somebody who is here; everybody is called by those who lead.
#[tokio::test]
async fn mentions_call_those_who_are_here() {
    let server = TestServer::start().await;
    let shop = scene::shop(&server).await;
    let people = ["Ann", "Bob", "Eve"].map(|name| Person::customer(&server, name));
    let [ann, bob, eve] = people;
    let (ann, bob, eve) = (ann.await, bob.await, eve.await);
    let group = scene::group(&server, shop, &[&ann, &bob]).await;
    let mentioning = |ids: Vec<String>| SendMessage {
        mentions: ids,
        ..words(group, "look")
    };
    let bob_id = bob.id.to_string();
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    send(&mut ann, mentioning(vec![bob_id.clone(), bob_id.clone()])).await;
    assert_eq!(bob.hears().await.mentions, std::slice::from_ref(&bob_id));
    for wrong in [
        vec![eve.id.to_string()],
        vec!["bob".into()],
        vec![bob_id; 51],
    ] {
        assert_eq!(
            refused(&mut ann, mentioning(wrong)).await,
            Refusal::InvalidArgument
        );
    }
    let everybody = SendMessage {
        mention_everybody: true,
        ..words(group, "all")
    };
    assert_eq!(
        refused(&mut bob, everybody.clone()).await,
        Refusal::Forbidden
    );
    send(&mut ann, everybody).await;
    assert!(bob.hears().await.mention_everybody);
}

/// CHAT-09: forwarding takes the words of a message that the sender can see and names who said them first.
#[tokio::test]
async fn a_forwarded_message_names_who_said_it_first() {
    let server = TestServer::start().await;
    let (ann, bob, here) = direct_conversation(&server).await;
    let scene = Scene::new(&server).await;
    let forwarding = |there: ConversationId, number: u64, here: ConversationId| SendMessage {
        forward: Some(MessageName {
            conversation_id: there.to_string(),
            number,
        }),
        ..wordless(here)
    };
    let mut stranger = scene.customer.connect(&server).await;
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(here, "the original").await;
    bob.hears().await;
    send(&mut bob, forwarding(here, 1, here)).await;
    send(&mut ann, forwarding(here, 2, here)).await;
    for _ in 0..2 {
        let heard = bob.hears().await;
        assert_eq!(heard.text, "the original");
        assert_eq!(heard.forwarded.unwrap().sender.unwrap().name, "Ann");
    }
    let unseen = forwarding(here, 1, scene.conversation);
    assert_eq!(
        refused(&mut stranger, unseen).await,
        Refusal::InvalidArgument
    );
    let request = proto::RecallMessage {
        conversation_id: here.to_string(),
        number: 1,
    };
    ann.ask(Request::RecallMessage(request)).await;
    let recalled = forwarding(here, 1, here);
    assert_eq!(refused(&mut bob, recalled).await, Refusal::AlreadyRecalled);
}

/// I-8: the answer to a retry is the first one, though what it refers to is gone; another body is refused.
#[tokio::test]
async fn a_retry_is_known_though_what_it_quotes_is_gone() {
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let rest = server.rest().by(&ann);
    let path = format!("/conversations/{conversation}/messages");
    rest.post(&path, json!({"client_message_id": "1", "text": "first"}))
        .await
        .ok();
    let quoting = json!({"client_message_id": "2", "text": "second", "quote": 1});
    let answer = rest.post(&path, quoting.clone()).await.ok();
    assert_eq!(answer["number"], 2);
    rest.delete(&format!("{path}/1")).await.ok();
    assert_eq!(rest.post(&path, quoting).await.ok(), answer);
    let other = json!({"client_message_id": "2", "text": "other", "quote": 1});
    let refused = rest.post(&path, other).await;
    assert_eq!(refused.refused(), "client_message_id_reused");
    let elsewhere = json!({"conversation_id": "x", "client_message_id": "3", "text": "elsewhere"});
    assert_eq!(
        rest.post(&path, elsewhere).await.refused(),
        "invalid_argument"
    );
}

/// I-7: plain words do not overtake what has to be looked up, on one socket.
#[tokio::test]
async fn pipelined_sends_keep_their_order_whatever_they_carry() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let bob_id = bob.id.to_string();
    let mut ann = ann.connect(&server).await;
    let mut asked = vec![];
    for place in 0..60 {
        let request = SendMessage {
            mentions: if place % 3 == 0 {
                vec![bob_id.clone()]
            } else {
                vec![]
            },
            ..words(conversation, &place.to_string())
        };
        asked.push(
            ann.client
                .send(Request::SendMessage(request))
                .await
                .unwrap(),
        );
    }
    for (place, id) in asked.into_iter().enumerate() {
        match ann.client.answer(id).await.unwrap() {
            Answer::MessageAccepted(accepted) => assert_eq!(accepted.number, place as u64 + 1),
            other => panic!("{other:?}"),
        }
    }
}
