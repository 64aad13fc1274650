//! Every statement about shops.

mod front;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

pub(super) use self::front::*;
use super::Shop;
use crate::{error::Result, id::ShopId, money::Currency, store::Tx};

/// A shop by its id.
pub(super) async fn shop(
    sql: impl PgExecutor<'_>,
    shop: ShopId,
) -> Result<Option<Shop>, sqlx::Error> {
    sqlx::query_as!(
        Shop,
        r#"select id as "id: ShopId", name, certification, currency from shops where id = $1"#,
        shop.0
    )
    .fetch_optional(sql)
    .await
}

/// Is there any?
pub(super) async fn any(sql: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from shops) as "any!""#)
        .fetch_one(sql)
        .await
}

/// The shop, held until the work ends.
pub(super) async fn lock(tx: &mut Tx) -> Result<Option<Shop>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Shop,
        r#"select id as "id: ShopId", name, certification, currency from shops where id = $1 for no key update"#,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// A new shop.
pub(super) async fn add(
    tx: &mut Tx,
    shop: ShopId,
    name: &str,
    currency: Currency,
    now: Timestamp,
) -> Result<Shop> {
    let added = sqlx::query_as!(
        Shop,
        r#"
        insert into shops (id, name, currency, created_at)
        values ($1, $2, $3, $4)
        returning id as "id: ShopId", name, certification, currency
        "#,
        shop.0,
        name,
        currency.code(),
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(added)
}

/// Another name.
pub(super) async fn rename(tx: &mut Tx, name: &str) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!("update shops set name = $2 where id = $1", shop.0, name)
        .execute(tx.sql())
        .await?;
    Ok(())
}
