//! Parcels that are followed: the trace grows, the order moves, the customer hears of two moments.

use jiff::SignedDuration;
use serde_json::json;

use super::Road;
use crate::{order::id, support::courier::KEY};

const COLLECTED: (i64, &str) = (1, "顺丰速运 已收取快件");
const MOVING: (i64, &str) = (60, "快件到达【上海分拨中心】");
const OUT: (i64, &str) = (600, "正在派送途中,请您准备签收");
const SIGNED: (i64, &str) = (660, "已签收,感谢使用顺丰");

/// LOG-08, O18: the trace grows as the carrier tells; the order moves once; "out for delivery" and "signed" are told once each.
#[tokio::test]
async fn a_parcel_is_followed_to_the_door() {
    let road = Road::open().await;
    let order = road.sent(1, "SF7312345678901").await;
    assert_eq!(road.trace(&order).await, ("sent".into(), vec![]));
    let news = [
        road.news("SF7312345678901", "1", &[COLLECTED]),
        road.news("SF7312345678901", "0", &[COLLECTED, MOVING]),
        road.news("SF7312345678901", "5", &[COLLECTED, MOVING, OUT]),
        road.news("SF7312345678901", "3", &[COLLECTED, MOVING, OUT, SIGNED]),
    ];
    let server = &road.market.server;
    for (told, letter) in news.iter().enumerate() {
        letter.tell(server).await;
        letter.tell(server).await;
        assert_eq!(road.trace(&order).await.1.len(), told + 1);
    }
    let (state, words) = road.trace(&order).await;
    assert_eq!(state, "signed");
    assert_eq!(words, [SIGNED.1, OUT.1, MOVING.1, COLLECTED.1]);
    assert_eq!(road.market.seen(&order).await["state"], "in_transit");
    let deeds = road.market.deeds(&order).await;
    assert_eq!(deeds.iter().filter(|deed| *deed == "move").count(), 1);
    assert_eq!(road.times_said(&order, "运输中").await, 1);
    assert_eq!(
        road.times_said(&order, "(SF7312345678901)正在派送").await,
        1
    );
    assert_eq!(road.times_said(&order, "(SF7312345678901)已签收").await, 1);
}

/// LOG-08: the history says that it was the carrier; staff see the same trace as the customer, strangers none.
#[tokio::test]
async fn a_trace_is_for_those_whose_parcel_it_is() {
    let road = Road::open().await;
    let order = road.sent(1, "SF1").await;
    road.news("SF1", "0", &[MOVING])
        .tell(&road.market.server)
        .await;
    let path = road.market.shop.path(&format!("/orders/{}", id(&order)));
    let history = road
        .market
        .boss()
        .get(&format!("{path}/history"))
        .await
        .ok();
    let last = history["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["deed"], &last["actor_kind"]),
        (&json!("move"), &json!("carrier"))
    );
    let staff = road
        .market
        .boss()
        .get(&format!("{path}/packages"))
        .await
        .ok();
    assert_eq!(staff["packages"], road.packages(&order).await);
    let server = &road.market.server;
    let bob = crate::support::Person::customer(server, "Bob").await;
    let said = server
        .rest()
        .by(&bob)
        .get(&format!("/orders/{}/packages", id(&order)))
        .await;
    assert_eq!(said.refused(), "not_found");
    let other = crate::support::TestShop::open(server).await;
    let said = other
        .boss(server)
        .get(&other.path(&format!("/orders/{}/packages", id(&order))))
        .await;
    assert_eq!(said.refused(), "not_found");
    assert_eq!(
        other
            .boss(server)
            .get(&format!("{path}/packages"))
            .await
            .refused(),
        "forbidden"
    );
}

/// LOG-08: what comes late, in whatever order, completes the trace and takes nothing back.
#[tokio::test]
async fn news_in_another_order_lead_to_the_same_end() {
    let road = Road::open().await;
    let order = road.sent(1, "SF2").await;
    let server = &road.market.server;
    road.news("SF2", "3", &[COLLECTED, OUT, SIGNED])
        .tell(server)
        .await;
    road.news("SF2", "5", &[COLLECTED, OUT]).tell(server).await;
    road.news("SF2", "0", &[COLLECTED, MOVING])
        .tell(server)
        .await;
    let (state, words) = road.trace(&order).await;
    assert_eq!(state, "signed");
    assert_eq!(words, [SIGNED.1, OUT.1, MOVING.1, COLLECTED.1]);
    assert_eq!(
        road.times_said(&order, "正在派送").await,
        0,
        "it was there already"
    );
    assert_eq!(road.times_said(&order, "已签收").await, 1);
    assert_eq!(road.times_said(&order, "运输中").await, 1);
}

