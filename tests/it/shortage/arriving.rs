//! Goods come in.

use proto::{AlertKind, push::Event};
use serde_json::{Value, json};

use super::Scarce;
use crate::{
    goods::level,
    order::{Market, id},
    support::{eventually, people::Line},
};

/// The words of the alerts about goods that arrived, until this many.
async fn arrivals(line: &mut Line, number: usize) -> Vec<String> {
    let mut words = vec![];
    while words.len() < number {
        if let Event::Alert(alert) = line.client.next_push().await.expect("a push")
            && alert.kind() == AlertKind::GoodsArrived
        {
            words.push(alert.text);
        }
    }
    words
}

/// The orders of the shipping queue, as it stands.
async fn to_ship(market: &Market) -> Vec<String> {
    let mut found = vec![];
    let mut cursor = String::new();
    loop {
        let path = market
            .shop
            .path(&format!("/orders?status=待发货&limit=2&cursor={cursor}"));
        let page = market.boss().get(&path).await.ok();
        found.extend(
            page["orders"]
                .as_array()
                .unwrap()
                .iter()
                .map(|order| id(order).to_owned()),
        );
        page["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
        if cursor.is_empty() {
            return found;
        }
    }
}

fn number(order: &Value) -> &str {
    order["number"].as_str().unwrap()
}

/// INV-05: what comes in is announced with the waiting orders, oldest first; they are given theirs before anybody can buy it, and stand
/// at the top of the queue.
#[tokio::test]
async fn who_waits_is_served_first() {
    let market = Market::with(5).await;
    let mut waiting = vec![];
    for units in [2, 1, 1] {
        let order = market.accepted(units).await;
        market.miss(&order, units, &[]).await;
        waiting.push(order);
    }
    let shortage = market.shortage(&waiting[1]).await;
    market
        .choose(&shortage, json!({ "choice": "wait" }))
        .await
        .ok();
    let newest = market.accepted(1).await;
    let mut boss = market.shop.owner.connect(&market.server).await;

    let stock = market.receive(3).await;
    assert_eq!(
        (&stock["on_hand"], &stock["available"]),
        (&json!(4), &json!(0))
    );
    let words = arrivals(&mut boss, 1).await;
    let (first, second) = (number(&waiting[0]), number(&waiting[1]));
    assert_eq!(
        words,
        [format!("到货提醒:thing,等待订单:{first}×2、{second}×1")]
    );
    let queue = to_ship(&market).await;
    let expected =
        [&waiting[0], &waiting[1], &newest, &waiting[2]].map(|order| id(order).to_owned());
    assert_eq!(queue, expected);
    assert_eq!(market.shortage(&waiting[1]).await["state"], "arrived");
    assert_eq!(market.shortage(&waiting[2]).await["state"], "offered");
    let said = market.said(&waiting[0]).await;
    assert!(
        said.contains(&"thing×2 已到货,将优先为您发货".to_owned()),
        "{said:?}"
    );

    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    let sent = market.staff(&waiting[0], "ship", parcel).await.ok();
    assert_eq!(sent["state"], "shipped");
    assert_eq!(to_ship(&market).await[0], id(&waiting[1]));
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-05: fewer come in than somebody waits for: they get those and wait for the rest, which they may still give up.
#[tokio::test]
async fn some_of_it_comes_in() {
    let Scarce {
        market,
        order,
        short,
        ..
    } = Scarce::of(3, 3).await;
    market.receive(1).await;
    let seen = market.seen(&order).await;
    assert_eq!(seen["lines"][0]["short"], 2);
    let parcel = json!({ "carrier": "shunfeng", "tracking_number": "1" });
    let sent = market.staff(&order, "ship", parcel.clone()).await.ok();
    assert_eq!(
        (&sent["state"], &sent["lines"][0]["shipped"]),
        (&json!("partially_shipped"), &json!(1))
    );
    assert_eq!(
        market.staff(&order, "ship", parcel).await.refused(),
        "invalid_argument"
    );
    let chosen = market
        .choose(&short, json!({ "choice": "refund" }))
        .await
        .ok();
    let case = market
        .money_arrives(&json!({ "id": chosen["case_id"] }))
        .await;
    assert_eq!(case["amount"], 31_800);
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["refunded"]),
        (&json!("shipped"), &json!(31_800))
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [0, 0, 0]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-05, INV-02: what another order gives back is for those who wait as well.
#[tokio::test]
async fn what_is_given_back_is_for_those_who_wait() {
    let market = Market::with(2).await;
    let order = market.accepted(1).await;
    let other = market.paid(1).await;
    market.miss(&order, 1, &[]).await;
    market.mine(&other, "cancel", json!({})).await.ok();
    eventually(async || market.shortage(&order).await["state"] == "arrived").await;
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [1, 1, 0]
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// INV-04, INV-05: goods come in while the customer takes the money: one of both happens, and nothing is lost or given twice.
#[tokio::test(flavor = "multi_thread")]
async fn goods_and_money_do_not_cross() {
    let market = Market::with(4).await;
    for _ in 0..4 {
        let order = market.accepted(1).await;
        let short = market.miss(&order, 1, &[]).await;
        let refund = json!({ "choice": "refund" });
        let (_, chosen, again) = tokio::join!(
            market.receive(1),
            market.choose(&short, refund.clone()),
            market.choose(&short, refund.clone())
        );
        let refunded = [&chosen, &again]
            .iter()
            .filter(|said| said.status == 200)
            .count();
        let shortage = market.shortage(&order).await;
        let arrived = usize::from(shortage["state"] == "arrived");
        assert_eq!(refunded + arrived, 1, "{chosen:?} {again:?}");
    }
    market.on_time().await;
    assert_eq!(market.differences().await, [""; 0]);
}
