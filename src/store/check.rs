//! The start-up self-check of the database: what makes "acknowledged" mean "on disk".

use anyhow::{bail, ensure};
use jiff::Timestamp;

use super::Store;

impl Store {
    /// Refuses a database that would lose acknowledged messages, or whose clock is more than 5 seconds from ours.
    pub async fn check(&self, now: Timestamp) -> anyhow::Result<()> {
        for setting in ["fsync", "full_page_writes"] {
            ensure!(
                self.setting(setting).await? == "on",
                "PostgreSQL runs with {setting} off: it could lose messages"
            );
        }
        match &self.setting("synchronous_commit").await?[..] {
            "on" | "local" | "remote_write" | "remote_apply" => {}
            _ => bail!("PostgreSQL runs with synchronous_commit off: it could lose messages"),
        }
        ensure!(
            self.setting("default_transaction_isolation").await? == "read committed",
            "PostgreSQL's default isolation must be `read committed`: append_messages needs a fresh snapshot a statement"
        );
        let theirs: jiff_sqlx::Timestamp = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&self.pool)
            .await?;
        let drift = theirs.to_jiff().duration_since(now).abs();
        ensure!(
            drift.as_secs() <= 5,
            "this clock and PostgreSQL's are {} seconds apart",
            drift.as_secs()
        );
        Ok(())
    }

    async fn setting(&self, name: &str) -> sqlx::Result<String> {
        sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(&self.pool)
            .await
    }
}
