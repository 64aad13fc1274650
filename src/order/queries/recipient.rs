//! Who gets it: sealed, and found by phone.

use std::collections::HashMap;

use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    error::Result,
    id::{OrderId, ShopId, UserId},
    store::Tx,
};

/// The recipient, sealed, and the phone's index.
pub(in crate::order) async fn set_recipient(
    tx: &mut Tx,
    order: OrderId,
    sealed: &str,
    index: Option<&[u8]>,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update orders set recipient = $3, phone_index = $4 where shop_id = $1 and id = $2",
        shop.0,
        order.0,
        sealed,
        index
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The sealed recipient of an order.
pub(in crate::order) async fn recipient(tx: &mut Tx, order: OrderId) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let sealed = sqlx::query_scalar!(
        "select recipient from orders where shop_id = $1 and id = $2",
        shop.0,
        order.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(sealed.flatten())
}

/// The sealed recipients of these orders; the caller has settled that they may be seen.
pub(in crate::order) async fn recipients(
    tx: &mut Tx,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, String>> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let rows = sqlx::query!(
        r#"select id as "id: OrderId", recipient as "recipient!" from orders where id = any ($1) and recipient is not null"#,
        &ids
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.recipient))
        .collect())
}

/// The newest order of this customer in the shop with a recipient, and that one, sealed (ORD-03).
pub(in crate::order) async fn last_recipient(
    tx: &mut Tx,
    customer: UserId,
) -> Result<Option<(OrderId, String)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: OrderId", recipient as "recipient!"
        from orders
        where customer_id = $2 and shop_id = $1 and recipient is not null
        order by id desc
        limit 1
        "#,
        shop.0,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.recipient)))
}

/// Orders whose recipients are sealed with another key than the one of this mark, of all shops.
pub(in crate::order) async fn sealed_otherwise(
    pool: &PgPool,
    mark: &str,
    most: i64,
) -> Result<Vec<(ShopId, OrderId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "order: OrderId"
        from orders
        where recipient is not null and not starts_with(recipient, $1)
        limit $2
        "#,
        mark,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.order)).collect())
}
