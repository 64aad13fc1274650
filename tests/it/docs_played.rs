//! The examples of the protocol page, played in order against a server: Ann, a customer, and Bob, who works for the shop,
//! each on a JSON socket.
//!
//! In the page ids, tokens and times are names: bound to the real value where they are first got, put in where they are
//! sent. All else must be equal, whole frames. Replies and pushes are two rows on each socket: both are in order, and
//! nothing says which of the two comes first. Authenticating again is coming back on a new socket.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::support::{Person, Shop, TestServer};

const SHOP: &str = "0199c0de-0000-7000-8000-0000000000c1";

/// The examples of the page are true.
#[tokio::test]
async fn the_examples_are_true() {
    let server = TestServer::start().await;
    let shop = Shop::new(&server, "Tea house").await;
    let ann = Person::customer(&server, "Ann").await;
    let bob = shop.agent(&server, "Bob").await;
    let mut stage = Stage {
        url: format!("{}/socket", server.socket_url()),
        names: Names(HashMap::from([
            (json!("souk_at_ANN"), json!(ann.token)),
            (json!("souk_at_BOB"), json!(bob.token)),
            (json!(SHOP), json!(shop.id.to_string())),
        ])),
        sockets: HashMap::new(),
        wrong: vec![],
    };
    let examples = examples(&fs::read_to_string("docs/protocol.md").expect("the page"));
    assert!(examples.len() > 20, "the page has its examples");
    for example in examples {
        stage.play(example).await;
    }
    stage.all_was_told().await;
    assert!(stage.wrong.is_empty(), "{}", stage.wrong.join("\n\n"));
}

/// One fenced block: who, `sends` or `gets`, and the frame.
struct Example {
    who: String,
    verb: String,
    frame: Value,
}

fn examples(page: &str) -> Vec<Example> {
    let blocks = page.split("\n```json ").skip(1);
    let read = |block: &str| {
        let (head, rest) = block.split_once('\n').expect("an info string");
        let (who, verb) = head.split_once(' ').expect("who and what");
        let (frame, _) = rest.split_once("\n```").expect("a closed block");
        Example {
            who: who.to_owned(),
            verb: verb.to_owned(),
            frame: serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error} in {frame}")),
        }
    };
    blocks.map(read).collect()
}

struct Stage {
    url: String,
    names: Names,
    sockets: HashMap<String, Socket>,
    wrong: Vec<String>,
}

impl Stage {
    async fn play(&mut self, Example { who, verb, frame }: Example) {
        match &verb[..] {
            "sends" => self.send(who, frame).await,
            "gets" => self.compare(&who, &frame).await,
            other => panic!("nobody {other}"),
        }
    }

    async fn send(&mut self, who: String, mut frame: Value) {
        if frame.get("authenticate").is_some() {
            self.sockets
                .insert(who.clone(), Socket::open(&self.url).await);
        }
        self.names.put_in(&mut frame);
        let socket = self.sockets.get_mut(&who).expect("authenticates first");
        socket.send(&frame).await;
    }

    async fn compare(&mut self, who: &str, page: &Value) {
        let socket = self.sockets.get_mut(who).expect("authenticates first");
        let row = if page.get("reply").is_some() {
            "reply"
        } else {
            "push"
        };
        let told = socket.next(row).await;
        let before = self.names.0.clone();
        if !self.names.equal(page, &told) {
            self.wrong.push(format!(
                "{who} gets\n{told}\nand the page says\n{page}\nwhere {before:?}"
            ));
        }
    }

    /// The page leaves out no push: what comes before the answer to a last `ping` was an example.
    async fn all_was_told(&mut self) {
        for (who, socket) in &mut self.sockets {
            socket.send(&json!({ "id": 999, "ping": {} })).await;
            let pong = socket.next("reply").await;
            assert!(pong["reply"]["pong"].is_object(), "{who} gets {pong}");
            assert!(
                socket.waiting.is_empty(),
                "{who} gets too {:?}",
                socket.waiting
            );
        }
    }
}

/// What the page calls a thing, and what it is.
struct Names(HashMap<Value, Value>);

impl Names {
    fn put_in(&self, frame: &mut Value) {
        match frame {
            Value::Object(fields) => fields.values_mut().for_each(|field| self.put_in(field)),
            Value::Array(list) => list.iter_mut().for_each(|item| self.put_in(item)),
            name => {
                if let Some(real) = self.0.get(name) {
                    *name = real.clone();
                }
            }
        }
    }

    /// Is it the same, by the names? Looks at all of it, so that every name is bound.
    fn equal(&mut self, page: &Value, told: &Value) -> bool {
        match (page, told) {
            (Value::Object(page), Value::Object(told)) => {
                let same = page
                    .iter()
                    .map(|(key, one)| told.get(key).is_some_and(|other| self.equal(one, other)))
                    .filter(|one| !one)
                    .count()
                    == 0;
                same && page.len() == told.len()
            }
            (Value::Array(page), Value::Array(told)) => {
                let pairs = page.iter().zip(told);
                let same = pairs
                    .map(|(one, other)| self.equal(one, other))
                    .filter(|one| !one)
                    .count()
                    == 0;
                same && page.len() == told.len()
            }
            _ if names(page) && names(told) => {
                self.0.entry(page.clone()).or_insert_with(|| told.clone()) == told
            }
            _ => page == told,
        }
    }
}

/// Ids and tokens are, and times.
fn names(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("souk_at_") || uuid::Uuid::parse_str(text).is_ok(),
        value => value
            .as_u64()
            .is_some_and(|number| number > 1_000_000_000_000),
    }
}

/// A socket that speaks JSON, and what came on it that was not asked for yet.
struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: VecDeque<Value>,
}

impl Socket {
    async fn open(url: &str) -> Self {
        let mut request = url.into_client_request().expect("a URL");
        let protocol = HeaderValue::from_static("souk.v1.json");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (stream, _) = connect_async(request).await.expect("a socket");
        let waiting = VecDeque::new();
        Self { stream, waiting }
    }

    async fn send(&mut self, frame: &Value) {
        let message = Message::text(frame.to_string());
        self.stream.send(message).await.expect("it is sent");
    }

    /// The next of one row.
    async fn next(&mut self, row: &str) -> Value {
        loop {
            let place = self.waiting.iter().position(|one| one.get(row).is_some());
            if let Some(found) = place.and_then(|place| self.waiting.remove(place)) {
                return found;
            }
            let read = timeout(Duration::from_secs(20), self.stream.next()).await;
            match read.expect("it comes").expect("open").expect("whole") {
                Message::Text(text) => self.take(serde_json::from_str(&text).expect("JSON")),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a frame of JSON, not {other:?}"),
            }
        }
    }

    /// Heartbeats come when they come.
    fn take(&mut self, frame: Value) {
        if frame["push"].get("heartbeat").is_none() {
            self.waiting.push_back(frame);
        }
    }
}
