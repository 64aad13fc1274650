//! Whatever strangers and people write into a request, the answer is never that we failed.
//!
//! The REST half takes its routes from the OpenAPI document, so that a new route is swept with the rest.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use loadtest::{Client, Format};
use proto::{REQUESTS, reply::Answer};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use souk::id::ConversationId;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::support::{Person, Scene, TestServer, TestShop, scene};

/// An example goes into so many lists and objects at most.
const DEEPEST: usize = 8;

/// Words that somebody may have thought of.
fn words() -> Vec<Value> {
    [
        "",
        "\0",
        "a\0b",
        "\u{7f}\u{1b}[2J",
        "%00",
        "-009999-01-02T01:59:59Z",
        "00000000-0000-0000-0000-000000000000",
        &"茶".repeat(100),
        &"茶".repeat(128),
        &"𝄞".repeat(101),
        &"x".repeat(20_000),
    ]
    .map(Value::from)
    .to_vec()
}

/// Numbers at the ends, and past them.
fn numbers() -> Vec<Value> {
    vec![
        json!(-1),
        json!(0),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
    ]
}

/// Cursors that no server wrote.
fn cursors() -> Vec<String> {
    let nobody = Uuid::nil();
    let keys = [
        json!(["-009999-01-02T01:59:59Z", nobody]),
        json!(["9999-12-30T22:00:00.999999999Z", nobody]),
        json!(["a\0b", nobody]),
        json!("a\0b"),
        json!([-1, "a\0b", nobody]),
        json!(nobody),
        json!(i64::MAX),
        json!(i64::MIN),
    ];
    let mut cursors: Vec<_> = keys
        .iter()
        .map(|key| URL_SAFE_NO_PAD.encode(key.to_string()))
        .collect();
    cursors.extend(["\0".to_owned(), "x".repeat(9_000)]);
    cursors
}

/// What else could stand in the place of a value.
fn instead_of(value: &Value) -> Vec<Value> {
    let mut others = vec![Value::Null, json!([]), json!({})];
    match value {
        Value::Number(_) => others.extend(numbers()),
        Value::String(_) => {
            others.extend(words());
            others.extend(cursors().into_iter().map(Value::from));
        }
        _ => others.push(json!("\0")),
    }
    others
}

/// Every value with one of its parts replaced.
fn variants(value: &Value) -> Vec<Value> {
    let mut all = instead_of(value);
    match value {
        Value::Object(fields) => {
            for (name, part) in fields {
                all.extend(variants(part).into_iter().map(|other| {
                    let mut value = value.clone();
                    value[name] = other;
                    value
                }));
            }
        }
        Value::Array(parts) => {
            if let Some(part) = parts.first() {
                all.extend(variants(part).into_iter().map(|other| json!([other])));
                all.push(json!(vec![part; 2_000]));
            }
        }
        _ => {}
    }
    all
}

/// A server without paces, and a shop with a group.
struct Stage {
    server: TestServer,
    browser: reqwest::Client,
    shop: TestShop,
    scene: Scene,
    group: ConversationId,
}

impl Stage {
    async fn new() -> Self {
        let server = TestServer::with(|config| {
            config.limits.requests_per_second = 0;
            config.limits.sends_per_second = 0;
            config.limits.bot_requests_per_second = 0;
            config.login.codes_per_day = i32::MAX;
            config.login.wrong_codes_per_day = i32::MAX;
        })
        .await;
        let shop = TestShop::open(&server).await;
        let scene = Scene::new(&server).await;
        let group = scene::group(&server, shop.id, &[&shop.owner, &scene.customer]).await;
        Self {
            server,
            browser: TestServer::http(),
            shop,
            scene,
            group,
        }
    }

    /// A good value for a part of a path or a field, by its name.
    fn good(&self, name: &str) -> Option<Value> {
        Some(match name {
            "shop_id" => json!(self.shop.id),
            "conversation_id" | "group_id" => json!(self.group),
            "user_id" => json!(self.scene.customer.id),
            "user_ids" => json!([self.scene.customer.id]),
            "phone" => json!("+8613800000001"),
            "email" => json!("ann@example.com"),
            "url" => json!("https://example.com/hook"),
            "code" => json!("123456"),
            "password" | "new_password" | "current_password" => json!("g00d-Enough!"),
            "account" => json!("customer"),
            "permissions" | "scopes" => json!(["chat"]),
            _ => return None,
        })
    }

    /// An example of what a schema describes.
    fn example(&self, document: &Value, name: &str, schema: &Value) -> Value {
        self.example_at(document, name, schema, DEEPEST)
    }

