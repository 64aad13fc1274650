//! Every statement about sessions and tickets.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde::Deserialize;
use sqlx::{PgExecutor, types::Json};

use crate::{
    account::session::OwnSession,
    actor::{Permissions, Post},
    id::{FileId, SessionId, ShopId, UserId},
};

/// A session with its user, as both are now.
#[derive(Debug)]
pub(in crate::account) struct Holder {
    pub session: SessionId,
    pub user: UserId,
    pub kind: String,
    pub name: String,
    pub avatar: Option<FileId>,
    pub home: Option<ShopId>,
    pub banned: bool,
    pub access_expires_at: Timestamp,
    pub revoked: bool,
    pub posts: Json<Vec<PostRow>>,
}

/// A post on a shop's staff that the user holds.
#[derive(Debug, Deserialize)]
pub(in crate::account) struct PostRow {
    shop: ShopId,
    shop_name: String,
    role: String,
    permissions: Vec<String>,
}

impl From<PostRow> for Post {
    fn from(row: PostRow) -> Self {
        Self {
            shop: row.shop,
            shop_name: row.shop_name,
            role: row.role,
            permissions: Permissions::from_words(row.permissions),
        }
    }
}

/// One list of columns for both ways to name a session; each asks an index of its own.
macro_rules! holder {
    ($sql:expr, $which:literal, $value:expr) => {
        sqlx::query_as!(
            Holder,
            r#"
        select session_id as "session!: SessionId", user_id as "user!: UserId", kind as "kind!", name as "name!",
          avatar as "avatar: FileId", home_id as "home: ShopId", banned as "banned!",
          access_expires_at as "access_expires_at!: jiff_sqlx::Timestamp", revoked as "revoked!", posts as "posts!: Json<Vec<PostRow>>"
        from session_holders
        "# + $which,
            $value,
        )
        .fetch_optional($sql)
        .await
    };
}

/// The session of an access token, by its hash.
pub(in crate::account) async fn session_by_access(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
) -> sqlx::Result<Option<Holder>> {
    holder!(sql, "where access_hash = $1", hash)
}

/// The session by its id, as it is now.
pub(in crate::account) async fn session_by_id(
    sql: impl PgExecutor<'_>,
    session: SessionId,
) -> sqlx::Result<Option<Holder>> {
    holder!(sql, "where session_id = $1", session.0)
}

