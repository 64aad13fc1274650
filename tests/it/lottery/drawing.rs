//! The draw itself.

use proto::DrawState;
use serde_json::{Value, json};
use souk::{id::ConversationId, lottery::file};

use super::Club;
use crate::{order::next_card, support::eventually};

fn places(shown: &Value) -> &Vec<Value> {
    shown["places"].as_array().expect("places")
}

/// LOT-02, LOT-04, LOT-05: with 79 members nothing happens, with the 80th there is one draw with exactly 2 distinct winners, announced in the group and
/// told in person; the 81st changes nothing. The file verifies, and 2 prizes of 30 cost 60.
#[tokio::test]
async fn the_eightieth_member_brings_the_draw() {
    let club = Club::open().await;
    let ann = club.member("Ann").await;
    let mut line = ann.connect(&club.server).await;
    let draw = club.publishes(json!({})).await;
    let receipt = club.enters(&ann, &draw, "0123456789abcdef").await.ok();
    club.fill(77).await;
    club.due().await;
    assert_eq!(club.seen(&draw).await["state"], "open");
    club.member("Eighty").await;
    eventually(async || club.seen(&draw).await["state"] == "drawn").await;
    club.member("EightyOne").await;
    club.due().await;

    let shown = club.seen(&draw).await;
    let winners: Vec<&Value> = places(&shown)
        .iter()
        .filter(|place| place["state"] == "won")
        .collect();
    assert_eq!(winners.len(), 2);
    assert_ne!(winners[0]["customer_id"], winners[1]["customer_id"]);
    assert_eq!(
        (shown["tickets"].clone(), shown["cost"].clone()),
        (json!(79), json!(6_000))
    );
    assert_eq!(club.notices(club.group).await.len(), 1, "one result");
    let card = loop {
        let card = next_card(&mut line)
            .await
            .card
            .expect("a card")
            .draw
            .expect("of a draw");
        if card.state() == DrawState::Drawn {
            break card;
        }
    };
    assert_eq!(
        (card.winners.len(), json!(card.seed)),
        (2, shown["seed"].clone())
    );
    let told = "select count(*) from messages m join conversations c on c.id = m.conversation_id where c.kind = 'shop' and m.text like '恭喜您在「周末茶会」%'";
    eventually(async || club.count(told).await == 2).await;
    club.due().await;
    assert_eq!(club.count(told).await, 2, "nobody is told twice");

    let bytes = club.file(&ann, &draw).await;
    let decided = file::verify(&bytes).expect("it verifies");
    assert_eq!(
        decided.commitment,
        receipt["commitment"].as_str().expect("hex")
    );
    decided
        .verify_receipt(receipt.to_string().as_bytes())
        .expect("Ann is in it");
    let forged = crate::coupon::but(receipt, json!({ "tickets": [{ "number": 2, "link": "" }] }));
    assert!(
        decided
            .verify_receipt(forged.to_string().as_bytes())
            .is_err()
    );
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-02: a draw by the clock; who entered and has left is in the list, left out with a reason, and wins nothing; who has not entered takes no part
/// where the rules say so.
#[tokio::test]
async fn a_draw_by_the_clock_leaves_out_who_has_left() {
    let club = Club::open().await;
    let people = [
        club.member("Ann").await,
        club.member("Bob").await,
        club.member("Cleo").await,
    ];
    club.member("Idle").await;
    let draw = club
        .publishes(json!({ "target": null, "entry": "who_enters", "substitutes": 5 }))
        .await;
    for one in &people {
        club.enters(one, &draw, "").await.ok();
    }
    let leave = format!("/groups/{}/leave", club.group);
    club.server
        .rest()
        .by(&people[0])
        .post(&leave, json!({}))
        .await
        .ok();
    club.due().await;
    assert_eq!(club.seen(&draw).await["state"], "open");
    assert_eq!(
        club.server
            .rest()
            .by(&people[1])
            .get(&format!("/draws/{draw}/file"))
            .await
            .refused(),
        "draw_state"
    );
    club.later(25).await;
    let shown = club.seen(&draw).await;
    let names: Vec<&Value> = places(&shown).iter().map(|place| &place["name"]).collect();
    assert_eq!((names.len(), shown["tickets"].clone()), (2, json!(3)));
    assert!(!names.contains(&&json!("Ann")), "{names:?}");
    let decided = file::verify(&club.file(&people[1], &draw).await).expect("it verifies");
    assert_eq!(decided.close.left_out.len(), 1);
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-02: a target that is not reached in time: nothing is drawn, the group hears so, and the seed is revealed.
#[tokio::test]
async fn a_target_that_is_not_reached() {
    let club = Club::open().await;
    let ann = club.member("Ann").await;
    let draw = club.publishes(json!({})).await;
    club.enters(&ann, &draw, "").await.ok();
    club.later(25).await;
    let shown = club.seen(&draw).await;
    assert_eq!(
        (shown["state"].clone(), places(&shown).len()),
        (json!("cancelled"), 0)
    );
    assert!(shown["seed"].is_string());
    assert_eq!(
        club.notices(club.group).await,
        ["抽奖「周末茶会」已取消:到期未达到人数"]
    );
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-02: where nobody takes part nobody wins, and there is nothing to deliver.
#[tokio::test]
async fn nobody_takes_part() {
    let club = Club::open().await;
    let draw = club.publishes(json!({ "target": null })).await;
    club.later(25).await;
    let shown = club.seen(&draw).await;
    assert_eq!(
        (shown["state"].clone(), places(&shown).len()),
        (json!("prizes_delivered"), 0)
    );
    assert_eq!(
        club.notices(club.group).await,
        ["抽奖「周末茶会」已开奖,无人参与"]
    );
    let elsewhere = ConversationId::new();
    assert_eq!(club.notices(elsewhere).await, [""; 0]);
    assert_eq!(club.differences().await, [""; 0]);
}
