//! Every statement about facts on their way to their readers, and about the schedule.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::Value;
use sqlx::PgExecutor;

use crate::{id::ShopId, store::Tx};

/// A fact as it is stored.
pub(super) struct Row {
    pub id: i64,
    pub shop: Option<ShopId>,
    pub kind: String,
    pub payload: Value,
    pub at: Timestamp,
}

/// Locks the oldest facts that are due and that nobody else holds; or only one, if that is meant.
pub(super) async fn take(
    tx: &mut Tx,
    only: Option<i64>,
    limit: i64,
    now: Timestamp,
) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"
        select id, shop_id as "shop: ShopId", kind, payload, at as "at: jiff_sqlx::Timestamp"
        from facts
        where done_at is null and quarantined_because is null
          and ($1::bigint is null or id = $1)
          and (due_at is null or due_at <= $3)
        order by id
        limit $2
        for update skip locked
        "#,
        only,
        limit,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await
}

/// The oldest facts that are due, whoever holds them.
pub(super) async fn waiting(
    sql: impl PgExecutor<'_>,
    limit: i64,
    now: Timestamp,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select id from facts
         where done_at is null and quarantined_because is null and (due_at is null or due_at <= $2)
         order by id
         limit $1",
        limit,
        now.to_sqlx() as _,
    )
    .fetch_all(sql)
    .await
}

/// Every reader has had them.
pub(super) async fn mark_done(tx: &mut Tx, facts: &[i64], now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update facts set done_at = $2 where id = any ($1)",
        facts,
        now.to_sqlx() as _
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// One more failure; two workers that failed on it in the same moment count as one. Says whether the fact is in quarantine now.
pub(super) async fn put_back(
    sql: impl PgExecutor<'_>,
    fact: i64,
    patience: i32,
    reason: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let quarantined = sqlx::query_scalar!(
        r#"
        update facts
        set
          failures = failures + 1,
          due_at = $4::timestamptz + interval '1 second' * power(2, failures),
          quarantined_because = case when failures + 1 >= $2 then left($3, 1000) end
        where id = $1 and done_at is null and quarantined_because is null and (due_at is null or due_at <= $4)
        returning quarantined_because is not null as "quarantined!"
        "#,
        fact,
        patience,
        reason,
        now.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await?;
    Ok(quarantined.unwrap_or(false))
}

/// Forgets up to 5,000 facts that were done before; says how many.
pub(super) async fn forget(sql: impl PgExecutor<'_>, before: Timestamp) -> sqlx::Result<u64> {
    let forgotten = sqlx::query!(
        "delete from facts where id in (select id from facts where done_at < $1 order by done_at limit 5000)",
        before.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Puts a job on the schedule, due at once, unless it is there already.
pub(super) async fn enrol(
    sql: impl PgExecutor<'_>,
    names: &[String],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into scheduled_jobs (name, due_at) select name, $2 from unnest($1::text[]) name on conflict do nothing",
        names,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// A job that this node runs now.
pub(super) struct Lease {
    pub name: String,
    pub term: i64,
}

/// Leases one of the jobs that are due and that nobody runs.
pub(super) async fn lease(
    sql: impl PgExecutor<'_>,
    names: &[String],
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Option<Lease>> {
    sqlx::query_as!(
        Lease,
        r#"
        update scheduled_jobs
        set term = term + 1, leased_until = $3
        where name = (
          select name
          from scheduled_jobs
          where name = any ($1) and due_at <= $2 and (leased_until is null or leased_until <= $2)
          order by due_at
          limit 1
          for update skip locked
        )
        returning name, term
        "#,
        names,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}

/// It is still at it, until then.
pub(super) async fn renew(
    sql: impl PgExecutor<'_>,
    lease: &Lease,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update scheduled_jobs set leased_until = $3 where name = $1 and term = $2 and leased_until is not null",
        lease.name,
        lease.term,
        until.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The job is done until `due`: only the holder of the newest lease may say so.
pub(super) async fn settle(
    sql: impl PgExecutor<'_>,
    lease: &Lease,
    failed_because: Option<&str>,
    now: Timestamp,
    due: Timestamp,
) -> sqlx::Result<bool> {
    let settled = sqlx::query!(
        "update scheduled_jobs
         set due_at = $5, leased_until = null, ran_at = $4, failed_because = left($3, 1000)
         where name = $1 and term = $2",
        lease.name,
        lease.term,
        failed_because,
        now.to_sqlx() as _,
        due.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(settled.rows_affected() == 1)
}
