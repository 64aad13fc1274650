//! The way in, tried with real sockets. Nothing sleeps: a read that ends is the server hanging up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::{SinkExt, StreamExt};
use souk::door::accept::Door;
use souk::door::client::ClientAddress;
use souk::door::limits::Limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod client;
mod closing;
mod deadline;
mod framing;
mod seat;
mod secure;
mod starving;

/// A test that waits longer has failed. Shorter than every default that could end the wait by itself, but the
/// header deadline.
const FAILED: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(300);
const HELLO: &str = "GET / HTTP/1.1\r\nhost: souk\r\n\r\n";

/// A server in this process.
struct Open {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Lets one request to `/slow` go on; the other one tells that it has arrived.
    go_on: Arc<Notify>,
    arrived: Arc<Notify>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn open(limits: Limits) -> Open {
    open_with(limits, None).await
}

async fn open_with(limits: Limits, tls: Option<Arc<rustls::ServerConfig>>) -> Open {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = Open {
        address: listener.local_addr().unwrap(),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
        go_on: Arc::default(),
        arrived: Arc::default(),
    };
    let router = router(open.go_on.clone(), open.arrived.clone());
    let door = Door {
        listener,
        router,
        limits,
        tls,
    };
    tokio::spawn(door.serve(open.stop.clone(), open.tasks.clone()));
    open
}

fn router(go_on: Arc<Notify>, arrived: Arc<Notify>) -> Router {
    let slow = async move || {
        arrived.notify_one();
        go_on.notified().await;
        "at last"
    };
    let who = async |Extension(ClientAddress(who)): Extension<ClientAddress>| who.to_string();
    Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(slow))
        .route("/long", get(async || "x".repeat(1 << 20)))
        .route("/who", get(who))
        .route("/echo", post(async |body: String| body))
        .route("/ws", get(async |ws: WebSocketUpgrade| ws.on_upgrade(echo)))
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

impl Open {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        let from = SocketAddr::new(address.parse().unwrap(), 0);
        socket.bind(from).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// One request on a connection of its own; the status of the answer.
    async fn knock(&self, from: &str) -> u16 {
        let mut stream = self.connect_from(from).await;
        // A server that turns us away may have closed already.
        _ = stream.write_all(HELLO.as_bytes()).await;
        status(&first_answer(&mut stream).await)
    }

    /// Knocks until the answer is this one: a seat is given back soon after its socket closes, not at once.
    async fn knock_until(&self, from: &str, wanted: u16) {
        let knocking = async { while self.knock(from).await != wanted {} };
        timeout(FAILED, knocking).await.expect("the answer wanted");
    }
}

/// Everything until the server closes.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too.
    _ = timeout(FAILED, stream.read_to_end(&mut bytes))
        .await
        .expect("the server to hang up");
    String::from_utf8(bytes).unwrap()
}

/// The head of the next answer and its body, which must have a length.
async fn first_answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    while !is_whole(&text) {
        let byte = timeout(FAILED, stream.read_u8())
            .await
            .expect("an answer in time");
        match byte {
            Ok(byte) => text.push(byte.into()),
            Err(_closed) => break,
        }
    }
    text
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| length.parse() == Ok(body.len()))
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0)
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    first_answer(stream).await
}

async fn upgrade(
    stream: TcpStream,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, u16> {
    use tokio_tungstenite::tungstenite::{Error, client::IntoClientRequest};
    let mut request = "ws://souk/ws".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(refused)) => Err(refused.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn says(socket: &mut WebSocketStream<TcpStream>, word: &str) -> bool {
    socket.send(Message::text(word)).await.unwrap();
    let answer = timeout(FAILED, socket.next()).await.expect("an echo");
    answer.unwrap().unwrap() == Message::text(word)
}
