//! What becomes of prizes, and of what is kept.

use serde_json::{Value, json};

use super::Club;
use crate::coupon::coupons_due;

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

/// LOT-04, CPN-07: coupons are set aside when the draw is published, so that nobody else has them; they are in the winners' wallets at once, nobody else
/// claims from them, and what nobody won goes back.
#[tokio::test]
async fn a_prize_may_be_a_coupon() {
    let club = Club::open().await;
    let boss = club.shop.boss(&club.server);
    let templates = club.shop.path("/coupon-templates");
    let form = crate::coupon::but(crate::coupon::ten_off(), json!({ "quantity": 3 }));
    let template = boss.post(&templates, form).await.ok()["id"].clone();
    let template_path = format!("{templates}/{}", template.as_str().expect("an id"));
    let prize = |quantity| {
        let coupon = json!({ "template_id": template });
        json!([{ "name": "券", "value": 1_000, "quantity": quantity, "coupon": coupon }])
    };
    let form = |quantity| json!({ "target": null, "prizes": prize(quantity) });
    assert_eq!(club.tries(form(3)).await.refused(), "coupon_state");
    boss.post(&format!("{template_path}/publish"), json!({}))
        .await
        .ok();
    assert_eq!(club.tries(form(4)).await.refused(), "coupon_sold_out");
    let people = [club.member("Ann").await, club.member("Bob").await];
    let draw = club.publishes(form(3)).await;
    let rules = club.seen(&draw).await["rules"].clone();
    assert_eq!(rules["prizes"][0]["coupon"]["terms"]["title"], "满50减10");
    let rest = club.server.rest();
    let claim = rest
        .by(&people[0])
        .post(&format!("{template_path}/claim"), json!({}))
        .await;
    assert_eq!(claim.refused(), "coupon_sold_out");
    let gift: uuid::Uuid = sqlx::query_scalar("select gift_id from draw_gifts")
        .fetch_one(club.server.server.app.store.pool())
        .await
        .expect("set aside");
    let claim = rest
        .by(&people[0])
        .post(&format!("/coupon-gifts/{gift}/claim"), json!({}))
        .await;
    assert_eq!(claim.refused(), "not_found");

    club.later(25).await;
    assert_eq!(club.seen(&draw).await["state"], "prizes_delivered");
    for who in &people {
        let wallet = rest.by(who).get("/coupons?state=usable").await.ok();
        assert_eq!(wallet["coupons"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(club.differences().await, [""; 0]);
    club.later(31 * 24).await;
    coupons_due(&club.server).await;
    let report = boss.get(&template_path).await.ok();
    assert_eq!(report["template"]["given"], 2);
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
