//! Orders as they are now, with their lines and packages.

use std::collections::HashMap;

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use super::super::Line;
use super::super::Order;
use super::super::promote::Earned;
use super::package::packages;
use super::row::Row;
use crate::{
    error::Result,
    id::{ConversationId, OrderId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// The order with its row locked until the work ends; `None`: the shop has no such order.
pub(in crate::order) async fn lock(tx: &mut Tx, order: OrderId) -> Result<Option<Order>> {
    let shop = tx.shop()?;
    let locked = sqlx::query_scalar!(
        "select 1 from orders where shop_id = $1 and id = $2 for no key update",
        shop.0,
        order.0
    )
    .fetch_optional(tx.sql())
    .await?;
    match locked {
        Some(_) => Ok(orders(tx, &[order]).await?.pop()),
        None => Ok(None),
    }
}

/// These orders of the shop, in this order.
pub(in crate::order) async fn orders(tx: &mut Tx, ids: &[OrderId]) -> Result<Vec<Order>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let shop = tx.shop_if_any().map(|shop| shop.0);
    let rows = sqlx::query_as!(
        Row,
        r#"
        select o.id as "id: OrderId", o.shop_id as "shop_id: ShopId", o.number, o.customer_id as "customer_id: UserId",
          c.name as customer_name, o.conversation_id as "conversation_id: ConversationId", o.card_number, o.source, o.state,
          o.payment_status, o.terms, o.delivery_method, o.currency, o.goods as "goods: Money", o.freight as "freight: Money",
          o.discount as "discount: Money", o.total as "total: Money", o.paid as "paid: Money", o.refunded as "refunded: Money",
          o.extra as "extra: Money",
          o.revision, o.hash, o.version, o.requests, o.remark, o.expected_at as "expected_at: SqlTimestamp", o.policy,
          o.policy_version, o.pickup_code, o.person, o.owner_id as "owner_id: UserId", w.name as "owner_name?", o.abnormal,
          o.follow_up_at as "follow_up_at: SqlTimestamp", o.pay_by as "pay_by: SqlTimestamp",
          o.receive_by as "receive_by: SqlTimestamp", o.extended, o.placed_at as "placed_at: SqlTimestamp",
          o.paid_at as "paid_at: SqlTimestamp", o.payment_method, o.accepted_at as "accepted_at: SqlTimestamp",
          o.shipped_at as "shipped_at: SqlTimestamp", o.completed_at as "completed_at: SqlTimestamp",
          o.cancelled_at as "cancelled_at: SqlTimestamp", o.created_at as "created_at: SqlTimestamp",
          (
            select jsonb_agg(to_jsonb(e) order by e.kind, e.promotion_id) from order_promotions e where e.order_id = o.id
          ) as "promotions: Json<Vec<Earned>>"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join orders o on o.id = wanted.id and ($2::uuid is null or o.shop_id = $2)
        join users c on c.id = o.customer_id
        left join users w on w.id = o.owner_id
        order by wanted.place
        "#,
        &ids,
        shop,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut lines = lines(tx, &ids).await?;
    let mut packages = packages(tx, &ids).await?;
    let orders = rows.into_iter().map(|row| {
        let (lines, packages) = (lines.remove(&row.id), packages.remove(&row.id));
        row.order(lines.unwrap_or_default(), packages.unwrap_or_default())
    });
    orders.collect()
}

async fn lines(tx: &mut Tx, orders: &[Uuid]) -> Result<HashMap<OrderId, Vec<Line>>> {
    let rows = sqlx::query!(
        r#"
        select order_id, line, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total, discount,
          shipped, refunded, dropped, case_id, short, short_reason
        from order_lines
        where order_id = any ($1)
        order by order_id, line
        "#,
        orders,
    )
    .fetch_all(tx.sql())
    .await?;
    let mut of: HashMap<OrderId, Vec<Line>> = HashMap::new();
    for row in rows {
        of.entry(OrderId(row.order_id)).or_default().push(Line {
            line: row.line,
            product_id: crate::id::ProductId(row.product_id),
            variant_id: crate::id::VariantId(row.variant_id),
            bundle_id: row.bundle_id.map(crate::id::BundleId),
            title: row.title,
            choice: row.choice,
            units: row.units,
            list_price: Money::minor(row.list_price),
            price: Money::minor(row.price),
            total: Money::minor(row.total),
            discount: Money::minor(row.discount),
            gift: false,
            shipped: row.shipped,
            refunded: row.refunded,
            dropped: row.dropped,
            case_id: row.case_id.map(crate::id::CaseId),
            short: row.short,
            short_reason: row.short_reason,
        });
    }
    Ok(of)
}

/// The shop of a customer's order, if it is theirs.
pub(in crate::order) async fn shop_of(
    pool: &PgPool,
    customer: UserId,
    order: OrderId,
) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop_id: ShopId" from orders where customer_id = $1 and id = $2"#,
        customer.0,
        order.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(shop)
}
