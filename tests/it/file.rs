//! Pictures and papers: uploaded, made harmless, and for participants only.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use reqwest::{
    Response, StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use souk::id::{ConversationId, FileId};

use crate::support::{Person, TestServer, people::direct_conversation, register::phone};

pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("encodes");
    bytes.into_inner()
}

pub async fn upload(
    server: &TestServer,
    who: &Person,
    name: &str,
    bytes: Vec<u8>,
) -> (StatusCode, Value) {
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
    let request = TestServer::http()
        .post(server.url("/api/v1/files"))
        .bearer_auth(&who.token)
        .multipart(form);
    let response = request.send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

async fn fetch(server: &TestServer, who: &Person, id: &str, range: &str) -> Response {
    let request = TestServer::http()
        .get(server.url(&format!("/api/v1/files/{id}")))
        .bearer_auth(&who.token);
    request
        .header("range", range)
        .send()
        .await
        .expect("an answer")
}

/// Sends an uploaded file, as a picture or a file.
async fn send(
    server: &TestServer,
    who: &Person,
    conversation: ConversationId,
    kind: &str,
    file_id: &str,
) {
    let body = json!({ "client_message_id": file_id, kind: { "file_id": file_id } });
    let path = format!("/conversations/{conversation}/messages");
    server.rest().by(who).post(&path, body).await.ok();
}

/// CHAT-09: a picture and a PDF are delivered as attachments that only participants may fetch.
#[tokio::test]
async fn only_participants_fetch_a_file() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let eve = Person::customer(&server, "Eve").await;
    let pdf = [b"%PDF-1.7\n".as_slice(), &[b'x'; 500], b"\n%%EOF"].concat();
    let (status, paper) = upload(&server, &ann, "receipt.pdf", pdf.clone()).await;
    assert_eq!(
        (status, &paper["kind"], &paper["media_type"]),
        (StatusCode::OK, &"file".into(), &"application/pdf".into())
    );
    let id = paper["file_id"].as_str().expect("an id");

    assert_eq!(
        fetch(&server, &bob, id, "").await.status(),
        StatusCode::NOT_FOUND
    );
    send(&server, &ann, conversation, "file", id).await;
    let fetched = fetch(&server, &bob, id, "").await;
    let header = |name: &str| fetched.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(
        header("content-disposition"),
        "attachment; filename*=UTF-8''receipt.pdf"
    );
    assert_eq!(
        (header("x-content-type-options"), header("content-type")),
        ("nosniff".into(), "application/pdf".into())
    );
    assert_eq!(fetched.bytes().await.expect("bytes"), pdf);
    let part = fetch(&server, &ann, id, "bytes=1-3").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.expect("bytes"), "PDF");
    assert_eq!(
        fetch(&server, &eve, id, "").await.status(),
        StatusCode::NOT_FOUND
    );
}

/// CHAT-09: a picture gets a thumbnail, which has the picture's rights.
#[tokio::test]
async fn a_picture_gets_a_thumbnail() {
    let server = TestServer::start().await;
    let (ann, bob, conversation) = direct_conversation(&server).await;
    let (status, uploaded) = upload(&server, &ann, "cat.png", picture(900, 600)).await;
    assert_eq!(
        (status, &uploaded["width"], &uploaded["kind"]),
        (StatusCode::OK, &900.into(), &"picture".into())
    );
    let thumbnail = uploaded["thumbnail_id"]
        .as_str()
        .expect("a thumbnail")
        .to_owned();
    assert_eq!(
        fetch(&server, &bob, &thumbnail, "").await.status(),
        StatusCode::NOT_FOUND
    );
    let id = uploaded["file_id"].as_str().expect("an id");
    send(&server, &ann, conversation, "picture", id).await;
    let small = fetch(&server, &bob, &thumbnail, "")
        .await
        .bytes()
        .await
        .expect("bytes");
    assert_eq!(
        image::load_from_memory(&small).expect("a picture").width(),
        320
    );
}