/// LOG-08: what a carrier dates years ahead is as of now, and once: what comes after it still moves the parcel, and staff are alerted once.
#[tokio::test]
async fn news_from_the_far_future_freeze_nothing() {
    let road = Road::open().await;
    let order = road.sent(1, "SF9").await;
    let server = &road.market.server;
    let far = (60 * 24 * 365 * 3, "派送异常");
    for _ in 0..3 {
        road.news("SF9", "2", &[COLLECTED, far]).tell(server).await;
    }
    let (state, words) = road.trace(&order).await;
    assert_eq!((state.as_str(), words.len()), ("problem", 2));
    let alerts = road.market.shop.path("/alerts");
    let alerts = road.market.boss().get(&alerts).await.ok()["alerts"].clone();
    let alerts = alerts.as_array().unwrap().iter();
    let about = |alert: &&serde_json::Value| alert["text"].as_str().unwrap().contains("物流异常");
    assert_eq!(alerts.filter(about).count(), 1);
    road.news("SF9", "3", &[COLLECTED, far, SIGNED])
        .tell(server)
        .await;
    let (state, words) = road.trace(&order).await;
    assert_eq!((state.as_str(), words[0].as_str()), ("signed", SIGNED.1));
    assert_eq!(road.times_said(&order, "(SF9)已签收").await, 1);
}

/// LOG-08: what is dated two days ahead is told once, though the same trace comes again when that is no longer far away.
#[tokio::test]
async fn news_dated_ahead_are_told_once_when_their_time_comes_near() {
    let road = Road::open().await;
    let order = road.sent(1, "SF9").await;
    let server = &road.market.server;
    let ahead = (60 * 48, "派送异常");
    for _ in 0..3 {
        road.news("SF9", "2", &[COLLECTED, ahead])
            .tell(server)
            .await;
        assert_eq!(road.trace(&order).await.1.len(), 2);
        road.market.time_passes(25).await;
    }
    let alerts = road.market.shop.path("/alerts");
    let alerts = road.market.boss().get(&alerts).await.ok()["alerts"].clone();
    let alerts = alerts.as_array().unwrap().iter();
    let problem = |alert: &&serde_json::Value| alert["text"].as_str().unwrap().contains("物流异常");
    assert_eq!(alerts.filter(problem).count(), 1);
}

/// LOG-08: the same news by two ways at once are told once.
#[tokio::test]
async fn news_twice_at_once_are_told_once() {
    let road = Road::open().await;
    let order = road.sent(1, "SF3").await;
    let letter = road.news("SF3", "5", &[COLLECTED, OUT]);
    let server = &road.market.server;
    let (one, other, third) = tokio::join!(
        letter.post(server),
        letter.post(server),
        letter.post(server)
    );
    assert_eq!([one.0, other.0, third.0], [200, 200, 200]);
    assert_eq!(road.trace(&order).await.1.len(), 2);
    assert_eq!(road.times_said(&order, "正在派送").await, 1);
    assert_eq!(road.times_said(&order, "运输中").await, 1);
}

/// LOG-05: each package has a number, a subscription and a trace of its own; while lines are left the order does not move.
#[tokio::test]
async fn two_packages_have_two_traces() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.market.accepted(2).await;
    let part = road
        .send(&order, "SF4", json!([{ "line": 1, "units": 1 }]))
        .await;
    assert_eq!(part["state"], "partially_shipped");
    road.courier.subscription(server, "SF4").await;
    road.news("SF4", "0", &[MOVING]).tell(server).await;
    assert_eq!(road.market.seen(&order).await["state"], "partially_shipped");
    let all = road.send(&order, "SF5", json!([])).await;
    assert_eq!(all["state"], "shipped");
    road.courier.subscription(server, "SF5").await;
    road.news("SF5", "1", &[COLLECTED]).tell(server).await;
    assert_eq!(road.market.seen(&order).await["state"], "in_transit");
    let packages = road.packages(&order).await;
    let words = |place: usize| packages[place]["trace"][0]["words"].clone();
    assert_eq!([words(0), words(1)], [json!(MOVING.1), json!(COLLECTED.1)]);
    assert_eq!(packages[1]["units"], json!([{ "line": 1, "units": 1 }]));
    assert_eq!(packages[0]["followed"], true);
}

/// LOG-08: the tracker is asked as its documents say, with a salt and an address that nobody else has.
#[tokio::test]
async fn a_subscription_says_what_is_needed() {
    let road = Road::open().await;
    let server = &road.market.server;
    road.sent(1, "SF6").await;
    let asked = road.courier.subscription(server, "SF6").await;
    assert_eq!(
        (&asked["company"], &asked["key"]),
        (&json!("shunfeng"), &json!(KEY))
    );
    let parameters = &asked["parameters"];
    assert_eq!(
        parameters["phone"], "13800138000",
        "this carrier tells nobody else"
    );
    assert_eq!(
        (&parameters["resultv2"], &parameters["autoCom"]),
        (&json!("1"), &json!("1"))
    );
    road.sent(1, "SF7").await;
    let other = &road.courier.subscription(server, "SF7").await["parameters"];
    for secret in ["salt", "callbackurl"] {
        assert_ne!(parameters[secret], other[secret]);
        assert!(parameters[secret].as_str().unwrap().len() >= 24);
    }
}

