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

use crate::error::Result;

/// How long a first answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// An execution that has not answered for so long is dead.
const DEAD_AFTER: SignedDuration = SignedDuration::from_mins(2);

tokio::task_local! {
    /// The execution that this task is; none: what it does just now is no part of one.
    static EXECUTION: Option<Execution>;
}

/// Which try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExecutionId(Uuid);

/// One try to do what a key stands for. Its clones are the same try.
#[derive(Clone, Debug)]
pub struct Execution {
    id: ExecutionId,
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
            id: ExecutionId(Uuid::new_v4()),
            principal,
            route: route.into(),
            key,
            fingerprint,
            begun_at,
            committed: Arc::default(),
        }
    }

    /// Which try it is.
    pub fn id(&self) -> ExecutionId {
        self.id
    }

    /// It has done something.
    pub(super) fn has_committed(&self) {
        self.committed.store(true, Ordering::Relaxed);
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

/// The execution that this task is, for who does its work together with that of others.
pub fn current() -> Option<Execution> {
    EXECUTION.try_with(Clone::clone).ok().flatten()
}

/// Marks, in their own transaction, that these executions have an effect; gives those that another execution of their key was faster than. The
/// statement decides, after waiting for whoever is about to commit the same key; in one order, so that nobody waits in a circle. The subquery hides
/// how many there are, or the database would plan anew each time.
pub(super) async fn mark(
    sql: &mut PgConnection,
    executions: &[Execution],
) -> Result<Vec<ExecutionId>> {
    let principals: Vec<Uuid> = executions.iter().map(|one| one.principal).collect();
    let routes: Vec<&str> = executions.iter().map(|one| &*one.route).collect();
    let keys: Vec<&[u8]> = executions.iter().map(|one| &one.key[..]).collect();
    let fingerprints: Vec<&[u8]> = executions.iter().map(|one| &one.fingerprint[..]).collect();
    let ids: Vec<Uuid> = executions.iter().map(|one| one.id.0).collect();
    let begun: Vec<_> = executions
        .iter()
        .map(|one| one.begun_at.to_sqlx())
        .collect();
    let marked = sqlx::query_scalar!(
        r#"
        insert into idempotency_keys as k (principal, route, key, fingerprint, execution, created_at)
        select principal, route, key, fingerprint, execution, begun_at
        from unnest((select $1::uuid[]), $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::timestamptz[])
          as e (principal, route, key, fingerprint, execution, begun_at)
        order by principal, route, key
        on conflict (principal, route, key) do update
        set fingerprint = excluded.fingerprint, execution = excluded.execution, status = null, body = null,
          created_at = excluded.created_at
        where k.execution = excluded.execution or k.created_at <= excluded.created_at - make_interval(secs => $7)
        returning k.execution
        "#,
        &principals,
        &routes as _,
        &keys as _,
        &fingerprints as _,
        &ids,
        &begun as _,
        KEPT.as_secs_f64(),
    )
    .fetch_all(sql)
    .await?;
    let late = executions
        .iter()
        .map(|one| one.id)
        .filter(|id| !marked.contains(&id.0));
    Ok(late.collect())
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
        execution.id.0,
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
