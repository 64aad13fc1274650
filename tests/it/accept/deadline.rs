//! How long a client may take.

use tokio::time::{Instant, interval};

use super::*;

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
    let attackers =
        async { tokio::join!(rest(&mut silent), rest(&mut partial), rest(&mut trickled)) };
    let mut served = 0;
    let ends = tokio::select! {
        ends = attackers => ends,
        () = keep_asking(&mut good, &mut served) => unreachable!("asks for ever"),
    };

    assert_eq!(ends, Default::default(), "nothing is said to them");
    assert!(began.elapsed() >= SHORT);
    assert!(served > 10, "{served} answers meanwhile");
}

async fn keep_asking(stream: &mut TcpStream, served: &mut u64) {
    for already in 1.. {
        assert_eq!(status(&ask(stream, HELLO).await), 200);
        *served = already;
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_own_time() {
    let limits = Limits {
        header_deadline: FAILED * 10,
        idle: SHORT,
        ..Limits::default()
    };
    let open = open(limits).await;
    let mut stream = open.connect().await;
    assert_eq!(status(&ask(&mut stream, HELLO).await), 200);
    let began = Instant::now();
    assert_eq!(status(&ask(&mut stream, HELLO).await), 200);
    assert_eq!(rest(&mut stream).await, "");
    assert!(began.elapsed() >= SHORT);
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
    assert_eq!(rest(&mut stream).await, "");
}

async fn impatient() -> Open {
    open(Limits {
        stall: SHORT,
        ..Limits::default()
    })
    .await
}

fn echo_of(headers: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nhost: souk\r\n{headers}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    let open = impatient().await;
    for request in [
        echo_of("content-length: 10", "half"),
        echo_of("transfer-encoding: chunked", "4\r\nhalf\r\n"),
        echo_of("transfer-encoding: chunked", "4\r\nhalf\r\n0\r\nx: y"),
        echo_of("transfer-encoding: chunked", ""),
    ] {
        let mut stream = open.connect().await;
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(!rest(&mut stream).await.contains("200 OK"), "{request}");
        assert!(began.elapsed() >= SHORT, "{request}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for() {
    let open = impatient().await;
    for (headers, drop) in [
        ("content-length: 1000000", "x"),
        ("transfer-encoding: chunked", "1\r\nx\r\n"),
    ] {
        let (mut answer, mut trickle) = open.connect().await.into_split();
        let head = echo_of(headers, "");
        trickle.write_all(head.as_bytes()).await.unwrap();
        tokio::spawn(async move {
            let mut pace = interval(SHORT / 10);
            while trickle.write_all(drop.as_bytes()).await.is_ok() {
                pace.tick().await;
            }
        });
        assert!(!rest(&mut answer).await.contains("200 OK"), "{headers}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answers_is_hung_up_on() {
    let open = impatient().await;
    let mut deaf = open.connect().await;
    let ask = "GET /long HTTP/1.1\r\nhost: souk\r\n\r\n";
    let asking = async { while deaf.write_all(ask.as_bytes()).await.is_ok() {} };
    timeout(FAILED, asking)
        .await
        .expect("the server to hang up");
}

#[tokio::test]
async fn neither_a_slow_answer_nor_a_quiet_socket_is_a_slow_client() {
    let limits = Limits {
        header_deadline: SHORT,
        idle: SHORT,
        stall: SHORT,
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
