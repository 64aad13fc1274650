//! People talk: durable, dense, in order, once.

use loadtest::Format;
use proto::{Refusal, client_frame::Request, reply::Answer};
use souk::id::ConversationId;

use crate::support::{
    Person, TestServer,
    people::{direct_conversation, words},
};

#[tokio::test]
async fn what_one_says_the_other_hears() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let mut ann = ann.connect(&server).await;
    let mut bob = bob.connect_as(&server, Format::Json).await;

    let accepted = ann.say(conversation, "你好").await;
    assert_eq!(accepted.number, 1);
    for line in [&mut ann, &mut bob] {
        let heard = line.hears().await;
        assert_eq!((heard.number, &heard.text[..]), (1, "你好"));
        assert_eq!(heard.sender.unwrap().name, "Ann");
    }
    assert_eq!(bob.say(conversation, "hello").await.number, 2);
    server.stop().await;
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_another_body_is_refused() {
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut ann = ann.connect(&server).await;
    let first = words(conversation, "once");
    let answer = ann.ask(Request::SendMessage(first.clone())).await;
    assert!(matches!(&answer, Answer::MessageAccepted(accepted) if accepted.number == 1));
    assert_eq!(ann.ask(Request::SendMessage(first.clone())).await, answer);
    let other = proto::SendMessage {
        text: "twice".into(),
        ..first
    };
    assert_eq!(
        ann.refused(Request::SendMessage(other)).await,
        Refusal::ClientMessageIdReused
    );
    assert_eq!(ann.say(conversation, "next").await.number, 2);
}

#[tokio::test]
async fn a_stranger_cannot_speak() {
    let server = TestServer::start().await;
    let (_, _, conversation) = direct_conversation(&server).await;
    let mut eve = Person::customer(&server, "Eve")
        .await
        .connect(&server)
        .await;
    assert_eq!(
        eve.refused(Request::SendMessage(words(conversation, "hi")))
            .await,
        Refusal::NotAMember
    );
    let nowhere = words(ConversationId::new(), "hi");
    assert_eq!(
        eve.refused(Request::SendMessage(nowhere)).await,
        Refusal::NotFound
    );
}
