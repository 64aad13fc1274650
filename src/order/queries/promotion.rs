//! What promotions did for orders.

use serde_json::json;

use super::super::Order;
use crate::{error::Result, store::Tx};

/// Keeps what they did for a new order: no statement if they did nothing.
pub(super) async fn add_promotions(tx: &mut Tx, order: &Order) -> Result<()> {
    if order.promotions.is_empty() {
        return Ok(());
    }
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into order_promotions (order_id, shop_id, promotion_id, name, kind, stacks_with_coupons, reached, reduced, lines, gift_lines,
          judged_at)
        select $1, $2, promotion_id, name, kind, stacks_with_coupons, reached, reduced, lines, gift_lines, judged_at
        from jsonb_to_recordset($3) as e (promotion_id uuid, name text, kind text, stacks_with_coupons boolean, reached bigint,
          reduced bigint, lines smallint[], gift_lines smallint[], judged_at timestamptz)
        ",
        order.id.0,
        shop.0,
        json!(order.promotions),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What they do for it now, in the place of what they did before.
pub(super) async fn replace_promotions(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from order_promotions where order_id = $1 and shop_id = $2",
        order.id.0,
        shop.0
    )
    .execute(tx.sql())
    .await?;
    add_promotions(tx, order).await
}
