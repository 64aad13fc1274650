//! Statements about people who wait for a manager.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::User;
use sqlx::PgPool;
use uuid::Uuid;

use super::user;
use crate::{
    error::Result,
    id::{ConversationId, UserId},
    store::Tx,
};

/// Somebody who waits for a manager.
#[derive(Debug)]
pub(in crate::group) struct Request {
    pub user: User,
    pub id: UserId,
    pub inviter: UserId,
    pub asked_at: Timestamp,
}

/// Notes that somebody waits for a manager.
pub(in crate::group) async fn ask(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
    inviter: UserId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "insert into join_requests (conversation_id, user_id, inviter_id, asked_at) values ($1, $2, $3, $4)",
        group.0,
        user.0,
        inviter.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Does this person wait already?
pub(in crate::group) async fn is_waiting(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
) -> Result<bool> {
    let waiting = sqlx::query_scalar!(
        r#"select exists (select 1 from join_requests where conversation_id = $1 and user_id = $2) as "waiting!""#,
        group.0,
        user.0,
    );
    Ok(waiting.fetch_one(tx.sql()).await?)
}

/// Takes a request to decide on it. Gives its inviter.
pub(in crate::group) async fn take_request(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
) -> Result<Option<UserId>> {
    let inviter = sqlx::query_scalar!(
        r#"
        delete from join_requests where conversation_id = $1 and user_id = $2
        returning inviter_id as "inviter: UserId"
        "#,
        group.0,
        user.0,
    );
    Ok(inviter.fetch_optional(tx.sql()).await?)
}

/// These people are in: they wait no more.
pub(in crate::group) async fn forget_requests(
    tx: &mut Tx,
    group: ConversationId,
    people: &[UserId],
) -> Result<()> {
    let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    sqlx::query!(
        "delete from join_requests where conversation_id = $1 and user_id = any ($2)",
        group.0,
        &ids
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Who waits, after the one with this time and id, the longest waiting first.
pub(in crate::group) async fn requests(
    pool: &PgPool,
    group: ConversationId,
    after: Option<(Timestamp, UserId)>,
    limit: i64,
) -> Result<Vec<Request>> {
    let (time, last) = after.unwrap_or((Timestamp::UNIX_EPOCH, UserId(Uuid::nil())));
    let rows = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.kind, u.name, u.avatar, r.inviter_id as "inviter: UserId",
          r.asked_at as "asked_at: jiff_sqlx::Timestamp"
        from join_requests r
        join users u on u.id = r.user_id
        where r.conversation_id = $1 and (r.asked_at, r.user_id) > ($2, $3)
        order by r.asked_at, r.user_id
        limit $4
        "#,
        group.0,
        time.to_sqlx() as _,
        last.0,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let requests = rows.into_iter().map(|row| Request {
        user: user(row.id, &row.kind, row.name, row.avatar),
        id: row.id,
        inviter: row.inviter,
        asked_at: row.asked_at.to_jiff(),
    });
    Ok(requests.collect())
}
