use std::{io, path::Path as DiskPath};

use futures_util::stream;
use tempfile::TempDir;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::*;

fn folder() -> (TempDir, Shelf) {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(&ShelfSettings::Folder(folder.path().join("made/by/us"))).unwrap();
    (folder, shelf)
}

fn key(shop: u128) -> ShelfKey {
    ShelfKey::new(Uuid::from_u128(shop), Uuid::from_u128(0xabcd), Form::Full)
}

async fn read(fetched: Fetched) -> Vec<u8> {
    fetched
        .body
        .try_collect::<Vec<Bytes>>()
        .await
        .unwrap()
        .concat()
}

async fn missing(shelf: &Shelf, key: &ShelfKey) -> bool {
    matches!(shelf.fetch(key, None).await, Err(ShelfFault::Missing))
}

/// Every file below a folder, unfinished ones included.
fn files(folder: &DiskPath) -> usize {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

fn pieces(count: usize, size: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    stream::iter(
        (0..count).map(move |n| Ok(Bytes::from(vec![u8::try_from(n % 251).unwrap(); size]))),
    )
}

#[tokio::test]
async fn what_was_put_is_fetched_until_it_is_deleted() {
    let (_folder, shelf) = folder();
    shelf
        .put(&key(1), Bytes::from_static(b"hello"))
        .await
        .unwrap();
    let fetched = shelf.fetch(&key(1), None).await.unwrap();
    assert_eq!((fetched.len, fetched.range.clone()), (5, 0..5));
    assert_eq!(read(fetched).await, b"hello");
    assert!(
        missing(&shelf, &key(2)).await,
        "another shop's key is another place"
    );
    shelf.delete(&key(1)).await.unwrap();
    assert!(missing(&shelf, &key(1)).await);
    shelf.delete(&key(1)).await.unwrap();
}

#[tokio::test]
async fn ranges_are_cut_at_the_end_and_refused_behind_it() {
    let (_folder, shelf) = folder();
    shelf
        .put(&key(1), Bytes::from_static(b"0123456789"))
        .await
        .unwrap();
    for (range, bytes, place) in [
        (GetRange::Bounded(2..5), "234", 2..5),
        (GetRange::Bounded(8..99), "89", 8..10),
        (GetRange::Offset(7), "789", 7..10),
        (GetRange::Suffix(3), "789", 7..10),
        (GetRange::Suffix(99), "0123456789", 0..10),
    ] {
        let fetched = shelf.fetch(&key(1), Some(range)).await.unwrap();
        assert_eq!((fetched.len, fetched.range.clone()), (10, place));
        assert_eq!(read(fetched).await, bytes.as_bytes());
    }
    for range in [
        GetRange::Bounded(10..11),
        GetRange::Bounded(3..3),
        GetRange::Offset(10),
        GetRange::Suffix(0),
    ] {
        let answer = shelf
            .fetch(&key(1), Some(range.clone()))
            .await
            .map(|fetched| fetched.range);
        assert!(
            matches!(answer, Err(ShelfFault::Range)),
            "{range:?}: {answer:?}"
        );
    }
    let nothing = shelf
        .fetch(&key(2), Some(GetRange::Offset(0)))
        .await
        .map(|fetched| fetched.range);
    assert!(matches!(nothing, Err(ShelfFault::Missing)));
}

#[tokio::test]
async fn a_stream_in_parts_comes_back_as_it_went() {
    let (_folder, shelf) = folder();
    let (count, size) = (21, 1_000_003);
    let len = shelf
        .put_stream(&key(1), pieces(count, size), u64::MAX)
        .await
        .unwrap();
    assert_eq!(len, (count * size) as u64);
    let expected: Vec<Bytes> = pieces(count, size).try_collect().await.unwrap();
    assert!(read(shelf.fetch(&key(1), None).await.unwrap()).await == expected.concat());
}

#[tokio::test]
async fn an_upload_that_is_too_long_or_breaks_off_leaves_nothing() {
    let (folder, shelf) = folder();
    for (count, size) in [(2, 100), (20, 1 << 20)] {
        let limit = (count * size) as u64 - 1;
        let fault = shelf
            .put_stream(&key(1), pieces(count, size), limit)
            .await
            .unwrap_err();
        assert!(matches!(fault, ShelfFault::TooLong { .. }), "{fault:?}");
        let broken =
            pieces(count, size).chain(stream::once(async { Err(io::Error::other("line cut")) }));
        let fault = shelf
            .put_stream(&key(1), broken, u64::MAX)
            .await
            .unwrap_err();
        assert!(matches!(fault, ShelfFault::BrokenOff(_)), "{fault:?}");
        assert!(missing(&shelf, &key(1)).await);
        assert_eq!(files(folder.path()), 0, "no unfinished file stays");
    }
    let exact = shelf
        .put_stream(&key(1), pieces(2, 100), 200)
        .await
        .unwrap();
    assert_eq!(exact, 200);
}

#[tokio::test]
async fn an_unfinished_upload_is_not_seen_and_a_given_up_one_is_gone() {
    let (folder, shelf) = folder();
    let stalled = pieces(20, 1 << 20).chain(stream::pending());
    let key = key(1);
    let mut upload = Box::pin(shelf.put_stream(&key, stalled, u64::MAX));
    while files(folder.path()) == 0 {
        assert!(futures_util::poll!(&mut upload).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(missing(&shelf, &key).await);
    drop(upload);
    while files(folder.path()) > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_key_is_made_of_ids_alone() {
    let shop = Uuid::from_u128(7);
    let file = Uuid::from_u128(0xabcd);
    assert_eq!(
        format!("{:?}", ShelfKey::new(shop, file, Form::Thumbnail)),
        "ShelfKey(shops/00000000000000000000000000000007/cd/0000000000000000000000000000abcd.thumbnail)"
    );
    assert_ne!(
        ShelfKey::new(shop, file, Form::Full),
        ShelfKey::new(shop, file, Form::Thumbnail)
    );
}

fn bucket(endpoint: String) -> ShelfSettings {
    ShelfSettings::S3(S3Settings {
        bucket: "goods".into(),
        region: "us-east-1".into(),
        endpoint: Some(endpoint),
        access_key: "AK".into(),
        secret_key: "very secret".into(),
        virtual_hosted: false,
        allow_http: true,
    })
}

#[tokio::test]
async fn a_bucket_is_asked_by_signed_requests_below_its_shop() {
    let server = MockServer::start().await;
    Mock::given(matchers::method("PUT"))
        .and(matchers::path_regex("^/goods/shops/0{31}1/cd/0{28}abcd$"))
        .and(matchers::header_exists("authorization"))
        .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"1\""))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(matchers::method("GET"))
        .respond_with(ResponseTemplate::new(404))
        .expect(1)
        .mount(&server)
        .await;
    let shelf = Shelf::open(&bucket(server.uri())).unwrap();
    shelf
        .put(&key(1), Bytes::from_static(b"hello"))
        .await
        .unwrap();
    assert!(missing(&shelf, &key(1)).await);
}

#[tokio::test]
async fn the_parts_of_a_broken_upload_are_taken_back_from_a_bucket() {
    let server = MockServer::start().await;
    let begun = "<InitiateMultipartUploadResult><Bucket>goods</Bucket><Key>k</Key>\
                 <UploadId>u1</UploadId></InitiateMultipartUploadResult>";
    for (verb, answer) in [
        ("POST", ResponseTemplate::new(200).set_body_string(begun)),
        (
            "PUT",
            ResponseTemplate::new(200).insert_header("etag", "\"1\""),
        ),
        ("DELETE", ResponseTemplate::new(204)),
    ] {
        Mock::given(matchers::method(verb))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    let shelf = Shelf::open(&bucket(server.uri())).unwrap();
    let broken =
        pieces(20, 1 << 20).chain(stream::once(async { Err(io::Error::other("line cut")) }));
    let fault = shelf
        .put_stream(&key(1), broken, u64::MAX)
        .await
        .unwrap_err();
    assert!(matches!(fault, ShelfFault::BrokenOff(_)), "{fault:?}");
    let requests = server.received_requests().await.unwrap();
    let last = requests.last().unwrap();
    assert_eq!(
        (last.method.as_str(), last.url.query()),
        ("DELETE", Some("uploadId=u1"))
    );
}

#[test]
fn settings_never_show_their_secret() {
    let shown = format!("{:?}", bucket("http://127.0.0.1:1".into()));
    assert!(
        shown.contains("goods") && !shown.contains("very secret") && !shown.contains("AK"),
        "{shown}"
    );
}
