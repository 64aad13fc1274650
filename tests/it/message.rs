//! Everything that can be said: attachments, cards, quotes, mentions, forwarding; and by whom.

mod referring;

use proto::{
    Card, CardLink, LinkCard, MessageName, Refusal, SendMessage, client_frame::Request,
    reply::Answer,
};
use souk::id::ConversationId;

use crate::support::{
    Held, Person, Scene, TestServer,
    people::{Line, direct_conversation, words},
    scene,
};

/// A card within its limits.
pub fn sale(summary: &str) -> Card {
    Card {
        summary: summary.to_owned(),
        link: Some(LinkCard {
            title: "Sale".into(),
            lines: vec!["until Sunday".into()],
            picture: String::new(),
            links: vec![CardLink {
                label: "Look".into(),
                url: "https://tea.example/sale".into(),
            }],
        }),
        ..Card::default()
    }
}

/// A message without words.
pub fn wordless(conversation: ConversationId) -> SendMessage {
    words(conversation, "")
}

async fn send(line: &mut Line, request: SendMessage) -> u64 {
    match line.ask(Request::SendMessage(request)).await {
        Answer::MessageAccepted(accepted) => accepted.number,
        other => panic!("expected `message_accepted`, got {other:?}"),
    }
}

async fn refused(line: &mut Line, request: SendMessage) -> Refusal {
    line.refused(Request::SendMessage(request)).await
}

/// A picture that somebody has uploaded, as far as the database knows.
pub async fn picture_of(server: &TestServer, owner: &Person) -> String {
    let id = uuid::Uuid::now_v7();
    sqlx::query(
        "insert into files (id, owner_id, kind, name, media_type, size, width, height, thumbnail_id, created_at)
         values ($1, $2, 'picture', 'tea.png', 'image/png', 7, 40, 30, gen_random_uuid(), now())",
    )
    .bind(id)
    .bind(owner.id)
    .execute(server.server.app.store.pool())
    .await
    .expect("a file");
    id.to_string()
}

/// How many conversations may fetch a file.
pub async fn grants(server: &TestServer) -> i64 {
    sqlx::query_scalar("select count(distinct (file_id, conversation_id)) from file_grants")
        .fetch_one(server.server.app.store.pool())
        .await
        .expect("a count")
}

/// CHAT-09: a picture of one's own arrives with its size; somebody else's, or as another kind, is refused.
#[tokio::test]
async fn a_picture_is_filled_in_from_what_is_known_of_it() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let file_id = picture_of(&server, &ann).await;
    let picture = proto::Picture {
        file_id: file_id.clone(),
        width: 9_999,
        ..Default::default()
    };
    let with_picture = SendMessage {
        picture: Some(picture),
        ..wordless(conversation)
    };
    let again = SendMessage {
        client_message_id: "again".into(),
        ..with_picture.clone()
    };
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    send(&mut ann, with_picture.clone()).await;
    let seen = bob.hears().await.picture.expect("a picture");
    assert_eq!((&seen.file_id, seen.width, seen.height), (&file_id, 40, 30));
    assert!(!seen.thumbnail_id.is_empty());
    assert_eq!(grants(&server).await, 1, "those who see it may fetch it");
    send(&mut ann, again).await;
    let recall = |number| {
        Request::RecallMessage(proto::RecallMessage {
            conversation_id: conversation.to_string(),
            number,
        })
    };
    ann.ask(recall(1)).await;
    assert_eq!(grants(&server).await, 1, "another message carries it");
    ann.ask(recall(2)).await;
    assert_eq!(grants(&server).await, 0, "nobody sees it any more");

    let stolen = SendMessage {
        client_message_id: "stolen".into(),
        ..with_picture
    };
    assert_eq!(refused(&mut bob, stolen).await, Refusal::InvalidArgument);
    let voice = SendMessage {
        voice: Some(proto::Voice {
            file_id,
            length_ms: 5,
        }),
        ..wordless(conversation)
    };
    assert_eq!(refused(&mut ann, voice).await, Refusal::InvalidArgument);
}

fn carrying(conversation: ConversationId, file_id: &str) -> Request {
    let picture = proto::Picture {
        file_id: file_id.to_owned(),
        ..Default::default()
    };
    Request::SendMessage(SendMessage {
        picture: Some(picture),
        ..wordless(conversation)
    })
}

