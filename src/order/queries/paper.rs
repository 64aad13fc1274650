//! What stands on paper beside an order.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{error::Result, id::OrderId, store::Tx};

/// The shop's name, as its customers know it.
pub(in crate::order) async fn shop_name(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let name = sqlx::query_scalar!("select name from shops where id = $1", shop.0)
        .fetch_optional(tx.sql())
        .await?;
    Ok(name.unwrap_or_default())
}

/// When these orders were placed, by the shop's clock: `2025-01-01 09:30`.
pub(in crate::order) async fn placed_there(
    tx: &mut Tx,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, String>> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query!(
        r#"
        select o.id as "id: OrderId", to_char(o.placed_at at time zone s.time_zone, 'YYYY-MM-DD HH24:MI') as "at!"
        from orders o
        join shops s on s.id = o.shop_id
        where o.shop_id = $1 and o.id = any ($2) and o.placed_at is not null
        "#,
        shop.0,
        &ids,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.at)).collect())
}
