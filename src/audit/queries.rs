//! Every statement about the record.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::Value;

use crate::{error::Result, id::UserId, store::Tx};

/// Adds a row.
pub(super) async fn add(
    tx: &mut Tx,
    actor: UserId,
    action: &str,
    target: &str,
    before: Option<Value>,
    after: Option<Value>,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop_if_any().map(|shop| shop.0);
    sqlx::query!(
        "insert into audit_entries (shop_id, actor_id, action, target, before, after, at) values ($1, $2, $3, $4, $5, $6, $7)",
        shop,
        actor.0,
        action,
        target,
        before,
        after,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
