//! Every statement about how often is too often.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

/// Takes one; false if none is left. The statement decides.
pub(in crate::code) async fn take(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
    most: i32,
    now: Timestamp,
    renews_at: Timestamp,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        r#"
        insert into allowances as a (subject, used, renews_at)
        select $1, 1, $4
        where $2::int > 0
        on conflict (subject) do update
        set used = case when a.renews_at <= $3 then 1 else a.used + 1 end,
          renews_at = case when a.renews_at <= $3 then excluded.renews_at else a.renews_at end
        where a.renews_at <= $3 or a.used < $2
        "#,
        subject,
        most,
        now.to_sqlx() as _,
        renews_at.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives one back; what is whole again is not kept.
pub(in crate::code) async fn give_back(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with whole_again as (delete from allowances where subject = $1 and used <= 1)
        update allowances set used = used - 1 where subject = $1 and used > 1
        "#,
        subject
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// When the allowance is whole again.
pub(in crate::code) async fn renews_at(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
) -> sqlx::Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!(
        "select renews_at from allowances where subject = $1",
        subject
    )
    .fetch_optional(sql)
    .await?;
    Ok(at.map(Into::into))
}

/// Counts a guess; false if it comes too early. Four are free, then 1 s, 2 s, 4 s … 900 s.
pub(in crate::code) async fn attempt(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
    now: Timestamp,
) -> sqlx::Result<bool> {
    let counted = sqlx::query!(
        r#"
        insert into attempts as a (subject, failures, next_at, last_at)
        values ($1, 1, $2, $2)
        on conflict (subject) do update
        set failures = case when a.last_at < $2 - interval '1 day' then 1 else a.failures + 1 end,
          next_at = case
            when a.last_at < $2 - interval '1 day' or a.failures < 4 then $2
            else $2 + least(900, power(2, least(a.failures - 4, 20))) * interval '1 second'
          end,
          last_at = $2
        where a.next_at <= $2
        "#,
        subject,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// When the next guess may come.
pub(in crate::code) async fn next_at(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
) -> sqlx::Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!("select next_at from attempts where subject = $1", subject)
        .fetch_optional(sql)
        .await?;
    Ok(at.map(Into::into))
}

/// Forgets the failures.
pub(in crate::code) async fn forget_attempts(
    sql: impl PgExecutor<'_>,
    subject: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!("delete from attempts where subject = $1", subject)
        .execute(sql)
        .await?;
    Ok(())
}
