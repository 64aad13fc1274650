//! What becomes of prizes, and of what is kept.

use serde_json::{Value, json};

use super::Club;

/// The place of the first who stands so.
fn place(shown: &Value, state: &str) -> i64 {
    let places = shown["places"].as_array().expect("places");
    let found = places.iter().find(|place| place["state"] == state);
    found.expect("somebody")["place"]
        .as_i64()
        .expect("a number")
}

async fn drawn(people: usize) -> (Club, String) {
    let club = Club::open().await;
    for name in 0..people {
        club.member(&format!("C{name}")).await;
    }
    let draw = club
        .publishes(json!({ "target": null, "substitutes": 1 }))
        .await;
    club.later(25).await;
    (club, draw)
}

/// LOT-04, LOT-05: a prize is delivered once; one that is not claimed in the time that was published goes to the substitute, not earlier, and that
/// winner is told; the one after that goes to nobody and costs nothing; then the draw is done.
#[tokio::test]
async fn a_prize_that_is_not_claimed_goes_to_the_substitute() {
    let (club, draw) = drawn(4).await;
    club.does(&draw, "places/1/deliver", json!({})).await.ok();
    assert_eq!(
        club.does(&draw, "places/1/deliver", json!({}))
            .await
            .refused(),
        "draw_state"
    );
    let late = json!({ "reason": "未领取" });
    assert_eq!(
        club.does(&draw, "places/2/forfeit", late.clone())
            .await
            .refused(),
        "draw_state"
    );
    club.later(7 * 24 + 1).await;
    assert_eq!(
        club.does(&draw, "places/1/forfeit", late.clone())
            .await
            .refused(),
        "draw_state"
    );
    club.does(&draw, "places/2/forfeit", late.clone())
        .await
        .ok();
    let shown = club.seen(&draw).await;
    assert_eq!(
        (place(&shown, "won"), shown["cost"].clone()),
        (3, json!(6_000))
    );
    let told = "select count(*) from messages where text like '恭喜您在「周末茶会」%'";
    assert_eq!(club.count(told).await, 3);
    assert_eq!(
        club.does(&draw, "places/3/forfeit", late.clone())
            .await
            .refused(),
        "draw_state"
    );
    club.later(7 * 24 + 1).await;
    let done = club.does(&draw, "places/3/forfeit", late).await.ok();
    assert_eq!(done["state"], "prizes_delivered");
    assert_eq!(club.seen(&draw).await["cost"], 3_000);
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-01: a draw is called off with a reason that the group reads, once.
#[tokio::test]
async fn a_draw_is_called_off_with_a_reason() {
    let club = Club::open().await;
    let draw = club.publishes(json!({})).await;
    assert_eq!(
        club.does(&draw, "cancel", json!({})).await.refused(),
        "invalid_argument"
    );
    let because = json!({ "reason": "奖品缺货" });
    let done = club.does(&draw, "cancel", because.clone()).await.ok();
    assert!(done["seed"].is_string());
    assert_eq!(
        club.notices(club.group).await,
        ["抽奖「周末茶会」已取消:奖品缺货"]
    );
    assert_eq!(
        club.does(&draw, "cancel", because).await.refused(),
        "draw_state"
    );
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04, part 4.3: the dossier has all of it, reading it is recorded, and it is kept for two years.
#[tokio::test]
async fn the_dossier_is_kept_for_two_years() {
    let (club, draw) = drawn(3).await;
    let path = club.shop.path(&format!("/draws/{draw}/dossier"));
    let boss = club.shop.boss(&club.server);
    let dossier = boss.get(&path).await.ok();
    assert_eq!(dossier["people"].as_array().map(Vec::len), Some(3));
    assert_eq!(dossier["notices"].as_array().map(Vec::len), Some(2));
    assert_eq!(dossier["draw"]["rules"]["organiser"], "茶舍");
    assert_eq!(dossier["file"]["winners"].as_array().map(Vec::len), Some(2));
    let read = "select count(*) from audit_entries where action = 'draw.dossier_read'";
    assert_eq!(club.count(read).await, 1);
    club.later(729 * 24).await;
    assert_eq!(club.count("select count(*) from draws").await, 1);
    club.later(4 * 24).await;
    let left = "select (select count(*) from draws) + (select count(*) from draw_tickets) + (select count(*) from draw_places)";
    assert_eq!(club.count(left).await, 0);
}
