//! Every statement that forgets.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

/// Codes past their time.
pub(in crate::code) async fn codes(sql: impl PgExecutor<'_>, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from codes where expires_at <= $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Texts whose code is worthless.
pub(in crate::code) async fn texts(sql: impl PgExecutor<'_>, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from outgoing_messages where forget_at <= $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Allowances that are whole again.
pub(in crate::code) async fn allowances(
    sql: impl PgExecutor<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from allowances where renews_at <= $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Guesses that were last made before this, unless the next must still wait.
pub(in crate::code) async fn attempts(sql: impl PgExecutor<'_>, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from attempts where last_at < $1 and next_at <= $1",
        at.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}
