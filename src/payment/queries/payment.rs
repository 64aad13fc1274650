//! Money that came in.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use super::super::Paid;
use crate::{error::Result, id::OrderId, money::Money, store::Tx};

/// `false`: the provider's number was heard of before.
pub(in crate::payment) async fn add_payment(
    tx: &mut Tx,
    paid: &Paid,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        with paid as (
          update charges set state = 'paid' where shop_id = $2 and id = $9
        )
        insert into payments (id, shop_id, order_id, method, transaction_id, amount, paid_at, heard_at, charge_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict on constraint payments_heard_once do nothing
        ",
        Uuid::now_v7(),
        shop.0,
        paid.order.0,
        paid.method,
        paid.transaction,
        paid.amount.in_minor(),
        paid.at.to_sqlx() as _,
        now.to_sqlx() as _,
        paid.charge.map(|charge| charge.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The order's payments with what is left of each, locked until the work ends.
pub(in crate::payment) async fn payments(
    tx: &mut Tx,
    order: OrderId,
    newest_first: bool,
) -> Result<Vec<(Uuid, Money)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id, amount - refunded as "left!"
        from payments
        where shop_id = $1 and order_id = $2
        order by case when $3 then heard_at end desc nulls last, heard_at, id
        for no key update
        "#,
        shop.0,
        order.0,
        newest_first
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Money::minor(row.left)))
        .collect())
}

/// Payments and refunds of an order, as they are.
pub(in crate::payment) async fn of_order(tx: &mut Tx, order: OrderId) -> Result<serde_json::Value> {
    let shop = tx.shop()?;
    let money = sqlx::query_scalar!(
        r#"
        select jsonb_build_object(
          'payments', coalesce((
            select jsonb_agg(jsonb_build_object('method', method, 'transaction_id', transaction_id, 'amount', amount, 'paid_at', paid_at)
              order by paid_at, id)
            from payments
            where shop_id = $1 and order_id = $2
          ), '[]'),
          'refunds', coalesce((
            select jsonb_agg(jsonb_build_object('id', id, 'amount', amount, 'reason', reason, 'state', state, 'created_at', created_at,
              'settled_at', settled_at) order by created_at, id)
            from refunds
            where shop_id = $1 and order_id = $2
          ), '[]')
        ) as "money!"
        "#,
        shop.0,
        order.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(money)
}
