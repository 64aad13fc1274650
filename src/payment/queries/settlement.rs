//! What completed orders earn.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{OrderId, ShopId},
    money::Money,
    store::Tx,
};

/// `false`: it was earned before.
pub(in crate::payment) async fn add_settlement(
    tx: &mut Tx,
    order: OrderId,
    amount: Money,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into settlements (order_id, shop_id, amount, completed_on)
        select $2, id, $3, ($4::timestamptz at time zone time_zone)::date
        from shops
        where id = $1
        on conflict (order_id) do nothing
        ",
        shop.0,
        order.0,
        amount.in_minor(),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What was earned on a day that is over where its shop is.
pub(in crate::payment) async fn to_be_credited(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, OrderId)>> {
    let rows = sqlx::query!(
        r#"
        select s.shop_id as "shop: ShopId", s.order_id as "order: OrderId"
        from settlements s
        join shops h on h.id = s.shop_id
        where s.credited_at is null and s.completed_on < ($1::timestamptz at time zone h.time_zone)::date
        order by s.completed_on
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.order)).collect())
}

/// Marks it credited and gives what it is; nothing: it was before.
pub(in crate::payment) async fn credit(
    tx: &mut Tx,
    order: OrderId,
    now: Timestamp,
) -> Result<Option<Money>> {
    let shop = tx.shop()?;
    let amount = sqlx::query_scalar!(
        r#"
        update settlements
        set credited_at = $3
        where shop_id = $1 and order_id = $2 and credited_at is null
        returning amount as "amount: Money"
        "#,
        shop.0,
        order.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(amount)
}
