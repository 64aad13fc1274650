//! The history.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::{OrderState, json::Word};

use crate::{
    error::Result,
    id::{OrderId, UserId},
    order::{Order, history::Entry, step::Done},
    store::Tx,
};

/// One more entry.
pub(in crate::order) async fn note(
    tx: &mut Tx,
    order: &Order,
    was: Option<OrderState>,
    done: &Done<'_>,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into order_events (shop_id, order_id, version, deed, state_before, state, actor_id, actor_kind, remark, before, after, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ",
        shop.0,
        order.id.0,
        order.version,
        done.deed.word(),
        was.map(Word::word),
        order.state.word(),
        done.by.id.map(|id| id.0),
        done.by.party.word(),
        done.remark,
        done.before,
        done.after,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The history of an order, the oldest first.
pub(in crate::order) async fn history(tx: &mut Tx, order: OrderId) -> Result<Vec<Entry>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select e.version, e.deed, e.state_before, e.state, e.actor_id as "actor_id: UserId", u.name as "actor_name?", e.actor_kind,
          e.remark, e.before, e.after, e.at as "at: SqlTimestamp"
        from order_events e
        left join users u on u.id = e.actor_id
        where e.shop_id = $1 and e.order_id = $2
        order by e.version
        "#,
        shop.0,
        order.0
    )
    .fetch_all(tx.sql())
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        version: row.version,
        deed: row.deed,
        state_before: row.state_before,
        state: row.state,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        actor_kind: row.actor_kind,
        remark: row.remark,
        before: row.before,
        after: row.after,
        at: row.at.to_jiff(),
    });
    Ok(entries.collect())
}
