//! A shop's own system, in the test's process: hears calls and answers as it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::timeout,
};

/// How it answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// With this status.
    Says(u16),
    /// With this status and one header.
    SaysWith(u16, &'static str, String),
    /// With 200 and a body of 10 MB.
    Floods,
    /// With 200 and a body that never ends, one byte at a time.
    Drips,
    /// With 200, once the test lets it.
    Waits,
}

/// What was heard.
#[derive(Clone, Debug)]
pub struct Call {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    pub fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Does an independent implementation accept the signature?
    pub fn signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret)
            .unwrap()
            .verify(&self.body, &self.headers)
            .is_ok()
    }
}

/// A receiver that runs until the test ends.
pub struct Receiver {
    pub address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    gate: Arc<Semaphore>,
    calls: mpsc::UnboundedReceiver<Call>,
}

#[derive(Clone)]
struct Desk {
    manner: Arc<Mutex<Manner>>,
    gate: Arc<Semaphore>,
    calls: mpsc::UnboundedSender<Call>,
}

impl Receiver {
    pub async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().unwrap();
        let (sender, calls) = mpsc::unbounded_channel();
        let desk = Desk {
            manner: Arc::new(Mutex::new(manner)),
            gate: Arc::new(Semaphore::new(0)),
            calls: sender,
        };
        let receiver = Self {
            address,
            manner: desk.manner.clone(),
            gate: desk.gate.clone(),
            calls,
        };
        let router = Router::new().fallback(hear).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn is_now(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Lets those who wait go on.
    pub fn let_go(&self) {
        self.is_now(Manner::Says(200));
        self.gate.close();
    }

    /// The next call.
    pub async fn hears(&mut self) -> Call {
        let call = timeout(Duration::from_secs(20), self.calls.recv()).await;
        call.expect("a call in time").expect("a call")
    }

    /// What was heard and not yet asked for.
    pub fn heard(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }
}

async fn hear(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let manner = desk.manner.lock().unwrap().clone();
    let _ = desk.calls.send(Call { headers, body });
    let status = |code| StatusCode::from_u16(code).unwrap();
    match manner {
        Manner::Says(code) => status(code).into_response(),
        Manner::SaysWith(code, name, value) => (status(code), [(name, value)]).into_response(),
        Manner::Floods => vec![b'x'; 10_000_000].into_response(),
        Manner::Drips => {
            let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"x"))]);
            Body::from_stream(first.chain(stream::pending())).into_response()
        }
        Manner::Waits => {
            let _ = desk.gate.acquire().await;
            StatusCode::OK.into_response()
        }
    }
}
