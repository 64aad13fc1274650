//! Nobody but the tracker moves a parcel.

use serde_json::{Value, json};

use super::Road;

const MOVING: (i64, &str) = (60, "快件到达【上海分拨中心】");

/// LOG-08, SEC-01: a wrong signature, a wrong address, another parcel's number or salt: refused, and nothing has changed.
#[tokio::test]
async fn forged_news_change_nothing() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.sent(1, "SF1").await;
    let other = road.sent(1, "SF2").await;
    let before = (
        road.market.said(&order).await,
        road.market.said(&other).await,
    );
    let honest = road.news("SF1", "3", &[MOVING]);
    let foreign = road.news("SF2", "3", &[MOVING]);
    let mut lies = vec![];
    let mut lie = |change: &dyn Fn(&mut super::Letter)| {
        let mut letter = honest.clone();
        change(&mut letter);
        lies.push(letter);
    };
    lie(&|letter| letter.sign = "0".repeat(32));
    lie(&|letter| letter.sign.clear());
    lie(&|letter| letter.param = letter.param.replace("上海", "北京"));
    lie(&|letter| letter.path.clone_from(&foreign.path));
    lie(&|letter| (letter.param, letter.sign) = (foreign.param.clone(), foreign.sign.clone()));
    let param: Value = serde_json::from_str(&foreign.param).unwrap();
    let asked = road.courier.subscription(server, "SF1").await;
    lies.push(honest.with(&param, asked["parameters"]["salt"].as_str().unwrap()));
    for letter in &lies {
        let (status, said) = letter.post(server).await;
        assert_eq!(
            (status, &said["code"]),
            (403, &json!("forbidden")),
            "{letter:?}"
        );
    }
    let mut strange = honest.clone();
    strange.path = format!("{}x", &strange.path[..strange.path.len() - 1]);
    assert_eq!(strange.post(server).await.0, 404);
    for order in [&order, &other] {
        assert_eq!(road.trace(order).await, ("sent".into(), vec![]));
        assert_eq!(road.market.seen(order).await["state"], "shipped");
    }
    let after = (
        road.market.said(&order).await,
        road.market.said(&other).await,
    );
    assert_eq!(before, after);
    honest.tell(server).await;
    assert_eq!(
        road.trace(&order).await.0,
        "signed",
        "the honest one is believed"
    );
}

/// LOG-08: what is signed but absurd is refused, and a page of it is no more than a page.
#[tokio::test]
async fn absurd_news_are_refused() {
    let road = Road::open().await;
    let server = &road.market.server;
    let order = road.sent(1, "SF3").await;
    let asked = road.courier.subscription(server, "SF3").await;
    let salt = asked["parameters"]["salt"].as_str().unwrap();
    let honest = road.news("SF3", "0", &[MOVING]);
    for param in [
        json!(null),
        json!([]),
        json!({ "status": "polling" }),
        json!({ "status": "asleep", "lastResult": { "nu": "SF3" } }),
        json!({ "status": "polling", "lastResult": { "nu": "SF3", "state": 7, "data": "none" } }),
    ] {
        assert_eq!(
            honest.with(&param, salt).post(server).await.0,
            403,
            "{param}"
        );
    }
    let entry = json!({ "context": "\u{0}", "ftime": "yesterday" });
    let odd = json!({ "status": "polling", "lastResult": { "nu": "SF3", "state": "0", "data": [entry] } });
    honest.with(&odd, salt).tell(server).await;
    assert_eq!(road.trace(&order).await, ("sent".into(), vec![]));
    let many: Vec<Value> = (0..60).flat_map(|minute| (0..10).map(move |second| {
        json!({ "context": "x".repeat(40), "ftime": format!("2026-01-01 00:{minute:02}:{second:02}") })
    })).collect();
    let long =
        json!({ "status": "polling", "lastResult": { "nu": "SF3", "state": "0", "data": many } });
    honest.with(&long, salt).tell(server).await;
    assert_eq!(road.trace(&order).await.1.len(), 300);
}

/// LOG-08: where no tracker is set up nobody is believed, and goods move by the clock.
#[tokio::test]
async fn without_a_tracker_nobody_is_believed() {
    let market = crate::order::Market::with(5).await;
    let order = market.accepted(1).await;
    let shipment = json!({ "carrier": "shunfeng", "tracking_number": "SF4" });
    market.staff(&order, "ship", shipment).await.ok();
    let path = format!("/orders/{}/packages", crate::order::id(&order));
    crate::support::eventually(async || {
        souk::parcel::follow::due(&market.server.server.app)
            .await
            .unwrap();
        market.customer().get(&path).await.ok()["packages"][0]["expected_at"].is_string()
    })
    .await;
    assert_eq!(
        market.customer().get(&path).await.ok()["packages"][0]["followed"],
        false
    );
    market.time_passes(24).await;
    assert_eq!(market.seen(&order).await["state"], "in_transit");
}
