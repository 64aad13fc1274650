//! Every statement about codes.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;
use uuid::Uuid;

/// A code and the text that carries it.
pub(in crate::code) struct NewCode<'a> {
    pub id: Uuid,
    pub account: &'a str,
    pub contact: &'a str,
    pub purpose: &'a str,
    pub hash: &'a [u8],
    pub tries: i16,
    pub channel: &'a str,
    pub recipient: &'a str,
    pub text: &'a str,
    pub keeps_text: bool,
    pub to_strangers: bool,
}

/// Keeps a code, and its text where it is shown on a page. Says whether the text is to be sent: strangers get none to log in
/// by, unless a shop invites them to its staff.
pub(in crate::code) async fn add(
    sql: impl PgExecutor<'_>,
    new: &NewCode<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with code as (
          insert into codes (id, account, contact, purpose, hash, tries_left, expires_at)
          values ($1, $2, $3, $4, $5, $6, $12)
        ),
        goes as (
          select $10
            or exists (select from users where kind = $2 and (phone = $3 or email = $3))
            or $2 = 'merchant' and $4 = 'log_in' and exists (select from staff_invites where phone = $3 and expires_at > $11)
            as goes
        ),
        kept as (
          insert into outgoing_messages (channel, recipient, text, created_at, forget_at)
          select $7, $8, $9, $11, $12
          from goes
          where goes and $13
        )
        select goes as "goes!" from goes
        "#,
        new.id,
        new.account,
        new.contact,
        new.purpose,
        new.hash,
        new.tries,
        new.channel,
        new.recipient,
        new.text,
        new.to_strangers,
        now.to_sqlx() as _,
        expires_at.to_sqlx() as _,
        new.keeps_text,
    )
    .fetch_one(sql)
    .await
}

/// What hashes of codes are keyed with.
pub(in crate::code) async fn secret(sql: impl PgExecutor<'_>) -> sqlx::Result<Vec<u8>> {
    sqlx::query_scalar!("select value from secrets where name = 'codes'")
        .fetch_one(sql)
        .await
}

/// Spends a try; the hash to compare with, or nothing if there is no such code, or none that is good.
pub(in crate::code) async fn spend_try(
    sql: impl PgExecutor<'_>,
    id: Uuid,
    (account, contact, purpose): (&str, &str, &str),
    now: Timestamp,
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"
        update codes
        set tries_left = tries_left - 1
        where id = $1 and account = $2 and contact = $3 and purpose = $4
          and tries_left > 0 and used_at is null and expires_at > $5
        returning hash
        "#,
        id,
        account,
        contact,
        purpose,
        now.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await
}

/// Uses a code up; false if that was done before.
pub(in crate::code) async fn use_up(
    sql: impl PgExecutor<'_>,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        "update codes set used_at = $2 where id = $1 and used_at is null",
        id,
        now.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// A text that was sent.
#[derive(Debug)]
pub(in crate::code) struct Sent {
    pub channel: String,
    pub recipient: String,
    pub text: String,
    pub created_at: Timestamp,
}

/// The newest texts, to everybody or to one recipient.
pub(in crate::code) async fn sent(
    sql: impl PgExecutor<'_>,
    recipient: Option<&str>,
) -> sqlx::Result<Vec<Sent>> {
    sqlx::query_as!(
        Sent,
        r#"
        select channel, recipient, text, created_at
        from outgoing_messages
        where $1::text is null or recipient = $1
        order by id desc
        limit 100
        "#,
        recipient,
    )
    .fetch_all(sql)
    .await
}
