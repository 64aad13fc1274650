//! The clients' network stumbles.

use std::{fs, ops::Range, time::Duration};

use futures_util::{StreamExt as _, stream};
use loadtest::{Client, Format};
use proto::{SendMessage, client_frame::Request};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Plan, story};
use crate::{
    client::Run,
    history::What,
    people::Person,
    proxy::Proxy,
    wait::{lasts, until},
    world::Node,
};

/// How many bytes a bad line carries: some not even a handshake, most a few messages, none a page of them.
const LINE: Range<usize> = 100..3_000;

/// How often it breaks.
const CUTS: usize = 2_000;

/// F20: connections are cut at random bytes, in the middle of frames too, 2,000 times. Every resume is exact, and work
/// goes on in the little that a line carries.
#[tokio::test(flavor = "multi_thread")]
async fn f20_connections_flap() {
    story(
        Plan {
            proxies: true,
            ..Plan::of("f20", 2)
        },
        async |world, run| {
            let proxies = &world.proxies;
            run.history.deed("cut connections");
            for proxy in proxies {
                proxy.cut_after(Some(LINE));
            }
            let acknowledged = run.history.acknowledged();
            let cuts = || proxies.iter().map(Proxy::cuts).sum::<usize>();
            let enough = until(Duration::from_mins(5), async || cuts() >= CUTS).await;
            assert!(enough, "{} cuts; {}", cuts(), run.history.keep("f20"));
            for proxy in proxies {
                proxy.cut_after(None);
            }
            let got_through = run.history.acknowledged() - acknowledged;
            eprintln!("f20: {got_through} sends got through in {} cuts", cuts());
            assert!(got_through >= 50, "only {got_through} sends got through");
            assert_eq!(accusations(run), Vec::<u16>::new(), "clients are accused");
        },
    )
    .await;
}

/// Codes with which a client was told that it broke the protocol, or should not come back.
fn accusations(run: &Run) -> Vec<u16> {
    let lines = run.history.lines();
    let codes = lines.iter().filter_map(|line| match line.what {
        What::Closed { code } => Some(code),
        _ => None,
    });
    codes
        .filter(|code| matches!(code, 1..4_000 | 4_100..4_200))
        .collect()
}

/// F21: clients drop their sockets a random moment after sending; nothing acknowledged is lost, no connection to the
/// database is left in a transaction.
#[tokio::test(flavor = "multi_thread")]
async fn f21_clients_walk_away() {
    story(Plan::of("f21", 2), async |world, run| {
        run.history.deed("abandon requests");
        let people = &world.cast.people;
        let rude = (0..600).map(|place| walk_away(&people[place % people.len()], run, place));
        stream::iter(rude)
            .buffer_unordered(20)
            .collect::<Vec<()>>()
            .await;
    })
    .await;
}

/// F37: a node may open only 256 files; newcomers wait or are refused, nobody spins, those who are in are served.
#[tokio::test(flavor = "multi_thread")]
async fn f37_descriptors_run_out() {
    story(
        Plan {
            descriptors: Some(256),
            ..Plan::of("f37", 1)
        },
        async |world, run| {
            let node = &world.nodes[0];
            run.history.deed("open 400 sockets on 256 descriptors");
            let knocks = (0..400).map(|_| tokio::net::TcpStream::connect(node.address()));
            let hoard: Vec<_> = stream::iter(knocks).buffer_unordered(50).collect().await;
            let before = processor_ticks(node);
            lasts(Duration::from_secs(3)).await;
            let spent = processor_ticks(node) - before;
            assert!(spent < 250, "the node spins: {spent} of 300 ticks");
            super::working(run, 30, "while descriptors are short").await;
            drop(hoard);
            let url = format!("ws://{}", node.address());
            let newcomer = Client::connect(&url, Format::Binary, &world.cast.people[0].token);
            timeout(Duration::from_secs(15), newcomer)
                .await
                .expect("in time")
                .expect("a newcomer is let in again");
        },
    )
    .await;
}

/// Sends and drops the socket within 5 ms, answered or not.
async fn walk_away(person: &Person, run: &Run, place: usize) {
    let device = 10_000 + place;
    let (conversation, client_id) = (person.conversations[0].clone(), Uuid::new_v4().to_string());
    let door = run.doors.lock()[place % 2].clone();
    let Ok((mut client, _)) =
        Client::connect(&format!("ws://{door}"), Format::Binary, &person.token).await
    else {
        return;
    };
    let body = format!("abandoned {client_id}");
    let (one, other) = (conversation.clone(), client_id.clone());
    run.history.write(
        device,
        0,
        What::Invoke {
            conversation: one,
            client_id: other,
            body: body.clone(),
        },
    );
    let message = SendMessage {
        conversation_id: conversation.clone(),
        client_message_id: client_id.clone(),
        text: body,
        ..SendMessage::default()
    };
    let moment = Duration::from_micros(rand::random_range(0..5_000));
    let answered = timeout(moment, client.request(Request::SendMessage(message))).await;
    run.history.write(
        device,
        0,
        match answered {
            Ok(Ok(proto::reply::Answer::MessageAccepted(accepted))) => What::Ok {
                conversation,
                client_id,
                number: accepted.number,
            },
            _ => What::Unknown {
                conversation,
                client_id,
            },
        },
    );
}

/// Processor time of a node so far, in hundredths of a second.
fn processor_ticks(node: &Node) -> u64 {
    let pid = node.pid().expect("it runs");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields = stat.rsplit(')').next().unwrap_or_default();
    fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}
