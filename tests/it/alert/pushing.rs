//! Whoever is not on the line is reached in their browsers.

use std::collections::BTreeMap;

use proto::client_frame::Request;
use serde_json::{Value, json};
use souk::{config::PushProvider, id::UserId};

use super::{
    device::{Device, Push},
    new_order, next_alert, waited,
};
use crate::{
    goods::{order, thing, units, variant},
    support::{Person, Redis, TestServer, TestShop, team::until},
    two_nodes::two_nodes,
    webhook::{receiver::Manner, stage::eventually},
};

pub async fn key(server: &TestServer, who: &Person) -> String {
    let key = server.rest().by(who).get("/push/key").await.ok();
    key["public_key"].as_str().expect("a key").to_owned()
}

/// What has become of all deliveries, by person: once nothing waits any more.
pub async fn settled(server: &TestServer, deliveries: usize) -> BTreeMap<UserId, Vec<String>> {
    let pool = server.server.app.store.pool();
    let rows = eventually("everything is settled", async || {
        let rows: Vec<(UserId, String)> = sqlx::query_as(
            "select s.user_id, d.state from push_deliveries d join push_subscriptions s using (session_id) order by d.created_at",
        )
        .fetch_all(pool)
        .await
        .expect("deliveries");
        let over = rows.len() == deliveries && rows.iter().all(|(_, state)| state != "waiting");
        over.then_some(rows)
    });
    let mut states = BTreeMap::new();
    for (user, state) in rows.await {
        states.entry(user).or_insert_with(Vec::new).push(state);
    }
    states
}

fn said(push: &Push) -> (&str, &str, &str) {
    let text = |name: &str| push.alert[name].as_str().expect("text");
    (text("kind"), text("text"), &push.urgency)
}

/// ALRT-03: one push for each browser of those who are entitled, want it and are not on the line; none for anybody else; and the alert is
/// still unread when they come back.
#[tokio::test]
async fn one_push_for_each_entitled_browser() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (one, other) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let (unwilling, present) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let unentitled = shop.hire(&server, "agent").await;
    let kinds = json!({ "wanted": ["stock_low", "new_conversation"] });
    server
        .rest()
        .by(&unwilling)
        .put("/me/alerts", kinds)
        .await
        .ok();
    let second = Person::log_in(&server, one.id).await;
    let mut reached = [
        Device::of(&server, &one).await,
        Device::of(&server, &second).await,
        Device::of(&server, &other).await,
    ];
    let mut spared = [
        Device::of(&server, &unwilling).await,
        Device::of(&server, &unentitled).await,
        Device::of(&server, &present).await,
    ];
    let key = key(&server, &one).await;
    let mut line = present.connect(&server).await;

    let id = new_order(&server, &shop, "订单号:WS20250101001").await;
    for device in &mut reached {
        let push = device.hears(&key).await;
        assert_eq!(said(&push), ("new_order", "订单号:WS20250101001", "high"));
        assert_eq!(push.alert["id"], json!(id));
        let hours = 3_600 * 4;
        assert!((hours - 60..=hours).contains(&push.ttl), "{}", push.ttl);
    }
    assert_eq!(next_alert(&mut line).await.id, id.to_string());
    let sent = |times: usize| vec!["sent".to_owned(); times];
    let states = settled(&server, 4).await;
    let spared_once = vec!["spared".to_owned()];
    assert_eq!(
        states,
        BTreeMap::from([
            (one.id, sent(2)),
            (other.id, sent(1)),
            (present.id, spared_once)
        ])
    );

    line.client.close().await.expect("closed");
    until(|| server.server.hub.lines_of(present.id).is_empty()).await;
    let goods = thing(&server, &shop, 1_000, 5).await;
    let cup = variant(&goods, 0);
    let below = shop.path(&format!("/variants/{cup}/stock/alert"));
    let boss = shop.boss(&server);
    boss.put(&below, json!({ "alert_below": 5 })).await.ok();
    order(&server, &shop, &[units(cup, 1)])
        .await
        .expect("an order");
    let [unwilling_one, _, present_one] = &mut spared;
    for device in reached.iter_mut().chain([unwilling_one, present_one]) {
        let push = device.hears(&key).await;
        assert_eq!(said(&push), ("stock_low", "thing: 4", "normal"));
    }
    settled(&server, 9).await;
    for device in reached.iter_mut().chain(&mut spared) {
        assert!(device.service.heard().is_empty(), "no more");
    }
    let back = one.connect(&server).await;
    assert_eq!(waited(&back), [(shop.id.to_string(), 2)]);
}

/// ALRT-03: whoever is on the line at another node is not reached.
#[tokio::test]
async fn nobody_is_reached_who_is_on_the_line_elsewhere() {
    let redis = Redis::start().await;
    let (here, there) = two_nodes(&redis, 1_000).await;
    let shop = TestShop::open(&here).await;
    let operator = shop.hire(&here, "operator").await;
    let mut device = Device::of(&here, &operator).await;
    let mut line = operator.connect(&there).await;
    let bus = here.server.app.store.bus();
    eventually("the roll has them", async || {
        (bus.online(&[operator.id]).await == [(operator.id, true)]).then_some(())
    })
    .await;
    let id = new_order(&here, &shop, "an order").await;
    assert_eq!(next_alert(&mut line).await.id, id.to_string());
    let spared = BTreeMap::from([(operator.id, vec!["spared".to_owned()])]);
    assert_eq!(settled(&here, 1).await, spared);
    assert!(device.service.heard().is_empty());
}

