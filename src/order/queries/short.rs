//! Lines of which something is not there.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    error::Result,
    id::OrderId,
    order::{Line, Order},
    store::Tx,
};

/// A line as it is agreed now: another in its place, or one more.
pub(in crate::order) async fn put_line(tx: &mut Tx, order: &Order, line: &Line) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into order_lines (order_id, line, shop_id, product_id, variant_id, bundle_id, title, choice, units, list_price, price,
          total, discount, short)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (order_id, line) do update
        set product_id = excluded.product_id, variant_id = excluded.variant_id, bundle_id = excluded.bundle_id, title = excluded.title,
          choice = excluded.choice, units = excluded.units, list_price = excluded.list_price, price = excluded.price,
          total = excluded.total, discount = excluded.discount, short = excluded.short
        ",
        order.id.0,
        line.line,
        shop.0,
        line.product_id.0,
        line.variant_id.0,
        line.bundle_id.map(|id| id.0),
        line.title,
        &line.choice,
        line.units,
        line.list_price.in_minor(),
        line.price.in_minor(),
        line.total.in_minor(),
        line.discount.in_minor(),
        line.short,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Goods that it waited for are there again: it is shipped first.
pub(in crate::order) async fn put_first(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update orders set arrived_at = coalesce(arrived_at, $3) where shop_id = $1 and id = $2",
        shop.0,
        order.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
