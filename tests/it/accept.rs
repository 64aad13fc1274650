//! The way in, tried with real sockets. Nothing sleeps: a read that ends is the server hanging up.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use souk::live::accept::Door;
use souk::live::client::ClientAddress;
use souk::live::limits::{ForwardedBy, Limits};
use souk::live::tls;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod starving;

/// A test that waits longer has failed.
const FAILED: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);
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

// ---- deadlines

#[tokio::test]
async fn silent_partial_and_trickling_connections_are_closed_while_a_good_one_is_served() {
    let limits = Limits {
        header_deadline: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut good = open.connect().await;
    assert_eq!(status(&ask(&mut good, HELLO).await), 200);

    let began = Instant::now();
    let mut silent = open.connect().await;
    let mut partial = open.connect().await;
    partial.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
    let (mut trickled, mut trickle) = open.connect().await.into_split();
    tokio::spawn(async move {
        let mut pace = interval(SHORT / 10);
        while trickle.write_all(b"G").await.is_ok() {
            pace.tick().await;
        }
    });
    let ends = tokio::join!(rest(&mut silent), rest(&mut partial), rest(&mut trickled));

    assert_eq!(ends, Default::default(), "nothing is said to them");
    let took = began.elapsed();
    assert!(took >= SHORT && took < SHORT * 10, "{took:?}");
    assert_eq!(status(&ask(&mut good, HELLO).await), 200);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_own_time() {
    let limits = Limits {
        idle: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut stream = open.connect().await;
    for _ in 0..2 {
        assert_eq!(status(&ask(&mut stream, HELLO).await), 200);
        let began = Instant::now();
        assert!(began.elapsed() < SHORT);
    }
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(began.elapsed() >= SHORT - Duration::from_millis(20));
    assert!(began.elapsed() < Limits::default().header_deadline);
}

#[tokio::test]
async fn a_later_head_must_be_complete_in_time_too() {
    let limits = Limits {
        header_deadline: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut stream = open.connect().await;
    // The second head begins in the same packet as the first one.
    assert_eq!(
        status(&ask(&mut stream, &format!("{HELLO}GET /")).await),
        200
    );
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(began.elapsed() < SHORT * 10);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    let limits = Limits {
        body_stall: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut stream = open.connect().await;
    let began = Instant::now();
    let half = "POST /echo HTTP/1.1\r\nhost: souk\r\ncontent-length: 10\r\n\r\nhalf";
    stream.write_all(half.as_bytes()).await.unwrap();
    assert!(!rest(&mut stream).await.contains("200 OK"));
    assert!(began.elapsed() >= SHORT && began.elapsed() < SHORT * 10);
}

#[tokio::test]
async fn neither_a_slow_answer_nor_a_quiet_socket_is_a_slow_client() {
    let limits = Limits {
        header_deadline: SHORT,
        idle: SHORT,
        body_stall: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut socket = upgrade(open.connect().await, &[]).await.unwrap();
    let mut patient = open.connect().await;
    patient
        .write_all(b"GET /slow HTTP/1.1\r\nhost: souk\r\n\r\n")
        .await
        .unwrap();
    open.arrived.notified().await;

    for _ in 0..2 {
        let mut silent = open.connect().await;
        assert_eq!(rest(&mut silent).await, "");
    }

    open.go_on.notify_one();
    assert!(first_answer(&mut patient).await.ends_with("at last"));
    assert!(says(&mut socket, "still here").await);
}

// ---- how many

#[tokio::test]
async fn an_address_may_hold_only_so_many_connections() {
    let limits = Limits {
        connections_per_address: 2,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut first = open.connect().await;
    assert_eq!(status(&ask(&mut first, HELLO).await), 200);
    let mut socket = upgrade(open.connect().await, &[]).await.unwrap();

    let refused = first_answer(&mut open.connect().await).await;
    assert_eq!(status(&refused), 429, "said without being asked anything");
    assert!(refused.contains("\r\nretry-after: 5\r\n"), "{refused}");
    assert_eq!(
        open.knock("127.0.0.2").await,
        200,
        "another address is another matter"
    );

    assert!(says(&mut socket, "the seated are not disturbed").await);
    assert_eq!(status(&ask(&mut first, HELLO).await), 200);

    drop(first);
    open.knock_until("127.0.0.1", 200).await;
}

#[tokio::test]
async fn an_upgraded_socket_keeps_its_seat_until_it_closes() {
    let limits = Limits {
        connections_per_address: 1,
        handshake_burst: NonZeroU32::MAX,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut socket = upgrade(open.connect().await, &[]).await.unwrap();
    assert!(says(&mut socket, "hello").await);
    for _ in 0..3 {
        assert_eq!(open.knock("127.0.0.1").await, 429);
    }
    drop(socket);
    open.knock_until("127.0.0.1", 200).await;
}

#[tokio::test]
async fn an_address_may_come_only_so_fast() {
    let limits = Limits {
        handshakes_per_second: NonZeroU32::new(1).unwrap(),
        handshake_burst: NonZeroU32::new(3).unwrap(),
        ..Limits::default()
    };
    let open = open(limits).await;
    for _ in 0..3 {
        assert_eq!(open.knock("127.0.0.1").await, 200);
    }
    let refused = first_answer(&mut open.connect().await).await;
    assert_eq!(status(&refused), 429);
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    assert_eq!(open.knock("127.0.0.2").await, 200);
    open.knock_until("127.0.0.1", 200).await;
}

#[tokio::test]
async fn an_exempt_address_is_not_counted_but_the_house_is_still_finite() {
    let limits = Limits {
        connections: 4,
        connections_per_address: 1,
        handshake_burst: NonZeroU32::MIN,
        exempt: vec!["127.0.0.0/30".parse().unwrap()],
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut seated = Vec::new();
    for _ in 0..4 {
        let mut stream = open.connect().await;
        assert_eq!(status(&ask(&mut stream, HELLO).await), 200);
        seated.push(stream);
    }
    let refused = first_answer(&mut open.connect().await).await;
    assert_eq!(status(&refused), 503);
    assert!(refused.contains("\r\nretry-after: 5\r\n"), "{refused}");
    seated.pop();
    open.knock_until("127.0.0.1", 200).await;
}

// ---- whose request

async fn who(open: &Open, from: &str, headers: &str) -> String {
    let mut stream = open.connect_from(from).await;
    let request = format!("GET /who HTTP/1.1\r\nhost: souk\r\n{headers}\r\n");
    let answer = ask(&mut stream, &request).await;
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_is_who_our_proxy_says_and_nobody_else_is_believed() {
    let limits = Limits {
        trusted_proxies: vec!["127.0.0.9/32".parse().unwrap()],
        ..Limits::default()
    };
    let open = open(limits.clone()).await;
    let forged = "x-forwarded-for: 203.0.113.7\r\nforwarded: for=203.0.113.7\r\n";
    assert_eq!(who(&open, "127.0.0.1", forged).await, "127.0.0.1");
    assert_eq!(who(&open, "127.0.0.9", forged).await, "203.0.113.7");
    let through = "x-forwarded-for: 203.0.113.7, 198.51.100.1\r\n";
    assert_eq!(who(&open, "127.0.0.9", through).await, "198.51.100.1");
    assert_eq!(
        who(&open, "127.0.0.9", "forwarded: for=203.0.113.7\r\n").await,
        "127.0.0.9"
    );

    let forwarded_by = ForwardedBy::Forwarded;
    let open = open_with(
        Limits {
            forwarded_by,
            ..limits
        },
        None,
    )
    .await;
    let both = "x-forwarded-for: 203.0.113.7\r\nforwarded: for=198.51.100.1\r\n";
    assert_eq!(who(&open, "127.0.0.9", both).await, "198.51.100.1");
}

#[tokio::test]
async fn sockets_through_a_proxy_are_counted_for_the_client_it_names() {
    let limits = Limits {
        connections_per_address: 1,
        trusted_proxies: vec!["127.0.0.9/32".parse::<ipnet::IpNet>().unwrap()],
        ..Limits::default()
    };
    let open = open(limits).await;
    let through = async |client: &str| {
        let stream = open.connect_from("127.0.0.9").await;
        upgrade(stream, &[("x-forwarded-for", client)]).await
    };
    let mut ann = through("203.0.113.7").await.unwrap();
    let mut bob = through("198.51.100.1").await.unwrap();
    assert_eq!(through("203.0.113.7").await.unwrap_err(), 429);
    assert_eq!(through("203.0.113.7, 203.0.113.7").await.unwrap_err(), 429);
    assert!(says(&mut ann, "I am one").await && says(&mut bob, "so am I").await);

    drop(ann);
    let again = async { while through("203.0.113.7").await.is_err() {} };
    timeout(FAILED, again)
        .await
        .expect("the seat of a socket that has closed");
}

// ---- what is not HTTP as we speak it

#[tokio::test]
async fn a_head_over_its_limit_is_refused() {
    let open = open(Limits::default()).await;
    let padded = |bytes: usize| {
        let bare = "GET / HTTP/1.1\r\nhost: souk\r\nx: \r\n\r\n".len();
        format!(
            "GET / HTTP/1.1\r\nhost: souk\r\nx: {}\r\n\r\n",
            "y".repeat(bytes - bare)
        )
    };
    let mut stream = open.connect().await;
    assert_eq!(status(&ask(&mut stream, &padded(8 * 1024)).await), 200);
    assert_eq!(status(&ask(&mut stream, &padded(8 * 1024 + 1)).await), 431);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_request_with_two_lengths_is_refused_and_what_is_smuggled_behind_it_is_not_read() {
    let length = "content-length: 6\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    let lists = [
        format!("{length}{chunked}"),
        format!("{chunked}{length}"),
        format!("{length}content-length: 7\r\n"),
        format!("{chunked}transfer-encoding: identity\r\n"),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "content-length: +6\r\n".to_owned(),
        "host: souk\n".to_owned(),
    ];
    let open = open(Limits::default()).await;
    for list in lists {
        let mut stream = open.connect().await;
        let head = format!("POST /echo HTTP/1.1\r\nhost: souk\r\n{list}\r\n");
        let all = format!("{HELLO}{head}0\r\n\r\nXGET /who HTTP/1.1\r\nhost: souk\r\n\r\n");
        let first = ask(&mut stream, &all).await;
        assert!(first.ends_with("hello"), "{list}: {first}");
        let rest = rest(&mut stream).await;
        assert_eq!(status(&rest), 400, "{list}: {rest}");
        assert_eq!(rest.matches("HTTP/1.1").count(), 1, "{list}: {rest}");
    }
}

#[tokio::test]
async fn a_chunked_request_is_answered_and_is_the_last() {
    let open = open(Limits::default()).await;
    let mut stream = open.connect().await;
    let chunked = "POST /echo HTTP/1.1\r\nhost: souk\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    stream
        .write_all(format!("{chunked}{HELLO}").as_bytes())
        .await
        .unwrap();
    let all = rest(&mut stream).await;
    assert!(
        all.contains("connection: close") && all.ends_with("\r\n\r\nabc"),
        "{all}"
    );
}

// ---- TLS

#[tokio::test]
async fn a_client_who_trusts_our_certificate_is_served_and_a_silent_one_is_not_waited_for() {
    let files = tempfile::tempdir().unwrap();
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["souk.test".into()]).unwrap();
    std::fs::write(&chain, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let limits = Limits {
        header_deadline: SHORT * 5,
        ..Limits::default()
    };
    let open = open_with(limits, Some(tls::from_pem(&chain, &key).unwrap())).await;

    let mut silent = open.connect().await;
    let mut secure = connect_tls(&open, cert.der().clone()).await;
    let answer = ask(&mut secure, HELLO).await;
    assert!(answer.ends_with("hello"), "{answer}");
    // Plain HTTP is no handshake.
    let mut plain = open.connect().await;
    plain.write_all(HELLO.as_bytes()).await.unwrap();
    assert!(!rest(&mut plain).await.contains("HTTP"));
    let began = Instant::now();
    assert_eq!(rest(&mut silent).await, "");
    assert!(began.elapsed() < SHORT * 15);

    assert!(
        tls::from_pem(&key, &chain).is_err(),
        "files given the wrong way round"
    );
}

async fn connect_tls(
    open: &Open,
    root: rustls::pki_types::CertificateDer<'static>,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("souk.test").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, open.connect().await).await.unwrap()
}

// ---- closing time

#[tokio::test]
async fn at_closing_time_a_request_under_way_is_answered_and_nobody_new_comes_in() {
    let open = open(Limits::default()).await;
    let mut idle = open.connect().await;
    assert_eq!(status(&ask(&mut idle, HELLO).await), 200);
    let mut silent = open.connect().await;
    let mut under_way = open.connect().await;
    under_way
        .write_all(b"GET /slow HTTP/1.1\r\nhost: souk\r\n\r\n")
        .await
        .unwrap();
    open.arrived.notified().await;

    open.stop.cancel();
    assert_eq!(
        (rest(&mut idle).await, rest(&mut silent).await),
        Default::default()
    );
    assert!(TcpStream::connect(open.address).await.is_err());

    open.tasks.close();
    assert_eq!(open.tasks.len(), 1);
    open.go_on.notify_one();
    assert!(rest(&mut under_way).await.ends_with("at last"));
    timeout(FAILED, open.tasks.wait())
        .await
        .expect("all connections to end");
}

/// So that the address of a peer on loopback is what the tests above take it for.
#[test]
fn loopback_has_many_addresses() {
    assert!("127.0.0.9".parse::<IpAddr>().unwrap().is_loopback());
}