    /// The same, so deep at most: a condition may be made of conditions.
    fn example_at(&self, document: &Value, name: &str, schema: &Value, deep: usize) -> Value {
        if let Some(good) = self.good(name) {
            return good;
        }
        if let Some(at) = schema["$ref"].as_str() {
            let schema = document
                .pointer(at.trim_start_matches('#'))
                .expect("it is there");
            return self.example_at(document, name, schema, deep);
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let choices = schema[choice].as_array();
            let mut choices = choices.into_iter().flatten();
            if let Some(one) = choices.find(|one| one["type"] != "null") {
                return self.example_at(document, name, one, deep);
            }
        }
        if let Some(word) = schema["enum"].get(0) {
            return word.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].clone(),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("string") if schema["format"] == "uuid" => json!(Uuid::now_v7()),
            Some("string") => json!("茶 1"),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            Some("array") if deep == 0 => json!([]),
            Some("array") => json!([self.example_at(document, "", &schema["items"], deep - 1)]),
            _ if deep == 0 => json!({}),
            _ => {
                let fields = schema["properties"].as_object();
                let fields = fields.into_iter().flatten();
                let examples = fields.map(|(name, schema)| {
                    let value = self.example_at(document, name, schema, deep.saturating_sub(1));
                    (name.clone(), value)
                });
                Value::Object(examples.collect::<Map<_, _>>())
            }
        }
    }

    /// Asks; the answer must not be that we failed.
    async fn ask(&self, method: &Method, path: &str, body: Option<&Value>) {
        let mut request = self
            .browser
            .request(method.clone(), self.server.url(path))
            .bearer_auth(&self.shop.owner.token)
            .header("idempotency-key", Uuid::new_v4().to_string());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        // That texts cannot be sent is said so; everything else of ours is at hand.
        let ours = status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE;
        let kind = response.headers().get("content-type").cloned();
        let said = response.text().await.expect("an answer");
        let shown: String = body
            .map(Value::to_string)
            .unwrap_or_default()
            .chars()
            .take(300)
            .collect();
        assert!(!ours, "{method} {path} {shown} → {status} {said}");
        let problem = kind.is_some_and(|kind| kind == "application/problem+json");
        assert!(
            problem || !status.is_client_error() || refused_at_the_door(status),
            "{method} {path} {shown} → {status} {said}: not told as all others are"
        );
    }

    /// The path with good values in it, and with others in the place of each.
    fn paths(&self, path: &str) -> (String, Vec<String>) {
        let names: Vec<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let filled = |but: &str, other: &str| {
            names.iter().fold(path.to_owned(), |path, name| {
                let good = self
                    .good(name)
                    .unwrap_or_else(|| json!(Uuid::now_v7().to_string()));
                let good = good.as_str().expect("a text").to_owned();
                let value = if *name == but { other } else { &good };
                path.replace(&format!("{{{name}}}"), value)
            })
        };
        let others = [
            "%00",
            "a%00b",
            "%E8%8C%B6",
            "-1",
            "18446744073709551616",
            "x%2F%2E%2E",
        ];
        let bad = names
            .iter()
            .flat_map(|name| others.iter().map(move |other| filled(name, other)))
            .collect();
        (filled("", ""), bad)
    }
}

/// SEC-01: no route of REST is broken by what is in a path, a query or a body.
#[tokio::test]
async fn no_text_or_number_breaks_a_route() {
    let stage = Stage::new().await;
    let url = stage.server.url("/api/openapi.json");
    let document = TestServer::http().get(url).send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let (good, bad) = stage.paths(path);
        for (method, operation) in methods.as_object().unwrap() {
            routes += 1;
            let method: Method = method.to_uppercase().parse().unwrap();
            for path in &bad {
                stage.ask(&method, path, Some(&json!({}))).await;
            }
            let parameters = operation["parameters"].as_array();
            for parameter in parameters.into_iter().flatten() {
                if parameter["in"] != "query" {
                    continue;
                }
                let name = parameter["name"].as_str().unwrap();
                let texts = cursors()
                    .into_iter()
                    .chain(["\0", "-1", "99999999999999999999", "茶"].map(str::to_owned));
                for text in texts {
                    let query = url::form_urlencoded::Serializer::new(String::new())
                        .append_pair(name, &text)
                        .finish();
                    stage.ask(&method, &format!("{good}?{query}"), None).await;
                }
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            // Logging out is no garbage, and everything after it would be refused.
            if schema.is_null() {
                continue;
            }
            let body = stage.example(&document, "", schema);
            for body in variants(&body) {
                stage.ask(&method, &good, Some(&body)).await;
            }
            stage.ask(&method, &good, Some(&body)).await;
        }
    }
    assert!(routes > 70, "{routes} routes");
    let rest = stage.shop.boss(&stage.server);
    rest.get("/me").await.ok();
}

