//! A server that has run out of descriptors, in a process of its own (F37 of docs/faults.md).

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use super::*;

const DESCRIPTORS: usize = 40;
const DEADLINE: Duration = Duration::from_secs(1);

/// Set in the process that the test starts under a limit on descriptors: there it is the server.
const SERVES: &str = "SOUK_TEST_SERVES";

async fn serve() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let limits = Limits {
        header_deadline: DEADLINE,
        ..Limits::default()
    };
    let open = open(limits).await;
    println!("\nlistening on {}", open.address);
    let until_parent_ends = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(until_parent_ends)
        .await
        .unwrap()
        .unwrap();
}

fn start() -> (Child, SocketAddr) {
    let mut child = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\""),
        ])
        .arg(std::env::current_exe().unwrap())
        .args([
            "accept::starving::a_server_without_descriptors_waits_without_spinning",
            "--exact",
            "--nocapture",
        ])
        .env(SERVES, "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let address = lines
        .find_map(|line| line.unwrap().strip_prefix("listening on ")?.parse().ok())
        .expect("the server says where it listens");
    (child, address)
}

fn descriptors(child: &Child) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", child.id()))
        .unwrap()
        .count()
}

/// What the process has used of the processor, in hundredths of a second.
fn ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    after_name
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

#[tokio::test]
async fn a_server_without_descriptors_waits_without_spinning() {
    if std::env::var_os(SERVES).is_some() {
        return serve().await;
    }
    let (mut child, address) = start();
    let connect = async || TcpStream::connect(address).await.unwrap();
    let mut seated = connect().await;
    assert_eq!(status(&ask(&mut seated, HELLO).await), 200);

    let mut silent = Vec::new();
    for _ in 0..DESCRIPTORS {
        silent.push(connect().await);
    }
    let mut latecomer = connect().await;
    latecomer.write_all(HELLO.as_bytes()).await.unwrap();
    let starved = async {
        while descriptors(&child) < DESCRIPTORS {
            tokio::task::yield_now().await;
        }
    };
    timeout(FAILED, starved)
        .await
        .expect("all descriptors to be taken");

    let before = ticks(&child);
    assert_eq!(
        status(&ask(&mut seated, HELLO).await),
        200,
        "the seated are served"
    );
    for stream in &mut silent {
        assert_eq!(rest(stream).await, "");
    }
    assert_eq!(
        status(&first_answer(&mut latecomer).await),
        200,
        "and in the end everybody"
    );
    let used = ticks(&child) - before;
    assert!(
        used < 30,
        "{used} hundredths of a second of processor while waiting a second or two"
    );

    drop(child.stdin.take());
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    child.wait().unwrap();
    assert_eq!(log.matches("cannot accept connections").count(), 1, "{log}");
}
