//! Everybody at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};

use super::{Treat, amount, taking::shows};
use crate::support::{Person, TestServer, rest::Said};

/// So many members, each on a device of their own.
async fn members(treat: &Treat, number: usize) -> Vec<Person> {
    let server = &treat.club.server;
    let mut people = vec![];
    for place in 0..number {
        people.push(Person::customer(server, &format!("C{place}")).await);
    }
    let ids: Vec<_> = people.iter().map(|one| one.id.0).collect();
    let pool = server.server.app.store.pool();
    sqlx::query("update sessions set device_id = user_id::text where user_id = any ($1)")
        .bind(&ids)
        .execute(pool)
        .await
        .expect("devices");
    sqlx::query(
        "insert into memberships (conversation_id, user_id, joined_number, joined_at) select $1, id, 1, $3 from unnest($2::uuid[]) id",
    )
    .bind(treat.club.group)
    .bind(&ids)
    .bind(server.clock.now().to_sqlx())
    .execute(pool)
    .await
    .expect("members");
    people
}

/// Presses until something certain is said: a busy node says that it is overloaded.
async fn insists(node: &TestServer, who: &Person, path: &str) -> Said {
    loop {
        let said = node.rest().by(who).post(path, json!({})).await;
        if said.status != 503 {
            return said;
        }
        tokio::task::yield_now().await;
    }
}

/// What each answer was.
fn tally(said: &[Said]) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for said in said {
        let word = match said.status {
            201 => "taken".to_owned(),
            _ => said.refused().to_owned(),
        };
        *answers.entry(word).or_default() += 1;
    }
    answers
}

/// Red packets: 500 members press for 100 shares at once over two nodes: exactly 100 people have one, the total is given to the fen, the others hear that
/// it is empty, all screens show 100 of 100 after far fewer pictures, the file verifies, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_press_for_a_hundred() {
    let treat = Treat::with(100_000).await;
    let other = TestServer::on(treat.club.server.database.clone(), |_| ()).await;
    let people = members(&treat, 500).await;
    let mut screens = [
        people[0].connect(&treat.club.server).await,
        people[499].connect(&other).await,
    ];
    let id = treat.sends(json!({ "total": 88_888, "shares": 100 })).await;
    let path = format!("/red-packets/{id}/take");
    let said = join_all(people.iter().enumerate().map(async |(place, who)| {
        let node = if place % 2 == 0 {
            &treat.club.server
        } else {
            &other
        };
        insists(node, who, &path).await
    }))
    .await;
    let expected = [("red_packet_empty", 400), ("taken", 100)];
    let expected = expected.map(|(word, number)| (word.to_owned(), number));
    assert_eq!(tally(&said), BTreeMap::from(expected));
    let taken: Vec<&Value> = said
        .iter()
        .filter(|said| said.status == 201)
        .map(|said| &said.body)
        .collect();
    assert_eq!(taken.iter().map(|share| amount(share)).sum::<i64>(), 88_888);
    for screen in &mut screens {
        let (pictures, card) = shows(screen, 100).await;
        assert_eq!(
            (card.taken_amount, card.state()),
            (88_888, proto::RedPacketState::Emptied)
        );
        assert!(pictures < 90, "{pictures} pictures of 100 shares");
    }
    let file = souk::red_packet::file::verify(&treat.file(&people[0], &id).await);
    assert_eq!(file.expect("it verifies").takes.len(), 100);
    let balances = treat.balances().await;
    assert_eq!(
        (&balances["packets"], &balances["customers"]),
        (&json!(0), &json!(88_888))
    );
    assert_eq!(treat.club.differences().await, [""; 0]);
}

/// Red packets: somebody presses twenty times at once over two nodes, and so does another account on the same device: one of the two has one share, every press
/// of theirs says the same, and the other hears why.
#[tokio::test(flavor = "multi_thread")]
async fn one_person_presses_twenty_times() {
    let treat = Treat::with(1_000).await;
    let other = TestServer::on(treat.club.server.database.clone(), |_| ()).await;
    let people = members(&treat, 2).await;
    for one in &people {
        treat.club.gives_device(one, "shared").await;
    }
    let id = treat.sends(json!({})).await;
    let path = format!("/red-packets/{id}/take");
    let said = join_all((0_usize..40).map(async |press| {
        let node = if press % 4 < 2 {
            &treat.club.server
        } else {
            &other
        };
        let who = &people[press % 2];
        (press % 2, node.rest().by(who).post(&path, json!({})).await)
    }))
    .await;
    let lucky = said.iter().find(|(_, said)| said.status == 201);
    let (who, share) = lucky.expect("one of them has one");
    for (one, said) in &said {
        if one == who {
            assert_eq!((said.status, &said.body), (201, &share.body));
        } else {
            assert_eq!(said.refused(), "red_packet_taken");
        }
    }
    assert_eq!(
        treat.count("select count(*) from red_packet_takes").await,
        1
    );
    assert_eq!(treat.balances().await["customers"], amount(&share.body));
    assert_eq!(treat.club.differences().await, [""; 0]);
}
