//! Every statement that forgets.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

/// Tickets past their time.
pub(in crate::account) async fn tickets(
    sql: impl PgExecutor<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from tickets where expires_at <= $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Sessions that ended before this, with their tickets and spent tokens.
pub(in crate::account) async fn sessions(
    sql: impl PgExecutor<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from sessions where expires_at < $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Rechecks older than so many seconds of the database's clock, which wrote their times down.
pub(in crate::account) async fn rechecks(
    sql: impl PgExecutor<'_>,
    seconds: f64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from rechecks where at < clock_timestamp() - make_interval(secs => $1)",
        seconds
    )
    .execute(sql)
    .await?;
    Ok(())
}
