//! What customers want changed.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use serde_json::Value;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{ChangeId, OrderId, UserId},
    order::change::Change,
    store::Tx,
};

/// A wish.
pub(in crate::order) struct NewChange<'a> {
    pub id: ChangeId,
    pub order: OrderId,
    pub asked: &'a Value,
    pub recipient: Option<&'a str>,
}

/// Keeps a wish; `false` while another one waits.
pub(in crate::order) async fn add_change(
    tx: &mut Tx,
    new: &NewChange<'_>,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into order_changes (id, shop_id, order_id, asked, recipient, state, asked_at)
        values ($1, $2, $3, $4, $5, 'pending', $6)
        on conflict (order_id) where state = 'pending' do nothing
        ",
        new.id.0,
        shop.0,
        new.order.0,
        new.asked,
        new.recipient,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The wish that waits: its id, what is asked, the sealed recipient.
pub(in crate::order) async fn pending_change(
    tx: &mut Tx,
    order: OrderId,
) -> Result<Option<(ChangeId, Value, Option<String>)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: ChangeId", asked, recipient
        from order_changes
        where shop_id = $1 and order_id = $2 and state = 'pending'
        for no key update
        "#,
        shop.0,
        order.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.asked, row.recipient)))
}

pub(in crate::order) async fn decide_change(
    tx: &mut Tx,
    change: ChangeId,
    approved: bool,
    by: UserId,
    answer: &str,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update order_changes
        set state = case when $3 then 'approved' else 'rejected' end, decided_by = $4, answer = $5, decided_at = $6
        where shop_id = $1 and id = $2
        ",
        shop.0,
        change.0,
        approved,
        by.0,
        answer,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// All wishes for an order, the newest first, with the sealed recipients.
pub(in crate::order) async fn changes(
    tx: &mut Tx,
    order: OrderId,
) -> Result<Vec<(Change, Option<String>)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: ChangeId", state, asked, recipient, asked_at as "asked_at: SqlTimestamp", answer
        from order_changes
        where shop_id = $1 and order_id = $2
        order by id desc
        limit 100
        "#,
        shop.0,
        order.0
    )
    .fetch_all(tx.sql())
    .await?;
    let changes = rows.into_iter().map(|row| {
        let change = Change {
            id: row.id,
            state: row.state,
            asked: row.asked,
            recipient: None,
            asked_at: row.asked_at.to_jiff(),
            answer: row.answer,
        };
        (change, row.recipient)
    });
    Ok(changes.collect())
}

/// Wishes whose recipients are sealed with another key than the one of this mark, of all shops.
pub(in crate::order) async fn changes_sealed_otherwise(
    pool: &PgPool,
    mark: &str,
    most: i64,
) -> Result<Vec<(ChangeId, String)>> {
    let rows = sqlx::query!(
        r#"
        select id as "id: ChangeId", recipient as "recipient!"
        from order_changes
        where recipient is not null and not starts_with(recipient, $1)
        limit $2
        "#,
        mark,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.recipient))
        .collect())
}

/// The same recipient, sealed anew.
pub(in crate::order) async fn reseal_change(
    pool: &PgPool,
    change: ChangeId,
    kept: &str,
    renewed: &str,
) -> Result<()> {
    sqlx::query!(
        "update order_changes set recipient = $3 where id = $1 and recipient = $2",
        change.0,
        kept,
        renewed
    )
    .execute(pool)
    .await?;
    Ok(())
}
