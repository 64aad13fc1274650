//! Every statement about accounts and sessions.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    actor::{Permissions, Post},
    id::{SessionId, ShopId, UserId},
    store::Tx,
};

/// A session with its user.
#[derive(Debug)]
pub(super) struct Found {
    pub session: SessionId,
    pub user: UserId,
    pub kind: String,
    pub name: String,
    pub home: Option<ShopId>,
    pub banned: bool,
    pub expires_at: Timestamp,
    pub revoked: bool,
}

/// The session of an access token, by its hash.
pub(super) async fn session_by_access(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        r#"
        select s.id as "session: SessionId", s.user_id as "user: UserId", u.kind, u.name, u.shop_id as "home: ShopId",
          u.banned_at is not null or exists (select from bans b where b.shop_id = u.shop_id and b.user_id = u.id) as "banned!", s.access_expires_at as "expires_at: jiff_sqlx::Timestamp",
          s.revoked_at is not null as "revoked!"
        from sessions s
        join users u on u.id = s.user_id
        where s.access_hash = $1
        "#,
        hash,
    )
    .fetch_optional(sql)
    .await
}

/// The session by its id, as it is now.
pub(super) async fn session_by_id(
    sql: impl PgExecutor<'_>,
    session: SessionId,
) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        r#"
        select s.id as "session: SessionId", s.user_id as "user: UserId", u.kind, u.name, u.shop_id as "home: ShopId",
          u.banned_at is not null or exists (select from bans b where b.shop_id = u.shop_id and b.user_id = u.id) as "banned!", s.access_expires_at as "expires_at: jiff_sqlx::Timestamp",
          s.revoked_at is not null as "revoked!"
        from sessions s
        join users u on u.id = s.user_id
        where s.id = $1
        "#,
        session.0,
    )
    .fetch_optional(sql)
    .await
}

/// Takes a ticket: it is gone afterwards, whoever asks.
pub(super) async fn take_ticket(
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

/// The places on shops' staff that a user holds now.
pub(super) async fn posts(sql: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<Post>> {
    let rows = sqlx::query!(
        r#"
        select p.shop_id as "shop!: ShopId", s.name as shop_name, p.role as "role!", p.permissions as "permissions!: Vec<String>"
        from posts p
        join shops s on s.id = p.shop_id
        where p.user_id = $1
        order by p.shop_id
        "#,
        user.0,
    )
    .fetch_all(sql)
    .await?;
    let posts = rows.into_iter().map(|row| Post {
        shop: row.shop,
        shop_name: row.shop_name,
        role: row.role,
        permissions: Permissions::from_words(row.permissions),
    });
    Ok(posts.collect())
}

/// Keeps a ticket.
pub(super) async fn add_ticket(
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

/// The merchant account of a proved or promised phone number; a new one, with this name, where there was none.
pub(super) async fn merchant_of_phone(
    tx: &mut Tx,
    phone: &str,
    name: &str,
    now: Timestamp,
) -> sqlx::Result<UserId> {
    sqlx::query_scalar!(
        r#"
        insert into users (id, kind, name, phone, created_at)
        values ($1, 'merchant', $2, $3, $4)
        on conflict (kind, phone) do update set phone = excluded.phone
        returning id as "id: UserId"
        "#,
        UserId::new().0,
        name,
        phone,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await
}

/// Ends all of a user's sessions that are not over.
pub(super) async fn revoke_sessions(
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

/// Keeps a session that is never refreshed: nobody knows a token for `refresh_hash`.
pub(super) async fn add_standing_session(
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

/// Whose sessions or rights changed in the last `seconds` of the database's clock, with the number of the record.
pub(super) async fn revocations_within(
    sql: impl PgExecutor<'_>,
    seconds: f64,
) -> sqlx::Result<Vec<(i64, UserId)>> {
    let rows = sqlx::query!(
        r#"
        select id, user_id as "user: UserId"
        from revocations
        where at > clock_timestamp() - make_interval(secs => $1)
        "#,
        seconds,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user)).collect())
}

/// Those of `sessions` that are no good any more.
pub(super) async fn sessions_over(
    sql: impl PgExecutor<'_>,
    sessions: &[SessionId],
    now: Timestamp,
) -> sqlx::Result<Vec<SessionId>> {
    sqlx::query_scalar!(
        r#"
        select o.id as "id!: SessionId"
        from unnest($1::uuid[]) as o (id)
        left join sessions s on s.id = o.id
        left join users u on u.id = s.user_id
        where s.id is null or s.revoked_at is not null or s.access_expires_at <= $2 or s.expires_at <= $2
          or u.banned_at is not null
        "#,
        &sessions.iter().map(|session| session.0).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .fetch_all(sql)
    .await
}
