//! What is too much for one socket or one person.

use loadtest::{Client, Format};
use proto::{Authenticate, Ping, Refusal, client_frame::Request, reply::Answer};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Person, TestServer, eventually,
    people::{Line, direct_conversation, words},
};

fn ping() -> Request {
    Request::Ping(Ping {})
}

/// The code with which the server closes.
async fn close_code(client: &mut Client) -> u16 {
    client.closed().await.expect("a close").code
}

/// Who opens too many sockets loses the oldest, and is told why.
#[tokio::test]
async fn the_oldest_socket_gives_way() {
    let server = TestServer::with(|config| config.limits.sockets_per_user = 2).await;
    let ann = Person::customer(&server, "Ann").await;
    let mut lines = vec![];
    for _ in 0..4 {
        lines.push(ann.connect(&server).await);
    }
    assert_eq!(close_code(&mut lines[0].client).await, 4103);
    assert_eq!(close_code(&mut lines[1].client).await, 4103);
    for line in &mut lines[2..] {
        assert!(matches!(line.ask(ping()).await, Answer::Pong(_)));
    }
    eventually(async || server.server.hub.len() == 2).await;
}

/// Who sends too fast hears when to come again; others do not notice, and the socket lives.
#[tokio::test]
async fn a_hasty_sender_waits_alone() {
    let server = TestServer::with(|config| config.limits.sends_per_second = 1).await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let (mut phone, mut desk) = (ann.connect(&server).await, ann.connect(&server).await);
    let mut bob = bob.connect(&server).await;
    for _ in 0..5 {
        phone.say(conversation, "one of ten").await;
        desk.say(conversation, "one of ten").await;
    }
    match phone
        .ask(Request::SendMessage(words(conversation, "too many")))
        .await
    {
        Answer::Refused(refused) => {
            assert_eq!(refused.code(), Refusal::RateLimited);
            assert!((1..=1_000).contains(&refused.retry_after_ms));
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
    assert_eq!(bob.say(conversation, "mine").await.number, 11);
    assert!(matches!(phone.ask(ping()).await, Answer::Pong(_)));
}

/// Requests beyond the pace of one socket are refused; its sends are not among them.
#[tokio::test]
async fn a_hasty_asker_is_refused() {
    let server = TestServer::with(|config| config.limits.requests_per_second = 1).await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut line = ann.connect(&server).await;
    for _ in 0..3 {
        assert!(matches!(line.ask(ping()).await, Answer::Pong(_)));
    }
    assert_eq!(line.refused(ping()).await, Refusal::RateLimited);
    line.say(conversation, "still here").await;
    let mut other = ann.connect(&server).await;
    assert!(matches!(other.ask(ping()).await, Answer::Pong(_)));
}

async fn one_a_second() -> (TestServer, Line) {
    let server = TestServer::with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.sends_per_second = 1;
    })
    .await;
    let line = Person::customer(&server, "Ann")
        .await
        .connect(&server)
        .await;
    (server, line)
}

/// Ten times the pace for five seconds is a flood and ends the socket, by requests or by control frames.
#[tokio::test]
async fn a_flood_is_cut_off() {
    let (_server, mut line) = one_a_second().await;
    for _ in 0..150 {
        if line.client.send(ping()).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut line.client).await, 4104);

    let (_server, mut line) = one_a_second().await;
    for _ in 0..150 {
        let control = Message::Ping(Vec::new().into());
        if line.client.send_raw(control).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut line.client).await, 4104);
}

/// More under way than allowed waits, and is answered.
#[tokio::test]
async fn what_is_too_much_at_once_waits_its_turn() {
    let server = TestServer::with(|config| config.limits.requests_under_way = 1).await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut line = ann.connect(&server).await;
    let mut ids = vec![];
    for _ in 0..20 {
        let request = Request::SendMessage(words(conversation, "in turn"));
        ids.push(line.client.send(request).await.unwrap());
        ids.push(line.client.send(ping()).await.unwrap());
    }
    for id in ids {
        assert!(!matches!(
            line.client.answer(id).await.unwrap(),
            Answer::Refused(_)
        ));
    }
}

/// A frame that is too large ends the socket with 1009; one that is too large before it is known who speaks, with 4100.
#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_socket() {
    let server = TestServer::start().await;
    let ann = Person::customer(&server, "Ann").await;
    let mut line = ann.connect(&server).await;
    let large = Message::Binary(vec![0; 65_537].into());
    line.client.send_raw(large).await.unwrap();
    assert_eq!(close_code(&mut line.client).await, 1009);

    let mut stranger = Client::open(&server.socket_url(), Format::Binary)
        .await
        .unwrap();
    let request = Authenticate {
        token: "x".repeat(5_000),
        ..Authenticate::default()
    };
    stranger.send(Request::Authenticate(request)).await.unwrap();
    assert_eq!(close_code(&mut stranger).await, 4100);
}

/// Whoever does not say in time who they are, or says something else first, is sent away; no line is left behind.
#[tokio::test]
async fn the_first_frame_says_who_is_there() {
    let server = TestServer::with(|config| config.limits.first_frame_ms = 2_000).await;
    let mut silent = Client::open(&server.socket_url(), Format::Json)
        .await
        .unwrap();
    assert_eq!(close_code(&mut silent).await, 4003);
    let mut hasty = Client::open(&server.socket_url(), Format::Json)
        .await
        .unwrap();
    hasty.send(ping()).await.unwrap();
    assert_eq!(close_code(&mut hasty).await, 4100);
    let mut other = Client::open(&server.socket_url(), Format::Json)
        .await
        .unwrap();
    other
        .send_raw(Message::Binary(vec![8, 1].into()))
        .await
        .unwrap();
    assert_eq!(close_code(&mut other).await, 4100);
    assert!(server.server.hub.is_empty());
}

/// JSON of any depth is answered with a refusal; the socket lives.
#[tokio::test]
async fn deep_json_is_refused() {
    let server = TestServer::start().await;
    let ann = Person::customer(&server, "Ann").await;
    let mut line = ann.connect_as(&server, Format::Json).await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = open.repeat(10_000) + "1" + &close.repeat(10_000);
        let text = format!("{{\"id\":7,\"ping\":{deep}}}");
        line.client
            .send_raw(Message::Text(text.into()))
            .await
            .unwrap();
        match line.client.next_reply().await.unwrap().answer {
            Some(Answer::Refused(refused)) => assert!(matches!(
                refused.code(),
                Refusal::MalformedFrame | Refusal::InvalidArgument
            )),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
    assert!(matches!(line.ask(ping()).await, Answer::Pong(_)));
}

/// F36: a peer that gives no sign of life, not even a pong, is taken off the line; one that answers pings stays.
#[tokio::test]
async fn a_dead_peer_is_reaped() {
    let server = TestServer::with(|config| {
        config.limits.ping_seconds = 1;
        config.limits.silence_seconds = 2;
    })
    .await;
    let (ann, bob, _) = direct_conversation(&server).await;
    let mut dead = ann.connect(&server).await;
    let mut living = bob.connect(&server).await;
    let reading = tokio::spawn(async move { living.client.next_push().await });
    eventually(async || server.server.hub.lines_of(ann.id).is_empty()).await;
    assert_eq!(server.server.hub.lines_of(bob.id).len(), 1);
    assert_eq!(close_code(&mut dead.client).await, 4000);
    reading.abort();
}
