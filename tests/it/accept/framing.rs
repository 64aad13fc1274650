//! What is not HTTP as we speak it.

use super::*;

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
