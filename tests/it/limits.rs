//! What is too much for one socket or one person.

use futures_util::{SinkExt as _, StreamExt as _};
use loadtest::{Client, Format};
use proto::{
    Authenticate, PinMessage, Ping, RecallMessage, Refusal, client_frame::Request, reply::Answer,
};
use serde_json::json;
use souk::bus::Audience;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::support::{
    Person, Redis, TestServer, eventually,
    people::{Line, direct_conversation, words},
    scene,
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

/// What is changed takes from the same pace as what is said, on the socket and over REST.
#[tokio::test]
async fn a_hasty_changer_waits_too() {
    let server = TestServer::with(|config| config.limits.sends_per_second = 1).await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let (mut line, rest) = (ann.connect(&server).await, server.rest().by(&ann));
    let message = format!("/conversations/{conversation}/messages/1");
    line.say(conversation, "helo").await;
    for round in 0..4 {
        let mend = json!({ "text": format!("hello {round}") });
        rest.patch(&message, mend).await.ok();
        let pin = Request::PinMessage(PinMessage {
            conversation_id: conversation.to_string(),
            number: 1,
            pinned: round % 2 == 0,
        });
        assert!(matches!(line.ask(pin).await, Answer::Done(_)));
    }
    rest.put(&format!("{message}/reactions/👍"), json!({}))
        .await
        .ok();
    for said in [
        rest.delete(&message).await,
        rest.patch(&message, json!({ "text": "hello" })).await,
        rest.put(&format!("{message}/pin"), json!({})).await,
        rest.put(&format!("{message}/reactions/👎"), json!({}))
            .await,
        rest.put(
            &format!("{message}/card"),
            json!({ "summary": "Sale", "link": { "title": "Sale" } }),
        )
        .await,
    ] {
        assert_eq!(said.refused(), "rate_limited");
        assert!(said.body["retry_after_ms"].as_u64() > Some(0), "{said:?}");
    }
    let recall = Request::RecallMessage(RecallMessage {
        conversation_id: conversation.to_string(),
        number: 1,
    });
    assert_eq!(line.refused(recall).await, Refusal::RateLimited);
    assert_eq!(
        bob.connect(&server)
            .await
            .say(conversation, "mine")
            .await
            .number,
        2
    );
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

/// A socket whose window is small and soon shut: it says who it is, and then reads nothing.
async fn deaf(server: &TestServer, person: &Person) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(server.server.address).await.unwrap();
    let mut request = format!("{}/socket", server.socket_url())
        .into_client_request()
        .unwrap();
    let json = HeaderValue::from_static("souk.v1.json");
    request.headers_mut().insert("sec-websocket-protocol", json);
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let hello = json!({ "id": 1, "authenticate": { "token": person.token } });
    socket.send(Message::text(hello.to_string())).await.unwrap();
    socket.next().await.unwrap().unwrap();
    socket
}

/// 4002: a peer that takes nothing for as long as a write may last is taken off the line although its queue has room, and
/// is told so if it reads on.
#[tokio::test]
async fn a_stalled_writer_is_closed() {
    let server = TestServer::with(|config| {
        config.limits.write_seconds = 2;
        config.limits.queue_bytes = 1 << 30;
        config.limits.sends_per_second = 0;
    })
    .await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let mut deaf = deaf(&server, &bob).await;
    let hub = &server.server.hub;
    assert_eq!(hub.lines_of(bob.id).len(), 1);
    let mut ann = ann.connect(&server).await;
    let long = "x".repeat(8_000);
    while !hub.lines_of(bob.id).is_empty() {
        ann.say(conversation, &long).await;
        ann.client.pushes_so_far();
    }
    let close = loop {
        match deaf.next().await {
            Some(Ok(Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("expected a close frame, got {other:?}"),
        }
    };
    assert_eq!(u16::from(close.unwrap().code), 4002);
    ann.say(conversation, "nobody else noticed").await;
}

/// Whoever goes away while being let in, between the first audience and the others, leaves nothing behind.
#[tokio::test]
async fn who_is_gone_before_being_let_in_leaves_nothing_behind() {
    let redis = Redis::start().await;
    let server = TestServer::with(|config| config.bus.redis_url = redis.url()).await;
    let ann = Person::customer(&server, "Ann").await;
    let group = scene::group(&server, scene::shop(&server).await, &[&ann]).await;
    let hub = &server.server.hub;
    let mut barrier = server.server.app.store.pool().begin().await.unwrap();
    sqlx::query("lock memberships in access exclusive mode")
        .execute(&mut *barrier)
        .await
        .unwrap();
    let mut client = Client::open(&server.socket_url(), Format::Json)
        .await
        .unwrap();
    let request = Authenticate {
        token: ann.token.clone(),
        ..Authenticate::default()
    };
    client.send(Request::Authenticate(request)).await.unwrap();
    eventually(async || !hub.lines_of(ann.id).is_empty()).await;
    drop(client);
    assert!(!hub.is_empty(), "it is being let in");
    barrier.commit().await.unwrap();

    let audiences = [Audience::User(ann.id), Audience::Group(group)];
    eventually(async || hub.is_empty()).await;
    assert!(!hub.anybody(&audiences));
    eventually(async || {
        let mut channels = redis::cmd("PUBSUB");
        channels.arg("SHARDCHANNELS").arg("souk:*");
        let heard: Vec<String> = redis.ask(&channels).await.unwrap();
        let of_hers = |topic: &String| {
            topic.contains(&ann.id.to_string()) || topic.contains(&group.to_string())
        };
        !heard.iter().any(of_hers)
    })
    .await;
    let online = server.server.app.store.bus().online(&[ann.id]).await;
    assert_eq!(online, [(ann.id, false)]);
}