/// CHAT-09: a post that is refused gives nobody a right to its file: not to who was muted before, and not to who is muted
/// while the post is on its way.
#[tokio::test]
async fn the_file_of_a_refused_post_is_for_nobody() {
    let server = TestServer::start().await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let eve = Person::customer(&server, "Eve").await;
    let group = scene::group(&server, scene::shop(&server).await, &[&ann, &bob]).await;
    let (hers, his) = (
        picture_of(&server, &eve).await,
        picture_of(&server, &bob).await,
    );
    let mut eve = eve.connect(&server).await;
    assert_eq!(
        eve.refused(carrying(group, &hers)).await,
        Refusal::NotAMember
    );

    let mut line = bob.connect(&server).await;
    let mut held = Held::new(&server, group).await;
    let asked = line.client.send(carrying(group, &his)).await.expect("sent");
    held.until_waiting(1).await;
    sqlx::query("update memberships set muted_until = 'infinity' where user_id = $1")
        .bind(bob.id)
        .execute(held.sql())
        .await
        .expect("muted");
    held.release().await;
    match line.client.answer(asked).await.expect("an answer") {
        Answer::Refused(refused) => assert_eq!(refused.code(), Refusal::Muted),
        other => panic!("expected a refusal, got {other:?}"),
    }
    assert_eq!(line.refused(carrying(group, &his)).await, Refusal::Muted);
    assert_eq!(grants(&server).await, 0);
}

/// CHAT-09: a picture that is sent again while its first message is being recalled may be fetched.
#[tokio::test]
async fn a_picture_sent_again_outlives_the_recall_of_the_first() {
    let server = TestServer::start().await;
    let (ann, _, here) = direct_conversation(&server).await;
    let file_id = picture_of(&server, &ann).await;
    let (mut phone, mut desk) = (ann.connect(&server).await, ann.connect(&server).await);
    phone.ask(carrying(here, &file_id)).await;
    let held = Held::new(&server, here).await;
    let recall = Request::RecallMessage(proto::RecallMessage {
        conversation_id: here.to_string(),
        number: 1,
    });
    let recalled = phone.client.send(recall).await.expect("sent");
    held.until_waiting(1).await;
    let again = desk
        .client
        .send(carrying(here, &file_id))
        .await
        .expect("sent");
    held.until_waiting(2).await;
    held.release().await;
    phone.client.answer(recalled).await.expect("recalled");
    desk.client.answer(again).await.expect("accepted");
    assert_eq!(grants(&server).await, 1);
}

/// CHAT-04: staff and bots send cards, customers do not; a card without a body or beyond its limits is refused.
#[tokio::test]
async fn only_bots_and_staff_send_cards() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut agent = scene.agent.connect(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    let with_card = |card: Card| SendMessage {
        card: Some(card),
        ..wordless(scene.conversation)
    };
    send(&mut agent, with_card(sale("Tea, half price"))).await;
    let heard = ann.hears().await;
    assert_eq!(heard.card, Some(sale("Tea, half price")));
    assert_eq!(heard.text, "Tea, half price", "lists show the summary");
    assert_eq!(heard.sender.unwrap().shop_id, scene.shop.to_string());

    assert_eq!(
        refused(&mut ann, with_card(sale("Mine"))).await,
        Refusal::Forbidden
    );
    for wrong in [
        sale(""),
        sale("a\0b"),
        Card {
            link: None,
            ..sale("no body")
        },
    ] {
        let code = refused(&mut agent, with_card(wrong)).await;
        assert_eq!(code, Refusal::InvalidArgument);
    }
    let captioned = SendMessage {
        text: "and".into(),
        ..with_card(sale("Tea"))
    };
    assert_eq!(
        refused(&mut agent, captioned).await,
        Refusal::InvalidArgument
    );
}

/// Nothing empty, nothing with NUL, one thing at a time.
#[tokio::test]
async fn malformed_messages_are_refused_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut ann = ann.connect(&server).await;
    let plain = || words(conversation, "x");
    let forward = Some(MessageName::default());
    let wrong = [
        wordless(conversation),
        words(conversation, "a\0b"),
        words(conversation, &"字".repeat(8_001)),
        SendMessage {
            client_message_id: String::new(),
            ..plain()
        },
        SendMessage {
            client_message_id: "a\0".into(),
            ..plain()
        },
        SendMessage {
            client_message_id: "x".repeat(65),
            ..plain()
        },
        SendMessage {
            conversation_id: "here".into(),
            ..plain()
        },
        SendMessage {
            forward: forward.clone(),
            ..plain()
        },
        SendMessage {
            picture: Some(proto::Picture::default()),
            file: Some(proto::File::default()),
            ..plain()
        },
        SendMessage {
            forward,
            ..wordless(conversation)
        },
    ];
    for request in wrong {
        let shown = format!("{request:?}");
        assert_eq!(
            refused(&mut ann, request).await,
            Refusal::InvalidArgument,
            "{shown}"
        );
    }
    assert_eq!(ann.say(conversation, "fine").await.number, 1);
}
