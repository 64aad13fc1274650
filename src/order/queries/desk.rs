//! Who of the staff looks after which order, and what waits for them.

use uuid::Uuid;

use crate::{
    error::Result,
    id::{OrderId, ShopId, UserId},
    store::Tx,
};

/// Takes an order for somebody, if nobody has it. Gives who has it now.
pub(in crate::order) async fn claim(
    tx: &mut Tx,
    order: OrderId,
    by: UserId,
) -> Result<Option<UserId>> {
    let shop = tx.shop()?;
    let owner = sqlx::query_scalar!(
        r#"
        update orders
        set owner_id = coalesce(owner_id, $3)
        where shop_id = $1 and id = $2
        returning owner_id as "owner_id!: UserId"
        "#,
        shop.0,
        order.0,
        by.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(owner)
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

/// How many orders wait to be accepted (ALRT-05).
pub(in crate::order) async fn waiting(tx: &mut Tx) -> Result<i64> {
    let shop = tx.shop()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders where shop_id = $1 and state = 'pending_acceptance'"#,
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(count)
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