/// ALRT-03: a service that fails is called again, later each time; one that knows the browser no more is never called again.
#[tokio::test]
async fn a_failing_service_is_called_again_and_a_gone_browser_is_not() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let operator = shop.hire(&server, "operator").await;
    let mut device = Device::of(&server, &operator).await;
    device.service.is_now(Manner::Says(503));
    new_order(&server, &shop, "an order").await;
    let key = key(&server, &operator).await;
    let first = device.hears(&key).await;
    let pool = server.server.app.store.pool();
    let tried = async |times: i32| {
        eventually("it waits for another try", async || {
            let row: Option<(String,)> = sqlx::query_as(
                "select state from push_deliveries where state = 'waiting' and attempt = $1 and leased_until is null",
            )
            .bind(times)
            .fetch_optional(pool)
            .await
            .expect("a delivery");
            row
        })
        .await
    };
    tried(1).await;
    assert!(device.service.heard().is_empty());
    server.clock.advance(jiff::SignedDuration::from_secs(6));
    let second = device.hears(&key).await;
    assert_eq!(second.alert, first.alert);
    assert!(second.ttl < first.ttl);
    tried(2).await;

    device.service.is_now(Manner::Says(410));
    server.clock.advance(jiff::SignedDuration::from_secs(36));
    device.hears(&key).await;
    eventually("the browser is forgotten", async || {
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from push_subscriptions) + (select count(*) from push_deliveries)",
        )
        .fetch_one(pool)
        .await
        .expect("a count");
        (left == 0).then_some(())
    })
    .await;
}

/// ALRT-03: what is read elsewhere, or may not be seen any more, is not brought; after four hours it is no news.
#[tokio::test]
async fn nobody_is_reached_with_what_is_over() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (reader, dismissed, late) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let mut devices = [
        Device::of(&server, &reader).await,
        Device::of(&server, &dismissed).await,
        Device::of(&server, &late).await,
    ];
    let key = key(&server, &reader).await;
    for device in &devices {
        device.service.is_now(Manner::Says(500));
    }
    let id = new_order(&server, &shop, "an order").await;
    for device in &mut devices {
        device.hears(&key).await;
    }
    let read = shop.path("/alerts/read");
    let rest = server.rest().by(&reader);
    rest.put(&read, super::up_to(id)).await.ok();
    shop.change(&server, dismissed.id, json!({ "disabled": true }))
        .await;
    server.clock.advance(jiff::SignedDuration::from_hours(5));
    let states = settled(&server, 3).await;
    let once = |state: &str| vec![state.to_owned()];
    assert_eq!(
        states,
        BTreeMap::from([
            (reader.id, once("spared")),
            (dismissed.id, once("spared")),
            (late.id, once("failed"))
        ])
    );
    for device in &mut devices {
        assert!(device.service.heard().is_empty(), "not again");
    }
}

/// ALRT-03: people subscribe with keys that are ones, at public addresses; a browser is the one's who asked last, until they log out.
#[tokio::test]
async fn a_browser_is_its_sessions() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (one, other) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let (first, mut device) = (server.rest().by(&one), Device::new().await);
    let good = device.subscription();
    let with = |part: &str, value: Value| {
        let mut asked = good.clone();
        *asked.pointer_mut(part).expect("a part") = value;
        asked
    };
    for inside in [
        "https://10.0.0.1/x",
        "https://push.internal/x",
        "http://example.com/x",
        "ftp://example.com/",
    ] {
        let said = first
            .put("/me/push", with("/endpoint", json!(inside)))
            .await;
        assert_eq!(said.refused(), "address_refused", "{inside}");
    }
    for (part, value) in [
        ("/keys/auth", "AAAA"),
        ("/keys/p256dh", "BAAA"),
        ("/keys/p256dh", "!"),
    ] {
        let said = first.put("/me/push", with(part, json!(value))).await;
        assert_eq!(said.refused(), "invalid_argument", "{part}");
    }

    let second = server.rest().by(&other);
    for rest in [&first, &first, &second] {
        rest.put("/me/push", good.clone()).await.ok();
    }
    first.delete("/me/push").await.ok();
    let key = key(&server, &other).await;
    new_order(&server, &shop, "an order").await;
    device.hears(&key).await;
    assert_eq!(
        settled(&server, 1).await.into_keys().collect::<Vec<_>>(),
        [other.id]
    );
    second.delete("/me/push").await.ok();
    second.put("/me/push", good).await.ok();
    second.delete("/sessions/current").await;
    new_order(&server, &shop, "another").await;
    settled(&server, 0).await;
    assert!(device.service.heard().is_empty());
}

/// ALRT-03: in development nothing need leave the house: what would have is shown.
#[tokio::test]
async fn the_sink_shows_what_would_have_gone_out() {
    let server = TestServer::with(|config| config.push.provider = PushProvider::Sink).await;
    let shop = TestShop::open(&server).await;
    let operator = shop.hire(&server, "operator").await;
    let mut device = Device::of(&server, &operator).await;
    new_order(&server, &shop, "an order").await;
    settled(&server, 1).await;
    assert!(device.service.heard().is_empty());
    let shown = server.rest().get("/dev/pushes").await.ok();
    assert_eq!(shown["pushes"][0]["text"], "an order");
    assert_eq!(shown["pushes"][0]["user_id"], json!(operator.id));
    let mut line = operator.connect(&server).await;
    line.ask(Request::Ping(proto::Ping {})).await;
    assert_eq!(waited(&line), [(shop.id.to_string(), 1)]);
}
