//! Whose time is over: what every node must notice.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    id::{SessionId, UserId},
    store::Recheck,
};

/// Whose lines to look at again, of the last `seconds` of the database's clock, with the number of the record.
pub(in crate::account) async fn rechecks_within(
    sql: impl PgExecutor<'_>,
    seconds: f64,
) -> sqlx::Result<Vec<(i64, UserId, Recheck)>> {
    let rows = sqlx::query!(
        r#"
        select id, user_id as "user: UserId", what
        from rechecks
        where at > clock_timestamp() - make_interval(secs => $1)
        "#,
        seconds,
    )
    .fetch_all(sql)
    .await?;
    let rechecks = rows
        .into_iter()
        .map(|row| (row.id, row.user, Recheck::from_word(&row.what)));
    Ok(rechecks.collect())
}

/// Those of `sessions` that are no good any more.
pub(in crate::account) async fn sessions_over(
    sql: impl PgExecutor<'_>,
    sessions: &[SessionId],
    now: Timestamp,
) -> sqlx::Result<Vec<SessionId>> {
    sqlx::query_scalar!(
        r#"
        select o.id as "id!: SessionId"
        from unnest($1::uuid[]) as o (id)
        left join good_sessions s on s.id = o.id
        left join users u on u.id = s.user_id
        where s.id is null or s.access_expires_at <= $2 or s.expires_at <= $2
          or exists (select from bans b where b.shop_id = u.home_id and b.user_id = u.id)
        "#,
        &sessions.iter().map(|session| session.0).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .fetch_all(sql)
    .await
}
