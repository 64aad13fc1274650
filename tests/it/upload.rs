//! Uploads under way: each has a place before a byte of it is read, and nothing is left of one that failed.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use souk::{config::Networks, id::ShopId};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    file::{picture, upload},
    support::{Person, Shop, TestServer, eventually},
};

const FIELD: &str =
    "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"note.txt\"\r\n\r\n";

/// An upload whose bytes the test writes one by one.
struct Slow(TcpStream);

impl Slow {
    /// The head of a request that says how long it is.
    async fn of_length(server: &TestServer, who: &Person, length: u64) -> Self {
        Self::open(server, who, length, "").await
    }

    /// An upload that has its place and does not go on: who is asked to continue has it.
    async fn begun(server: &TestServer, who: &Person) -> Self {
        let expect = "expect: 100-continue\r\n";
        let mut slow = Self::open(server, who, 1_000_000, expect).await;
        let mut asked = [0; 25];
        let said = timeout(Duration::from_secs(20), slow.0.read_exact(&mut asked));
        said.await.expect("in time").expect("reads");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        slow.write(FIELD).await;
        slow
    }

    async fn open(server: &TestServer, who: &Person, length: u64, header: &str) -> Self {
        let mut socket = TcpStream::connect(server.server.address)
            .await
            .expect("connects");
        let head = format!(
            "POST /api/v1/files HTTP/1.1\r\nhost: souk\r\nauthorization: Bearer {}\r\n\
             content-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n{header}\r\n",
            who.token
        );
        socket.write_all(head.as_bytes()).await.expect("writes");
        Self(socket)
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("writes");
    }

    /// The answer's status and the code of its refusal, although nothing more is sent.
    async fn answer(mut self) -> (u16, String) {
        let mut bytes = Vec::new();
        let answer = async {
            while !bytes.ends_with(b"}") {
                let read = self.0.read_buf(&mut bytes).await.expect("reads");
                assert_ne!(read, 0, "closed without an answer");
            }
        };
        timeout(Duration::from_secs(20), answer)
            .await
            .expect("an answer in time");
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let status = head.split(' ').nth(1).expect("a status");
        let code = body["code"].as_str().expect("a code").to_owned();
        (status.parse().expect("a number"), code)
    }
}

async fn note(server: &TestServer, who: &Person) -> (u16, Value) {
    let (status, body) = upload(server, who, "note.txt", b"a note".to_vec()).await;
    (status.as_u16(), body["code"].clone())
}

/// CHAT-09: when all places are taken, the next one waits for some seconds and is refused, and who goes away gives theirs back.
#[tokio::test]
async fn an_upload_needs_a_place() {
    let server = TestServer::with(|config| config.limits.uploads_at_once = 2).await;
    let ann = Person::customer(&server, "Ann").await;
    let bob = Person::customer(&server, "Bob").await;
    let anns = [
        Slow::begun(&server, &ann).await,
        Slow::begun(&server, &ann).await,
    ];
    assert_eq!(note(&server, &bob).await, (503, "overloaded".into()));
    drop(anns);
    eventually(async || note(&server, &bob).await.0 == 200).await;
}

/// A customer of a shop's own site.
async fn customer_of(server: &TestServer, shop: ShopId) -> Person {
    let person = Person::customer(server, "Guest").await;
    sqlx::query("update users set home_id = $2, external_id = id::text where id = $1")
        .bind(person.id)
        .bind(shop)
        .execute(server.server.app.store.pool())
        .await
        .expect("a guest");
    person
}

/// CHAT-09: however many accounts a shop makes, they have a quarter of the places, and so has whoever else comes from one address.
#[tokio::test]
async fn nobody_has_all_places() {
    let server = TestServer::with(|config| {
        config.limits.uploads_at_once = 4;
        config.limits.exempt_networks = Networks::default();
        config.limits.connections_per_address = 0;
        config.limits.handshakes_per_address = 0;
    })
    .await;
    let (tea, cake) = (
        Shop::new(&server, "Tea").await,
        Shop::new(&server, "Cake").await,
    );
    let (one, other) = (
        customer_of(&server, tea.id).await,
        customer_of(&server, tea.id).await,
    );
    let elsewhere = customer_of(&server, cake.id).await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let slow = [
        Slow::begun(&server, &one).await,
        Slow::begun(&server, &ann).await,
    ];
    let began = Instant::now();
    let (too_many, neighbour, stranger) = tokio::join!(
        note(&server, &other),
        note(&server, &bob),
        note(&server, &elsewhere)
    );
    assert_eq!(too_many, (503, "overloaded".into()));
    assert_eq!(neighbour, (503, "overloaded".into()));
    assert_eq!(stranger.0, 200);
    assert!(began.elapsed() > Duration::from_secs(4), "they waited");

    drop(slow);
    eventually(async || note(&server, &other).await.0 == 200).await;
}

