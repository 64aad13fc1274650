//! Several nodes and one draw.

use serde_json::json;
use souk::{
    app::App,
    error::Result,
    lottery::{file, time_out},
};
use sqlx::{Postgres, Transaction};

use super::Club;
use crate::support::{TestServer, eventually};

impl Club {
    /// The group's row, held: whatever is drawn there waits.
    pub async fn held(&self) -> Transaction<'static, Postgres> {
        let mut lock = self
            .server
            .server
            .app
            .store
            .pool()
            .begin()
            .await
            .expect("a lock");
        sqlx::query("select from conversations where id = $1 for update")
            .bind(self.group)
            .execute(&mut *lock)
            .await
            .expect("held");
        lock
    }

    /// Three nodes come upon what is due, and wait for this lock; then `dying` dies there, and the others go on.
    pub async fn one_of_three_dies<W>(
        &self,
        lock: Transaction<'static, Postgres>,
        (dying, third): (TestServer, &TestServer),
        due: fn(App) -> W,
    ) where
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let tasks =
            [&self.server, &dying, third].map(|node| tokio::spawn(due(node.server.app.clone())));
        let waiting = "select count(*) from pg_stat_activity
            where wait_event_type = 'Lock' and state = 'active' and datname = current_database()";
        eventually(async || self.count(waiting).await >= 3).await;
        let [one, dead, two] = tasks;
        dead.abort();
        drop(dying);
        lock.rollback().await.expect("let go");
        for node in [one, two] {
            node.await.expect("it ends").expect("it goes well");
        }
    }
}

/// LOT-02, F31, I-15: three nodes come upon the same draw at once, held back by a lock until all of them wait for it, and one of them dies there:
/// one draw, one result, one notice to each winner, and the file verifies.
#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_draw_once_while_one_dies() {
    let club = Club::open().await;
    let dying = TestServer::on(club.server.database.clone(), |_| ()).await;
    let third = TestServer::on(club.server.database.clone(), |_| ()).await;
    let ann = club.member("Ann").await;
    let draw = club.publishes(json!({})).await;
    club.enters(&ann, &draw, "0123456789abcdef").await.ok();
    let pool = club.server.server.app.store.pool();
    let lock = club.held().await;
    sqlx::query("update groups set members = 80 where conversation_id = $1")
        .bind(club.group)
        .execute(pool)
        .await
        .expect("as if eighty had come");
    let due = |app: App| async move { time_out::due(&app).await };
    club.one_of_three_dies(lock, (dying, &third), due).await;

    assert_eq!(club.seen(&draw).await["state"], "drawn");
    assert_eq!(
        club.count("select count(*) from draw_places where state = 'won'")
            .await,
        1,
        "Ann, alone"
    );
    assert_eq!(club.notices(club.group).await.len(), 1);
    let moved =
        "select count(*) from facts where kind = 'draw_moved' and payload ->> 'deed' = 'draw'";
    assert_eq!(club.count(moved).await, 1);
    let told = "select count(*) from messages where text like '恭喜您在「周末茶会」%'";
    eventually(async || club.count(told).await == 1).await;
    file::verify(&club.file(&ann, &draw).await).expect("it verifies");
    sqlx::query("update groups set members = 2 where conversation_id = $1")
        .bind(club.group)
        .execute(pool)
        .await
        .expect("as it is");
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04: twenty people enter at once over two nodes: their tickets have no gap, and each is tied to the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_enters_without_a_gap() {
    let club = Club::open().await;
    let other = TestServer::on(club.server.database.clone(), |_| ()).await;
    let mut people = vec![];
    for name in 0..20 {
        people.push(club.member(&format!("C{name}")).await);
    }
    let draw = club.publishes(json!({ "target": null })).await;
    let path = format!("/draws/{draw}/enter");
    let entries = people.iter().enumerate().map(async |(place, who)| {
        let node = if place % 2 == 0 { &club.server } else { &other };
        node.rest().by(who).post(&path, json!({})).await.ok()
    });
    futures_util::future::join_all(entries).await;
    club.later(25).await;
    let decided = file::verify(&club.file(&people[0], &draw).await).expect("it verifies");
    assert_eq!(decided.tickets.len(), 20);
    assert_eq!(club.differences().await, [""; 0]);
}
