//! Once and no more: a request with an idempotency key is executed by one, and its effect is marked in the very
//! transaction that has it.
//!
//! [`claim`] decides by one statement who executes. [`Tx::commit`](super::Tx::commit) marks the claim; so when a node dies
//! in the middle, the mark tells a retry whether anything happened, and a late commit of an execution that was taken over
//! fails.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::error::{Refusal, Result};

/// How long a first answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// An execution that has not answered for so long is dead.
const DEAD_AFTER: SignedDuration = SignedDuration::from_mins(2);

tokio::task_local! {
    /// The execution that this task is.
    static EXECUTION: Execution;
}

/// One try to do what a key stands for.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Tells it from other tries.
    pub id: Uuid,
    /// Whose key.
    pub principal: Uuid,
    /// For which route.
    pub route: String,
    /// SHA-256 of the key.
    pub key: [u8; 32],
}

/// Whether to execute.
#[derive(Debug)]
pub enum Claimed {
    /// Nobody has: go on.
    Ours,
    /// It was answered before: a status and the sealed body.
    Answered(u16, Vec<u8>),
    /// Another execution is under way.
    UnderWay,
    /// It was done, but its answer was lost.
    AnswerLost,
    /// The key stands for another request.
    OtherRequest,
}

/// Claims a key for a request. The statement decides.
pub async fn claim(
    sql: &sqlx::PgPool,
    execution: &Execution,
    fingerprint: &[u8],
    now: Timestamp,
) -> Result<Claimed> {
    let claimed = sqlx::query!(
        r#"
        insert into idempotency_keys as k (principal, route, key, fingerprint, execution, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (principal, route, key) do update
        set fingerprint = excluded.fingerprint, execution = excluded.execution, committed = false, status = null, body = null,
          created_at = excluded.created_at
        where k.created_at <= $7
          or (k.fingerprint = excluded.fingerprint and k.status is null and not k.committed and k.created_at <= $8)
        "#,
        execution.principal,
        execution.route,
        &execution.key[..],
        fingerprint,
        execution.id,
        now.to_sqlx() as _,
        (now - KEPT).to_sqlx() as _,
        (now - DEAD_AFTER).to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claimed::Ours);
    }
    look(sql, execution, fingerprint, now).await
}

/// Somebody else's execution of the same key.
async fn look(
    sql: &sqlx::PgPool,
    execution: &Execution,
    fingerprint: &[u8],
    now: Timestamp,
) -> Result<Claimed> {
    let first = sqlx::query!(
        r#"
        select fingerprint, status, body, committed and created_at <= $4 as "lost!"
        from idempotency_keys
        where principal = $1 and route = $2 and key = $3
        "#,
        execution.principal,
        execution.route,
        &execution.key[..],
        (now - DEAD_AFTER).to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await?;
    Ok(match first {
        // It was refused in this moment and its claim is gone: come again.
        None => Claimed::UnderWay,
        Some(first) if first.fingerprint != fingerprint => Claimed::OtherRequest,
        Some(first) => match (first.status, first.body) {
            (Some(status), Some(body)) => {
                Claimed::Answered(u16::try_from(status).unwrap_or_default(), body)
            }
            _ if first.lost => Claimed::AnswerLost,
            _ => Claimed::UnderWay,
        },
    })
}

/// Runs the work as this execution: what it commits is marked.
pub async fn run<F: Future>(execution: Execution, work: F) -> F::Output {
    EXECUTION.scope(execution, work).await
}

/// Marks, in its own transaction, that the execution of this task has an effect. Refuses with `conflict` if another one
/// has taken over.
pub(super) async fn mark(sql: &mut PgConnection) -> Result<()> {
    let Ok(execution) = EXECUTION.try_with(Clone::clone) else {
        return Ok(());
    };
    let marked = sqlx::query!(
        r#"
        update idempotency_keys
        set committed = true
        where principal = $1 and route = $2 and key = $3 and execution = $4
        "#,
        execution.principal,
        execution.route,
        &execution.key[..],
        execution.id,
    )
    .execute(sql)
    .await?;
    if marked.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Refusal::Conflict.into())
    }
}

/// Keeps the first answer.
pub async fn answered(
    sql: impl PgExecutor<'_>,
    execution: &Execution,
    status: u16,
    body: &[u8],
) -> Result<()> {
    sqlx::query!(
        r#"
        update idempotency_keys
        set status = $5, body = $6
        where principal = $1 and route = $2 and key = $3 and execution = $4
        "#,
        execution.principal,
        execution.route,
        &execution.key[..],
        execution.id,
        i16::try_from(status).unwrap_or_default(),
        body,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Gives the key back: nothing has happened, so a retry, corrected or not, is a first request.
pub async fn give_back(sql: impl PgExecutor<'_>, execution: &Execution) -> Result<()> {
    sqlx::query!(
        r#"
        delete from idempotency_keys
        where principal = $1 and route = $2 and key = $3 and execution = $4 and not committed
        "#,
        execution.principal,
        execution.route,
        &execution.key[..],
        execution.id,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Removes the keys whose time is over.
pub async fn forget(sql: impl PgExecutor<'_>, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where created_at <= $1",
        (now - KEPT).to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}