/// CHAT-09: what is too long for what it says, or for what its owner has left, is refused before a byte of it is sent.
#[tokio::test]
async fn what_has_no_room_is_not_waited_for() {
    let server = TestServer::with(|config| {
        config.limits.file_bytes = 100_000;
        config.limits.file_bytes_per_user = 150_000;
    })
    .await;
    let ann = Person::customer(&server, "Ann").await;
    let refused = async |length| Slow::of_length(&server, &ann, length).await.answer().await;
    assert_eq!(refused(200_000).await, (413, "file_too_large".into()));
    let (status, _) = upload(&server, &ann, "long.txt", vec![b'x'; 80_000]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(refused(80_000).await, (507, "quota_exceeded".into()));
    assert_eq!(note(&server, &ann).await.0, 200);
}

/// CHAT-09: a form that never comes to its file is not gathered.
#[tokio::test]
async fn a_form_comes_to_its_file_soon() {
    let server = TestServer::start().await;
    let ann = Person::customer(&server, "Ann").await;
    let mut endless = Slow::of_length(&server, &ann, 10_000_000).await;
    // One byte more than is borne with, so that none is left unread: closing would then reset the connection.
    let begun = "--x\r\ncontent-disposition: ".to_owned();
    let rest = "x".repeat(128 * 1_024 + 1 - begun.len());
    endless.write(&(begun + &rest)).await;
    assert_eq!(endless.answer().await, (422, "invalid_argument".into()));
}

/// CHAT-09: an upload that does not go on is given up, and leaves nothing.
#[tokio::test]
async fn an_upload_does_not_take_for_ever() {
    let server = TestServer::with(|config| config.limits.upload_seconds = 1).await;
    let ann = Person::customer(&server, "Ann").await;
    let stalled = Slow::begun(&server, &ann).await;
    assert_eq!(stalled.answer().await, (422, "invalid_argument".into()));
    assert_eq!(server.files_on_shelf(), 0);
}

/// CHAT-09: a picture whose thumbnail cannot be kept is not kept either.
#[tokio::test]
async fn a_picture_without_its_thumbnail_leaves_nothing() {
    let bucket = MockServer::start().await;
    let answers = [
        (
            "PUT",
            ResponseTemplate::new(200).insert_header("etag", "\"1\""),
            Some(1),
        ),
        ("PUT", ResponseTemplate::new(403), None),
        (
            "POST",
            ResponseTemplate::new(200).set_body_string("<DeleteResult></DeleteResult>"),
            None,
        ),
        ("DELETE", ResponseTemplate::new(204), None),
    ];
    for (verb, answer, times) in answers {
        let mock = Mock::given(method(verb)).respond_with(answer);
        let mock = match times {
            Some(times) => mock.up_to_n_times(times),
            None => mock,
        };
        mock.mount(&bucket).await;
    }
    let server = TestServer::with(|config| {
        config.files.store = "s3://goods".into();
        config.files.s3_endpoint = bucket.uri();
        config.files.s3_access_key = "AK".into();
        config.files.s3_secret_key = "secret".into();
    })
    .await;
    let ann = Person::customer(&server, "Ann").await;
    let (status, _) = upload(&server, &ann, "cat.png", picture(400, 300)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let requests = bucket.received_requests().await.expect("requests");
    let stored = requests.first().expect("the picture");
    assert_eq!(stored.method.as_str(), "PUT");
    let path = stored.url.path().trim_start_matches("/goods/");
    let taken_off = requests.iter().any(|request| {
        let body = String::from_utf8_lossy(&request.body);
        request.method.as_str() != "PUT"
            && (request.url.path().ends_with(path) || body.contains(path))
    });
    assert!(taken_off, "{path} stays: {requests:#?}");
}