#[tokio::test]
async fn what_is_not_what_it_says_is_refused_and_leaves_nothing() {
    let server = TestServer::with(|config| {
        config.limits.file_bytes = 30_000;
        config.limits.file_bytes_per_user = 20_000;
    })
    .await;
    let ann = Person::customer(&server, "Ann").await;
    let script = b"<html><script>alert(1)</script></html>".to_vec();
    for (name, bytes, code) in [
        ("page.html", script.clone(), "file_type_refused"),
        ("cat.png", script, "file_type_refused"),
        ("empty.txt", vec![], "invalid_argument"),
        ("long.txt", vec![b'x'; 40_000], "file_too_large"),
        ("much.txt", vec![b'x'; 25_000], "quota_exceeded"),
        (
            "cut.png",
            picture(50, 50)[..60].to_vec(),
            "invalid_argument",
        ),
    ] {
        let (status, problem) = upload(&server, &ann, name, bytes).await;
        assert_eq!(
            (
                status.is_client_error() || status.is_server_error(),
                &problem["code"]
            ),
            (true, &code.into()),
            "{name}"
        );
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from files")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!((kept, server.files_on_shelf()), (0, 0));
    assert_eq!(
        upload(&server, &ann, "note.txt", vec![b'x'; 15_000])
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        upload(&server, &ann, "note.txt", vec![b'x'; 15_000])
            .await
            .1["code"],
        "quota_exceeded"
    );
}

/// ACC-13, CHAT-09: an avatar is a picture of one's own. Whoever has to do with its owner is shown it everywhere and may fetch it,
/// as long as it is worn; nobody else may.
#[tokio::test]
async fn an_avatar_is_a_picture_of_ones_own() {
    let server = TestServer::start().await;
    let (ann, bob, _) = direct_conversation(&server).await;
    let eve = Person::customer(&server, "Eve").await;
    let sent = async |who: &Person, name: &str, bytes: Vec<u8>| {
        let (status, uploaded) = upload(&server, who, name, bytes).await;
        assert_eq!(status, StatusCode::OK);
        uploaded
    };
    let face = sent(&ann, "me.png", picture(300, 300)).await;
    let (id, thumbnail) = (&face["file_id"], &face["thumbnail_id"]);
    let bobs = sent(&bob, "me.png", picture(200, 200)).await;
    let note = sent(&ann, "note.txt", b"not a face".to_vec()).await;
    let nothing = json!(FileId::new());
    let rest = server.rest().by(&ann);
    for other in [&bobs["file_id"], &note["file_id"], thumbnail, &nothing] {
        let said = rest.patch("/me", json!({ "avatar": other })).await;
        assert_eq!(said.refused(), "invalid_argument", "{other}");
    }
    let of_partner = async || {
        let page = server.rest().by(&bob).get("/conversations").await.ok();
        page["conversations"][0]["partner"]["avatar"].clone()
    };
    assert_eq!(of_partner().await, json!(""));
    assert_eq!(
        rest.patch("/me", json!({ "avatar": id })).await.ok()["avatar"],
        *id
    );
    assert_eq!(of_partner().await, *id);
    let welcome = ann.connect(&server).await.welcome;
    assert_eq!(json!(welcome.user.expect("Ann").avatar), *id);

    let may = async |who: &Person, id: &Value| {
        fetch(&server, who, id.as_str().expect("an id"), "")
            .await
            .status()
            == StatusCode::OK
    };
    assert!(may(&bob, id).await && may(&bob, thumbnail).await);
    assert!(!may(&eve, id).await && !may(&eve, thumbnail).await);
    assert!(!may(&ann, &bobs["file_id"]).await, "not worn");
    rest.patch("/me", json!({ "avatar": "" })).await.ok();
    assert!(!may(&bob, id).await && may(&ann, id).await);
}

/// ACC-13: who opens a conversation is shown with their avatar, in the notice and as the partner.
#[tokio::test]
async fn an_avatar_is_in_the_notices() {
    let server = TestServer::start().await;
    let (boss, shop) = Person::registered_merchant(&server, &phone(1)).await;
    let ann = Person::customer(&server, "Ann").await;
    let (_, face) = upload(&server, &ann, "me.png", picture(300, 300)).await;
    let rest = server.rest().by(&ann);
    rest.patch("/me", json!({ "avatar": face["file_id"] }))
        .await
        .ok();
    let opened = rest
        .post("/conversations", json!({ "shop_id": shop }))
        .await
        .ok();
    let path = format!(
        "/conversations/{}/messages",
        opened["id"].as_str().expect("an id")
    );
    let page = server.rest().by(&boss).get(&path).await.ok();
    assert_eq!(
        page["messages"][0]["notice"]["actor"]["avatar"],
        face["file_id"]
    );
}
