//! How many may come in, and how fast.

use std::num::NonZeroU32;

use super::*;

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