/// Takes a ticket: it is gone afterwards, whoever asks.
pub(in crate::account) async fn take_ticket(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<SessionId>> {
    sqlx::query_scalar!(
        r#"delete from tickets where hash = $1 and expires_at > $2 returning session_id as "session: SessionId""#,
        hash,
        now.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}

/// Keeps a ticket.
pub(in crate::account) async fn add_ticket(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
    session: SessionId,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let at = expires_at.to_sqlx();
    sqlx::query!(
        "insert into tickets (hash, session_id, expires_at) values ($1, $2, $3)",
        hash,
        session.0,
        at as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// A session to be kept.
#[derive(Debug)]
pub(in crate::account) struct NewSession {
    pub id: SessionId,
    pub device_id: String,
    pub device_kind: &'static str,
    pub access_hash: [u8; 32],
    pub access_expires_at: Timestamp,
    pub refresh_hash: [u8; 32],
    pub expires_at: Timestamp,
    /// Sessions of one user; beyond, the oldest give way.
    pub most: i32,
    pub now: Timestamp,
}

/// Keeps a session, by the one function that does.
pub(in crate::account) async fn add(
    sql: impl PgExecutor<'_>,
    user: UserId,
    new: &NewSession,
) -> sqlx::Result<()> {
    sqlx::query!(
        "select open_session($1, $2, $3, $4, $5, $6, $7, $8, $9, null, $10)",
        new.id.0,
        user.0,
        new.device_id,
        new.device_kind,
        &new.access_hash[..],
        new.access_expires_at.to_sqlx() as _,
        &new.refresh_hash[..],
        new.expires_at.to_sqlx() as _,
        new.now.to_sqlx() as _,
        new.most,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Remembers that a user proved this client; once is enough.
pub(in crate::account) async fn prove_device(
    sql: impl PgExecutor<'_>,
    user: UserId,
    device_id: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into devices (user_id, device_id, proved_at) values ($1, $2, $3) on conflict do nothing",
        user.0,
        device_id,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// A page of the sessions that are not over.
pub(in crate::account) async fn of_user(
    sql: impl PgExecutor<'_>,
    user: UserId,
    before: Option<SessionId>,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<OwnSession>> {
    sqlx::query_as!(
        OwnSession,
        r#"
        select id as "id!: SessionId", device_id as "device_id!", device_kind as "device_kind!",
          created_at as "created_at!: jiff_sqlx::Timestamp", refreshed_at as "refreshed_at!: jiff_sqlx::Timestamp"
        from good_sessions
        where user_id = $1 and expires_at > $3 and ($2::uuid is null or id < $2)
        order by id desc
        limit $4
        "#,
        user.0,
        before.map(|before| before.0),
        now.to_sqlx() as _,
        limit,
    )
    .fetch_all(sql)
    .await
}

/// Ends a session of a user; false if there is no such session that goes on.
pub(in crate::account) async fn revoke(
    sql: impl PgExecutor<'_>,
    user: UserId,
    session: SessionId,
    because: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let revoked = sqlx::query!(
        r#"
        update sessions s
        set revoked_at = $3, revoked_because = $4
        where s.user_id = $1 and s.id = $2 and s.revoked_at is null and exists (select from good_sessions g where g.id = s.id)
        "#,
        user.0,
        session.0,
        now.to_sqlx() as _,
        because,
    )
    .execute(sql)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Ends all sessions of a user, by one row however many they are.
pub(in crate::account) async fn end_era(
    sql: impl PgExecutor<'_>,
    user: UserId,
    because: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update users
        set session_era = session_era + 1, sessions_ended_at = $3, sessions_ended_because = $2
        where id = $1
        "#,
        user.0,
        because,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Takes a session of the user's over from the last era into the one that has just begun: one of an earlier era stays over.
pub(in crate::account) async fn take_over(
    sql: impl PgExecutor<'_>,
    user: UserId,
    session: SessionId,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update sessions s
        set era = u.session_era
        from users u
        where u.id = $1 and s.user_id = u.id and s.id = $2 and s.era = u.session_era - 1
        "#,
        user.0,
        session.0,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// New tokens in the place of old ones.
pub(in crate::account) struct Rotation<'a> {
    pub old_refresh_hash: &'a [u8],
    pub nonce: &'a [u8],
    pub access_hash: &'a [u8],
    pub access_expires_at: Timestamp,
    pub refresh_hash: &'a [u8],
    /// A session that was last refreshed before this is over.
    pub alive_since: Timestamp,
    pub now: Timestamp,
}

/// A session after a rotation.
#[derive(Debug)]
pub(in crate::account) struct Rotated {
    pub session: SessionId,
    pub user: UserId,
    pub access_expires_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Exchanges the tokens of the session that has this refresh token now; nothing if none that goes on has it.
pub(in crate::account) async fn rotate(
    sql: impl PgExecutor<'_>,
    new: &Rotation<'_>,
) -> sqlx::Result<Option<Rotated>> {
    sqlx::query_as!(
        Rotated,
        r#"
        with rotated as (
          update sessions s
          set access_hash = $3, access_expires_at = least($4, s.expires_at), refresh_hash = $5, refreshed_at = $7
          where s.refresh_hash = $1 and s.revoked_at is null and s.expires_at > $7 and s.refreshed_at > $6
            and exists (select from good_sessions g where g.id = s.id)
          returning s.id, s.user_id, s.access_expires_at, s.expires_at
        ), spent as (
          insert into spent_refresh_tokens (hash, session_id, nonce, spent_at)
          select $1, id, $2, $7 from rotated
        )
        select id as "session: SessionId", user_id as "user: UserId", access_expires_at, expires_at from rotated
        "#,
        new.old_refresh_hash,
        new.nonce,
        new.access_hash,
        new.access_expires_at.to_sqlx() as _,
        new.refresh_hash,
        new.alive_since.to_sqlx() as _,
        new.now.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}

/// A refresh token that was exchanged, and its session as it is now.
#[derive(Debug)]
pub(in crate::account) struct Spent {
    pub session: SessionId,
    pub user: UserId,
    pub nonce: Vec<u8>,
    pub exchanged_at: Timestamp,
    pub refresh_hash: Vec<u8>,
    pub access_expires_at: Timestamp,
    pub expires_at: Timestamp,
    pub over: bool,
}

/// Was this refresh token exchanged before?
pub(in crate::account) async fn spent(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
) -> sqlx::Result<Option<Spent>> {
    sqlx::query_as!(
        Spent,
        r#"
        select s.id as "session: SessionId", s.user_id as "user: UserId", t.nonce, t.spent_at as exchanged_at, s.refresh_hash,
          s.access_expires_at, s.expires_at, not exists (select from good_sessions g where g.id = s.id) as "over!"
        from spent_refresh_tokens t
        join sessions s on s.id = t.session_id
        where t.hash = $1
        "#,
        hash,
    )
    .fetch_optional(sql)
    .await
}

/// Is there a session with this refresh token, though it be over?
pub(in crate::account) async fn ever_had(
    sql: impl PgExecutor<'_>,
    refresh_hash: &[u8],
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "select true from sessions where refresh_hash = $1",
        refresh_hash
    )
    .fetch_optional(sql)
    .await?;
    Ok(found.is_some())
}
