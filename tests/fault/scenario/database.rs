//! The database stumbles.

use std::time::Duration;

use super::{Plan, story};
use crate::wait::keeps_on;

/// F06: PostgreSQL restarts fast; sends flow again.
#[tokio::test(flavor = "multi_thread")]
async fn f06_postgres_restarts() {
    story(Plan::of("f06", 2), async |world, run| {
        run.history.deed("restart PostgreSQL");
        world.restart_postgres().await;
    })
    .await;
}

/// F08: a random backend is terminated every 100 ms for 20 s; kills in the middle of a commit are settled by retries.
#[tokio::test(flavor = "multi_thread")]
async fn f08_backends_are_killed_in_a_storm() {
    story(Plan::of("f08", 2), async |world, run| {
        let pool = world.pool().await;
        run.history.deed("kill backends");
        let (fault, every) = (Duration::from_secs(20), Duration::from_millis(100));
        keeps_on(fault, every, async || {
            let killed = sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1",
            );
            let _ = killed.execute(&pool).await;
        })
        .await;
    })
    .await;
}
