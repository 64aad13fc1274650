//! A conversation that stands still: for races whose order the test decides.

use souk::id::ConversationId;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::{TestServer, eventually};

/// A conversation's lock in the test's hand. Whoever says or changes something there waits, and goes on in the order of
/// coming.
pub struct Held {
    work: Transaction<'static, Postgres>,
    pool: PgPool,
}

impl Held {
    /// Takes the lock.
    pub async fn new(server: &TestServer, conversation: ConversationId) -> Self {
        let pool = server.server.app.store.pool().clone();
        let mut work = pool.begin().await.expect("a transaction");
        sqlx::query("select from conversations where id = $1 for no key update")
            .bind(conversation)
            .execute(&mut *work)
            .await
            .expect("the lock");
        Self { work, pool }
    }

    /// Until so many wait.
    pub async fn until_waiting(&self, people: i64) {
        waiting(&self.pool, people).await;
    }

    /// What is done under the lock.
    pub fn sql(&mut self) -> &mut PgConnection {
        &mut self.work
    }

    /// Those who wait go on.
    pub async fn release(self) {
        self.work.commit().await.expect("commits");
    }
}

/// Until so many wait for a lock.
pub async fn waiting(pool: &PgPool, people: i64) {
    eventually(async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .expect("a count");
        waiting >= people
    })
    .await;
}
