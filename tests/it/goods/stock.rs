//! Stock: adjusted by staff, promised to holders, low.

use proto::{AlertKind, push::Event};
use serde_json::json;
use souk::{
    error::Refusal,
    stock::{
        release::release,
        take::{put_back, take},
    },
};

use super::{cancel, differences, level, order, order_one, thing, units, variant};
use crate::support::{Person, TestServer, TestShop, people::Line};

/// INV-02: cancelling gives back exactly what an order had, goods that come back are put back, each once; other systems are told.
#[tokio::test]
async fn what_comes_back_comes_back_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 10).await, 0);
    let cancelled = order(&server, &shop, &[units(cup, 3), units(cup, 1)])
        .await
        .unwrap();
    let kept = order(&server, &shop, &[units(cup, 4)]).await.unwrap();
    assert_eq!(level(&server, &shop, cup).await, [10, 8, 2]);
    assert_eq!(
        cancel(&server, &shop, cancelled).await.unwrap(),
        [units(cup, 4)]
    );
    assert_eq!(cancel(&server, &shop, cancelled).await.unwrap(), []);
    assert_eq!(level(&server, &shop, cup).await, [10, 4, 6]);

    let app = &server.server.app;
    let (now, two) = (app.clock.now(), [units(cup, 2)]);
    let mut tx = app.store.begin(shop.id).await.unwrap();
    assert_eq!(
        put_back(&mut tx, kept, &two, None, now)
            .await
            .unwrap_err()
            .refusal(),
        Some(Refusal::Conflict)
    );
    drop(tx);
    let mut tx = app.store.begin(shop.id).await.unwrap();
    take(&mut tx, kept, &[units(cup, 3)], None, now)
        .await
        .unwrap();
    put_back(&mut tx, kept, &two, None, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(level(&server, &shop, cup).await, [9, 1, 8]);
    for wrong in [units(cup, 2), units(cup, 0)] {
        let mut tx = app.store.begin(shop.id).await.unwrap();
        assert!(put_back(&mut tx, kept, &[wrong], None, now).await.is_err());
        drop(tx);
        let mut tx = app.store.begin(shop.id).await.unwrap();
        assert!(release(&mut tx, kept, &[wrong], None, now).await.is_err());
    }
    assert_eq!(level(&server, &shop, cup).await, [9, 1, 8]);
    assert_eq!(differences(&server).await, [""; 0]);
    let told: Vec<serde_json::Value> =
        sqlx::query_scalar("select payload from facts where kind = 'stock_returned' order by id")
            .fetch_all(app.store.pool())
            .await
            .unwrap();
    let fact = |holder, number| json!({ "holder_id": holder, "units": [{ "variant_id": cup, "units": number }] });
    assert_eq!(told, [fact(cancelled, 4), fact(kept, 2)]);
}

/// INV-01: who comes too late is told what is short, by name, and changes nothing; absurd and foreign wishes are refused.
#[tokio::test]
async fn a_shortage_is_named_and_leaves_no_trace() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (cup, pot) = (
        variant(&thing(&server, &shop, 100, 10).await, 0),
        variant(&thing(&server, &shop, 100, 1).await, 0),
    );
    let short = order(&server, &shop, &[units(cup, 2), units(pot, 2)])
        .await
        .unwrap_err()
        .to_refused();
    assert_eq!(
        (short.code(), &short.field),
        (Refusal::OutOfStock, &pot.to_string())
    );
    assert_eq!(short.sentence, "Only 1 of thing can be had.");
    assert_eq!(level(&server, &shop, cup).await, [10, 0, 10]);
    order_one(&server, &shop, pot).await.unwrap();
    let gone = order_one(&server, &shop, pot)
        .await
        .unwrap_err()
        .to_refused();
    assert_eq!(gone.sentence, "thing is sold out.");
    let other = TestShop::open(&server).await;
    let foreign = order_one(&server, &other, cup).await.unwrap_err();
    assert_eq!(foreign.refusal(), Some(Refusal::NotFound));
    let absurd = order(&server, &shop, &[units(cup, u32::MAX)])
        .await
        .unwrap_err();
    assert_eq!(absurd.refusal(), Some(Refusal::InvalidArgument));
}

async fn low(line: &mut Line) -> String {
    loop {
        if let Event::Alert(alert) = line.client.next_push().await.expect("a push") {
            assert_eq!(alert.kind(), AlertKind::StockLow);
            return alert.text;
        }
    }
}

