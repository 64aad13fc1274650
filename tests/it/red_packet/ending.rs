//! When its time is over.

use futures_util::future::join_all;
use proto::RedPacketState;
use serde_json::json;
use souk::red_packet::{file, time_out};

use super::{Treat, amount};
use crate::support::TestServer;

/// Red packets: a day later what nobody took is the shop's again, once, though two nodes come upon it eight times at once; the card says so and shows the
/// seed; nobody takes anything any more; who took something still has it.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_goes_back_once() {
    let treat = Treat::with(1_000).await;
    let other = TestServer::on(treat.club.server.database.clone(), |_| ()).await;
    let (ann, bob) = (
        treat.club.member("Ann").await,
        treat.club.member("Bob").await,
    );
    let id = treat.sends(json!({})).await;
    let share = treat.takes(&ann, &id).await.ok();
    treat.club.later(23).await;
    treat.due().await;
    assert_eq!(treat.balances().await["packets"], 1_000 - amount(&share));
    let mut here = ann.connect(&treat.club.server).await;
    let mut there = ann.connect(&other).await;
    treat.club.later(1).await;
    other.clock.advance(jiff::SignedDuration::from_hours(24));
    let late = treat.takes(&bob, &id).await;
    assert_eq!(
        late.refused(),
        "red_packet_over",
        "though nobody has closed it yet"
    );
    let nodes = [&treat.club.server, &other].repeat(4);
    let rounds = join_all(nodes.iter().map(|node| time_out::due(&node.server.app))).await;
    assert!(rounds.iter().all(Result::is_ok), "{rounds:?}");

    let balances = treat.balances().await;
    assert_eq!(balances["balance"], 1_000 - amount(&share));
    assert_eq!(
        (&balances["packets"], &balances["customers"]),
        (&json!(0), &share["amount"])
    );
    let returned = "select count(*) from ledger where cause = 'red_packet_returned'";
    assert_eq!(treat.count(returned).await, 1);
    let moved = "select count(*) from facts where kind = 'red_packet_moved' and payload ->> 'deed' = 'return'";
    assert_eq!(treat.count(moved).await, 1);
    // Without Redis the node that was faster shows it at once.
    let drawn = tokio::select! {
        drawn = crate::order::next_card(&mut here) => drawn,
        drawn = crate::order::next_card(&mut there) => drawn,
    };
    let card = drawn.card.expect("a card");
    assert_eq!(card.summary, "红包 · 恭喜发财,大吉大利 · 已过期");
    let card = card.red_packet.expect("of a red packet");
    assert_eq!(
        (card.state(), card.seed.len()),
        (RedPacketState::Returned, 64)
    );
    assert_eq!(treat.takes(&bob, &id).await.refused(), "red_packet_over");
    assert_eq!(treat.takes(&ann, &id).await.ok(), share);
    let file = file::verify(&treat.file(&bob, &id).await).expect("it verifies");
    assert_eq!(file.returned.in_minor(), 1_000 - amount(&share));
    assert_eq!(treat.club.differences().await, [""; 0]);
}

/// Red packets: all of it is kept for two years, and then removed; what the shop owes stays.
#[tokio::test]
async fn it_is_kept_for_two_years() {
    let treat = Treat::with(1_000).await;
    let ann = treat.club.member("Ann").await;
    let id = treat.sends(json!({})).await;
    let share = treat.takes(&ann, &id).await.ok();
    treat.later(24).await;
    let path = treat.club.shop.path(&format!("/red-packets/{id}/dossier"));
    let boss = treat.club.shop.boss(&treat.club.server);
    let dossier = boss.get(&path).await.ok();
    assert_eq!(dossier["people"][0]["customer_id"], json!(ann.id));
    assert_eq!(dossier["people"][0]["person"], share["person"]);
    assert_eq!(dossier["file"]["takes"][0]["link"], share["link"]);
    let packets = "select count(*) from red_packets";
    treat.later(2 * 365 * 24).await;
    assert_eq!(treat.count(packets).await, 1);
    treat.later(3 * 24).await;
    assert_eq!(treat.count(packets).await, 0);
    let owed = treat.balances().await;
    assert_eq!(owed["customers"], share["amount"]);
    assert_eq!(treat.club.differences().await, [""; 0]);
}
