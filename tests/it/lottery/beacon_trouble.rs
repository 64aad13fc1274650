//! Relays that are late, silent, down, or lie.

use serde_json::json;
use souk::lottery::file;

use super::{Club, beacon::club_with};
use crate::support::{
    Relay, TestServer,
    relay::{Mood, with_beacon},
};

const ALERTS: &str = "select count(*) from alerts where kind = 'draw_waits'";

/// A minute and a half later, whatever the last pause was, the relay is asked, and nothing comes of it.
async fn gets_nothing_from(club: &Club, draw: &str, relay: &Relay, mood: Mood) {
    relay.is(mood.clone());
    club.moves(90);
    club.asks().await;
    crate::support::eventually(async || !relay.asked().is_empty()).await;
    assert_eq!(club.seen(draw).await["state"], "closed", "{mood:?}");
}

/// LOT-04: whatever a relay tells that the chain has not signed for this round is not believed, and nobody follows it elsewhere, to an inside address
/// or to an honest relay: the draw waits, and takes the same round from the first who tells it.
#[tokio::test]
async fn nothing_but_the_signed_round_is_believed() {
    let (relay, honest) = (Relay::start().await, Relay::start().await);
    let club = club_with(&[&relay]).await;
    let ann = club.member("Ann").await;
    relay.is(Mood::NotThere);
    let draw = club.has_closed(json!({})).await;
    let round = club.seen(&draw).await["round"].clone();
    let path = format!("{}/{}/public/{round}", honest.url(), "42".repeat(32));
    for mood in [
        Mood::NotThere,
        Mood::AnotherRound,
        Mood::AnotherSignature,
        Mood::AnotherRandomness,
        Mood::AnotherChain,
        Mood::Garbage,
        Mood::Endless,
        Mood::Late,
        Mood::Down,
        Mood::Elsewhere("http://169.254.169.254/latest/meta-data/".into()),
        Mood::Elsewhere(path),
    ] {
        gets_nothing_from(&club, &draw, &relay, mood).await;
    }
    assert_eq!(honest.asked(), [0; 0], "nobody followed");
    assert_eq!(club.count(ALERTS).await, 1, "staff are told once");
    relay.is(Mood::Honest);
    club.moves(90);
    crate::support::eventually(async || {
        club.asks().await;
        club.seen(&draw).await["state"] == "drawn"
    })
    .await;
    let decided = file::verify(&club.file(&ann, &draw).await).expect("it verifies");
    assert_eq!(json!(decided.close.round), round);
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04: of several relays one is enough, whichever it is: those that lie or are down are passed over at once.
#[tokio::test]
async fn one_honest_relay_is_enough() {
    let [liar, down, honest] = [
        Relay::start().await,
        Relay::start().await,
        Relay::start().await,
    ];
    liar.is(Mood::AnotherSignature);
    down.is(Mood::Down);
    honest.is(Mood::NotThere);
    let club = club_with(&[&liar, &down, &honest]).await;
    let draw = club.has_closed(json!({})).await;
    honest.is(Mood::Honest);
    // It is the liar's turn to be asked first.
    let turn = sqlx::query("update draws set asked = 0");
    let pool = club.server.server.app.store.pool();
    turn.execute(pool).await.expect("a turn");
    club.moves(90);
    club.asks().await;
    crate::support::eventually(async || club.seen(&draw).await["state"] != "closed").await;
    assert!(!honest.asked().is_empty());
    let at_once = "select count(*) from draws where asked = 0";
    assert_eq!(club.count(at_once).await, 1, "no turn was in vain");
    assert_eq!(club.count(ALERTS).await, 0);
}

/// LOT-04: an operator who takes the relays out of the settings stops no draw that was closed for good: it waits, staff hear of it, and a node that has
/// relays draws. What is published without them has no beacon.
#[tokio::test]
async fn without_relays_a_closed_draw_waits() {
    let relay = Relay::start().await;
    let club = club_with(&[&relay]).await;
    relay.is(Mood::NotThere);
    let draw = club.has_closed(json!({})).await;
    let Club {
        server,
        shop,
        group,
    } = club;
    let (database, now) = (server.database.clone(), server.clock.now());
    drop(server);
    let bare = Club {
        server: TestServer::on(database.clone(), |_| ()).await,
        shop,
        group,
    };
    let passed = now.duration_since(bare.server.clock.now());
    bare.server.clock.advance(passed);
    bare.moves(700);
    bare.asks().await;
    crate::support::eventually(async || bare.count(ALERTS).await == 1).await;
    assert_eq!(bare.seen(&draw).await["state"], "closed");
    let plain = bare.publishes(json!({ "target": 40 })).await;
    assert!(bare.seen(&plain).await["rules"].get("beacon").is_none());
    relay.is(Mood::Honest);
    let node = TestServer::on(database, |config| with_beacon(config, &[&relay])).await;
    node.clock
        .advance(bare.server.clock.now().duration_since(node.clock.now()));
    node.clock.advance(jiff::SignedDuration::from_secs(90));
    crate::support::eventually(async || bare.seen(&draw).await["state"] != "closed").await;
    assert_eq!(bare.differences().await, [""; 0]);
}