/// INV-03: below the threshold those who may manage products are alerted once, not again at the next sale, and again after there was enough;
/// who may not is never alerted.
#[tokio::test]
async fn low_stock_alerts_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 6).await, 0);
    let boss = shop.boss(&server);
    let stock = shop.path(&format!("/variants/{cup}/stock"));
    boss.put(&format!("{stock}/alert"), json!({ "alert_below": 5 }))
        .await
        .ok();
    let agent = shop.hire(&server, "agent").await;
    let (mut owner, mut agent) = (
        shop.owner.connect(&server).await,
        agent.connect(&server).await,
    );
    order_one(&server, &shop, cup).await.unwrap();
    let lowest = order_one(&server, &shop, cup).await.unwrap();
    order_one(&server, &shop, cup).await.unwrap();
    cancel(&server, &shop, lowest).await.unwrap();
    order_one(&server, &shop, cup).await.unwrap();
    boss.post(&stock, json!({ "kind": "received", "units": 2 }))
        .await
        .ok();
    order_one(&server, &shop, cup).await.unwrap();
    assert_eq!(
        [low(&mut owner).await, low(&mut owner).await],
        ["thing: 4", "thing: 4"]
    );
    let told: i64 = sqlx::query_scalar("select count(*) from facts where kind = 'stock_low'")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(told, 2);
    // The alerts came before this on the same way, so whoever was to have them has them by now.
    let ann = Person::customer(&server, "Ann").await;
    let chat = shop.consult(&server, &ann).await;
    ann.connect(&server).await.say(chat, "hello").await;
    loop {
        match agent.client.next_push().await.expect("a push") {
            Event::Alert(alert) => assert_ne!(alert.kind(), AlertKind::StockLow, "{alert:?}"),
            Event::MessagePosted(_) => break,
            _ => {}
        }
    }
}

/// INV-01: staff receive, write off and count; never below what is promised. Every movement is in the journal, page by page.
#[tokio::test]
async fn staff_adjust_what_is_on_hand() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 3).await, 0);
    let (boss, stock) = (
        shop.boss(&server),
        shop.path(&format!("/variants/{cup}/stock")),
    );
    order(&server, &shop, &[units(cup, 2)]).await.unwrap();
    let adjust = async |kind: &str, units: i64| {
        boss.post(&stock, json!({ "kind": kind, "units": units }))
            .await
    };
    assert_eq!(adjust("received", 4).await.ok()["on_hand"], 7);
    assert_eq!(adjust("written_off", 1).await.ok()["available"], 4);
    assert_eq!(adjust("counted", 2).await.ok()["available"], 0);
    assert_eq!(adjust("counted", 1).await.refused(), "stock_promised");
    assert_eq!(adjust("written_off", 1).await.refused(), "stock_promised");
    for (kind, units) in [
        ("received", 0),
        ("received", -1),
        ("received", 2_000_000_000),
        ("counted", -1),
        ("stolen", 1),
    ] {
        assert_eq!(
            adjust(kind, units).await.refused(),
            "invalid_argument",
            "{kind} {units}"
        );
    }
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/variants/{cup}/stock"));
    assert_eq!(
        other
            .boss(&server)
            .post(&foreign, json!({ "kind": "counted", "units": 9 }))
            .await
            .refused(),
        "not_found"
    );
    let agent = shop.hire(&server, "agent").await;
    assert_eq!(
        server.rest().by(&agent).get(&stock).await.refused(),
        "forbidden"
    );

    let page = boss.get(&format!("{stock}?limit=3")).await.ok();
    let rest = boss
        .get(&format!(
            "{stock}?cursor={}",
            page["next_cursor"].as_str().unwrap()
        ))
        .await
        .ok();
    let rows = [&page, &rest]
        .map(|page| page["movements"].as_array().unwrap().clone())
        .concat();
    let moved: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["kind"].as_str().unwrap(),
                row["units"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        moved,
        [
            ("counted", -4),
            ("written_off", 1),
            ("received", 4),
            ("held", 2),
            ("received", 3)
        ]
    );
    assert_eq!(differences(&server).await, [""; 0]);
}

/// A receipt that is sent twice with one key is received once.
#[tokio::test]
async fn a_repeated_receipt_counts_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 3).await, 0);
    let (boss, stock) = (
        shop.boss(&server),
        shop.path(&format!("/variants/{cup}/stock")),
    );
    for _ in 0..2 {
        boss.post_as("monday", &stock, json!({ "kind": "received", "units": 4 }))
            .await
            .ok();
    }
    assert_eq!(level(&server, &shop, cup).await, [7, 0, 7]);
    assert_eq!(
        boss.post_as("", &stock, json!({ "kind": "received", "units": 4 }))
            .await
            .refused(),
        "idempotency_key_missing"
    );
}
