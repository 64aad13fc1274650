//! Closing time.

use super::*;

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
