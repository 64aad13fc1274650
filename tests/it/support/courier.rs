//! Kuaidi100, in the test's process: it takes subscriptions, and posts news that it signs with a digest of its own. It tells twice, late,
//! in another order, with a wrong signature and to wrong addresses, when it is told to.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, body::Bytes, extract::State};
use jiff::{SignedDuration, Timestamp, tz};
use serde_json::{Value, json};
use souk::config::Config;
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

use super::{TestServer, eventually, md5::md5};

/// The key of the account.
pub const KEY: &str = "kd100-test-key";

#[derive(Default)]
struct Book {
    /// By number, as they came first.
    subscriptions: BTreeMap<String, Value>,
    /// Numbers, in the order in which they were asked for.
    asked: Vec<String>,
    /// What the next calls are answered with, one each.
    codes: VecDeque<&'static str>,
}

/// Kuaidi100, until the test ends.
#[derive(Clone)]
pub struct Courier {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

/// News on their way.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Below the server.
    pub path: String,
    pub param: String,
    pub sign: String,
}

impl Courier {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let book = Arc::<Mutex<Book>>::default();
        let router = Router::new().fallback(hear).with_state(book.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, book }
    }

    /// The server shall ask here.
    pub fn set(&self, config: &mut Config) {
        config.kuaidi100.key = KEY.into();
        config.kuaidi100.gateway_url = format!("http://{}/poll", self.address);
    }

    /// Answers the next calls with these codes.
    pub fn answers(&self, codes: impl IntoIterator<Item = &'static str>) {
        self.book.lock().unwrap().codes.extend(codes);
    }

    /// How often it was asked to follow a number.
    pub fn asked(&self, number: &str) -> usize {
        let book = self.book.lock().unwrap();
        book.asked.iter().filter(|one| *one == number).count()
    }

    /// What was asked when a number was asked for first; waits until it is.
    pub async fn subscription(&self, server: &TestServer, number: &str) -> Value {
        self.asked_again(server, number, 1).await;
        self.book.lock().unwrap().subscriptions[number].clone()
    }

    /// Waits until it was asked so often.
    pub async fn asked_again(&self, server: &TestServer, number: &str, times: usize) {
        eventually(async || {
            let followed = souk::parcel::follow::due(&server.server.app).await;
            followed.expect("parcels are followed");
            self.asked(number) >= times
        })
        .await;
    }

    /// News of a number that is followed: the newest of the events first, as they are published. Each is some minutes from `since`.
    pub fn letter(
        &self,
        number: &str,
        (status, state): (&str, &str),
        events: &[(i64, &str)],
        since: Timestamp,
    ) -> Letter {
        let asked = self.book.lock().unwrap().subscriptions[number].clone();
        let part = |name: &str| asked["parameters"][name].as_str().expect("text").to_owned();
        let entries = events.iter().rev().map(|(minutes, words)| {
            let at = since + SignedDuration::from_mins(*minutes);
            let at = tz::offset(8)
                .to_datetime(at)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string();
            json!({ "context": words, "time": at, "ftime": at, "areaName": "上海" })
        });
        let entries: Vec<Value> = entries.collect();
        let param = json!({
            "status": status, "message": "", "comOld": "", "comNew": "",
            "lastResult": { "state": state, "com": "shunfeng", "nu": number, "data": entries },
        });
        let path = Url::parse(&part("callbackurl"))
            .expect("a URL")
            .path()
            .to_owned();
        Letter {
            path,
            param: String::new(),
            sign: String::new(),
        }
        .with(&param, &part("salt"))
    }
}

impl Letter {
    /// The same address, with other words, signed.
    pub fn with(&self, param: &Value, salt: &str) -> Self {
        let param = param.to_string();
        let sign = md5(format!("{param}{salt}").as_bytes()).to_uppercase();
        Self {
            path: self.path.clone(),
            param,
            sign,
        }
    }

    /// Posts it; gives the status and what was answered.
    pub async fn post(&self, server: &TestServer) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("sign", &self.sign)
            .append_pair("param", &self.param)
            .finish();
        let answer = TestServer::http()
            .post(server.url(&self.path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.bytes().await.expect("a whole answer");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Posts what is believed.
    pub async fn tell(&self, server: &TestServer) {
        let (status, said) = self.post(server).await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(
            (&said["result"], &said["returnCode"]),
            (&json!(true), &json!("200"))
        );
    }
}

async fn hear(State(book): State<Arc<Mutex<Book>>>, body: Bytes) -> Json<Value> {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let asked: Value = serde_json::from_str(&form["param"]).expect("JSON");
    assert_eq!(form["schema"], "json");
    let number = asked["number"].as_str().expect("a number").to_owned();
    let mut book = book.lock().unwrap();
    let known = book.subscriptions.contains_key(&number);
    let code = match book.codes.pop_front() {
        Some(code) => code,
        None if asked["key"] != KEY => "601",
        None if known => "501",
        None => "200",
    };
    book.asked.push(number.clone());
    book.subscriptions.entry(number).or_insert(asked);
    Json(json!({ "result": code == "200", "returnCode": code, "message": "as asked" }))
}
