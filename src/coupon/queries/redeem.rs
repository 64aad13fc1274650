//! Coupons on orders.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use crate::{
    error::Result,
    id::{CouponId, CouponTemplateId, OrderId, UserId},
    money::Money,
    store::Tx,
};

/// Nobody else takes a coupon of this customer until this work ends.
pub(in crate::coupon) async fn hold_customer(tx: &mut Tx, customer: UserId) -> Result<()> {
    sqlx::query!(
        r#"select 1 as "one!" from users where id = $1 for no key update"#,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(())
}

/// Orders that a customer has placed in the shop and not cancelled.
pub(in crate::coupon) async fn orders_of(tx: &mut Tx, customer: UserId) -> Result<i64> {
    let shop = tx.shop()?;
    let orders = sqlx::query_scalar!(
        r#"
        select count(*) as "orders!"
        from orders
        where customer_id = $2 and shop_id = $1 and placed_at is not null and state <> 'cancelled'
        "#,
        shop.0,
        customer.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(orders)
}

/// Locks a usable coupon on an order: the statement that decides. False: it is not usable any more.
pub(in crate::coupon) async fn lock(
    tx: &mut Tx,
    (customer, coupon): (UserId, CouponId),
    order: OrderId,
    deducted: Money,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let locked = sqlx::query!(
        "
        update coupons
        set state = 'locked', order_id = $4, deducted = $5
        where shop_id = $1 and customer_id = $2 and id = $3 and state = 'usable' and valid_from <= $6 and valid_until > $6
        ",
        shop.0,
        customer.0,
        coupon.0,
        order.0,
        deducted.in_minor(),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(locked.rows_affected() == 1)
}

/// The order has other lines: its coupon takes something else off.
pub(in crate::coupon) async fn set_deducted(
    tx: &mut Tx,
    order: OrderId,
    deducted: Money,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update coupons set deducted = $3 where shop_id = $1 and order_id = $2",
        shop.0,
        order.0,
        deducted.in_minor(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A coupon whose order was paid.
pub(in crate::coupon) struct Used {
    pub coupon: CouponId,
    pub template: CouponTemplateId,
    pub customer: UserId,
    pub deducted: Money,
}

/// The order is paid; `None`: it has no coupon, or that was used before.
pub(in crate::coupon) async fn used(
    tx: &mut Tx,
    order: OrderId,
    now: Timestamp,
) -> Result<Option<Used>> {
    let shop = tx.shop()?;
    let used = sqlx::query_as!(
        Used,
        r#"
        update coupons
        set state = 'used', used_at = $3
        where shop_id = $1 and order_id = $2 and state = 'locked'
        returning id as "coupon: CouponId", template_id as "template: CouponTemplateId", customer_id as "customer: UserId",
          deducted as "deducted!: Money"
        "#,
        shop.0,
        order.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(used)
}

/// Back into the wallet; one that has ended meanwhile is expired.
pub(in crate::coupon) async fn release(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update coupons
        set state = case
            when valid_until <= $3 then 'expired'
            when exists (select from claim_batches b where b.id = coupons.batch_id and b.hold and b.released is not true) then 'held'
            else 'usable'
          end,
          order_id = null, deducted = null, used_at = null
        where shop_id = $1 and order_id = $2
        ",
        shop.0,
        order.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
