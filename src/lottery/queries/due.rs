//! What waits: draws whose time has come, cards that are behind, winners who have not been told, and what may be forgotten.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{ConversationId, DrawId, ShopId},
    store::Tx,
};

/// Open draws that are to be held or lapse now.
pub(in crate::lottery) async fn due(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, DrawId)>> {
    let rows = sqlx::query!(
        r#"
        select d.shop_id as "shop: ShopId", d.id as "id: DrawId"
        from draws d
        join groups g on g.conversation_id = d.conversation_id
        where d.state = 'open' and (d.target <= g.members or d.ends_at <= $1)
        order by d.ends_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Open draws in a group.
pub(in crate::lottery) async fn open_in(
    pool: &PgPool,
    shop: ShopId,
    group: ConversationId,
) -> Result<Vec<DrawId>> {
    let draws = sqlx::query_scalar!(
        r#"
        select id as "id: DrawId" from draws where shop_id = $1 and conversation_id = $2 and state = 'open' order by id
        "#,
        shop.0,
        group.0,
    );
    Ok(draws.fetch_all(pool).await?)
}

/// Open draws whose card is behind.
pub(in crate::lottery) async fn stale(pool: &PgPool, most: i64) -> Result<Vec<(ShopId, DrawId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: DrawId"
        from draws
        where state = 'open' and drawn < tickets
        order by ends_at
        limit $1
        "#,
        most,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Whether the card of an open draw is behind.
pub(in crate::lottery) async fn is_stale(tx: &mut Tx, draw: DrawId) -> Result<bool> {
    let shop = tx.shop()?;
    let stale = sqlx::query_scalar!(
        r#"
        select exists (select from draws where shop_id = $1 and id = $2 and state = 'open' and drawn < tickets) as "stale!"
        "#,
        shop.0,
        draw.0,
    );
    Ok(stale.fetch_one(tx.sql()).await?)
}

/// The card shows so many tickets. By itself: those who enter wait for this row.
pub(in crate::lottery) async fn drawn(
    pool: &PgPool,
    shop: ShopId,
    (draw, tickets): (DrawId, i32),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update draws set drawn = $3 where shop_id = $1 and id = $2 and drawn < $3",
        shop.0,
        draw.0,
        tickets,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Draws with a winner who has not been told.
pub(in crate::lottery) async fn untold(pool: &PgPool, most: i64) -> Result<Vec<(ShopId, DrawId)>> {
    let rows = sqlx::query!(
        r#"
        select distinct d.shop_id as "shop: ShopId", d.id as "id: DrawId"
        from draw_places p
        join draws d on d.id = p.draw_id
        where p.state = 'won' and p.told_at is null
        limit $1
        "#,
        most,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// The places of such winners of one draw.
pub(in crate::lottery) async fn untold_of(
    pool: &PgPool,
    shop: ShopId,
    draw: DrawId,
) -> Result<Vec<i32>> {
    let places = sqlx::query_scalar!(
        "
        select p.place
        from draw_places p
        join draws d on d.id = p.draw_id
        where d.shop_id = $1 and d.id = $2 and p.state = 'won' and p.told_at is null
        order by p.place
        ",
        shop.0,
        draw.0,
    );
    Ok(places.fetch_all(pool).await?)
}

/// A winner is told now. False: somebody else has done it.
pub(in crate::lottery) async fn told(
    tx: &mut Tx,
    draw: DrawId,
    place: i32,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let told = sqlx::query!(
        "
        update draw_places p
        set told_at = $4
        from draws d
        where d.shop_id = $1 and d.id = $2 and p.draw_id = d.id and p.place = $3 and p.state = 'won' and p.told_at is null
        ",
        shop.0,
        draw.0,
        place,
        now.to_sqlx() as _,
    );
    Ok(told.execute(tx.sql()).await?.rows_affected() == 1)
}

/// Removes draws that need not be kept any longer.
pub(in crate::lottery) async fn forget(pool: &PgPool, now: Timestamp, most: i64) -> Result<()> {
    sqlx::query!(
        "delete from draws where id in (select id from draws where kept_until <= $1 order by kept_until limit $2)",
        now.to_sqlx() as _,
        most,
    )
    .execute(pool)
    .await?;
    Ok(())
}
