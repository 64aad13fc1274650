//! Bots' sessions, which last until they are ended.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    id::{SessionId, UserId},
    store::Tx,
};

/// Keeps a session that is never refreshed: nobody knows a token for `refresh_hash`.
pub(in crate::account) async fn add_session(
    tx: &mut Tx,
    user: UserId,
    access_hash: &[u8],
    refresh_hash: &[u8],
    (now, until): (Timestamp, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query!(
        "
        insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at,
          era)
        select $1, id, 'bot', $3, $5, $4, $6, $5, $6, session_era from users where id = $2
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
