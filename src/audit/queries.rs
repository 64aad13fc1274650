//! Every statement about the record.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use super::{
    Deed,
    list::{Row, RowId},
};
use crate::{clock::millis, error::Result, id::UserId, store::Tx};

/// Adds a row.
pub(super) async fn add(tx: &mut Tx, deed: Deed, now: Timestamp) -> Result<()> {
    let shop = tx.shop_if_any().map(|shop| shop.0);
    sqlx::query!(
        "insert into audit_entries (shop_id, actor_id, action, target, before, after, at) values ($1, $2, $3, $4, $5, $6, $7)",
        shop,
        deed.by.0,
        deed.action,
        deed.target,
        deed.before,
        deed.after,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Rows of the shop before `before`, the newest first.
pub(super) async fn page(tx: &mut Tx, before: RowId, limit: i64) -> Result<Vec<Row>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select a.id, a.actor_id as "actor: UserId", u.name as "actor_name?", a.action, a.target, a.before, a.after,
          a.at as "at: jiff_sqlx::Timestamp"
        from audit_entries a
        left join users u on u.id = a.actor_id
        where a.shop_id = $1 and a.id < $2
        order by a.id desc
        limit $3
        "#,
        shop.0,
        before,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        id: row.id,
        actor_id: row.actor,
        actor_name: row.actor_name.unwrap_or_default(),
        action: row.action,
        target: row.target,
        before: row.before,
        after: row.after,
        at: millis(row.at.to_jiff()),
    });
    Ok(rows.collect())
}