/// LOG-08: a tracker that fails is asked again, by the same address and salt; one that says "subscribed already" is content.
#[tokio::test]
async fn a_tracker_that_fails_is_asked_again() {
    let road = Road::open().await;
    let server = &road.market.server;
    road.courier.answers(["500"]);
    let order = road.sent(1, "SF8").await;
    server.clock.advance(SignedDuration::from_mins(1));
    road.courier.asked_again(server, "SF8", 2).await;
    road.news("SF8", "0", &[MOVING]).tell(server).await;
    assert_eq!(road.trace(&order).await.0, "in_transit");
    server.clock.advance(SignedDuration::from_hours(48));
    souk::parcel::follow::due(&server.server.app).await.unwrap();
    assert_eq!(road.courier.asked("SF8"), 2, "501 is an answer");
}

/// LOG-08: a number that is none is asked for once; its package says that nobody follows it.
#[tokio::test]
async fn a_number_that_is_none_is_not_asked_for_again() {
    let road = Road::open().await;
    let server = &road.market.server;
    road.courier.answers(["701"]);
    let order = road.sent(1, "SF9").await;
    crate::support::eventually(async || road.packages(&order).await[0]["followed"] == false).await;
    server.clock.advance(SignedDuration::from_hours(48));
    souk::parcel::follow::due(&server.server.app).await.unwrap();
    assert_eq!(road.courier.asked("SF9"), 1);
}

/// LOG-08: what the tracker has let go before it arrived is asked for again after half an hour, and not before.
#[tokio::test]
async fn what_was_let_go_is_asked_for_again() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.sent(1, "SF10").await;
    crate::support::eventually(async || road.packages(&order).await[0]["followed"] == true).await;
    let gone = road.courier.letter("SF10", ("abort", "0"), &[], road.since);
    settled(&road, "SF10").await;
    gone.tell(server).await;
    gone.tell(server).await;
    server.clock.advance(SignedDuration::from_mins(29));
    souk::parcel::follow::due(&server.server.app).await.unwrap();
    assert_eq!(road.courier.asked("SF10"), 1);
    server.clock.advance(SignedDuration::from_mins(3));
    road.courier.asked_again(server, "SF10", 2).await;
    assert_eq!(road.trace(&order).await, ("sent".into(), vec![]));
}

/// Waits until the answer to a subscription is written down.
async fn settled(road: &Road, number: &str) {
    crate::support::eventually(async || {
        let follow: String =
            sqlx::query_scalar("select follow from parcels where tracking_number = $1")
                .bind(number)
                .fetch_one(road.market.server.server.app.store.pool())
                .await
                .expect("a parcel");
        follow == "followed"
    })
    .await;
}

/// LOG-08: a carrier that the shop has named wrongly is put right, and what goes wrong asks for staff.
#[tokio::test]
async fn carriers_are_put_right_and_trouble_asks_for_staff() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.sent(1, "SF11").await;
    let letter = road.news("SF11", "2", &[(5, "电话无人接听")]);
    let mut param: serde_json::Value = serde_json::from_str(&letter.param).unwrap();
    param["comNew"] = json!("ems");
    let asked = road.courier.subscription(server, "SF11").await;
    let salt = asked["parameters"]["salt"].as_str().unwrap();
    letter.with(&param, salt).tell(server).await;
    assert_eq!(road.packages(&order).await[0]["carrier"], "ems");
    let alerts = road
        .market
        .boss()
        .get(&road.market.shop.path("/alerts"))
        .await
        .ok();
    assert_eq!(alerts["alerts"][0]["kind"], "order_follow_up");
    assert!(
        alerts["alerts"][0]["text"]
            .as_str()
            .unwrap()
            .contains("SF11")
    );
}

/// AFS-10, LOG-05: what is sent in exchange is followed as well, with a trace of its own.
#[tokio::test]
async fn what_is_sent_in_exchange_is_followed() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.sent(1, "SF20").await;
    let wish = crate::aftersale::wish("exchange", 1);
    let case = road.market.apply(&order, wish).await.ok();
    road.market.decide(&case, "approve", json!({})).await.ok();
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "SF21" });
    let sent = road.market.decide(&case, "ship-exchange", parcel);
    sent.await.ok();
    road.courier.subscription(server, "SF21").await;
    road.news("SF21", "0", &[MOVING]).tell(server).await;
    let packages = road.packages(&order).await;
    assert_eq!(
        json!([packages[1]["followed"], packages[1]["trace"][0]["words"]]),
        json!([true, MOVING.1])
    );
    assert_eq!(packages[0]["trace"], json!([]));
}
