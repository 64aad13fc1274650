//! Every statement about embedding.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use super::session::NewSession;
use crate::{
    account::embed_key::EmbedKeyInfo,
    error::Result,
    id::{FileId, SessionId, ShopId, UserId},
    store::Tx,
};

/// A key that is good.
pub(in crate::account) struct Key {
    pub shop: ShopId,
    pub secret: String,
}

/// The key of this id, unless it is revoked. The one finder without a shop: the key is what tells the shop.
pub(in crate::account) async fn key(
    sql: impl PgExecutor<'_>,
    id: &str,
) -> sqlx::Result<Option<Key>> {
    sqlx::query_as!(
        Key,
        r#"select shop_id as "shop: ShopId", secret from embed_keys where id = $1 and revoked_at is null"#,
        id,
    )
    .fetch_optional(sql)
    .await
}

/// What is kept of a key's secret.
pub(in crate::account) struct Kept {
    pub id: String,
    pub secret: String,
}

/// Keys of all shops whose secret does not begin with this mark.
pub(in crate::account) async fn sealed_otherwise(
    sql: impl PgExecutor<'_>,
    mark: &str,
) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        "select id, secret from embed_keys where not starts_with(secret, $1)",
        mark,
    )
    .fetch_all(sql)
    .await
}

/// Replaces a key's secret by the same one under another seal, unless that has happened meanwhile.
pub(in crate::account) async fn reseal(
    sql: impl PgExecutor<'_>,
    was: &Kept,
    secret: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update embed_keys set secret = $3 where id = $1 and secret = $2",
        was.id,
        was.secret,
        secret,
    )
    .execute(sql)
    .await
    .map(drop)
}

/// A shop's customer as the shop names them.
pub(in crate::account) struct Customer<'a> {
    pub shop: ShopId,
    pub key: &'a str,
    pub new_id: UserId,
    pub subject: &'a str,
    pub name: Option<&'a str>,
    pub name_if_new: &'a str,
}

/// Who was let in.
pub(in crate::account) struct Admitted {
    pub user: UserId,
    pub name: String,
    pub avatar: Option<FileId>,
}

/// Finds or makes the customer and keeps the session, in one statement: two first visits at once are one customer.
/// Nothing for the banned, and nothing by a key that is revoked: whoever revokes it waits for this, and ends the session.
pub(in crate::account) async fn admit(
    sql: impl PgExecutor<'_>,
    customer: &Customer<'_>,
    session: &NewSession,
) -> sqlx::Result<Option<Admitted>> {
    sqlx::query_as!(
        Admitted,
        r#"
        with key as (
          select id from embed_keys where id = $14 and revoked_at is null for share
        ), customer as (
          insert into users as u (id, kind, name, home_id, external_id, created_at)
          select $1, 'customer', $4, $2, $3, $13 from key
          on conflict (home_id, external_id) do update set name = coalesce($5, u.name)
          returning id, name, avatar
        ), admitted as (
          select id, name, avatar
          from customer c
          where not exists (select from bans b where b.shop_id = $2 and b.user_id = c.id)
        ), opened as materialized (
          select a.*, open_session($6, a.id, $7, $8, $9, $10, $11, $12, $13, $14, $15) from admitted a
        )
        select id as "user: UserId", name, avatar as "avatar: FileId" from opened
        "#,
        customer.new_id.0,
        customer.shop.0,
        customer.subject,
        customer.name_if_new,
        customer.name,
        session.id.0,
        session.device_id,
        session.device_kind,
        &session.access_hash[..],
        session.access_expires_at.to_sqlx() as _,
        &session.refresh_hash[..],
        session.expires_at.to_sqlx() as _,
        session.now.to_sqlx() as _,
        customer.key,
        session.most,
    )
    .fetch_optional(sql)
    .await
}

/// Adds a key; false if the shop has `most` that are good. The shop's row is locked, so that two at once count each other.
pub(in crate::account) async fn add_key(
    tx: &mut Tx,
    id: &str,
    secret: &str,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?.0;
    sqlx::query!("select id from shops where id = $1 for no key update", shop)
        .fetch_optional(tx.sql())
        .await?;
    let added = sqlx::query!(
        r#"
        insert into embed_keys (id, shop_id, secret, created_at)
        select $1, $2, $3, $5
        where (select count(*) from embed_keys where shop_id = $2 and revoked_at is null) < $4
        "#,
        id,
        shop,
        secret,
        most,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// A shop's keys.
pub(in crate::account) async fn keys(
    sql: impl PgExecutor<'_>,
    shop: ShopId,
) -> sqlx::Result<Vec<EmbedKeyInfo>> {
    let rows = sqlx::query!(
        r#"
        select id, created_at, revoked_at
        from embed_keys
        where shop_id = $1
        order by created_at desc
        limit 100
        "#,
        shop.0,
    )
    .fetch_all(sql)
    .await?;
    let keys = rows.into_iter().map(|row| EmbedKeyInfo {
        id: row.id,
        created_at: row.created_at.into(),
        revoked_at: row.revoked_at.map(Into::into),
    });
    Ok(keys.collect())
}

/// Revokes a key of the shop; false if it has none of this id that is good.
pub(in crate::account) async fn revoke_key(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?.0;
    let revoked = sqlx::query!(
        "update embed_keys set revoked_at = $3 where shop_id = $1 and id = $2 and revoked_at is null",
        shop,
        id,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// A session that a key has opened and whose socket may be open.
pub(in crate::account) struct Opened {
    pub session: SessionId,
    pub user: UserId,
    pub access_expires_at: Timestamp,
}

/// A page of the sessions that a key has opened and whose access token is good until after `now`, the longest first;
/// beyond `last`, if there was a page before.
pub(in crate::account) async fn opened(
    tx: &mut Tx,
    id: &str,
    now: Timestamp,
    last: Option<&Opened>,
    limit: i64,
) -> Result<Vec<Opened>> {
    let opened = sqlx::query_as!(
        Opened,
        r#"
        select id as "session: SessionId", user_id as "user: UserId", access_expires_at
        from sessions
        where embed_key = $1 and access_expires_at > $2 and ($3::timestamptz is null or (access_expires_at, id) < ($3, $4::uuid))
        order by access_expires_at desc, id desc
        limit $5
        "#,
        id,
        now.to_sqlx() as _,
        last.map(|last| last.access_expires_at.to_sqlx()) as _,
        last.map(|last| last.session.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(opened)
}
