//! Whose request it is, behind a proxy or not.

use super::*;

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
    let open = open(limits).await;
    let forged = "x-forwarded-for: 203.0.113.7\r\nforwarded: for=203.0.113.7\r\n";
    assert_eq!(who(&open, "127.0.0.1", forged).await, "127.0.0.1");
    assert_eq!(who(&open, "127.0.0.9", forged).await, "203.0.113.7");
    let through = "x-forwarded-for: 203.0.113.7, 198.51.100.1\r\n";
    assert_eq!(who(&open, "127.0.0.9", through).await, "198.51.100.1");
    assert_eq!(
        who(&open, "127.0.0.9", "forwarded: for=203.0.113.7\r\n").await,
        "127.0.0.9"
    );
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
