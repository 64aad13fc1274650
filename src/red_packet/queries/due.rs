//! What waits: red packets whose time is over, cards that are behind, and what may be forgotten.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{RedPacketId, ShopId},
    money::Money,
    store::Tx,
};

/// Open red packets whose time is over.
pub(in crate::red_packet) async fn due(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, RedPacketId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: RedPacketId"
        from red_packets
        where state = 'open' and ends_at <= $1
        order by ends_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// The last share was taken: the seed is revealed.
pub(in crate::red_packet) async fn empty(
    tx: &mut Tx,
    red_packet: RedPacketId,
    seed: &str,
    (now, kept_until): (Timestamp, Timestamp),
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update red_packets
        set state = 'emptied', seed = $3, closed_at = $4, kept_until = $5
        where shop_id = $1 and id = $2 and state = 'open' and taken = shares
        ",
        shop.0,
        red_packet.0,
        seed,
        now.to_sqlx() as _,
        kept_until.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Takes a red packet whose time is over out of `open`: the one statement that decides that its rest goes back once. Gives the rest; `None`: it is
/// not over, or somebody else has done it. Its card is drawn in the same work.
pub(in crate::red_packet) async fn close(
    tx: &mut Tx,
    red_packet: RedPacketId,
    seed: &str,
    (now, kept_until): (Timestamp, Timestamp),
) -> Result<Option<Money>> {
    let shop = tx.shop()?;
    let rest = sqlx::query_scalar!(
        r#"
        update red_packets
        set state = 'returned', seed = $3, closed_at = $4, kept_until = $5, drawn = taken
        where shop_id = $1 and id = $2 and state = 'open' and ends_at <= $4
        returning total - taken_amount as "rest!: Money"
        "#,
        shop.0,
        red_packet.0,
        seed,
        now.to_sqlx() as _,
        kept_until.to_sqlx() as _,
    );
    Ok(rest.fetch_optional(tx.sql()).await?)
}

/// Red packets whose card is behind.
pub(in crate::red_packet) async fn stale(
    pool: &PgPool,
    most: i64,
) -> Result<Vec<(ShopId, RedPacketId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: RedPacketId"
        from red_packets
        where drawn < taken
        order by id
        limit $1
        "#,
        most,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Whether the card of a red packet is behind.
pub(in crate::red_packet) async fn is_stale(tx: &mut Tx, red_packet: RedPacketId) -> Result<bool> {
    let shop = tx.shop()?;
    let stale = sqlx::query_scalar!(
        r#"
        select exists (select from red_packets where shop_id = $1 and id = $2 and drawn < taken) as "stale!"
        "#,
        shop.0,
        red_packet.0,
    );
    Ok(stale.fetch_one(tx.sql()).await?)
}

/// The card shows so many. By itself: those who take shares wait for this row.
pub(in crate::red_packet) async fn drawn(
    pool: &PgPool,
    shop: ShopId,
    (red_packet, taken): (RedPacketId, i32),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update red_packets set drawn = $3 where shop_id = $1 and id = $2 and drawn < $3",
        shop.0,
        red_packet.0,
        taken,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Removes red packets that need not be kept any longer; the ledger stays.
pub(in crate::red_packet) async fn forget(pool: &PgPool, now: Timestamp, most: i64) -> Result<()> {
    sqlx::query!(
        "delete from red_packets where id in (select id from red_packets where kept_until <= $1 order by kept_until limit $2)",
        now.to_sqlx() as _,
        most,
    )
    .execute(pool)
    .await?;
    Ok(())
}
