//! Several endpoints, several nodes, and nodes that die or stop in the middle.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::{
    receiver::{Manner, Receiver},
    stage::{Stage, eventually},
};
use crate::support::TestServer;

/// One endpoint that never answers holds two calls, and the other gets everything meanwhile.
#[tokio::test]
async fn a_bad_endpoint_does_not_delay_a_good_one() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let mut bad = Receiver::new(Manner::Waits).await;
    let mut good = Receiver::new(Manner::Says(200)).await;
    stage.endpoint(&bad.url(), &["conversation_opened"]).await;
    stage.endpoint(&good.url(), &["conversation_opened"]).await;
    for _ in 0..40 {
        stage.happens(&server).await;
    }
    let mut ids = HashSet::new();
    for _ in 0..40 {
        ids.insert(good.hears().await.id());
    }
    assert_eq!(ids.len(), 40);
    assert_eq!(bad.heard().len(), 2);
    bad.let_go();
}

/// Two nodes share the work: each delivery is sent once.
#[tokio::test]
async fn two_nodes_send_each_delivery_once() {
    let one = TestServer::start().await;
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    let stage = Stage::set(&one).await;
    let mut receiver = Receiver::new(Manner::Says(200)).await;
    stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    for _ in 0..50 {
        stage.happens(&one).await;
        stage.happens(&other).await;
    }
    eventually("all are delivered", async || {
        let done: i64 =
            sqlx::query_scalar("select count(*) from webhook_deliveries where state = 'delivered'")
                .fetch_one(&stage.pool)
                .await
                .ok()?;
        (done == 100).then_some(())
    })
    .await;
    let calls = receiver.heard();
    let ids: HashSet<String> = calls.iter().map(super::receiver::Call::id).collect();
    assert_eq!((calls.len(), ids.len()), (100, 100));
}

/// A node that is taken for dead in the middle of a call: another calls again under the same id, and what the
/// first one says when it wakes up changes nothing.
#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_and_fenced() {
    let one = TestServer::with(|config| config.webhook.call_ms = 60_000).await;
    let stage = Stage::set(&one).await;
    let mut receiver = Receiver::new(Manner::Waits).await;
    let (id, _) = stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    stage.happens(&one).await;
    let first = receiver.hears().await;
    receiver.is_now(Manner::Says(500));
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    other.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(receiver.hears().await.id(), first.id());
    stage
        .delivery(&id, |delivery| delivery["attempts"] == 2)
        .await;
    receiver.let_go();
    let delivery = eventually("both attempts are recorded", async || {
        let delivery = stage.delivery(&id, |_| true).await;
        let attempts = stage.attempts(&id, &delivery).await;
        let statuses: Vec<_> = attempts.iter().map(|one| one["status"].as_i64()).collect();
        (statuses == [Some(200), Some(500)]).then_some(delivery)
    })
    .await;
    assert_eq!(
        delivery["state"], "waiting",
        "the sleeper may not say that it was delivered"
    );
}

/// A server that stops finishes the call that is under way, and begins no other.
#[tokio::test]
async fn stopping_finishes_what_is_under_way() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let mut receiver = Receiver::new(Manner::Waits).await;
    stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    for _ in 0..5 {
        stage.happens(&server).await;
    }
    receiver.hears().await;
    receiver.hears().await;
    eventually("all five are fanned out", async || {
        let count = sqlx::query_scalar("select count(*) from webhook_deliveries");
        let count: i64 = count.fetch_one(&stage.pool).await.unwrap();
        (count == 5).then_some(())
    })
    .await;
    let tasks = server.server.app.tasks.clone();
    let stopping = tokio::spawn(server.stop());
    tasks.soft().cancelled().await;
    receiver.let_go();
    stopping.await.unwrap();
    let states: Vec<String> =
        sqlx::query_scalar("select state from webhook_deliveries order by state")
            .fetch_all(&stage.pool)
            .await
            .unwrap();
    assert_eq!(
        states,
        ["delivered", "delivered", "waiting", "waiting", "waiting"]
    );
    assert!(receiver.heard().is_empty());
}
