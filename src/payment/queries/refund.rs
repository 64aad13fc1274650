//! Money that goes back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use uuid::Uuid;

use super::super::refund::Refund;
use super::super::refund::Wanted;
use crate::{
    error::Result,
    id::{CaseId, ChargeId, OrderId, RefundId, ShopId},
    money::Money,
    store::Tx,
};

pub(in crate::payment) async fn add_refund(
    tx: &mut Tx,
    id: RefundId,
    payment: Uuid,
    amount: Money,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with taken as (
          update payments
          set refunded = refunded + $5
          where shop_id = $2 and id = $4
        )
        insert into refunds (id, shop_id, order_id, payment_id, case_id, amount, reason, next_at, created_at)
        values ($1, $2, $3, $4, $6, $5, $7, $8, $8)
        ",
        id.0,
        shop.0,
        wanted.order.0,
        payment,
        amount.in_minor(),
        wanted.case.map(|case| case.0),
        wanted.reason,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What is due, of all shops; only one node asks at a time.
pub(in crate::payment) async fn due_refunds(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Refund>> {
    let refunds = sqlx::query_as!(
        Refund,
        r#"
        select r.id as "id: RefundId", r.shop_id as "shop: ShopId", r.order_id as "order: OrderId", r.case_id as "case: CaseId",
          p.method, p.charge_id as "charge: ChargeId", o.currency, r.amount as "amount: Money", p.amount as "of: Money", r.reason, r.attempts
        from refunds r
        join payments p on p.id = r.payment_id
        join orders o on o.id = r.order_id
        where r.state in ('due', 'stuck') and r.next_at <= $1
        order by r.next_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(refunds)
}

pub(in crate::payment) async fn all_arrived(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let shop = tx.shop()?;
    let all = sqlx::query_scalar!(
        r#"
        select not exists (
          select from refunds where shop_id = $1 and case_id = $2 and state <> 'succeeded'
        ) as "all!"
        "#,
        shop.0,
        case.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(all)
}

/// `false`: it was settled before.
pub(in crate::payment) async fn settle_refund(
    tx: &mut Tx,
    refund: RefundId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let settled = sqlx::query!(
        "
        update refunds
        set state = 'succeeded', settled_at = $3, attempts = attempts + 1, trouble = ''
        where shop_id = $1 and id = $2 and state <> 'succeeded'
        ",
        shop.0,
        refund.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// `false`: it was settled, or tried by another node, meanwhile.
pub(in crate::payment) async fn postpone_refund(
    tx: &mut Tx,
    refund: &Refund,
    trouble: &str,
    stuck: bool,
    next: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let postponed = sqlx::query!(
        "
        update refunds
        set attempts = attempts + 1, trouble = left($3, 200), next_at = $4, state = case when $5 then 'stuck' else state end
        where shop_id = $1 and id = $2 and state <> 'succeeded' and attempts = $6
        ",
        shop.0,
        refund.id.0,
        trouble.replace('\0', ""),
        next.to_sqlx() as _,
        stuck,
        refund.attempts,
    )
    .execute(tx.sql())
    .await?;
    Ok(postponed.rows_affected() == 1)
}

/// `false`: staff were told before, or it is stuck no more.
pub(in crate::payment) async fn tell_stuck(
    tx: &mut Tx,
    refund: RefundId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let told = sqlx::query!(
        "update refunds set told_at = $3 where shop_id = $1 and id = $2 and state = 'stuck' and told_at is null",
        shop.0,
        refund.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(told.rows_affected() == 1)
}

/// A refund by its id: whoever asks has the provider's signature under it.
pub(in crate::payment) async fn refund(pool: &PgPool, id: RefundId) -> Result<Option<Refund>> {
    let refund = sqlx::query_as!(
        Refund,
        r#"
        select r.id as "id: RefundId", r.shop_id as "shop: ShopId", r.order_id as "order: OrderId", r.case_id as "case: CaseId",
          p.method, p.charge_id as "charge: ChargeId", o.currency, r.amount as "amount: Money", p.amount as "of: Money", r.reason,
          r.attempts
        from refunds r
        join payments p on p.id = r.payment_id
        join orders o on o.id = r.order_id
        where r.id = $1
        "#,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(refund)
}
