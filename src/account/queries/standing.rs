//! Sessions that stand until they are ended: bots'.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    id::{SessionId, UserId},
    store::Tx,
};

/// Keeps a session that is never refreshed: nobody knows a token for `refresh_hash`.
pub(in crate::account) async fn add_standing_session(
    tx: &mut Tx,
    user: UserId,
    access_hash: &[u8],
    refresh_hash: &[u8],
    (now, until): (Timestamp, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query!(
        "
        insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at)
        values ($1, $2, 'standing', $3, $5, $4, $6, $5, $6)
        ",
        SessionId::new().0,
        user.0,
        access_hash,
        refresh_hash,
        until.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Ends all of a user's sessions that are not over.
pub(in crate::account) async fn revoke_sessions(
    tx: &mut Tx,
    user: UserId,
    because: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set revoked_at = $3, revoked_because = $2 where user_id = $1 and revoked_at is null",
        user.0,
        because,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
