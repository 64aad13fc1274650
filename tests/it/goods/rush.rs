//! Many at once, and anything in any order.

use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use souk::{
    error::Refusal,
    id::HolderId,
    stock::{
        hold::hold,
        release::{release, release_all},
        take::{put_back, take},
    },
};

use super::{cancel, differences, level, order, order_one, thing, units, variant};
use crate::support::{TestServer, TestShop};

/// INV-01: 50 parallel orders on a stock of 20: exactly 20 succeed, nothing is left, the others are told so, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_orders_on_twenty_units() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 20).await, 0);
    let orders = join_all((0..50).map(|_| order_one(&server, &shop, cup))).await;
    let refusals: Vec<_> = orders
        .iter()
        .filter_map(|order| order.as_ref().err())
        .collect();
    assert_eq!(orders.len() - refusals.len(), 20);
    assert!(
        refusals
            .iter()
            .all(|error| error.refusal() == Some(Refusal::OutOfStock)),
        "{refusals:?}"
    );
    assert_eq!(level(&server, &shop, cup).await, [20, 20, 0]);
    assert_eq!(differences(&server).await, [""; 0]);

    // Two cancellations of each at once: every unit comes back one time.
    let held: Vec<HolderId> = orders.into_iter().flatten().collect();
    let twice = held
        .iter()
        .chain(&held)
        .map(|holder| cancel(&server, &shop, *holder));
    let released: u32 = join_all(twice)
        .await
        .into_iter()
        .flatten()
        .flatten()
        .map(|units| units.units)
        .sum();
    assert_eq!(
        (released, level(&server, &shop, cup).await),
        (20, [20, 0, 20])
    );
    assert_eq!(differences(&server).await, [""; 0]);
}

/// INV-01: orders for several goods, named in every order, neither wait in a circle nor take a part.
#[tokio::test(flavor = "multi_thread")]
async fn orders_for_several_goods_take_all_or_nothing() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let mut goods = vec![];
    for stock in [30, 20, 10] {
        goods.push(variant(&thing(&server, &shop, 100, stock).await, 0));
    }
    let wishes = (0..60).map(|place| {
        let mut wanted: Vec<_> = goods.iter().map(|variant| units(*variant, 1)).collect();
        wanted.rotate_left(place % 3);
        if place % 2 == 0 {
            wanted.reverse();
        }
        wanted
    });
    let wishes: Vec<_> = wishes.collect();
    let orders = join_all(wishes.iter().map(|wanted| order(&server, &shop, wanted))).await;
    assert_eq!(orders.iter().filter(|order| order.is_ok()).count(), 10);
    let refused = orders.iter().filter_map(|order| order.as_ref().err());
    assert!(
        refused
            .clone()
            .all(|error| error.refusal() == Some(Refusal::OutOfStock)),
        "{:?}",
        refused.collect::<Vec<_>>()
    );
    for (variant, stock) in goods.iter().zip([30, 20, 10]) {
        assert_eq!(
            level(&server, &shop, *variant).await,
            [stock, 10, stock - 10]
        );
    }
    assert_eq!(differences(&server).await, [""; 0]);
}

/// INV-01, INV-02: whatever is done in whatever order, each verb does exactly what a model of three numbers a holder allows, refuses
/// the rest without a trace, and units are conserved at every step.
#[tokio::test]
async fn any_sequence_conserves_units() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 12).await, 0);
    let app = &server.server.app;
    let mut chance = StdRng::seed_from_u64(20);
    let holders = [HolderId::new(), HolderId::new(), HolderId::new()];
    // Held, taken, returned.
    let mut model = [[0u32; 3]; 3];
    for step in 0..300 {
        let (who, what, number) = (
            chance.random_range(0..3),
            chance.random_range(0..5),
            chance.random_range(1..6u32),
        );
        let (holder, wanted, now) = (holders[who], [units(cup, number)], app.clock.now());
        let [held, taken, returned] = model[who];
        let free = 12
            - model
                .iter()
                .map(|[held, taken, returned]| held + taken - returned)
                .sum::<u32>();
        let mut tx = app.store.begin(shop.id).await.unwrap();
        let (done, allowed, after) = match what {
            0 => (
                hold(&mut tx, holder, &wanted, None, now).await,
                number <= free,
                [held + number, taken, returned],
            ),
            1 => (
                release(&mut tx, holder, &wanted, None, now).await,
                number <= held,
                [held.wrapping_sub(number), taken, returned],
            ),
            2 => (
                take(&mut tx, holder, &wanted, None, now).await,
                number <= held,
                [held.wrapping_sub(number), taken + number, returned],
            ),
            3 => (
                put_back(&mut tx, holder, &wanted, None, now).await,
                returned + number <= taken,
                [held, taken, returned + number],
            ),
            _ => (
                release_all(&mut tx, holder, None, now).await.map(drop),
                true,
                [0, taken, returned],
            ),
        };
        assert_eq!(done.is_ok(), allowed, "step {step}: {done:?}");
        if allowed {
            tx.commit().await.unwrap();
            model[who] = after;
        }
        let out: u32 = model
            .iter()
            .map(|[_, taken, returned]| taken - returned)
            .sum();
        let promised: u32 = model.iter().map(|[held, ..]| held).sum();
        let (on_hand, promised) = (i64::from(12 - out), i64::from(promised));
        assert_eq!(
            level(&server, &shop, cup).await,
            [on_hand, promised, on_hand - promised],
            "step {step}"
        );
    }
    assert_eq!(differences(&server).await, [""; 0]);
}