/// The requests of a socket, each with everything in it.
fn frames(stage: &Stage) -> Vec<(&'static str, Value)> {
    let (group, person) = (stage.group, stage.scene.customer.id);
    let file = Uuid::now_v7();
    let part = json!({ "conversation_id": group, "number": 1 });
    let send = |what: &str, value: Value| {
        let mut send = json!({ "conversation_id": group, "client_message_id": "c-1" });
        send[what] = value;
        ("send_message", send)
    };
    let card = json!({ "summary": "茶", "link": {
        "title": "茶", "lines": ["x"], "picture": file, "links": [{ "label": "x", "url": "https://example.com/" }],
    } });
    vec![
        send("text", json!("hello")),
        send(
            "picture",
            json!({ "file_id": file, "width": 1, "thumbnail_id": file }),
        ),
        send(
            "file",
            json!({ "file_id": file, "name": "a", "media_type": "text/plain", "size": 1 }),
        ),
        send("voice", json!({ "file_id": file, "length_ms": 1 })),
        send("mentions", json!([person])),
        send("quote", json!(1)),
        send("forward", part.clone()),
        send("card", card.clone()),
        ("edit_message", of_message(&part, "text", json!("x"))),
        ("recall_message", part.clone()),
        ("react", of_message(&part, "emoji", json!("👍"))),
        ("pin_message", of_message(&part, "pinned", json!(true))),
        ("mark_read", part.clone()),
        ("type", json!({ "conversation_id": group })),
        (
            "list_messages",
            json!({ "conversation_id": group, "before": 5, "limit": 1 }),
        ),
        (
            "list_messages",
            json!({ "conversation_id": group, "after": 0, "limit": 1 }),
        ),
        ("list_conversations", json!({ "cursor": "x", "limit": 1 })),
        (
            "open_conversation",
            json!({ "shop_id": stage.shop.id, "source": "x", "product_id": person }),
        ),
        ("open_conversation", json!({ "user_id": person })),
        ("claim_coupon", json!({ "gift_id": file })),
        ("take_red_packet", json!({ "red_packet_id": file })),
        (
            "enter_draw",
            json!({ "draw_id": file, "nonce": "0123456789abcdef" }),
        ),
        (
            "search_messages",
            json!({ "words": "tea", "before": 5, "conversation_id": group, "limit": 1 }),
        ),
        ("redraw_card", of_message(&part, "card", card)),
        ("list_readers", part.clone()),
        ("watch_presence", json!({ "user_ids": [person] })),
        (
            "list_members",
            json!({ "conversation_id": group, "cursor": "x", "limit": 1 }),
        ),
        (
            "resume",
            json!({ "cursors": [of_message(&part, "revision", json!(1))], "limit": 1 }),
        ),
        ("ping", json!({})),
        ("authenticate", json!({ "token": "x", "ticket": "" })),
    ]
}

fn of_message(part: &Value, field: &str, value: Value) -> Value {
    let mut request = part.clone();
    request[field] = value;
    request
}

/// SEC-01: no request of a socket is broken by what is in it.
#[tokio::test]
async fn no_text_or_number_breaks_a_socket() {
    let stage = Stage::new().await;
    let owner = &stage.shop.owner;
    let mut line = owner.connect_as(&stage.server, Format::Json).await;
    line.say(stage.group, "the first").await;
    let frames = frames(&stage);
    for request in REQUESTS {
        let swept = frames.iter().any(|(name, _)| name == request);
        assert!(swept, "{request} is not swept");
    }
    for (request, fields) in frames {
        for fields in variants(&fields) {
            let frame = json!({ "id": 7, request: fields });
            if frame.to_string().len() > stage.server.server.app.config.limits.frame_bytes {
                continue;
            }
            let shown: String = frame.to_string().chars().take(300).collect();
            let answer = ask(&mut line.client, frame).await;
            let broken = matches!(&answer, Answer::Refused(refused)
                if matches!(refused.code(), proto::Refusal::Broken | proto::Refusal::Unspecified));
            assert!(!broken, "{shown} → {answer:?}");
        }
    }
    line.say(stage.group, "the last").await;
    server_is_well(&stage.server, owner).await;
}

async fn ask(client: &mut Client, frame: Value) -> Answer {
    let text = Message::Text(frame.to_string().into());
    client.send_raw(text).await.expect("the socket lives");
    let reply = client.next_reply().await.expect("an answer");
    reply.answer.expect("an answer")
}

async fn server_is_well(server: &TestServer, person: &Person) {
    server.rest().by(person).get("/me").await.ok();
}

/// Said before it is known that the request is for the API.
fn refused_at_the_door(status: StatusCode) -> bool {
    [
        StatusCode::URI_TOO_LONG,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    ]
    .contains(&status)
}
