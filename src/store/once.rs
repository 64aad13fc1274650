//! Once and no more: what is done for an idempotency key is marked by it, in the very transaction that does it.
//!
//! [`Tx::commit`](super::Tx::commit) puts the key down as its last act, or [`Tx::mark`](super::Tx::mark) shortly before. Of two executions of one key the second waits
//! there for the first, and then commits nothing. Where nothing is committed nothing is written either: a refusal costs no
//! more than a [`look`].

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

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
    /// The execution that this task is; none: what it does just now is no part of one.
    static EXECUTION: Option<Execution>;
}

/// One try to do what a key stands for. Its clones are the same try.
#[derive(Clone, Debug)]
pub struct Execution {
    id: Uuid,
    principal: Uuid,
    route: Arc<str>,
    key: [u8; 32],
    fingerprint: [u8; 32],
    begun_at: Timestamp,
    committed: Arc<AtomicBool>,
}

/// What has become of a key before.
#[derive(Debug)]
pub enum First {
    /// It was answered: a status and the sealed body.
    Answered(u16, Vec<u8>),
    /// It was done, and its answer is on the way.
    UnderWay,
    /// It was done, but its answer was lost.
    AnswerLost,
    /// The key stands for another request.
    OtherRequest,
}

impl Execution {
    /// A try of `principal` on `route`, of a key and a request whose SHA-256 these are.
    pub fn new(
        principal: Uuid,
        route: &str,
        key: [u8; 32],
        fingerprint: [u8; 32],
        begun_at: Timestamp,
    ) -> Self {
        Self {
            id: Uuid::new_v4(),
            principal,
            route: route.into(),
            key,
            fingerprint,
            begun_at,
            committed: Arc::default(),
        }
    }

    /// Has it done anything?
    pub fn committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }
}

/// What another execution has made of this key in the last 24 hours.
pub async fn look(sql: impl PgExecutor<'_>, execution: &Execution) -> Result<Option<First>> {
    let now = execution.begun_at;
    let first = sqlx::query!(
        r#"
        select fingerprint, status, body, created_at <= $4 as "dead!"
        from idempotency_keys
        where principal = $1 and route = $2 and key = $3 and created_at > $5
        "#,
        execution.principal,
        &*execution.route,
        &execution.key[..],
        (now - DEAD_AFTER).to_sqlx() as _,
        (now - KEPT).to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await?;
    Ok(first.map(|first| {
        if first.fingerprint != execution.fingerprint {
            return First::OtherRequest;
        }
        match (first.status, first.body) {
            (Some(status), Some(body)) => {
                First::Answered(u16::try_from(status).unwrap_or_default(), body)
            }
            _ if first.dead => First::AnswerLost,
            _ => First::UnderWay,
        }
    }))
}

/// Runs the work as this execution: what it commits is marked.
pub async fn run<F: Future>(execution: Execution, work: F) -> F::Output {
    EXECUTION.scope(Some(execution), work).await
}

/// Runs work that may be done twice and is no part of what the key stands for, such as what is laid ready before it: should that fail, the key
/// can be used again.
pub async fn aside<F: Future>(work: F) -> F::Output {
    EXECUTION.scope(None, work).await
}

/// Marks, in its own transaction, that the execution of this task has an effect. Refuses with `conflict` if another one
/// had it before. The statement decides, after waiting for whoever is about to commit the same key.
pub(super) async fn mark(sql: &mut PgConnection) -> Result<()> {
    let Ok(Some(execution)) = EXECUTION.try_with(Clone::clone) else {
        return Ok(());
    };
    let marked = sqlx::query!(
        r#"
        insert into idempotency_keys as k (principal, route, key, fingerprint, execution, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (principal, route, key) do update
        set fingerprint = excluded.fingerprint, execution = excluded.execution, status = null, body = null,
          created_at = excluded.created_at
        where k.execution = excluded.execution or k.created_at <= $7
        "#,
        execution.principal,
        &*execution.route,
        &execution.key[..],
        &execution.fingerprint[..],
        execution.id,
        execution.begun_at.to_sqlx() as _,
        (execution.begun_at - KEPT).to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    if marked.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Refusal::Conflict.into())
    }
}

/// The execution of this task has committed something.
pub(super) fn committed() {
    _ = EXECUTION.try_with(|execution| {
        if let Some(execution) = execution {
            execution.committed.store(true, Ordering::Relaxed);
        }
    });
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
        insert into idempotency_keys as k (principal, route, key, fingerprint, execution, created_at, status, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (principal, route, key) do update
        set status = excluded.status, body = excluded.body
        where k.execution = excluded.execution
        "#,
        execution.principal,
        &*execution.route,
        &execution.key[..],
        &execution.fingerprint[..],
        execution.id,
        execution.begun_at.to_sqlx() as _,
        i16::try_from(status).unwrap_or_default(),
        body,
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
