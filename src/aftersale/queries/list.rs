//! Pages of cases, and how many wait.

use uuid::Uuid;

use crate::{
    error::Result,
    id::{CaseId, OrderId, ShopId, UserId},
    store::Tx,
};

/// The newest first; in these states, if any are named.
pub(in crate::aftersale) async fn page_of_shop(
    tx: &mut Tx,
    states: &[String],
    order: Option<OrderId>,
    before: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    let shop = tx.shop()?;
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: CaseId"
        from cases
        where shop_id = $1 and ($2::uuid is null or id < $2) and (cardinality($3::text[]) = 0 or state = any ($3))
          and ($4::uuid is null or order_id = $4)
        order by id desc
        limit $5
        "#,
        shop.0,
        before.map(|id| id.0),
        states,
        order.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids)
}

/// The newest first; who came from a shop's own site sees that shop's only.
pub(in crate::aftersale) async fn page_of_customer(
    tx: &mut Tx,
    customer: UserId,
    home: Option<ShopId>,
    before: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: CaseId"
        from cases
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

/// Until this work ends nobody else counts what waits in these shops.
pub(in crate::aftersale) async fn count_in_turn(tx: &mut Tx, shops: &[ShopId]) -> Result<()> {
    let shops: Vec<Uuid> = shops.iter().map(|shop| shop.0).collect();
    sqlx::query!(
        "
        select
        from (select id from unnest($1::uuid[]) as s (id) order by id) s
        cross join lateral pg_advisory_xact_lock(hashtextextended('work counts ' || s.id, 0))
        ",
        &shops
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// How many cases wait to be decided in each of these shops.
pub(in crate::aftersale) async fn pending_in(
    tx: &mut Tx,
    shops: &[ShopId],
) -> Result<Vec<(ShopId, i64)>> {
    let shops: Vec<Uuid> = shops.iter().map(|shop| shop.0).collect();
    let rows = sqlx::query!(
        r#"
        select s.id as "shop!: ShopId", w.pending as "pending!"
        from unnest($1::uuid[]) as s (id)
        cross join lateral (
          select count(*) as pending from cases c where c.shop_id = s.id and c.state = 'pending_review'
        ) w
        "#,
        &shops
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.shop, row.pending))
        .collect())
}
