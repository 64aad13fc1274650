//! Pages of orders.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    error::Result,
    id::{OrderId, ShopId, UserId},
    store::Tx,
};

/// Which orders of a shop.
pub(in crate::order) struct Filter<'a> {
    pub states: &'a [String],
    pub payments: &'a [String],
    pub phones: Option<&'a [Vec<u8>]>,
    pub number: &'a str,
    pub owner: Option<UserId>,
    pub unclaimed: bool,
    pub abnormal: bool,
    pub customer: Option<UserId>,
}

/// Orders that waited for goods which are there again, and are to be shipped: the oldest before the others (INV-05).
pub(in crate::order) async fn first_of_shop(
    tx: &mut Tx,
    filter: &Filter<'_>,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>> {
    let shop = tx.shop()?;
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: OrderId"
        from orders
        where shop_id = $1 and ($2::uuid is null or id > $2)
          and (cardinality($3::text[]) = 0 or state = any ($3))
          and (cardinality($4::text[]) = 0 or payment_status = any ($4))
          and ($5::bytea[] is null or phone_index = any ($5))
          and ($6 = '' or number = $6)
          and ($7::uuid is null or owner_id = $7)
          and (not $8 or owner_id is null)
          and (not $9 or abnormal is not null)
          and ($10::uuid is null or customer_id = $10)
          and arrived_at is not null and state in ('accepted', 'preparing', 'partially_shipped')
        order by id
        limit $11
        "#,
        shop.0,
        after.map(|id| id.0),
        filter.states,
        filter.payments,
        filter.phones,
        filter.number,
        filter.owner.map(|id| id.0),
        filter.unclaimed,
        filter.abnormal,
        filter.customer.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids)
}

/// Those that do not come first, the newest before the others.
pub(in crate::order) async fn page_of_shop(
    tx: &mut Tx,
    filter: &Filter<'_>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>> {
    let shop = tx.shop()?;
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: OrderId"
        from orders
        where shop_id = $1 and ($2::uuid is null or id < $2)
          and (cardinality($3::text[]) = 0 or state = any ($3))
          and (cardinality($4::text[]) = 0 or payment_status = any ($4))
          and ($5::bytea[] is null or phone_index = any ($5))
          and ($6 = '' or number = $6)
          and ($7::uuid is null or owner_id = $7)
          and (not $8 or owner_id is null)
          and (not $9 or abnormal is not null)
          and ($10::uuid is null or customer_id = $10)
          and (arrived_at is null or state not in ('accepted', 'preparing', 'partially_shipped'))
        order by id desc
        limit $11
        "#,
        shop.0,
        before.map(|id| id.0),
        filter.states,
        filter.payments,
        filter.phones,
        filter.number,
        filter.owner.map(|id| id.0),
        filter.unclaimed,
        filter.abnormal,
        filter.customer.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids)
}

/// The newest first; who came from a shop's own site sees that shop's only.
pub(in crate::order) async fn page_of_customer(
    tx: &mut Tx,
    customer: UserId,
    home: Option<ShopId>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: OrderId"
        from orders
        where customer_id = $1 and ($2::uuid is null or id < $2) and ($3::uuid is null or shop_id = $3)
        order by id desc
        limit $4
        "#,
        customer.0,
        before.map(|id| id.0),
        home.map(|shop| shop.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids)
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

/// Who is reminded of an order that nobody looks after.
pub(in crate::order) async fn follow_up_by(tx: &mut Tx, order: OrderId, by: UserId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update orders set follow_up_by = $3 where shop_id = $1 and id = $2",
        shop.0,
        order.0,
        by.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// How many orders wait to be accepted in each of these shops.
pub(in crate::order) async fn waiting_in(
    tx: &mut Tx,
    shops: &[ShopId],
) -> Result<Vec<(ShopId, i64)>> {
    let shops: Vec<Uuid> = shops.iter().map(|shop| shop.0).collect();
    let rows = sqlx::query!(
        r#"
        select s.id as "shop!: ShopId", w.waiting as "waiting!"
        from unnest($1::uuid[]) as s (id)
        cross join lateral (
          select count(*) as waiting from orders o where o.shop_id = s.id and o.state = 'pending_acceptance'
        ) w
        "#,
        &shops
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.shop, row.waiting))
        .collect())
}
