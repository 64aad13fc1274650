//! Nodes die.

use std::time::Duration;

use super::{Plan, story};
use crate::wait::lasts;

/// F01: a random node is killed five times; its people go elsewhere and lose nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f01_nodes_are_killed_one_after_another() {
    story(Plan::of("f01", 3), async |world, run| {
        for _ in 0..5 {
            let victim = rand::random_range(0..world.nodes.len());
            run.history.deed(format!("kill node {victim}"));
            world.nodes[victim].kill();
            lasts(Duration::from_secs(3)).await;
            world.nodes[victim].start();
            world.nodes[victim].ready().await;
        }
    })
    .await;
}

/// F02: all nodes are killed together; after the restart everything goes on.
#[tokio::test(flavor = "multi_thread")]
async fn f02_all_nodes_are_killed_together() {
    story(Plan::of("f02", 3), async |world, run| {
        run.history.deed("kill all nodes");
        world.nodes.iter_mut().for_each(crate::world::Node::kill);
        world.start().await;
    })
    .await;
}
