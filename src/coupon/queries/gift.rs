//! Gifts: dropped, claimed, drawn, over.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgPool;

use super::super::Gift;
use crate::{
    error::Result,
    id::{ConversationId, CouponTemplateId, GiftId, ShopId, UserId},
    store::Tx,
};

/// Where a gift can be dropped.
pub(in crate::coupon) enum Place {
    /// The shop's conversation with a customer.
    With(UserId),
    /// A group of the shop.
    Group,
}

/// Such a place in the shop.
pub(in crate::coupon) async fn place(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<Place>> {
    let shop = tx.shop()?;
    let place = sqlx::query_scalar!(
        r#"
        select case when kind = 'shop' then person_a end as "customer: UserId"
        from conversations
        where shop_id = $1 and id = $2 and kind in ('shop', 'group')
        "#,
        shop.0,
        conversation.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(place.map(|customer| customer.map_or(Place::Group, Place::With)))
}

/// A new gift.
pub(in crate::coupon) async fn add_gift(
    tx: &mut Tx,
    gift: &Gift,
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into coupon_gifts (id, shop_id, template_id, conversation_id, card_number, customer_id, pieces, claimed, drawn, ends_at,
          closed_at, given_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)
        ",
        gift.id.0,
        shop.0,
        gift.template_id.0,
        gift.conversation_id.0,
        gift.card_number,
        gift.customer_id.map(|id| id.0),
        gift.pieces,
        gift.claimed,
        gift.ends_at.to_sqlx() as _,
        gift.closed_at.map(ToSqlx::to_sqlx) as _,
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The card's number of a gift that has none: what is set aside for the winners of a draw.
pub(in crate::coupon) const NO_CARD: i64 = 0;

/// In which shop a gift was dropped that can be claimed from.
pub(in crate::coupon) async fn shop_of_gift(pool: &PgPool, gift: GiftId) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop: ShopId" from coupon_gifts where id = $1 and card_number > 0"#,
        gift.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(shop)
}

/// A gift of the shop.
pub(in crate::coupon) async fn gift(tx: &mut Tx, gift: GiftId) -> Result<Option<Gift>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select template_id as "template_id: CouponTemplateId", conversation_id as "conversation_id: ConversationId", card_number,
          customer_id as "customer_id: UserId", pieces, claimed, ends_at as "ends_at: SqlTimestamp",
          closed_at as "closed_at: SqlTimestamp"
        from coupon_gifts
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        gift.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| Gift {
        id: gift,
        template_id: row.template_id,
        conversation_id: row.conversation_id,
        card_number: row.card_number,
        customer_id: row.customer_id,
        pieces: row.pieces,
        claimed: row.claimed,
        ends_at: row.ends_at.to_jiff(),
        closed_at: row.closed_at.map(SqlTimestamp::to_jiff),
    }))
}

/// Holds a gift: until the end of this work nobody else takes of it. What was read of it before may be old.
pub(in crate::coupon) async fn hold_gift(tx: &mut Tx, gift: GiftId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from coupon_gifts where shop_id = $1 and id = $2 for no key update",
        shop.0,
        gift.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Takes so many of a gift: the statement that decides. False: so many are not left, or its time is over.
pub(in crate::coupon) async fn take_of_gift(
    tx: &mut Tx,
    gift: GiftId,
    pieces: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let taken = sqlx::query!(
        "
        update coupon_gifts
        set claimed = claimed + $3
        where shop_id = $1 and id = $2 and claimed + $3 <= pieces and closed_at is null and ends_at > $4
        ",
        shop.0,
        gift.0,
        pieces,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// How many are claimed, if the card does not show that many yet.
pub(in crate::coupon) async fn not_drawn(tx: &mut Tx, gift: GiftId) -> Result<Option<i64>> {
    let shop = tx.shop()?;
    let claimed = sqlx::query_scalar!(
        "select claimed from coupon_gifts where shop_id = $1 and id = $2 and drawn < claimed and closed_at is null",
        shop.0,
        gift.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(claimed)
}

/// The card shows so many. By itself: claims wait for this row.
pub(in crate::coupon) async fn drawn(
    pool: &PgPool,
    shop: ShopId,
    (gift, claimed): (GiftId, i64),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update coupon_gifts set drawn = $3 where shop_id = $1 and id = $2 and drawn < $3",
        shop.0,
        gift.0,
        claimed,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Open gifts whose card is behind.
pub(in crate::coupon) async fn stale_gifts(
    pool: &PgPool,
    most: i64,
) -> Result<Vec<(ShopId, GiftId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: GiftId"
        from coupon_gifts
        where closed_at is null and drawn < claimed and card_number > 0
        order by ends_at
        limit $1
        "#,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Gifts whose time is over, and of which the rest has not gone back.
pub(in crate::coupon) async fn gifts_over(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, GiftId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: GiftId"
        from coupon_gifts
        where closed_at is null and ends_at <= $1
        order by ends_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Closes a gift whose time is over, once; gives how many were claimed. `None`: somebody else has closed it.
pub(in crate::coupon) async fn close_gift(
    tx: &mut Tx,
    gift: GiftId,
    now: Timestamp,
) -> Result<Option<i64>> {
    let shop = tx.shop()?;
    let claimed = sqlx::query_scalar!(
        "
        update coupon_gifts
        set closed_at = $3, drawn = claimed
        where shop_id = $1 and id = $2 and closed_at is null and ends_at <= $3
        returning claimed
        ",
        shop.0,
        gift.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(claimed)
}

/// The open gifts of a template end now.
pub(in crate::coupon) async fn end_gifts_of(
    tx: &mut Tx,
    template: CouponTemplateId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update coupon_gifts
        set ends_at = $3
        where shop_id = $1 and template_id = $2 and closed_at is null and ends_at > $3
        ",
        shop.0,
        template.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
