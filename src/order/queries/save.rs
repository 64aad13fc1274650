//! Orders and their lines, new and changed.

use jiff_sqlx::ToSqlx;
use proto::json::Word as _;
use uuid::Uuid;

use super::super::Order;
use super::promotion::{add_promotions, replace_promotions};
use crate::{error::Result, id::UserId, store::Tx};

/// A new order with its lines, what promotions did for it and its sealed recipient.
pub(in crate::order) async fn add(
    tx: &mut Tx,
    order: &Order,
    by: UserId,
    (sealed, phone_index): &(String, Option<Vec<u8>>),
) -> Result<()> {
    sqlx::query!(
        "
        insert into orders (id, shop_id, number, customer_id, conversation_id, card_number, source, state, payment_status, terms,
          delivery_method, currency, goods, freight, discount, total, hash, requests, policy, policy_version, created_by, created_at,
          version, expected_at, placed_at, pay_by, recipient, phone_index)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
          $26, $27, $28)
        ",
        order.id.0,
        tx.shop()?.0,
        order.number,
        order.customer_id.0,
        order.conversation_id.0,
        order.card_number,
        order.source,
        order.state.word(),
        order.payment_status.word(),
        order.terms.word(),
        order.delivery_method.word(),
        order.currency,
        order.goods.in_minor(),
        order.freight.in_minor(),
        order.discount.in_minor(),
        order.total.in_minor(),
        hash(order),
        order.requests,
        order.policy,
        order.policy_version,
        by.0,
        order.created_at.to_sqlx() as _,
        order.version,
        order.expected_at.map(ToSqlx::to_sqlx) as _,
        order.placed_at.map(ToSqlx::to_sqlx) as _,
        order.pay_by.map(ToSqlx::to_sqlx) as _,
        sealed,
        phone_index.as_deref(),
    )
    .execute(tx.sql())
    .await?;
    add_lines(tx, order).await?;
    add_promotions(tx, order).await
}

fn hash(order: &Order) -> Vec<u8> {
    hex::decode(&order.hash).unwrap_or_default()
}

async fn add_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    let lines = &order.lines;
    let choices: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| line.choice.clone().into())
        .collect();
    sqlx::query!(
        "
        insert into order_lines (order_id, line, shop_id, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total,
          discount)
        select $1, l.line, $2, l.product_id, l.variant_id, l.bundle_id, l.title,
          array(select jsonb_array_elements_text(l.choice)), l.units, l.list_price, l.price, l.total, l.discount
        from unnest($3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::jsonb[], $9::integer[], $10::bigint[],
          $11::bigint[], $12::bigint[], $13::bigint[])
          as l (line, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total, discount)
        ",
        order.id.0,
        shop.0,
        &lines.iter().map(|line| line.line).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.product_id.0).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.variant_id.0).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.bundle_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.title.clone()).collect::<Vec<_>>(),
        &choices,
        &lines.iter().map(|line| line.units).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.list_price.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.price.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.total.in_minor()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.discount.in_minor()).collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Other lines, and what promotions do for them, in the place of those that were agreed before.
pub(in crate::order) async fn replace_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from order_lines where order_id = $1 and shop_id = $2",
        order.id.0,
        shop.0
    )
    .execute(tx.sql())
    .await?;
    add_lines(tx, order).await?;
    replace_promotions(tx, order).await
}

/// Everything of an order that changes in its life. The caller holds its lock.
pub(in crate::order) async fn save(tx: &mut Tx, order: &Order) -> Result<()> {
    sqlx::query!(
        "
        update orders
        set number = $3, state = $4, payment_status = $5, terms = $6, delivery_method = $7, goods = $8, freight = $9, discount = $10,
          total = $11, paid = $12, refunded = $13, revision = $14, hash = $15, version = $16, requests = $17, remark = $18,
          expected_at = $19, pickup_code = $20, person = $21, owner_id = $22, abnormal = $23, follow_up_at = $24, pay_by = $25,
          receive_by = $26, extended = $27, placed_at = $28, paid_at = $29, payment_method = $30, accepted_at = $31,
          shipped_at = $32, completed_at = $33, cancelled_at = $34, card_number = $35, policy = $36, policy_version = $37,
          extra = $38
        where shop_id = $1 and id = $2
        ",
        tx.shop()?.0,
        order.id.0,
        order.number,
        order.state.word(),
        order.payment_status.word(),
        order.terms.word(),
        order.delivery_method.word(),
        order.goods.in_minor(),
        order.freight.in_minor(),
        order.discount.in_minor(),
        order.total.in_minor(),
        order.paid.in_minor(),
        order.refunded.in_minor(),
        order.revision,
        hash(order),
        order.version,
        order.requests,
        order.remark,
        order.expected_at.map(ToSqlx::to_sqlx) as _,
        order.pickup_code,
        order.person,
        order.owner_id.map(|id| id.0),
        order.abnormal,
        order.follow_up_at.map(ToSqlx::to_sqlx) as _,
        order.pay_by.map(ToSqlx::to_sqlx) as _,
        order.receive_by.map(ToSqlx::to_sqlx) as _,
        order.extended,
        order.placed_at.map(ToSqlx::to_sqlx) as _,
        order.paid_at.map(ToSqlx::to_sqlx) as _,
        order.payment_method,
        order.accepted_at.map(ToSqlx::to_sqlx) as _,
        order.shipped_at.map(ToSqlx::to_sqlx) as _,
        order.completed_at.map(ToSqlx::to_sqlx) as _,
        order.cancelled_at.map(ToSqlx::to_sqlx) as _,
        order.card_number,
        order.policy,
        order.policy_version,
        order.extra.in_minor(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Where the lines stand.
pub(in crate::order) async fn save_lines(tx: &mut Tx, order: &Order) -> Result<()> {
    let shop = tx.shop()?;
    let lines = &order.lines;
    sqlx::query!(
        "
        update order_lines o
        set shipped = l.shipped, refunded = l.refunded, dropped = l.dropped, short_reason = l.short_reason, case_id = l.case_id,
          short = l.short
        from unnest($3::smallint[], $4::integer[], $5::integer[], $6::integer[], $7::text[], $8::uuid[], $9::integer[])
          as l (line, shipped, refunded, dropped, short_reason, case_id, short)
        where o.shop_id = $1 and o.order_id = $2 and o.line = l.line
        ",
        shop.0,
        order.id.0,
        &lines.iter().map(|line| line.line).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.shipped).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.refunded).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.dropped).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.short_reason.clone()).collect::<Vec<_>>() as &[Option<String>],
        &lines.iter().map(|line| line.case_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.short).collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
