//! Redis stumbles: messages arrive later, never not at all.

use std::time::Duration;

use super::{Plan, story, working};
use crate::wait::{keeps_on, lasts};

/// F13: Redis is killed for 20 s and comes back empty.
#[tokio::test(flavor = "multi_thread")]
async fn f13_redis_is_killed_and_comes_back_empty() {
    story(Plan::of("f13", 3), async |world, run| {
        run.history.deed("kill Redis");
        world.redis.kill();
        lasts(Duration::from_secs(20)).await;
        working(run, 50, "without Redis").await;
        world.redis.again();
    })
    .await;
}

/// F14: pub/sub connections are killed every 200 ms.
#[tokio::test(flavor = "multi_thread")]
async fn f14_subscriptions_are_cut() {
    story(Plan::of("f14", 3), async |world, run| {
        run.history.deed("cut subscriptions");
        let (fault, every) = (Duration::from_secs(15), Duration::from_millis(200));
        let cut = ["CLIENT", "KILL", "TYPE", "pubsub"];
        keeps_on(fault, every, async || world.redis.command(&cut).await).await;
    })
    .await;
}
