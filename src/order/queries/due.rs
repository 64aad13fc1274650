//! Whose time has come. What is found is locked and looked at again by whoever acts on it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{OrderId, ShopId},
    store::Tx,
};

type Found = Vec<(ShopId, OrderId)>;

macro_rules! found {
    ($sql:literal, $pool:expr $(, $value:expr)*) => {{
        let rows = sqlx::query!($sql $(, $value)*).fetch_all($pool).await?;
        Ok(rows.into_iter().map(|row| (row.shop, row.order)).collect())
    }};
}

pub(in crate::order) async fn unpaid_too_long(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Found> {
    found!(
        r#"
        select shop_id as "shop: ShopId", id as "order: OrderId"
        from orders
        where state = 'pending_payment' and pay_by <= $1
        order by pay_by
        limit $2
        "#,
        pool,
        now.to_sqlx() as _,
        most
    )
}

/// Those for whom a step of their shop's reminders has come that they have not had.
pub(in crate::order) async fn to_be_reminded(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Found> {
    found!(
        r#"
        select o.shop_id as "shop: ShopId", o.id as "order: OrderId"
        from orders o
        left join order_rules r on r.shop_id = o.shop_id
        where o.state = 'pending_payment' and o.pay_by > $1
          and o.placed_at + make_interval(mins => (coalesce(r.remind_after_minutes, '{10,20}'))[o.reminders + 1]) <= $1
        order by o.id
        limit $2
        "#,
        pool,
        now.to_sqlx() as _,
        most
    )
}

/// So many steps have come. `false`: they were reminded of them before.
pub(in crate::order) async fn reminded(tx: &mut Tx, order: OrderId, steps: usize) -> Result<bool> {
    let shop = tx.shop()?;
    let steps = i16::try_from(steps).unwrap_or(i16::MAX);
    let changed = sqlx::query!(
        "update orders set reminders = $3 where shop_id = $1 and id = $2 and reminders < $3",
        shop.0,
        order.0,
        steps
    )
    .execute(tx.sql())
    .await?;
    Ok(changed.rows_affected() == 1)
}

pub(in crate::order) async fn shipped_before(
    pool: &PgPool,
    before: Timestamp,
    most: i64,
) -> Result<Found> {
    found!(
        r#"
        select shop_id as "shop: ShopId", id as "order: OrderId"
        from orders
        where state = 'shipped' and shipped_at <= $1
        order by id
        limit $2
        "#,
        pool,
        before.to_sqlx() as _,
        most
    )
}

pub(in crate::order) async fn to_be_received(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Found> {
    found!(
        r#"
        select o.shop_id as "shop: ShopId", o.id as "order: OrderId"
        from orders o
        where o.state in ('shipped', 'in_transit') and o.receive_by <= $1
          and not exists (select from order_lines l where l.order_id = o.id and l.case_id is not null)
        order by o.receive_by
        limit $2
        "#,
        pool,
        now.to_sqlx() as _,
        most
    )
}

pub(in crate::order) async fn to_be_followed_up(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Found> {
    found!(
        r#"
        select shop_id as "shop: ShopId", id as "order: OrderId"
        from orders
        where follow_up_at <= $1
        order by follow_up_at
        limit $2
        "#,
        pool,
        now.to_sqlx() as _,
        most
    )
}
